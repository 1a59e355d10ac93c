#include "requests/requests.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "catalog/abi/extension.h"
#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "requests/handlers.hpp"  // NOLINT(misc-include-cleaner): RequestCall

namespace catalog::extension {

namespace {

constexpr std::string_view kNamespace = "catalog.";
constexpr std::uint64_t kFileSystemAccess = std::uint64_t{1} << HMX_CAP_FILESYSTEM_ACCESS;
/// A longer name is no slip of the pen, and is not looked at letter by letter.
constexpr std::size_t kNearNameBytesMax = 64;

std::string_view without_namespace(std::string_view name) noexcept {
    if (name.starts_with(kNamespace)) name.remove_prefix(kNamespace.size());
    return name;
}

/// Levenshtein's distance.
std::size_t letters_between(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t corner = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = corner + (a[i] == b[j] ? 0 : 1);
            corner = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, changed}));
        }
    }
    return row.back();
}

bool is_below(std::string_view path, std::string_view folder) noexcept {
    return !folder.empty() && path.starts_with(folder) &&
           (path.size() == folder.size() || path[folder.size()] == '/' || folder == "/");
}

/// Tells whether a request may touch what is at `path`, which has no `.` and `..`.
Result<void> check_place(const std::string& path, const std::string& library_folder,
                         const RequestSettings& settings) {
    if (is_below(path, library_folder))
        return fail(Error(Errc::kPathUnsafe, "the path is in the library's own folder")
                        .with_input(path)
                        .with_hint("name a folder outside of " + library_folder));
    if (is_below(path, settings.data_dir) || (settings.granted & kFileSystemAccess) != 0) return {};
    return fail(Error(Errc::kPermissionDenied,
                      "the path is outside of the extension's data folder, and the host has not "
                      "granted FILESYSTEM_ACCESS",
                      SecurityDetail{"capability", path})
                    .with_input(path));
}

bool has_dry_run(const Method& method) noexcept {
    return std::ranges::any_of(
        method.parameters, [](const Parameter& parameter) { return parameter.name == "dry_run"; });
}

}  // namespace

Requests::Requests(library::AssetLibrary& library, RequestSettings settings)
    : library_(library), settings_(std::move(settings)), library_folder_(library.metadata().path) {
    while (settings_.data_dir.size() > 1 && settings_.data_dir.back() == '/')
        settings_.data_dir.pop_back();
}

const Method* Requests::find(std::string_view name) noexcept {
    name = without_namespace(name);
    for (const Method& method : methods())
        if (method.name == name || has_word(method.aliases, name)) return &method;
    return nullptr;
}

Error Requests::unknown_method(std::string_view name) {
    const std::string_view shown = name.substr(0, kNearNameBytesMax);
    const Error error = Error(Errc::kUnsupported, "there is no such method",
                              NotFoundDetail{"method", std::string(shown)})
                            .with_input(std::string(shown));
    const std::string_view wanted = without_namespace(shown);
    std::string near;
    const auto compare = [&](std::string_view candidate) {
        if (letters_between(wanted, candidate) <= std::max<std::size_t>(2, candidate.size() / 4))
            near += (near.empty() ? "" : ", ") + std::string(candidate);
        return true;
    };
    for (const Method& method : methods()) {
        compare(method.name);
        for_each_word(method.aliases, compare);
    }
    return error.with_hint(near.empty() ? "the method \"methods\" lists all" : "near: " + near);
}

Result<json::Object> Requests::call(const Method& method, const json::Object& params,
                                    const CallContext& context, bool dry_run) const {
    CATALOG_TRY_VOID(context.check(*library_.environment().clock));
    // What the library does not have it does not have with any parameters.
    if (method.handler == nullptr)
        return fail(Error(Errc::kUnsupported, std::string(method.help))
                        .with_input(std::string(method.name)));
    CATALOG_TRY(const Arguments arguments, Arguments::read(method.parameters, params));
    if (dry_run && method.writes && !has_dry_run(method))
        return fail(Error(Errc::kUnsupported, "this method cannot be tried without effect")
                        .with_input(std::string(method.name)));
    for (const std::string& path : arguments.paths())
        CATALOG_TRY_VOID(check_place(path, library_folder_, settings_));
    return method.handler(
        {library_, method, arguments, context, dry_run || arguments.flag("dry_run")});
}

json::Object failure_data(const Error& error) {
    json::Object data = library::to_json(error);
    if (const auto* reason = error.detail_as<ResolutionDetail>()) {
        data.emplace("roots", library::to_json(reason->roots));
        data.emplace("steps", library::to_json(reason->steps));
    }
    return data;
}

}  // namespace catalog::extension
