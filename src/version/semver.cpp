#include "catalog/version/semver.hpp"

#include <algorithm>

#include "scanner.hpp"

namespace catalog::version {

namespace {

[[gnu::cold]] Error version_error(std::string_view text, const char* reason, std::size_t offset) {
    return Error(Errc::kVersionSyntax,
                 "not a version: " + std::string(reason) + " at byte " + std::to_string(offset + 1),
                 LocationDetail{1, offset + 1, offset})
        .with_input(std::string(text.substr(0, 100)))
        .with_hint("write MAJOR.MINOR.PATCH, for example 1.4.2 or 2.0.0-rc.1");
}

/// Identifiers up to the next dot; `rest` is what follows it, or null data at the end.
std::string_view next_identifier(std::string_view& rest) noexcept {
    const std::size_t dot = rest.find('.');
    const std::string_view identifier = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    return identifier;
}

bool is_number(std::string_view identifier) noexcept {
    return std::ranges::all_of(identifier, Scanner::is_digit);
}

std::weak_ordering compare_identifiers(std::string_view a, std::string_view b) noexcept {
    const bool a_is_number = is_number(a);
    const bool b_is_number = is_number(b);
    if (a_is_number != b_is_number)
        return a_is_number ? std::weak_ordering::less : std::weak_ordering::greater;
    // Without leading zeros the longer number is the larger one, whatever its size.
    if (a_is_number && a.size() != b.size()) return a.size() <=> b.size();
    return a <=> b;
}

}  // namespace

Result<SemVer> SemVer::parse(std::string_view text) {
    if (text.size() > kBytesMax)
        return fail(version_error(text, "the text is longer than 256 bytes", kBytesMax));
    Scanner in(text);
    Result<SemVer> result;  // filled in place: a version is never moved on its way out
    SemVer& version = *result;
    std::string_view prerelease;
    std::string_view build;
    const bool ok = in.number(kNumberMax, version.major_) &&
                    (in.take('.') || in.refuse("expected a dot after the major number")) &&
                    in.number(kNumberMax, version.minor_) &&
                    (in.take('.') || in.refuse("expected a dot after the minor number")) &&
                    in.number(kNumberMax, version.patch_) &&
                    (!in.take('-') || in.identifiers(true, prerelease)) &&
                    (!in.take('+') || in.identifiers(false, build)) &&
                    (in.at_end() || in.refuse("a byte is out of place"));
    if (!ok) {
        result = fail(version_error(text, in.reason(), in.refused_at()));
    } else if (!prerelease.empty() || !build.empty()) {
        version.identifiers_.reserve(prerelease.size() + build.size());
        version.identifiers_.append(prerelease).append(build);
        version.prerelease_bytes_ = prerelease.size();
    }
    return result;
}

SemVer SemVer::with_prerelease(std::string_view prerelease) const {
    SemVer copy(major_, minor_, patch_, prerelease);
    copy.identifiers_.append(build());
    return copy;
}

SemVer SemVer::without_build() const { return SemVer(major_, minor_, patch_, prerelease()); }

std::string SemVer::to_string() const {
    std::string text = std::to_string(major_);
    text.append(1, '.').append(std::to_string(minor_));
    text.append(1, '.').append(std::to_string(patch_));
    if (is_prerelease()) text.append(1, '-').append(prerelease());
    if (!build().empty()) text.append(1, '+').append(build());
    return text;
}

std::weak_ordering compare_prereleases(std::string_view a, std::string_view b) noexcept {
    if (a.empty() || b.empty()) return a.empty() <=> b.empty();
    while (!a.empty() && !b.empty()) {
        const std::weak_ordering order =
            compare_identifiers(next_identifier(a), next_identifier(b));
        if (order != 0) return order;
    }
    // All fields equal so far: the one with more fields is the greater.
    return !a.empty() <=> !b.empty();
}

bool is_compatible(const SemVer& a, const SemVer& b) noexcept {
    if (a.major() != b.major()) return false;
    if (a.major() > 0) return true;
    if (a.minor() != b.minor()) return false;
    return a.minor() > 0 || a.patch() == b.patch();
}

}  // namespace catalog::version

std::size_t std::hash<catalog::version::SemVer>::operator()(
    const catalog::version::SemVer& version) const noexcept {
    // Odd multipliers spread the small numbers that versions consist of (Fibonacci hashing).
    constexpr std::size_t kSpread = 0x9e3779b97f4a7c15;
    std::size_t sum = version.major();
    sum = (sum ^ (sum >> 32)) * kSpread + version.minor();
    sum = (sum ^ (sum >> 32)) * kSpread + version.patch();
    sum = (sum ^ (sum >> 32)) * kSpread;
    if (version.is_prerelease()) sum ^= std::hash<std::string_view>()(version.prerelease());
    if (!version.build().empty()) sum ^= std::hash<std::string_view>()(version.build()) * kSpread;
    return sum ^ (sum >> 32);
}
