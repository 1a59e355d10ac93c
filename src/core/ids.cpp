#include "catalog/core/ids.hpp"

#include <algorithm>

#include "catalog/core/bytes.hpp"

namespace catalog {

namespace {

bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) noexcept {
    return is_alphanumeric(c) || std::string_view("._-+/~:").find(c) != std::string_view::npos;
}

Error invalid_name(std::string_view text, std::string reason) {
    return Error(Errc::kInvalidName, "invalid package name: " + std::move(reason))
        .with_input(std::string(text.substr(0, 100)))
        .with_hint(
            "a name has 1 to 214 letters, digits or . _ - + / ~ : characters, optionally after "
            "@scope/");
}

}  // namespace

Result<PackageName> PackageName::parse(std::string_view text) {
    if (text.empty()) return fail(invalid_name(text, "it is empty"));
    if (text.size() > kBytesMax)
        return fail(invalid_name(
            text, "it has " + std::to_string(text.size()) + " bytes, at most 214 are allowed"));
    const bool scoped = text.front() == '@';
    const std::string_view body = scoped ? text.substr(1) : text;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (!is_name_character(body[i]))
            return fail(invalid_name(
                text, "byte " + std::to_string(i + (scoped ? 2 : 1)) + " is not allowed"));
    }
    if (text.find("..") != std::string_view::npos)
        return fail(invalid_name(text, "it contains \"..\""));
    if (scoped && body.find('/') == std::string_view::npos)
        return fail(invalid_name(text, "a scope needs a name after a slash"));
    for (std::size_t start = 0; start <= body.size();) {
        const std::size_t slash = std::min(body.find('/', start), body.size());
        const std::string_view segment = body.substr(start, slash - start);
        if (segment.empty()) return fail(invalid_name(text, "a segment between slashes is empty"));
        if (segment == ".") return fail(invalid_name(text, "a segment is \".\""));
        start = slash + 1;
    }
    return PackageName(std::string(text));
}

Result<PackageId> PackageId::make(PackageName name, std::string_view version) {
    const auto allowed = [](char c) {
        return is_alphanumeric(c) || c == '.' || c == '-' || c == '+';
    };
    if (version.empty() || version.size() > kVersionBytesMax ||
        !std::ranges::all_of(version, allowed))
        return fail(Error(Errc::kVersionSyntax, "not a version of a package")
                        .with_input(name.str() + "@" + std::string(version.substr(0, 100)))
                        .with_hint("write NAME@MAJOR.MINOR.PATCH, for example kit@1.4.2"));
    return PackageId(std::move(name), std::string(version));
}

Result<PackageId> PackageId::parse(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0)
        return fail(Error(Errc::kVersionSyntax, "not a package id: expected name@version")
                        .with_input(std::string(text.substr(0, 300))));
    Result<PackageName> name = PackageName::parse(text.substr(0, at));
    if (!name) return fail(name.error());
    return make(*std::move(name), text.substr(at + 1));
}

std::string LibraryId::to_string() const { return to_hex(bytes); }

Result<LibraryId> LibraryId::parse(std::string_view text) {
    const Result<Bytes> read = from_hex(text);
    LibraryId id;
    if (!read || read->size() != id.bytes.size())
        return fail(Error(Errc::kInvalidArgument, "a library id has 32 hexadecimal digits")
                        .with_input(std::string(text.substr(0, 100))));
    std::ranges::copy(*read, id.bytes.begin());
    return id;
}

}  // namespace catalog
