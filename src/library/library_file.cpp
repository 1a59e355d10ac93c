#include "library_file.hpp"

// NOLINTBEGIN(readability-identifier-naming, misc-include-cleaner): the names are the parser's
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
// NOLINTEND(readability-identifier-naming, misc-include-cleaner)

#include <optional>

#include "catalog/internal/try.hpp"
#include "catalog/security/ed25519.hpp"

namespace catalog::library {

namespace {

Error bad_library_file(const std::string& path, std::string message) {
    return Error(Errc::kLibraryFormat, std::move(message)).with_input(path);
}

Result<PublicKey> key_in(const toml::table& table, std::string_view name, const std::string& path) {
    const std::optional<std::string> text = table[name].value<std::string>();
    if (!text) return fail(bad_library_file(path, std::string(name) + " is missing"));
    Result<PublicKey> key = security::parse_public_key(*text);
    if (!key) return fail(bad_library_file(path, std::string(name) + " is not a public key"));
    return key;
}

Result<std::vector<PublicKey>> keys_in(const toml::table& table, std::string_view name,
                                       const std::string& path) {
    std::vector<PublicKey> keys;
    const toml::array* list = table[name].as_array();
    if (list == nullptr) return fail(bad_library_file(path, std::string(name) + " is missing"));
    for (const toml::node& node : *list) {
        const std::optional<std::string> text = node.value<std::string>();
        const Result<PublicKey> key = security::parse_public_key(text.value_or(""));
        if (!key)
            return fail(bad_library_file(
                path, std::string(name) + " holds something that is not a public key"));
        keys.push_back(*key);
    }
    return keys;
}

}  // namespace

std::string LibraryFile::encode() const {
    std::string text =
        "# This folder is a Catalog library. Catalog writes this file once; nothing else in the "
        "folder is meant to be edited.\n";
    text += "format = " + std::to_string(format) + "\n";
    text += "id = \"" + id.to_string() + "\"\n";
    text += "created_us = " + std::to_string(created.time_since_epoch().count()) + "\n";
    text += "\n[content]  # never part of any digest\n";
    text += "chunk_bytes_average = " + std::to_string(chunk_bytes_average) + "\n";
    text += "compression_level = " + std::to_string(compression_level) + "\n";
    text += "\n[trust]  # Ed25519 public keys, base64\n";
    text += "library = \"" + security::public_key_text(library_key) + "\"\n";
    text += "publishers = [";
    for (std::size_t i = 0; i < publishers.size(); ++i)
        text += (i == 0 ? "\"" : ", \"") + security::public_key_text(publishers[i]) + "\"";
    return text + "]\n";
}

Result<LibraryFile> LibraryFile::decode(std::string_view text, const std::string& path) {
    const toml::parse_result parsed = toml::parse(text, path);
    if (!parsed)
        return fail(bad_library_file(path, "not TOML: " + std::string(parsed.error().description()))
                        .with_detail(LocationDetail{parsed.error().source().begin.line,
                                                    parsed.error().source().begin.column, 0}));
    const toml::table& table = parsed.table();
    const std::optional<std::int64_t> format = table["format"].value_exact<std::int64_t>();
    if (!format) return fail(bad_library_file(path, "the format is missing"));
    if (*format != kLibraryFormat)
        return fail(bad_library_file(path, "the library has format " + std::to_string(*format) +
                                               ", this program knows format " +
                                               std::to_string(kLibraryFormat))
                        .with_hint("use the program that made the library, or a newer one"));
    LibraryFile file;
    const Result<LibraryId> id = LibraryId::parse(table["id"].value_or(std::string_view()));
    const std::optional<std::int64_t> created = table["created_us"].value_exact<std::int64_t>();
    const std::optional<std::int64_t> chunk =
        table["content"]["chunk_bytes_average"].value_exact<std::int64_t>();
    const std::optional<std::int64_t> level =
        table["content"]["compression_level"].value_exact<std::int64_t>();
    const toml::table* trust = table["trust"].as_table();
    if (!id || !created || !chunk || !level || trust == nullptr ||
        !is_chunk_bytes_average(*chunk) || *level < 1 || *level > 22)
        return fail(bad_library_file(path, "a member is missing or out of range"));
    file.id = *id;
    file.created = WallTime(std::chrono::microseconds(*created));
    file.chunk_bytes_average = static_cast<std::uint32_t>(*chunk);
    file.compression_level = static_cast<int>(*level);
    CATALOG_TRY(file.library_key, key_in(*trust, "library", path));
    CATALOG_TRY(file.publishers, keys_in(*trust, "publishers", path));
    return file;
}

}  // namespace catalog::library
