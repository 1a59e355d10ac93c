#include "extension_manifest.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "capability_names.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/version/semver.hpp"
#include "toml_document.hpp"

namespace catalog::host {

namespace {

using package::error_at;
using package::find_entry;
using package::TomlArray;
using package::TomlEntry;
using package::TomlPosition;
using package::TomlTable;
using package::TomlValue;

/// Sections whose members are for the host's operator or the extension alone.
constexpr std::array<std::string_view, 4> kFreeSections{"config", "resources", "runtime",
                                                        "security"};

bool is_lower_hexadecimal(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// One table of the document. It remembers which keys were asked for, so that the others can be
/// reported.
class Section {
public:
    Section(std::string_view file, std::string name, const TomlTable& table, TomlPosition at)
        : file_(file), name_(std::move(name)), table_(table), at_(at) {}

    [[nodiscard]] Result<std::string> text(std::string_view key) {
        const TomlEntry* entry = look(key);
        if (entry == nullptr) return std::string();
        const auto* text = entry->value.as<std::string>();
        if (text == nullptr) return wrong(*entry, "a string");
        return *text;
    }

    [[nodiscard]] Result<std::string> required_text(std::string_view key) {
        CATALOG_TRY(std::string found, text(key));
        if (found.empty())
            return fail(error_at(file_, at_, Errc::kManifestInvalid,
                                 name_ + "." + std::string(key) + " is missing or empty"));
        return found;
    }

    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view key) {
        std::vector<std::string> out;
        const TomlEntry* entry = look(key);
        if (entry == nullptr) return out;
        const auto* array = entry->value.as<TomlArray>();
        if (array == nullptr) return wrong(*entry, "an array of strings");
        for (const TomlValue& value : *array) {
            const auto* text = value.as<std::string>();
            if (text == nullptr) return wrong(*entry, "an array of strings");
            out.push_back(*text);
        }
        return out;
    }

    [[nodiscard]] Result<std::uint32_t> number(std::string_view key, bool required) {
        const TomlEntry* entry = look(key);
        if (entry == nullptr && !required) return 0U;
        if (entry == nullptr)
            return fail(error_at(file_, at_, Errc::kManifestInvalid,
                                 name_ + "." + std::string(key) + " is missing"));
        const auto* number = entry->value.as<std::int64_t>();
        if (number == nullptr || *number < 0 || *number > 1'000'000)
            return wrong(*entry, "an integer from 0 to 1000000");
        return static_cast<std::uint32_t>(*number);
    }

    [[nodiscard]] Result<bool> flag(std::string_view key) {
        const TomlEntry* entry = look(key);
        if (entry == nullptr) return false;
        const bool* flag = entry->value.as<bool>();
        if (flag == nullptr) return wrong(*entry, "true or false");
        return *flag;
    }

    /// Returns the entry of a key, or null, and counts the key as known.
    const TomlEntry* look(std::string_view key) {
        known_.emplace(key);
        return find_entry(table_, key);
    }

    void warn_unknown(std::vector<std::string>& warnings) const {
        for (const TomlEntry& entry : table_)
            if (!known_.contains(entry.key))
                warnings.push_back("line " + std::to_string(entry.at.line) + ": unknown key " +
                                   (name_.empty() ? "" : name_ + ".") + entry.key);
    }

    [[nodiscard]] tl::unexpected<Error> invalid(std::string_view key, std::string message) const {
        const TomlEntry* entry = find_entry(table_, key);
        return fail(error_at(file_, entry != nullptr ? entry->at : at_, Errc::kManifestInvalid,
                             name_ + "." + std::string(key) + " " + std::move(message)));
    }

private:
    [[nodiscard]] tl::unexpected<Error> wrong(const TomlEntry& entry,
                                              std::string_view wanted) const {
        return fail(error_at(file_, entry.at, Errc::kManifestInvalid,
                             name_ + "." + entry.key + " must be " + std::string(wanted) +
                                 " and is " + std::string(entry.value.type_name())));
    }

    std::string_view file_;
    std::string name_;
    const TomlTable& table_;
    TomlPosition at_;
    std::set<std::string, std::less<>> known_;
};

class ManifestReader {
public:
    ManifestReader(std::string_view file, const TomlTable& root)
        : file_(file), root_(file, "", root, {}) {}

    Result<ExtensionManifest> read() {
        CATALOG_TRY(const std::uint32_t format, root_.number("manifest_version", false));
        if (format > 1)
            return fail(error_at(file_, {}, Errc::kManifestInvalid,
                                 "manifest_version " + std::to_string(format) +
                                     " is newer than this host, which reads 1"));
        CATALOG_TRY_VOID(read_metadata());
        CATALOG_TRY_VOID(read_library());
        CATALOG_TRY_VOID(read_abi());
        CATALOG_TRY_VOID(read_needs());
        for (const std::string_view name : kFreeSections) root_.look(name);
        root_.warn_unknown(out_.warnings);
        return std::move(out_);
    }

private:
    Result<Section> section(const std::string& name, bool required) {
        static const TomlTable empty;
        const TomlEntry* entry = root_.look(name);
        if (entry == nullptr && required)
            return fail(error_at(file_, {}, Errc::kManifestInvalid,
                                 "the section [" + name + "] is missing"));
        if (entry == nullptr) return Section(file_, name, empty, {});
        const auto* table = entry->value.as<TomlTable>();
        if (table == nullptr)
            return fail(
                error_at(file_, entry->at, Errc::kManifestInvalid, name + " must be a table"));
        return Section(file_, name, *table, entry->at);
    }

    Result<void> read_metadata() {
        CATALOG_TRY(Section metadata, section("metadata", true));
        CATALOG_TRY(out_.id, metadata.required_text("id"));
        CATALOG_TRY(out_.name, metadata.required_text("name"));
        CATALOG_TRY(out_.version, metadata.required_text("version"));
        if (!version::SemVer::parse(out_.version))
            return metadata.invalid("version", "is no semantic version: '" + out_.version + "'");
        CATALOG_TRY(out_.description, metadata.text("description"));
        CATALOG_TRY(out_.author, metadata.text("author"));
        CATALOG_TRY(out_.license, metadata.text("license"));
        CATALOG_TRY(out_.homepage, metadata.text("homepage"));
        CATALOG_TRY(out_.category, metadata.text("category"));
        CATALOG_TRY(out_.hypermesh_version, metadata.text("hypermesh_version"));
        CATALOG_TRY(out_.aliases, metadata.texts("aliases"));
        CATALOG_TRY(out_.provided_assets, metadata.texts("provided_assets"));
        metadata.look("certificate_fingerprint");
        metadata.look("config_schema");
        CATALOG_TRY_VOID(
            read_capabilities(metadata, "optional_capabilities", out_.optional_capabilities));
        CATALOG_TRY_VOID(
            read_capabilities(metadata, "required_capabilities", out_.required_capabilities));
        CATALOG_TRY_VOID(read_dependencies(metadata));
        metadata.warn_unknown(out_.warnings);
        return {};
    }

    Result<void> read_dependencies(Section& metadata) {
        const TomlEntry* entry = metadata.look("dependencies");
        if (entry == nullptr) return {};
        const auto* array = entry->value.as<TomlArray>();
        if (array == nullptr) return metadata.invalid("dependencies", "must be an array of tables");
        for (const TomlValue& value : *array) {
            const auto* table = value.as<TomlTable>();
            if (table == nullptr)
                return metadata.invalid("dependencies", "must be an array of tables");
            Section item(file_, "metadata.dependencies", *table, value.at);
            ExtensionDependency dependency;
            CATALOG_TRY(dependency.id, item.required_text("extension_id"));
            CATALOG_TRY(dependency.version_req, item.text("version_requirement"));
            CATALOG_TRY(dependency.optional, item.flag("optional"));
            item.warn_unknown(out_.warnings);
            out_.dependencies.push_back(std::move(dependency));
        }
        return {};
    }

    Result<void> read_library() {
        CATALOG_TRY(Section library, section("library", true));
        CATALOG_TRY(out_.file, library.required_text("file"));
        if (out_.file.find('/') != std::string::npos || out_.file == "." || out_.file == "..")
            return library.invalid("file", "must be the name of a file in the manifest's folder");
        CATALOG_TRY(out_.entry_point, library.required_text("entry_point"));
        CATALOG_TRY(const std::string kind, library.text("lib_type"));
        if (!kind.empty() && kind != "native")
            return library.invalid("lib_type", "is '" + kind + "'; this host loads 'native'");
        CATALOG_TRY(out_.sha256, library.text("sha256"));
        if (!out_.sha256.empty() &&
            (out_.sha256.size() != 64 || !is_lower_hexadecimal(out_.sha256)))
            return library.invalid("sha256", "must be 64 lower-case hexadecimal digits");
        CATALOG_TRY(out_.build_id, library.text("build_id"));
        if (!is_lower_hexadecimal(out_.build_id))
            return library.invalid("build_id", "must be lower-case hexadecimal digits");
        library.look("name");
        library.warn_unknown(out_.warnings);
        return {};
    }

    Result<void> read_abi() {
        CATALOG_TRY(Section abi, section("abi", true));
        CATALOG_TRY(out_.abi_major, abi.number("major", true));
        CATALOG_TRY(out_.abi_minor, abi.number("minor", false));
        abi.look("minor_min");
        abi.look("min_host");
        abi.warn_unknown(out_.warnings);
        return {};
    }

    Result<void> read_capabilities(Section& from, std::string_view key, std::uint64_t& set) {
        CATALOG_TRY(const std::vector<std::string> names, from.texts(key));
        for (const std::string& name : names) {
            const auto bit = parse_capability(name);
            if (!bit) return from.invalid(key, "names an unknown capability '" + name + "'");
            set |= std::uint64_t{1} << *bit;
        }
        return {};
    }

    Result<void> read_needs() {
        CATALOG_TRY(Section capabilities, section("capabilities", false));
        CATALOG_TRY_VOID(read_capabilities(capabilities, "required", out_.required_capabilities));
        CATALOG_TRY_VOID(read_capabilities(capabilities, "optional", out_.optional_capabilities));
        capabilities.warn_unknown(out_.warnings);
        if ((out_.required_capabilities & out_.optional_capabilities) != 0)
            return capabilities.invalid("optional", "repeats a required capability");
        CATALOG_TRY(Section services, section("services", false));
        CATALOG_TRY(out_.required_services, services.texts("required"));
        CATALOG_TRY(out_.optional_services, services.texts("optional"));
        services.warn_unknown(out_.warnings);
        return {};
    }

    std::string_view file_;
    Section root_;
    ExtensionManifest out_;
};

}  // namespace

Result<ExtensionManifest> read_extension_manifest(std::string_view text,
                                                  std::string_view file_name) {
    CATALOG_TRY(const TomlValue document, package::parse_toml(text, file_name, Limits()));
    return ManifestReader(file_name, *document.as<TomlTable>()).read();
}

}  // namespace catalog::host
