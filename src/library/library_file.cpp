#include "library_file.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/security/ed25519.hpp"
#include "toml_document.hpp"

namespace catalog::library {

namespace {

using package::TomlArray;
using package::TomlEntry;
using package::TomlTable;
using package::TomlValue;

Error bad_library_file(const std::string& path, std::string message) {
    return Error(Errc::kLibraryFormat, std::move(message)).with_input(path);
}

/// Returns the member of that name and type; null when there is none or its type is another.
template <class T>
const T* member_as(const TomlTable& table, std::string_view name) noexcept {
    const TomlEntry* entry = package::find_entry(table, name);
    return entry == nullptr ? nullptr : entry->value.as<T>();
}

Result<PublicKey> key_in(const TomlTable& table, std::string_view name, const std::string& path) {
    const auto* text = member_as<std::string>(table, name);
    if (text == nullptr) return fail(bad_library_file(path, std::string(name) + " is missing"));
    Result<PublicKey> key = security::parse_public_key(*text);
    if (!key) return fail(bad_library_file(path, std::string(name) + " is not a public key"));
    return key;
}

Result<std::vector<PublicKey>> keys_in(const TomlTable& table, std::string_view name,
                                       const std::string& path) {
    std::vector<PublicKey> keys;
    const auto* list = member_as<TomlArray>(table, name);
    if (list == nullptr) return fail(bad_library_file(path, std::string(name) + " is missing"));
    for (const TomlValue& value : *list) {
        const auto* text = value.as<std::string>();
        const Result<PublicKey> key = security::parse_public_key(text == nullptr ? "" : *text);
        if (!key)
            return fail(bad_library_file(
                path, std::string(name) + " holds something that is not a public key"));
        keys.push_back(*key);
    }
    return keys;
}

/// Reads the text with the one parser that all TOML goes through.
Result<TomlValue> parse_library_file(std::string_view text, const std::string& path) {
    Result<TomlValue> document = package::parse_toml(text, path, Limits{});
    if (document) return document;
    const Error& error = document.error();
    Error bad = bad_library_file(path, "not TOML: " + std::string(error.message()));
    if (const auto* place = error.detail_as<LocationDetail>()) bad = bad.with_detail(*place);
    return fail(bad);
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
    if (encrypted) text += "encrypted = true  # key slots: keys/store.slots\n";
    text += "\n[trust]  # Ed25519 public keys, base64\n";
    text += "library = \"" + security::public_key_text(library_key) + "\"\n";
    text += "publishers = [";
    for (std::size_t i = 0; i < publishers.size(); ++i)
        text += (i == 0 ? "\"" : ", \"") + security::public_key_text(publishers[i]) + "\"";
    return text + "]\n";
}

Result<LibraryFile> LibraryFile::decode(std::string_view text, const std::string& path) {
    CATALOG_TRY(const TomlValue document, parse_library_file(text, path));
    const TomlTable& table = *document.as<TomlTable>();
    const auto* format = member_as<std::int64_t>(table, "format");
    if (format == nullptr) return fail(bad_library_file(path, "the format is missing"));
    if (*format != kLibraryFormat)
        return fail(bad_library_file(path, "the library has format " + std::to_string(*format) +
                                               ", this program knows format " +
                                               std::to_string(kLibraryFormat))
                        .with_hint("use the program that made the library, or a newer one"));
    const auto* id_text = member_as<std::string>(table, "id");
    const auto* created = member_as<std::int64_t>(table, "created_us");
    const auto* content = member_as<TomlTable>(table, "content");
    const auto* trust = member_as<TomlTable>(table, "trust");
    if (id_text == nullptr || created == nullptr || content == nullptr || trust == nullptr)
        return fail(bad_library_file(path, "a member is missing or of another type"));
    const Result<LibraryId> id = LibraryId::parse(*id_text);
    const auto* chunk = member_as<std::int64_t>(*content, "chunk_bytes_average");
    const auto* level = member_as<std::int64_t>(*content, "compression_level");
    if (!id || chunk == nullptr || level == nullptr || !is_chunk_bytes_average(*chunk) ||
        *level < 1 || *level > 22)
        return fail(bad_library_file(path, "a member is missing or out of range"));
    LibraryFile file;
    file.id = *id;
    file.created = WallTime(std::chrono::microseconds(*created));
    file.chunk_bytes_average = static_cast<std::uint32_t>(*chunk);
    file.compression_level = static_cast<int>(*level);
    if (const TomlEntry* entry = package::find_entry(*content, "encrypted"); entry != nullptr) {
        const bool* encrypted = entry->value.as<bool>();
        if (encrypted == nullptr) return fail(bad_library_file(path, "encrypted is no boolean"));
        file.encrypted = *encrypted;
    }
    CATALOG_TRY(file.library_key, key_in(*trust, "library", path));
    CATALOG_TRY(file.publishers, keys_in(*trust, "publishers", path));
    return file;
}

}  // namespace catalog::library
