#include "catalog/version/semver.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/check.hpp>

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

/// What is wrong with a text that is not a version. Reads it once more, slowly.
[[gnu::cold]] Error refusal(std::string_view text) {
    Scanner in(text);
    std::uint64_t number = 0;
    std::string_view identifiers;
    [[maybe_unused]] const bool ok =
        in.number(SemVer::kNumberMax, number) &&
        (in.take('.') || in.refuse("expected a dot after the major number")) &&
        in.number(SemVer::kNumberMax, number) &&
        (in.take('.') || in.refuse("expected a dot after the minor number")) &&
        in.number(SemVer::kNumberMax, number) &&
        (!in.take('-') || in.identifiers(true, identifiers)) &&
        (!in.take('+') || in.identifiers(false, identifiers)) &&
        (in.at_end() || in.refuse("a byte is out of place"));
    CATALOG_ASSERT(!ok);  // the two readers agree
    return version_error(text, in.reason(), in.refused_at());
}

struct VersionText {
    std::array<std::uint64_t, 3> numbers = {};
    std::string_view prerelease;
    std::string_view build;
};

/// A number without leading zeros from `at`; null when there is none or it is too large.
const char* read_number(const char* at, const char* end, std::uint64_t& value) noexcept {
    if (at == end) return nullptr;
    std::uint64_t sum = static_cast<unsigned char>(*at) - std::uint64_t{'0'};
    if (sum > 9) return nullptr;
    const char* const start = at++;
    while (at != end) {
        const std::uint64_t digit = static_cast<unsigned char>(*at) - std::uint64_t{'0'};
        if (digit > 9) break;
        sum = sum * 10 + digit;
        ++at;
    }
    const auto digits = at - start;
    // 19 digits cannot overflow 64 bits; one more is too large in any case.
    if (digits > 1 && (*start == '0' || digits > 19 || sum > SemVer::kNumberMax)) return nullptr;
    value = sum;
    return at;
}

/// Dot-separated identifiers from `at`; null when one is empty or begins with a zero it must not
/// have.
const char* read_identifiers(const char* at, const char* end, bool in_prerelease) noexcept {
    for (;;) {
        const char* const first = at;
        bool numeric = true;
        while (at != end && Scanner::is_identifier_byte(*at)) {
            numeric &= Scanner::is_digit(*at);
            ++at;
        }
        if (at == first) return nullptr;
        if (in_prerelease && numeric && at - first > 1 && *first == '0') return nullptr;
        if (at == end || *at != '.') return at;
        ++at;
    }
}

bool read_version(std::string_view text, VersionText& parts) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    at = read_number(at, end, parts.numbers[0]);
    if (at == nullptr || at == end || *at != '.') return false;
    at = read_number(at + 1, end, parts.numbers[1]);
    if (at == nullptr || at == end || *at != '.') return false;
    at = read_number(at + 1, end, parts.numbers[2]);
    if (at == nullptr) return false;
    if (at == end) return true;
    if (*at == '-') {
        const char* const first = at + 1;
        at = read_identifiers(first, end, true);
        if (at == nullptr) return false;
        parts.prerelease = {first, static_cast<std::size_t>(at - first)};
    }
    if (at != end && *at == '+') {
        const char* const first = at + 1;
        at = read_identifiers(first, end, false);
        if (at == nullptr) return false;
        parts.build = {first, static_cast<std::size_t>(at - first)};
    }
    return at == end;
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
    return parse_short(text);
}

Result<SemVer> SemVer::parse_short(std::string_view text) {
    Result<SemVer> result;  // filled in place: the only thing returned, so that nothing is moved
    SemVer& version = *result;
    VersionText parts;
    if (!read_version(text, parts)) {
        result = fail(refusal(text));
    } else {
        version.major_ = parts.numbers[0];
        version.minor_ = parts.numbers[1];
        version.patch_ = parts.numbers[2];
        if (!parts.prerelease.empty() || !parts.build.empty())
            version.set_identifiers(parts.prerelease, parts.build);
    }
    return result;
}

void SemVer::set_identifiers(std::string_view prerelease, std::string_view build) {
    const std::size_t bytes = prerelease.size() + build.size();
    char* at = identifiers_.data();
    if (bytes > kInlineBytes) {
        at = new char[bytes];
        std::memcpy(identifiers_.data(), static_cast<const void*>(&at), sizeof at);
    }
    // An empty text may have no address, which memcpy must not be given.
    if (!prerelease.empty()) std::memcpy(at, prerelease.data(), prerelease.size());
    if (!build.empty()) std::memcpy(at + prerelease.size(), build.data(), build.size());
    prerelease_bytes_ = static_cast<std::uint16_t>(prerelease.size());
    build_bytes_ = static_cast<std::uint16_t>(build.size());
}

void SemVer::copy_block(const SemVer& other) {
    const std::size_t bytes = std::size_t{prerelease_bytes_} + build_bytes_;
    char* const copy = new char[bytes];
    std::memcpy(copy, other.block(), bytes);
    std::memcpy(identifiers_.data(), static_cast<const void*>(&copy), sizeof copy);
}

void SemVer::free_block() noexcept { delete[] block(); }

SemVer SemVer::with_prerelease(std::string_view prerelease) const {
    SemVer copy(major_, minor_, patch_);
    if (!prerelease.empty() || build_bytes_ != 0) copy.set_identifiers(prerelease, build());
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
