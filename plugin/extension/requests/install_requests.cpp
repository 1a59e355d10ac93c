// install, uninstall, update, rollback, history: what stands in prefixes.

#include <algorithm>

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "catalog/library/resolution.hpp"
#include "requests/handlers.hpp"

namespace catalog::extension {

namespace {

Result<lifecycle::InstallOptions> read_install_options(const RequestCall& call) {
    const Arguments& arguments = call.arguments;
    lifecycle::InstallOptions options;
    if (arguments.has("layout")) {
        CATALOG_TRY(options.layout, lifecycle::parse_layout(arguments.text("layout")));
    }
    CATALOG_TRY(options.dialect, version::parse_dialect(arguments.text("dialect", "cargo")));
    options.development = arguments.flag("development");
    options.build = arguments.flag("build");
    options.optional = arguments.texts("optional");
    CATALOG_TRY(options.optimality, library::parse_optimality(arguments.text("optimize", "roots")));
    options.dry_run = call.dry_run;
    if (arguments.has("lock")) {
        const Result<resolve::LockFile> lock = resolve::LockFile::decode(arguments.text("lock"));
        if (!lock) return fail(lock.error().with_input("params.lock"));
        options.lock = *lock;
    }
    return options;
}

std::string_view name_in(std::string_view request_or_id) {
    const std::size_t at = request_or_id.rfind('@');
    return at == std::string_view::npos || at == 0 ? request_or_id : request_or_id.substr(0, at);
}

/// Returns the newest `NAME@VERSION` of a name among ids, or empty text.
std::string newest_of(const std::vector<std::string>& ids, std::string_view name) {
    std::string newest;
    std::optional<version::SemVer> best;
    for (const std::string& id : ids) {
        if (name_in(id) != name) continue;
        const Result<version::SemVer> version = version::SemVer::parse(id.substr(name.size() + 1));
        if (!version || (best && *version < *best)) continue;
        best = *version;
        newest = id;
    }
    return newest;
}

std::string version_in(const std::string& id) {
    return id.empty() ? id : id.substr(name_in(id).size() + 1);
}

/// The receipt, and what the host's contract calls InstallResult.
json::Object installed_json(const RequestCall& call, const lifecycle::InstallReceipt& receipt,
                            const std::vector<std::string>& requests, MonotonicTime started) {
    json::Object answer = library::to_json(receipt);
    answer.emplace("install_path", call.arguments.path("prefix") + "/current");
    const auto taken = call.library.environment().clock->now_monotonic() - started;
    answer.emplace("time_us",
                   static_cast<std::int64_t>(
                       std::chrono::duration_cast<std::chrono::microseconds>(taken).count()));
    if (requests.size() != 1) return answer;
    std::vector<std::string> standing = receipt.added;
    standing.insert(standing.end(), receipt.kept.begin(), receipt.kept.end());
    if (std::string id = newest_of(standing, name_in(requests.front())); !id.empty())
        answer.emplace("package_id", std::move(id));
    return answer;
}

/// Which names moved from which version to which.
json::Array moves_of(const lifecycle::InstallReceipt& receipt) {
    json::Array moves;
    for (const std::string& removed : receipt.removed) {
        const std::string_view name = name_in(removed);
        const std::string added = newest_of(receipt.added, name);
        if (added.empty() || newest_of(receipt.removed, name) != removed) continue;
        moves.emplace_back(json::Object{{"name", name},
                                        {"from_version", version_in(removed)},
                                        {"to_version", version_in(added)}});
    }
    return moves;
}

Result<lifecycle::InstallReceipt> update_to_version(const RequestCall& call,
                                                    const std::string& prefix,
                                                    const std::vector<std::string>& names,
                                                    lifecycle::InstallOptions options) {
    if (names.size() != 1)
        return fail(Error(Errc::kInvalidArgument, "a version goes with one package")
                        .with_input("params.version"));
    CATALOG_TRY(const version::SemVer version,
                version::SemVer::parse(call.arguments.text("version")));
    CATALOG_TRY(const std::vector<lifecycle::Generation> generations,
                call.library.history(prefix, call.context));
    const auto current = std::ranges::find_if(generations, &lifecycle::Generation::current);
    const bool installed =
        current != generations.end() &&
        std::ranges::any_of(current->packages, [&](const lifecycle::InstalledPackage& package) {
            return package.id.name().view() == names.front();
        });
    if (!installed)
        return fail(Error(Errc::kNotInstalled, "the package is not installed",
                          NotFoundDetail{"installed package", names.front()})
                        .with_input(names.front()));
    options.layout = current->layout;
    return call.library.install(prefix, {names.front() + "@=" + version.to_string()}, options,
                                call.context);
}

}  // namespace

Result<json::Object> answer_install(const RequestCall& call) {
    const MonotonicTime started = call.library.environment().clock->now_monotonic();
    const std::vector<std::string> requests = call.arguments.texts("requests");
    CATALOG_TRY(const lifecycle::InstallOptions options, read_install_options(call));
    CATALOG_TRY(
        const lifecycle::InstallReceipt receipt,
        call.library.install(call.arguments.path("prefix"), requests, options, call.context));
    return installed_json(call, receipt, requests, started);
}

Result<json::Object> answer_uninstall(const RequestCall& call) {
    CATALOG_TRY(const lifecycle::InstallOptions options, read_install_options(call));
    CATALOG_TRY(const lifecycle::InstallReceipt receipt,
                call.library.uninstall(call.arguments.path("prefix"), call.arguments.texts("names"),
                                       options, call.context));
    return library::to_json(receipt);
}

Result<json::Object> answer_update(const RequestCall& call) {
    const MonotonicTime started = call.library.environment().clock->now_monotonic();
    const std::string prefix = call.arguments.path("prefix");
    const std::vector<std::string> names = call.arguments.texts("names");
    CATALOG_TRY(const lifecycle::InstallOptions options, read_install_options(call));
    CATALOG_TRY(const lifecycle::InstallReceipt receipt,
                call.arguments.has("version")
                    ? update_to_version(call, prefix, names, options)
                    : call.library.update(prefix, names, options, call.context));
    json::Object answer = installed_json(call, receipt, names, started);
    answer.emplace("updated", moves_of(receipt));
    if (names.size() != 1) return answer;
    const std::string from = newest_of(receipt.removed, names.front());
    const std::string kept = newest_of(receipt.kept, names.front());
    answer.emplace("from_version", version_in(from.empty() ? kept : from));
    answer.emplace("to_version",
                   version_in(from.empty() ? kept : newest_of(receipt.added, names.front())));
    return answer;
}

Result<json::Object> answer_rollback(const RequestCall& call) {
    const std::uint64_t generation = call.arguments.number("generation", 0);
    CATALOG_TRY(const lifecycle::InstallReceipt receipt,
                call.library.rollback(call.arguments.path("prefix"),
                                      generation == 0 ? std::nullopt : std::optional(generation),
                                      call.context));
    return library::to_json(receipt);
}

Result<json::Object> answer_history(const RequestCall& call) {
    CATALOG_TRY(const std::vector<lifecycle::Generation> generations,
                call.library.history(call.arguments.path("prefix"), call.context));
    return library::to_json(generations);
}

}  // namespace catalog::extension
