#include "catalog/package/manifest.hpp"

#include <cmath>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/merkle/hash.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

constexpr std::string_view kManifestSchema = "catalog.manifest.v1";

Error manifest_invalid(const std::string& reason) {
    return Error(Errc::kManifestInvalid, "manifest: " + reason);
}

/// Checks that what is written reads back equal: the writer repairs what is not UTF-8, and the
/// reader refuses what nests deeper than its limit. With a stack of its own: the depth is the
/// input's.
Result<void> check_writable(const json::Value& root, const Limits& limits) {
    struct Open {
        const json::Value* value;
        std::uint32_t depth;
    };
    std::vector<Open> open{{&root, 1}};
    while (!open.empty()) {
        const auto [value, depth] = open.back();
        open.pop_back();
        const json::Array* array = value->as_array();
        const json::Object* object = value->as_object();
        if ((array != nullptr || object != nullptr) && depth > limits.json_depth_max)
            return fail(manifest_invalid("nests deeper than " +
                                         std::to_string(limits.json_depth_max) + " levels"));
        if (array != nullptr)
            for (const json::Value& element : *array) open.push_back({&element, depth + 1});
        if (object != nullptr)
            for (const auto& [name, member] : *object) {
                if (!is_utf8(name))
                    return fail(manifest_invalid("the name " + quoted(name) + " is not UTF-8"));
                open.push_back({&member, depth + 1});
            }
        if (const std::string* text = value->as_string(); text != nullptr && !is_utf8(*text))
            return fail(manifest_invalid("the text " + quoted(*text) + " is not UTF-8"));
    }
    return {};
}

Result<void> check_number(const char* member, std::uint64_t number) {
    if (number <= kExactIntegerMax) return {};
    return fail(manifest_invalid(std::string(member) + " is beyond 2^53"));
}

Result<void> check_numbers_fit(const Manifest& manifest) {
    const ResourceRequirements& needs = manifest.metadata.requirements;
    CATALOG_TRY_VOID(check_number("files.count", manifest.file_count));
    CATALOG_TRY_VOID(check_number("files.bytes", manifest.file_bytes));
    CATALOG_TRY_VOID(check_number("requirements.memory_bytes", needs.memory_bytes));
    CATALOG_TRY_VOID(check_number("requirements.storage_bytes", needs.storage_bytes));
    CATALOG_TRY_VOID(check_number("requirements.gpu_memory_bytes", needs.gpu_memory_bytes));
    CATALOG_TRY_VOID(check_number("consensus.stake_min", manifest.metadata.consensus.stake_min));
    CATALOG_TRY_VOID(
        check_number("consensus.space_bytes_min", manifest.metadata.consensus.space_bytes_min));
    if (!std::isfinite(needs.cpu_cores) || needs.cpu_cores < 0)
        return fail(manifest_invalid("requirements.cpu_cores is negative or no number"));
    return {};
}

Error too_large(std::uint64_t bytes, const Limits& limits) {
    return Error(Errc::kLimitExceeded,
                 "manifest: " + std::to_string(bytes) + " bytes, at most " +
                     std::to_string(limits.manifest_bytes_max) + " are allowed",
                 LimitDetail{"manifest_bytes_max", limits.manifest_bytes_max, bytes});
}

Result<const json::Object*> object_member(const json::Value& root, std::string_view name) {
    const json::Value* value = root.find(name);
    if (value == nullptr || value->as_object() == nullptr)
        return fail(manifest_invalid("member " + quoted(name) + " must be an object"));
    return value->as_object();
}

/// Reads what a document says, whether or not it says it canonically.
Result<Manifest> read_manifest(const json::Value& root) {
    const json::Value* schema = root.find("schema");
    if (schema == nullptr || schema->as_string() == nullptr ||
        *schema->as_string() != kManifestSchema)
        return fail(manifest_invalid("the schema is not " + std::string(kManifestSchema)));
    CATALOG_TRY(const json::Object* package, object_member(root, "package"));
    CATALOG_TRY(PackageMetadata metadata, metadata_from_json(*package, "manifest"));
    Manifest manifest(std::move(metadata));
    canonicalise(manifest.metadata);

    CATALOG_TRY(const json::Object* files, object_member(root, "files"));
    CATALOG_TRY(manifest.file_count, json::require_uint(*files, "count", "manifest: files"));
    CATALOG_TRY(manifest.file_bytes, json::require_uint(*files, "bytes", "manifest: files"));
    CATALOG_TRY(const std::string text, json::require_string(*files, "root", "manifest: files"));
    const Result<ContentHash> files_root = ContentHash::parse(text);
    if (!files_root) return fail(manifest_invalid("files.root is not a hash: " + quoted(text)));
    manifest.files_root = *files_root;

    if (root.find("foreign_digests") == nullptr) return manifest;
    CATALOG_TRY(const json::Object* digests, object_member(root, "foreign_digests"));
    for (const auto& [name, value] : *digests) {
        const std::string* digest = value.as_string();
        if (digest == nullptr)
            return fail(manifest_invalid("foreign digest " + quoted(name) + " is not a string"));
        manifest.foreign_digests.emplace(name, *digest);
    }
    return manifest;
}

}  // namespace

Result<std::string> Manifest::encode(const Limits& limits) const {
    CATALOG_TRY_VOID(check_numbers_fit(*this));
    if (files_root.algorithm != HashAlgorithm::kSha256)
        return fail(manifest_invalid("files.root is not SHA-256"));
    PackageMetadata canonical = metadata;
    canonicalise(canonical);

    json::Object root;
    root.emplace("schema", kManifestSchema);
    root.emplace("package", metadata_to_json(canonical));
    root.emplace("files", json::Object{{"count", file_count},
                                       {"bytes", file_bytes},
                                       {"root", files_root.to_string()}});
    if (!foreign_digests.empty())
        root.emplace("foreign_digests",
                     json::Object(foreign_digests.begin(), foreign_digests.end()));
    const json::Value document(std::move(root));
    CATALOG_TRY_VOID(check_writable(document, limits));
    std::string bytes = json::write_canonical(document);
    if (bytes.size() > limits.manifest_bytes_max) return fail(too_large(bytes.size(), limits));
    return bytes;
}

Result<Manifest> Manifest::decode(std::string_view bytes, const Limits& limits) {
    if (bytes.size() > limits.manifest_bytes_max) return fail(too_large(bytes.size(), limits));
    json::ReadLimits read_limits;
    read_limits.bytes_max = limits.manifest_bytes_max;
    read_limits.depth_max = limits.json_depth_max;
    CATALOG_TRY(const json::Value root, json::read_canonical(bytes, read_limits));
    CATALOG_TRY(Manifest manifest, read_manifest(root));

    // Whatever was ignored, sorted or given a default above shows here, so one manifest has one
    // byte string.
    CATALOG_TRY(const std::string again, manifest.encode(limits));
    if (again != bytes)
        return fail(Error(Errc::kManifestInvalid,
                          "manifest: not in the form in which it would have been written")
                        .with_hint("members with default values are left out, lists that mean sets "
                                   "are sorted"));
    return manifest;
}

PackageDigest digest_of_manifest(std::string_view canonical_bytes) {
    return PackageDigest{merkle::hash_of(as_bytes(canonical_bytes))};
}

}  // namespace catalog::package
