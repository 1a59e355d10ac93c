#include "extension_note.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"

namespace catalog::host {

namespace {

constexpr std::string_view kNoteWhere = "the note .note.hypermesh";

Result<std::uint32_t> note_number(const json::Object& object, std::string_view name) {
    CATALOG_TRY(const std::uint64_t value, json::require_uint(object, name, kNoteWhere));
    if (value > 1'000'000)
        return fail(Errc::kJsonType,
                    std::string(kNoteWhere) + ": " + std::string(name) + " is above 1000000");
    return static_cast<std::uint32_t>(value);
}

}  // namespace

Result<ExtensionNote> read_extension_note(std::string_view descriptor) {
    // A terminating NUL may be left over from the string that the note was made of.
    if (descriptor.ends_with('\0')) descriptor.remove_suffix(1);
    json::ReadLimits limits;
    limits.bytes_max = std::uint64_t{64} << 10;
    limits.depth_max = 8;
    CATALOG_TRY(const json::Value document, json::read(descriptor, limits));
    const json::Object* object = document.as_object();
    if (object == nullptr)
        return fail(Errc::kJsonType, std::string(kNoteWhere) + " is no JSON object");
    ExtensionNote out;
    CATALOG_TRY(out.id, json::require_string(*object, "id", kNoteWhere));
    CATALOG_TRY(out.version, json::require_string(*object, "version", kNoteWhere));
    const json::Value* abi = document.find("abi");
    if (abi == nullptr || abi->as_object() == nullptr)
        return fail(Errc::kJsonType, std::string(kNoteWhere) + ": abi must be an object");
    CATALOG_TRY(out.abi_major, note_number(*abi->as_object(), "major"));
    CATALOG_TRY(out.abi_minor, note_number(*abi->as_object(), "minor"));
    CATALOG_TRY(out.hypermesh, json::optional_string(*object, "hypermesh", kNoteWhere));
    CATALOG_TRY(out.required_services,
                json::optional_strings(*object, "required_services", kNoteWhere));
    return out;
}

}  // namespace catalog::host
