#include "catalog/core/platform.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "catalog/core/dependency_kind.hpp"

namespace catalog {

namespace {

struct KindName {
    std::string_view name;
    DependencyKind kind;
};

constexpr std::array<KindName, 6> kKindNames{{{"required", DependencyKind::kRequired},
                                              {"optional", DependencyKind::kOptional},
                                              {"development", DependencyKind::kDevelopment},
                                              {"build", DependencyKind::kBuild},
                                              {"peer", DependencyKind::kPeer},
                                              {"dev", DependencyKind::kDevelopment}}};

bool is_word(std::string_view text, bool wildcard) noexcept {
    if (wildcard && text == "*") return true;
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

/// Splits `os-arch[-libc]`; nullopt when it does not have that form.
std::optional<Platform> split_platform(std::string_view text, bool wildcard) {
    const std::size_t first = text.find('-');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = text.find('-', first + 1);
    const std::string_view os = text.substr(0, first);
    const std::string_view arch =
        text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
    const std::string_view libc =
        second == std::string_view::npos ? std::string_view() : text.substr(second + 1);
    if (!is_word(os, wildcard) || !is_word(arch, wildcard)) return std::nullopt;
    if (second != std::string_view::npos && !is_word(libc, wildcard)) return std::nullopt;
    return Platform{std::string(os), std::string(arch), std::string(libc)};
}

bool part_matches(const std::string& pattern, const std::string& value) noexcept {
    return pattern == "*" || pattern == value;
}

}  // namespace

std::string_view dependency_kind_name(DependencyKind kind) noexcept {
    for (const KindName& row : kKindNames)
        if (row.kind == kind) return row.name;
    return "unknown";
}

Result<DependencyKind> parse_dependency_kind(std::string_view text) {
    for (const KindName& row : kKindNames)
        if (row.name == text) return row.kind;
    return fail(Error(Errc::kInvalidArgument, "unknown kind of dependency")
                    .with_input(std::string(text.substr(0, 100)))
                    .with_hint("use required, optional, development, build or peer"));
}

Platform Platform::current() {
    Platform platform;
#if defined(__linux__)
    platform.os = "linux";
#elif defined(__APPLE__)
    platform.os = "darwin";
#else
    platform.os = "unknown";
#endif
#if defined(__x86_64__)
    platform.arch = "x86_64";
#elif defined(__aarch64__)
    platform.arch = "aarch64";
#else
    platform.arch = "unknown";
#endif
#if defined(__GLIBC__)
    platform.libc = "gnu";
#elif defined(__linux__)
    platform.libc = "musl";
#endif
    return platform;
}

Result<Platform> Platform::parse(std::string_view text) {
    std::optional<Platform> platform = split_platform(text, false);
    if (!platform)
        return fail(Error(Errc::kInvalidArgument,
                          "not a platform: expected os-arch or os-arch-libc in lower case")
                        .with_input(std::string(text.substr(0, 100))));
    return *std::move(platform);
}

std::string Platform::to_string() const {
    return libc.empty() ? os + "-" + arch : os + "-" + arch + "-" + libc;
}

Result<PlatformPredicate> PlatformPredicate::parse(std::string_view text) {
    PlatformPredicate predicate;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view pattern = text.substr(0, comma);
        while (pattern.starts_with(' ')) pattern.remove_prefix(1);
        while (pattern.ends_with(' ')) pattern.remove_suffix(1);
        std::optional<Platform> platform = split_platform(pattern, true);
        if (!platform)
            return fail(Error(Errc::kInvalidArgument,
                              "not a platform pattern: expected os-arch[-libc], each a word or *")
                            .with_input(std::string(pattern.substr(0, 100))));
        predicate.patterns_.push_back(*std::move(platform));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return predicate;
}

bool PlatformPredicate::matches(const Platform& platform) const noexcept {
    return patterns_.empty() || std::ranges::any_of(patterns_, [&](const Platform& pattern) {
               return part_matches(pattern.os, platform.os) &&
                      part_matches(pattern.arch, platform.arch) &&
                      (pattern.libc.empty() || part_matches(pattern.libc, platform.libc));
           });
}

std::string PlatformPredicate::to_string() const {
    std::string text;
    for (const Platform& pattern : patterns_) {
        if (!text.empty()) text += ",";
        text += pattern.to_string();
    }
    return text;
}

}  // namespace catalog
