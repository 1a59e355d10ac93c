#pragma once
// SemVer: a version as defined by Semantic Versioning 2.0.0 (semver.org).

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/core/result.hpp"

namespace catalog::version {

/// A semantic version: numbers, pre-release and build metadata.
///
/// Comparison operators follow precedence (section 11) and then build metadata byte-wise, so that
/// the order is total and equal means the same text; `compare_precedence` ignores build metadata. A
/// value type. Thread safety: as `int`. Cost of a copy: an allocation only when pre-release and
/// build text together are longer than `kInlineBytes`.
class SemVer {
public:
    /// Longest accepted text, bytes.
    static constexpr std::size_t kBytesMax = 256;
    /// Largest number that `parse` accepts for major, minor and patch.
    static constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 63) - 1;

    /// Longest pre-release and build text that is kept in the object itself, both together, bytes.
    static constexpr std::size_t kInlineBytes = 20;

    /// 0.0.0
    SemVer() noexcept = default;
    SemVer(std::uint64_t major, std::uint64_t minor, std::uint64_t patch) noexcept
        : major_(major), minor_(minor), patch_(patch) {}
    /// With that pre-release text. REQUIRES: valid identifiers of at most 65,535 bytes, or empty.
    SemVer(std::uint64_t major, std::uint64_t minor, std::uint64_t patch,
           std::string_view prerelease)
        : major_(major), minor_(minor), patch_(patch) {
        if (prerelease == "0") {   // the bound of most ranges
            identifiers_ = kZero;  // whole words, which a move then reads without waiting
            prerelease_bytes_ = 1;
        } else if (!prerelease.empty()) {
            set_identifiers(prerelease, {});
        }
    }

    SemVer(const SemVer& other)
        : major_(other.major_),
          minor_(other.minor_),
          patch_(other.patch_),
          prerelease_bytes_(other.prerelease_bytes_),
          build_bytes_(other.build_bytes_) {
        other.is_inline() ? copy_words(other) : copy_block(other);
    }
    SemVer(SemVer&& other) noexcept
        : major_(other.major_),
          minor_(other.minor_),
          patch_(other.patch_),
          prerelease_bytes_(std::exchange(other.prerelease_bytes_, std::uint16_t{0})),
          build_bytes_(std::exchange(other.build_bytes_, std::uint16_t{0})) {
        copy_words(other);
    }
    SemVer& operator=(const SemVer& other) {
        if (this != &other) *this = SemVer(other);
        return *this;
    }
    SemVer& operator=(SemVer&& other) noexcept {
        std::swap(major_, other.major_);
        std::swap(minor_, other.minor_);
        std::swap(patch_, other.patch_);
        std::swap(identifiers_, other.identifiers_);
        std::swap(prerelease_bytes_, other.prerelease_bytes_);
        std::swap(build_bytes_, other.build_bytes_);
        return *this;
    }
    ~SemVer() {
        if (!is_inline()) free_block();
    }

    /// Reads strict SemVer 2.0.0 text: no leading `v`, no white space, no leading zeros, numbers up
    /// to 2^63 - 1. Errors: kVersionSyntax with LocationDetail::offset. Cost: linear; allocates
    /// only for pre-release and build text that together are longer than `kInlineBytes`.
    [[nodiscard]] static Result<SemVer> parse(std::string_view text);

    [[nodiscard]] std::uint64_t major() const noexcept { return major_; }
    [[nodiscard]] std::uint64_t minor() const noexcept { return minor_; }
    [[nodiscard]] std::uint64_t patch() const noexcept { return patch_; }
    /// Returns the pre-release text without the hyphen, empty for a release. Valid as long as this
    /// object.
    [[nodiscard]] std::string_view prerelease() const noexcept {
        return {identifiers(), prerelease_bytes_};
    }
    /// Returns the build metadata without the plus sign. Valid as long as this object.
    [[nodiscard]] std::string_view build() const noexcept {
        return {identifiers() + prerelease_bytes_, build_bytes_};
    }
    [[nodiscard]] bool is_prerelease() const noexcept { return prerelease_bytes_ != 0; }

    /// Tells whether major, minor and patch are the same.
    [[nodiscard]] bool has_same_numbers(const SemVer& other) const noexcept {
        return ((major_ ^ other.major_) | (minor_ ^ other.minor_) | (patch_ ^ other.patch_)) == 0;
    }
    /// Tells whether major.minor.patch is below the other's, pre-releases aside. Cost: the same
    /// for all versions, without a branch.
    [[nodiscard]] bool has_smaller_numbers(const SemVer& other) const noexcept {
        const bool patch = patch_ < other.patch_;
        const bool minor = (minor_ < other.minor_) | ((minor_ == other.minor_) & patch);
        return (major_ < other.major_) | ((major_ == other.major_) & minor);
    }

    /// Returns a copy with that pre-release text; empty makes a release. REQUIRES: valid
    /// identifiers.
    [[nodiscard]] SemVer with_prerelease(std::string_view prerelease) const;
    /// Returns a copy without build metadata.
    [[nodiscard]] SemVer without_build() const;

    /// Returns the canonical text.
    [[nodiscard]] std::string to_string() const;

    /// Precedence (section 11): build metadata does not count. Cost: linear in the pre-release
    /// text; numeric identifiers of any length compare as numbers.
    friend std::weak_ordering compare_precedence(const SemVer& a, const SemVer& b) noexcept;

    friend bool operator==(const SemVer& a, const SemVer& b) noexcept {
        return a.has_same_numbers(b) && a.prerelease() == b.prerelease() && a.build() == b.build();
    }
    friend std::strong_ordering operator<=>(const SemVer& a, const SemVer& b) noexcept;

private:
    [[nodiscard]] static Result<SemVer> parse_short(std::string_view text);
    [[nodiscard]] bool is_inline() const noexcept {
        return std::size_t{prerelease_bytes_} + build_bytes_ <= kInlineBytes;
    }
    [[nodiscard]] const char* identifiers() const noexcept {
        return is_inline() ? identifiers_.data() : block();
    }
    [[nodiscard]] char* block() const noexcept {
        char* block = nullptr;
        std::memcpy(static_cast<void*>(&block), identifiers_.data(), sizeof block);
        return block;
    }
    void copy_words(const SemVer& other) noexcept { identifiers_ = other.identifiers_; }
    void copy_block(const SemVer& other);
    void free_block() noexcept;
    // REQUIRES: no identifiers yet.
    void set_identifiers(std::string_view prerelease, std::string_view build);

    static constexpr std::array<char, kInlineBytes> kZero = {'0'};

    std::uint64_t major_ = 0;
    std::uint64_t minor_ = 0;
    std::uint64_t patch_ = 0;
    // Pre-release text, then build text, no separators; when longer than this a pointer to them.
    std::array<char, kInlineBytes> identifiers_ = {};
    std::uint16_t prerelease_bytes_ = 0;
    std::uint16_t build_bytes_ = 0;
};

/// Compares pre-release texts by the rules of section 11.4; an empty text (a release) is greatest.
/// REQUIRES: valid identifiers.
[[nodiscard]] std::weak_ordering compare_prereleases(std::string_view a,
                                                     std::string_view b) noexcept;

[[nodiscard]] inline std::weak_ordering compare_precedence(const SemVer& a,
                                                           const SemVer& b) noexcept {
    if (a.major_ != b.major_) return a.major_ <=> b.major_;
    if (a.minor_ != b.minor_) return a.minor_ <=> b.minor_;
    if (a.patch_ != b.patch_) return a.patch_ <=> b.patch_;
    if ((a.prerelease_bytes_ | b.prerelease_bytes_) == 0) return std::weak_ordering::equivalent;
    return compare_prereleases(a.prerelease(), b.prerelease());
}

[[nodiscard]] inline std::strong_ordering operator<=>(const SemVer& a, const SemVer& b) noexcept {
    const std::weak_ordering order = compare_precedence(a, b);
    if (order < 0) return std::strong_ordering::less;
    if (order > 0) return std::strong_ordering::greater;
    return a.build() <=> b.build();
}

/// Tells whether two versions are semver-compatible in Cargo's sense: same major, or below 1.0.0
/// same minor, or below 0.1.0 same patch. This is the line between copies under
/// VersionPolicy::kPerMajor.
[[nodiscard]] bool is_compatible(const SemVer& a, const SemVer& b) noexcept;

}  // namespace catalog::version

template <>
struct std::hash<catalog::version::SemVer> {
    /// Equal versions (build metadata included) have equal hashes.
    [[nodiscard]] std::size_t operator()(const catalog::version::SemVer& version) const noexcept;
};
