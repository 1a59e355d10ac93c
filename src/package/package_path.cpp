#include "package_path.hpp"

#include <algorithm>
#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/package/file_table.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

constexpr std::string_view kReservedFolder = ".catalog";

Error unsafe_path(std::string_view path, std::string_view reason) {
    return Error(Errc::kPathUnsafe, "path " + quoted(path) + " " + std::string(reason))
        .with_hint(
            "paths in a package are relative, separated by /, and have no . or .. component");
}

Error link_refused(std::string_view path, std::string_view target, std::string_view reason) {
    return Error(Errc::kLinkRefused,
                 "link " + quoted(path) + " to " + quoted(target) + " " + std::string(reason))
        .with_hint("a link in a package is relative and points into the package");
}

Error path_limit(std::string_view path, std::string_view what, std::string limit,
                 std::uint64_t allowed, std::uint64_t actual) {
    return Error(Errc::kLimitExceeded,
                 "path " + quoted(path) + " " + std::string(what) + ": " + std::to_string(actual) +
                     ", at most " + std::to_string(allowed) + " allowed",
                 LimitDetail{std::move(limit), allowed, actual});
}

bool is_reserved(std::string_view path) noexcept {
    return path.substr(0, path.find('/')) == kReservedFolder;
}

/// Returns what is wrong with the characters of a path or target, or an empty view.
std::string_view character_fault(std::string_view text) noexcept {
    if (!is_utf8(text)) return "is not UTF-8";
    if (has_control_character(text, false)) return "has a control character";
    if (text.find('\\') != std::string_view::npos) return "has a backslash";
    return {};
}

}  // namespace

bool has_control_character(std::string_view text, bool line_ends_allowed) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) {
            if (line_ends_allowed && (byte == '\n' || byte == '\r' || byte == '\t')) continue;
            return true;
        }
        // U+0080 to U+009F
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

Result<void> check_package_path(std::string_view path, const Limits& limits) {
    if (path.empty()) return fail(unsafe_path(path, "is empty"));
    if (path.size() > limits.path_bytes_max)
        return fail(path_limit(path, "has too many bytes", "path_bytes_max", limits.path_bytes_max,
                               path.size()));
    if (const std::string_view fault = character_fault(path); !fault.empty())
        return fail(unsafe_path(path, fault));
    if (path.front() == '/') return fail(unsafe_path(path, "is absolute"));
    if (is_reserved(path)) return fail(unsafe_path(path, "is below .catalog, which is reserved"));

    std::uint64_t depth = 0;
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t slash = std::min(path.find('/', start), path.size());
        const std::string_view component = path.substr(start, slash - start);
        if (component.empty()) return fail(unsafe_path(path, "has an empty component"));
        if (component == "." || component == "..")
            return fail(unsafe_path(path, "has a . or .. component"));
        if (component.size() > limits.path_component_bytes_max)
            return fail(path_limit(path, "has a component of too many bytes",
                                   "path_component_bytes_max", limits.path_component_bytes_max,
                                   component.size()));
        ++depth;
        start = slash + 1;
    }
    if (depth > limits.path_depth_max)
        return fail(path_limit(path, "has too many components", "path_depth_max",
                               limits.path_depth_max, depth));
    return {};
}

Result<void> check_link_target(std::string_view path, std::string_view target,
                               const Limits& limits) {
    return check_link_walk(path, target, limits, {});
}

Result<void> check_link_walk(std::string_view path, std::string_view target, const Limits& limits,
                             const IsLink& is_link) {
    if (target.empty()) return fail(link_refused(path, target, "has no target"));
    if (target.size() > limits.path_bytes_max)
        return fail(link_refused(path, target, "is too long"));
    if (const std::string_view fault = character_fault(target); !fault.empty())
        return fail(link_refused(path, target, fault));
    if (target.front() == '/') return fail(link_refused(path, target, "is absolute"));

    const std::size_t folder = path.rfind('/');
    std::string at(folder == std::string_view::npos ? std::string_view() : path.substr(0, folder));
    bool went_through_link = false;
    for (std::size_t start = 0; start <= target.size();) {
        const std::size_t slash = std::min(target.find('/', start), target.size());
        const std::string_view component = target.substr(start, slash - start);
        start = slash + 1;
        if (component.empty() || component == ".") continue;
        if (component == "..") {
            if (went_through_link)
                return fail(link_refused(path, target, "goes up through another link"));
            if (at.empty()) return fail(link_refused(path, target, "leaves the package"));
            const std::size_t parent = at.rfind('/');
            at.resize(parent == std::string::npos ? 0 : parent);
            continue;
        }
        if (!at.empty()) at += '/';
        at += component;
        went_through_link = went_through_link || (is_link && is_link(at));
    }
    if (is_reserved(at))
        return fail(link_refused(path, target, "points below .catalog, which is reserved"));
    return {};
}

}  // namespace catalog::package
