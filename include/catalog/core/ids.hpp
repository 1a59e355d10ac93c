#pragma once
// Names and ids: PackageName, PackageId, LibraryId. Each is a type of its own, so that mixing them
// does not compile.

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog {

/// Name of a package, for example `acme/tensor-kit` or `@babel/core`.
///
/// 1 to 214 ASCII bytes `[@scope/]name` of letters, digits and `. _ - + / ~ :`; `@` only as the
/// first byte; no `..`; no segment between slashes that is empty or `.`. Compared byte by byte:
/// names that differ in case are different names.
class PackageName {
public:
    static constexpr std::size_t kBytesMax = 214;

    /// Reads a name. Errors: kInvalidName, with the offending byte's position in the message.
    [[nodiscard]] static Result<PackageName> parse(std::string_view text);

    /// Returns the name as written.
    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    [[nodiscard]] std::string_view view() const noexcept { return text_; }

    friend bool operator==(const PackageName&, const PackageName&) noexcept = default;
    friend auto operator<=>(const PackageName&, const PackageName&) noexcept = default;

private:
    explicit PackageName(std::string text) noexcept : text_(std::move(text)) {}
    std::string text_;
};

/// One version of one package, text `name@version`.
///
/// The version is kept as its canonical SemVer text; module `version` reads it. Build metadata is
/// part of the text, but two published ids may not differ in build metadata alone.
class PackageId {
public:
    static constexpr std::size_t kVersionBytesMax = 256;

    /// Makes an id from its parts; `version` must be SemVer text by its character set (its grammar
    /// is `version::SemVer`'s matter). Errors: kVersionSyntax.
    [[nodiscard]] static Result<PackageId> make(PackageName name, std::string_view version);

    /// Reads `name@version`, split at the last `@`. Errors: kInvalidName, kVersionSyntax.
    [[nodiscard]] static Result<PackageId> parse(std::string_view text);

    [[nodiscard]] const PackageName& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& version() const noexcept { return version_; }

    /// Returns `name@version`.
    [[nodiscard]] std::string to_string() const { return name_.str() + "@" + version_; }

    friend bool operator==(const PackageId&, const PackageId&) noexcept = default;
    /// Byte-wise order of name, then of the version's text; not the order of versions.
    friend auto operator<=>(const PackageId&, const PackageId&) noexcept = default;

private:
    PackageId(PackageName name, std::string version) noexcept
        : name_(std::move(name)), version_(std::move(version)) {}
    PackageName name_;
    std::string version_;
};

/// Identity of one library, 16 random bytes given when it is made, text of 32 hexadecimal digits.
struct LibraryId {
    std::array<std::byte, 16> bytes{};

    friend bool operator==(const LibraryId&, const LibraryId&) noexcept = default;

    [[nodiscard]] std::string to_string() const;
    /// Errors: kInvalidArgument.
    [[nodiscard]] static Result<LibraryId> parse(std::string_view text);
};

}  // namespace catalog

template <>
struct std::hash<catalog::PackageName> {
    std::size_t operator()(const catalog::PackageName& name) const noexcept {
        return std::hash<std::string_view>{}(name.view());
    }
};

template <>
struct std::hash<catalog::PackageId> {
    std::size_t operator()(const catalog::PackageId& id) const noexcept {
        return std::hash<std::string_view>{}(id.name().view()) * 31 +
               std::hash<std::string_view>{}(id.version());
    }
};
