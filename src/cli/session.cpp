#include "session.hpp"

#include <filesystem>
#include <optional>
#include <ostream>

#include "catalog/internal/try.hpp"
#include "catalog/json/write.hpp"
#include "catalog/library/library_keys.hpp"
#include "environment.hpp"
#include "log_printer.hpp"
#include "progress_bar.hpp"
#include "secrets.hpp"
#include "text.hpp"

namespace catalog::cli {

ExitCode exit_code_of(const Error& error) noexcept {
    switch (errc_category(error.code())) {
        case ErrorCategory::kAnswer:
            return ExitCode::kAnswerIsNo;
        case ErrorCategory::kUsage:
            return ExitCode::kUsage;
        case ErrorCategory::kInput:
            return ExitCode::kInput;
        case ErrorCategory::kEnvironment:
            return ExitCode::kEnvironment;
        case ErrorCategory::kRefused:
            return ExitCode::kRefused;
        case ErrorCategory::kInterrupted:
            return ExitCode::kInterrupted;
        case ErrorCategory::kInternal:
            return ExitCode::kEnvironment;
    }
    return ExitCode::kEnvironment;
}

Session::Session(Streams& streams, std::stop_token stop)
    : streams_(streams),
      stop_(std::move(stop)),
      environment_(library::Environment().with_defaults()) {}

Session::~Session() = default;

std::string Session::library_path() const {
    if (!options.library.empty()) return options.library;
    if (std::string path = environment_value("CATALOG_LIBRARY"); !path.empty()) return path;
    if (const std::string data = environment_value("XDG_DATA_HOME"); !data.empty())
        return data + "/catalog";
    const std::string home = environment_value("HOME");
    return (home.empty() ? "." : home) + "/.local/share/catalog";
}

library::LibraryOptions Session::writer_options() const {
    library::LibraryOptions library_options;
    library_options.frozen_in_background = false;  // there is no later
    library_options.upkeep.in_background = false;
    library_options.holder = "catalog " + command;
    library_options.lock_wait =
        std::chrono::milliseconds(static_cast<std::int64_t>(options.lock_wait_seconds * 1000));
    return library_options;
}

Result<library::AssetLibrary*> Session::open(Access access, bool salvage,
                                             const std::optional<content::SlotSecret>& key) {
    if (library_) return library_.get();
    if (options.verbose) environment_.log_sink = std::make_shared<LogPrinter>(streams_.error);
    library::LibraryOptions library_options = writer_options();
    library_options.read_only = access == Access::kRead;
    library_options.salvage = salvage;
    library_options.adopt_packs = access == Access::kMend;
    if (access == Access::kWriteIfFree) library_options.lock_wait = std::chrono::milliseconds(0);
    // What cannot be told here the opening says better.
    std::optional<UserSecret> secret;
    library_options.key = key;
    if (!key && library::LibraryKeys::is_encrypted(library_path(), environment_).value_or(false)) {
        CATALOG_TRY(secret, secret_to_open(*this));
        library_options.key = secret->slot_secret();
    }
    Result<std::unique_ptr<library::AssetLibrary>> opened =
        library::AssetLibrary::open(library_path(), library_options, environment_);
    const bool busy = !opened && (opened.error().code() == Errc::kLibraryLocked ||
                                  opened.error().code() == Errc::kAccessDenied);
    if (busy && access == Access::kWriteIfFree) {
        library_options.read_only = true;
        opened = library::AssetLibrary::open(library_path(), library_options, environment_);
    }
    if (!opened) return fail(opened.error());
    library_ = *std::move(opened);
    return library_.get();
}

CallContext Session::context() const {
    CallContext context;
    context.stop = stop_;
    const bool wanted =
        streams_.error_is_terminal && !options.json && !options.quiet && !options.no_progress;
    if (wanted && !progress_)
        progress_ = std::make_unique<ProgressBar>(streams_.error, environment_.clock);
    context.progress = progress_.get();
    return context;
}

void Session::print_json(const json::Value& value) {
    streams_.out << json::write_canonical(value) << '\n';
}

void Session::print(std::string_view text) { streams_.out << text; }

void Session::note(std::string_view text) {
    progress_.reset();
    if (!options.quiet && !options.json) streams_.error << text << '\n';
}

ExitCode Session::report(const Error& error) {
    progress_.reset();
    if (options.json) {
        print_json(json::Object{{"error", to_json(error)}});
        return exit_code_of(error);
    }
    streams_.error << "catalog: " << printable(error.to_string()) << '\n';
    if (const auto* resolution = error.detail_as<ResolutionDetail>())
        for (const std::string& step : resolution->steps)
            streams_.error << "  " << printable(step) << '\n';
    if (!error.hint().empty()) streams_.error << "hint: " << printable(error.hint()) << '\n';
    return exit_code_of(error);
}

std::string absolute_path(const std::string& path) {
    std::error_code ignored;
    const std::filesystem::path absolute =
        std::filesystem::absolute(path, ignored).lexically_normal();
    std::string text = absolute.string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

}  // namespace catalog::cli
