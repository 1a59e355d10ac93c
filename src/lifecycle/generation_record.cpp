#include "generation_record.hpp"

#include <algorithm>
#include <array>

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::string_view kGenerationSchema = "catalog.generation.v1";

constexpr std::array<std::string_view, 3> kLayoutNames{"isolated", "merged", "node_modules"};

json::Array text_array(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

Error damaged_record(const std::string& path, std::string message) {
    return Error(Errc::kPrefixDamaged, "the generation's record is damaged: " + std::move(message))
        .with_input(path);
}

Result<InstalledPackage> decode_installed(const json::Value& value) {
    const json::Object* object = value.as_object();
    if (object == nullptr) return fail(Errc::kJsonType, "a package is not an object");
    CATALOG_TRY(const std::string id_text, json::require_string(*object, "id", "package"));
    CATALOG_TRY(PackageId id, PackageId::parse(id_text));
    InstalledPackage package(std::move(id));
    CATALOG_TRY(const std::string digest, json::require_string(*object, "digest", "package"));
    CATALOG_TRY(package.digest.hash, ContentHash::parse(digest));
    CATALOG_TRY(package.root, json::optional_bool(*object, "root", "package", false));
    CATALOG_TRY(package.locations, json::optional_strings(*object, "locations", "package"));
    CATALOG_TRY(package.dependencies, json::optional_strings(*object, "dependencies", "package"));
    const auto programs = object->find("programs");
    if (programs == object->end()) return package;
    if (programs->second.as_object() == nullptr)
        return fail(Errc::kJsonType, "programs is not an object");
    for (const auto& [path, target] : *programs->second.as_object()) {
        if (target.as_string() == nullptr)
            return fail(Errc::kJsonType, "the target of a program's link is not a text");
        package.programs.emplace(path, *target.as_string());
    }
    return package;
}

Result<Generation> decode_fields(const json::Object& object) {
    Generation generation;
    CATALOG_TRY(const std::string schema, json::require_string(object, "schema", "generation"));
    if (schema != kGenerationSchema)
        return fail(Errc::kUnsupported, "unknown schema " + schema.substr(0, 100));
    CATALOG_TRY(generation.number, json::require_uint(object, "number", "generation"));
    CATALOG_TRY(generation.operation, json::require_string(object, "operation", "generation"));
    CATALOG_TRY(const std::uint64_t created,
                json::require_uint(object, "created_us", "generation"));
    generation.created = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(created)));
    CATALOG_TRY(const std::string layout, json::require_string(object, "layout", "generation"));
    CATALOG_TRY(generation.layout, parse_layout(layout));
    CATALOG_TRY(generation.roots, json::optional_strings(object, "roots", "generation"));
    CATALOG_TRY(generation.file_bytes, json::require_uint(object, "file_bytes", "generation"));
    const auto packages = object.find("packages");
    if (packages == object.end() || packages->second.as_array() == nullptr)
        return fail(Errc::kJsonType, "packages is not an array");
    for (const json::Value& value : *packages->second.as_array()) {
        CATALOG_TRY(InstalledPackage package, decode_installed(value));
        generation.packages.push_back(std::move(package));
    }
    return generation;
}

}  // namespace

std::string_view layout_name(Layout layout) noexcept {
    const auto index = static_cast<std::size_t>(layout);
    return index < kLayoutNames.size() ? kLayoutNames[index] : "unknown";
}

Result<Layout> parse_layout(std::string_view text) {
    const auto* found = std::ranges::find(kLayoutNames, text);
    if (found == kLayoutNames.end())
        return fail(Error(Errc::kInvalidArgument, "unknown layout")
                        .with_input(std::string(text.substr(0, 100)))
                        .with_hint("use isolated, merged or node_modules"));
    return static_cast<Layout>(found - kLayoutNames.begin());
}

std::string encode_generation(const Generation& generation) {
    json::Array packages;
    for (const InstalledPackage& package : generation.packages) {
        json::Object object{{"id", package.id.to_string()},
                            {"digest", package.digest.to_string()},
                            {"locations", text_array(package.locations)}};
        if (package.root) object.emplace("root", true);
        if (!package.dependencies.empty())
            object.emplace("dependencies", text_array(package.dependencies));
        json::Object programs;
        for (const auto& [path, target] : package.programs) programs.emplace(path, target);
        if (!programs.empty()) object.emplace("programs", std::move(programs));
        packages.emplace_back(std::move(object));
    }
    return json::write_pretty(json::Object{
        {"schema", kGenerationSchema},
        {"number", generation.number},
        {"operation", generation.operation},
        {"created_us", static_cast<std::int64_t>(generation.created.time_since_epoch().count())},
        {"layout", layout_name(generation.layout)},
        {"roots", text_array(generation.roots)},
        {"file_bytes", generation.file_bytes},
        {"packages", std::move(packages)}});
}

Result<Generation> decode_generation(std::string_view text, const std::string& path) {
    const Result<json::Value> document = json::read(text);
    if (!document) return fail(damaged_record(path, "not JSON").with_cause(document.error()));
    if (document->as_object() == nullptr) return fail(damaged_record(path, "not an object"));
    Result<Generation> generation = decode_fields(*document->as_object());
    if (!generation)
        return fail(damaged_record(path, std::string(generation.error().message()))
                        .with_cause(generation.error()));
    return generation;
}

}  // namespace catalog::lifecycle
