#include "session.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <ostream>
#include <system_error>
#include <utility>

#include "catalog/json/write.hpp"
#include "discovery.hpp"

namespace catalog::host {

namespace {

/// Wall and CPU time of a step, for the answer of `load`.
class StepTimer {
public:
    void note(json::Object& answer, const std::string& step) {
        const std::int64_t wall = monotonic_ns();
        const std::int64_t cpu = cpu_ns();
        answer.emplace(step + "_us", (wall - wall_) / 1000);
        total_cpu_ += cpu - cpu_;
        answer.insert_or_assign("cpu_us", total_cpu_ / 1000);
        wall_ = wall;
        cpu_ = cpu;
    }

private:
    static std::int64_t cpu_ns() {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    }

    std::int64_t wall_ = monotonic_ns();
    std::int64_t cpu_ = cpu_ns();
    std::int64_t total_cpu_ = 0;
};

/// Commands that judge the answer before them: it does not end the script by failing.
bool judges(std::string_view line) { return line.starts_with("expect"); }
bool is_judge(const std::optional<ScriptLine>& line) { return line && judges(line->text); }

}  // namespace

int exit_code_of(const Error& error) noexcept {
    switch (errc_category(error.code())) {
        case ErrorCategory::kAnswer:
            return 1;
        case ErrorCategory::kUsage:
            return 2;
        case ErrorCategory::kInput:
            return 3;
        case ErrorCategory::kEnvironment:
            return 4;
        case ErrorCategory::kRefused:
            return 5;
        case ErrorCategory::kInterrupted:
            return 130;
        case ErrorCategory::kInternal:
            return 4;
    }
    return 4;
}

Answer to_answer(const Error& error) { return {error, errc_abi_status(error.code()), {}, {}}; }

Answer to_answer(const CallStatus& status, json::Value value) {
    Answer out;
    out.status = status.status;
    out.value = std::move(value);
    if (!status.ok()) out.error = status.to_error();
    return out;
}

Session::Session(Host& host, SessionOptions options, std::ostream& out, std::ostream& error,
                 std::stop_token stop)
    : host_(host), options_(std::move(options)), out_(out), error_(error), stop_(std::move(stop)) {}

Session::~Session() {
    while (!loaded_.empty()) take_back(loaded_.back().name);
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

Result<std::string> Session::default_data_dir() {
    if (!options_.data_dir.empty())
        return std::filesystem::absolute(options_.data_dir).lexically_normal().string();
    if (temporary_.empty()) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "hypermesh-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr)
            return fail(Error(Errc::kIo, "no temporary folder can be made").with_input(pattern));
        temporary_ = pattern;
    }
    return temporary_ + "/data" + std::to_string(++data_dirs_);
}

Session::Loaded* Session::find(std::string_view name) {
    const auto found = std::ranges::find(loaded_, name, &Loaded::name);
    return found == loaded_.end() ? nullptr : &*found;
}

Result<Extension*> Session::current() {
    Loaded* loaded = find(current_);
    if (loaded == nullptr)
        return fail(Error(Errc::kFailedPrecondition, "no extension is loaded")
                        .with_hint("load FILE, or load ID"));
    return loaded->extension.get();
}

Answer Session::open(const std::string& path_or_id, const std::string& name) {
    const Result<ExtensionFiles> files =
        find_extension(path_or_id, search_folders(host_.options.search));
    if (!files) return to_answer(files.error());
    if (!before_) before_ = take_census();
    Result<std::unique_ptr<Extension>> extension = Extension::open(host_, *files);
    if (!extension) return to_answer(extension.error());
    const std::string known = name.empty() ? (*extension)->id() : name;
    if (find(known) != nullptr)
        return to_answer(Error(Errc::kAlreadyExists, "an extension of that name is loaded")
                             .with_input(known)
                             .with_hint("load FILE DATA_DIR as NAME"));
    json::Object value = (*extension)->report().to_json();
    value.erase("findings");
    loaded_.push_back({known, *std::move(extension)});
    current_ = known;
    return {{}, HMX_OK, std::move(value), "opened " + known};
}

Answer Session::load(const std::string& path_or_id, const std::string& data_dir,
                     const std::string& name) {
    StepTimer timer;
    json::Object value;
    Answer opened = open(path_or_id, name);
    if (!opened.ok()) return opened;
    timer.note(value, "open");
    Extension& extension = *find(current_)->extension;
    const std::string known = current_;
    Result<std::string> folder = default_data_dir();
    if (!data_dir.empty()) folder = std::filesystem::absolute(data_dir).lexically_normal().string();
    if (!folder) {
        take_back(known);
        return to_answer(folder.error());
    }
    CallStatus status = extension.create(*folder);
    timer.note(value, "create");
    if (status.ok()) {
        status = extension.start();
        timer.note(value, "start");
    }
    if (!status.ok()) {
        take_back(known);
        return to_answer(status);
    }
    value.emplace("id", extension.id());
    value.emplace("name", known);
    value.emplace("version", extension.report().note.version);
    value.emplace("file", extension.report().file);
    value.emplace("data_dir", *folder);
    return {
        {}, HMX_OK, std::move(value), "loaded " + known + " " + extension.report().note.version};
}

void Session::keep_violations(Extension& extension) {
    for (Violation& violation : extension.violations().all())
        violations_.push_back(std::move(violation));
}

void Session::take_back(const std::string& name) {
    Loaded* loaded = find(name);
    if (loaded == nullptr) return;
    Extension& extension = *loaded->extension;
    if (extension.has_instance() && !extension.abandoned()) {
        // A failed one may be destroyed as it is; one that runs must be shut down first.
        if (!extension.destroy().ok()) {
            static_cast<void>(extension.shutdown());
            static_cast<void>(extension.destroy());
        }
    }
    CloseReport report;
    if (!extension.abandoned()) static_cast<void>(extension.close(report));
    keep_violations(extension);
    std::unique_ptr<Extension> owned = std::move(loaded->extension);
    loaded_.erase(loaded_.begin() + (loaded - loaded_.data()));
    if (owned->abandoned() || owned->has_instance()) Extension::bury(std::move(owned));
    current_ = loaded_.empty() ? "" : loaded_.back().name;
}

Answer Session::unload(const std::string& name) {
    Loaded* loaded = find(name.empty() ? current_ : name);
    if (loaded == nullptr)
        return to_answer(Error(Errc::kNotFound, "no extension of that name is loaded",
                               NotFoundDetail{"extension", name}));
    return unload(*loaded);
}

Answer Session::unload(Loaded& loaded) {
    Extension& extension = *loaded.extension;
    if (extension.has_instance()) {
        const CallStatus down = extension.shutdown();
        // What was never started, or has stopped, is destroyed as it is.
        if (!down.ok() && down.status != HMX_E_INVALID_STATE) return to_answer(down);
        const CallStatus gone = extension.destroy();
        if (!gone.ok()) return to_answer(gone);
    }
    const std::string name = loaded.name;
    const std::size_t position = static_cast<std::size_t>(&loaded - loaded_.data());
    CloseReport report;
    const CallStatus closed = extension.close(report);
    if (!closed.ok()) return to_answer(closed);
    keep_violations(extension);
    loaded_.erase(loaded_.begin() + static_cast<std::ptrdiff_t>(position));
    if (current_ == name) current_ = loaded_.empty() ? "" : loaded_.back().name;
    return {{}, HMX_OK, report.to_json(), "unloaded " + name};
}

Answer Session::close() {
    Loaded* loaded = find(current_);
    if (loaded == nullptr)
        return to_answer(Error(Errc::kFailedPrecondition, "no extension is loaded"));
    CloseReport report;
    const CallStatus closed = loaded->extension->close(report);
    if (!closed.ok()) return to_answer(closed);
    const std::string name = loaded->name;
    keep_violations(*loaded->extension);
    loaded_.erase(loaded_.begin() + (loaded - loaded_.data()));
    current_ = loaded_.empty() ? "" : loaded_.back().name;
    return {{}, HMX_OK, report.to_json(), "closed " + name};
}

Answer Session::use(const std::string& name) {
    if (find(name) == nullptr)
        return to_answer(Error(Errc::kNotFound, "no extension of that name is loaded",
                               NotFoundDetail{"extension", name}));
    current_ = name;
    return {{}, HMX_OK, json::Object{{"current", name}}, "using " + name};
}

Answer Session::list_loaded() {
    json::Array list;
    std::string text;
    for (const Loaded& loaded : loaded_) {
        list.emplace_back(json::Object{{"name", loaded.name},
                                       {"id", loaded.extension->id()},
                                       {"current", loaded.name == current_},
                                       {"data_dir", loaded.extension->data_dir()}});
        text += (text.empty() ? "" : "\n") + loaded.name + "  " + loaded.extension->report().file;
    }
    return {{}, HMX_OK, json::Object{{"loaded", std::move(list)}}, std::move(text)};
}

Answer Session::leak_check(std::optional<std::int64_t> growth_bytes_max) {
    if (!loaded_.empty())
        return to_answer(Error(Errc::kFailedPrecondition, "an extension is still loaded")
                             .with_hint("unload it first"));
    if (!before_) before_ = take_census();
    const Leftovers left = compare(*before_, take_settled_census(*before_));
    Answer answer{{}, HMX_OK, left.to_json(), "nothing is left"};
    if (left.descriptors.empty() && left.threads.empty() &&
        (!growth_bytes_max || left.growth_bytes <= *growth_bytes_max))
        return answer;
    answer.error = Error(Errc::kSecurityRejected,
                         "left behind: " + std::to_string(left.descriptors.size()) +
                             " descriptors, " + std::to_string(left.threads.size()) + " threads, " +
                             std::to_string(left.growth_bytes / 1024) + " KiB");
    answer.status = HMX_E_BUSY;
    return answer;
}

bool Session::take_violation(std::string_view rule) {
    bool found =
        std::erase_if(violations_, [&](const Violation& each) { return each.rule == rule; }) > 0;
    for (Loaded& loaded : loaded_) found |= loaded.extension->violations().take(rule);
    return found;
}

json::Array Session::violations() const {
    std::vector<Violation> all = violations_;
    for (const Loaded& loaded : loaded_)
        for (Violation& each : loaded.extension->violations().all()) all.push_back(std::move(each));
    json::Array out;
    for (const Violation& each : all)
        out.emplace_back(json::Object{{"rule", each.rule}, {"what", each.what}});
    return out;
}

Answer Session::run_line(std::string_view line) {
    Result<std::string> text = substitute(line, variables_);
    if (!text) return to_answer(text.error());
    WordReader words(*text);
    const Result<std::optional<std::string>> first = words.next();
    if (!first) return to_answer(first.error());
    const std::optional<std::string>& name = *first;
    if (!name) return {};  // variables stood there, and they are empty
    const auto found = std::ranges::find(commands(), *name, &Command::name);
    if (found == commands().end())
        return to_answer(Error(Errc::kFailedPrecondition, "there is no command " + *name)
                             .with_hint("help lists them"));
    const bool judging = judges(*name) || *name == "set" || *name == "print";
    Answer answer = found->run(*this, words);
    // What judges the last answer leaves it, so that several may follow each other.
    if (!judging) last_ = answer;
    return answer;
}

void Session::print(const Answer& answer, std::string_view where, bool failed_for_good) {
    if (options_.json) {
        json::Object document;
        document.emplace("ok", answer.ok());
        document.emplace("status", status_name(answer.status));
        document.emplace("answer", answer.value);
        if (!answer.ok())
            document.emplace("error", json::Object{{"code", errc_name(answer.failure().code())},
                                                   {"message", answer.failure().to_string()},
                                                   {"input", std::string(answer.failure().input())},
                                                   {"hint", std::string(answer.failure().hint())},
                                                   {"where", where}});
        out_ << json::write_canonical(document) << '\n' << std::flush;
        return;
    }
    if (answer.ok()) {
        if (options_.quiet) return;
        if (!answer.text.empty())
            out_ << answer.text << '\n';
        else if (!answer.value.is_null())
            out_ << json::write_pretty(answer.value);
        out_ << std::flush;
    } else if (failed_for_good) {
        error_ << where << ": " << answer.failure().to_string() << " ("
               << status_name(answer.status) << ")\n";
        if (!answer.failure().hint().empty()) error_ << "hint: " << answer.failure().hint() << '\n';
        error_ << std::flush;
    }
}

bool Session::report_violations() {
    const json::Array all = violations();
    for (const json::Value& each : all) {
        const std::string line = "violation of " + *each.find("rule")->as_string() + ": " +
                                 *each.find("what")->as_string();
        if (options_.json)
            out_ << json::write_canonical(json::Object{{"violation", each}}) << '\n';
        else
            error_ << line << '\n';
    }
    out_ << std::flush;
    error_ << std::flush;
    return !all.empty();
}

int Session::run(const LineSource& lines) {
    int code = 0;
    Result<std::optional<ScriptLine>> line = lines();
    while (line && !stop_.stop_requested()) {
        const std::optional<ScriptLine>& next = *line;
        if (!next) break;
        const ScriptLine now = *next;
        const Answer answer = run_line(now.text);
        if (options_.json) print(answer, now.where, true);
        // Whether a failure counts depends on the next line.
        line = lines();
        const bool judged = line && is_judge(*line);
        const bool counts = !answer.ok() && !judged;
        if (!options_.json) print(answer, now.where, counts);
        if (!counts) continue;
        if (code == 0) code = exit_code_of(answer.failure());
        if (!options_.keep_going) break;
    }
    if (!line) {
        print(to_answer(line.error()), "script", true);
        if (code == 0) code = exit_code_of(line.error());
    }
    if (stop_.stop_requested() && code == 0) code = 130;
    while (!loaded_.empty()) {
        const std::string name = loaded_.back().name;
        const Answer answer = unload(name);
        if (answer.ok()) continue;
        print(answer, "end", true);
        if (code == 0) code = exit_code_of(answer.failure());
        take_back(name);
    }
    if (report_violations() && code == 0) code = 1;
    return code;
}

}  // namespace catalog::host
