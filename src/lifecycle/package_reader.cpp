#include "catalog/lifecycle/package_reader.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/security/envelope.hpp"

namespace catalog::lifecycle {

namespace {

std::string key_of(const package::PackageDigest& digest) {
    return std::string(as_text(digest.hash.bytes()));
}

/// An entry takes at most its path, its target and 64 bytes more.
std::uint64_t table_bytes_max(const package::Manifest& manifest, const Limits& limits) {
    return 64 + manifest.file_count * (std::uint64_t{2} * limits.path_bytes_max + 64);
}

}  // namespace

Result<std::string> load_envelope(const Services& services, const package::PackageDigest& digest) {
    CATALOG_TRY(std::optional<std::string> text,
                services.store->get(services.families.envelopes, key_of(digest)));
    if (!text)
        return fail(Errc::kSignatureMissing, "the library has no signature for the package",
                    SecurityDetail{"signature", digest.to_string()});
    return *std::move(text);
}

Result<void> check_envelope(const Services& services, const package::PackageDigest& digest) {
    CATALOG_TRY(const std::string text, load_envelope(services, digest));
    CATALOG_TRY(const security::Envelope envelope, security::Envelope::decode(text));
    return security::verify_package(envelope, digest, services.trusted);
}

Result<package::FileTable> load_file_table(const Services& services,
                                           const package::PackageDigest& digest,
                                           const package::Manifest& manifest,
                                           const CallContext& context) {
    CATALOG_TRY(const std::optional<std::string> object,
                services.store->get(services.families.file_tables, key_of(digest)));
    const std::string id = manifest.metadata.id().to_string();
    if (!object)
        return fail(Error(Errc::kContentNotFound,
                          "the library knows this package by its metadata only",
                          NotFoundDetail{"content", id})
                        .with_input(id)
                        .with_hint("publish the package itself, or import it with its files"));
    CATALOG_TRY(const ContentHash table_id,
                ContentHash::from_digest(HashAlgorithm::kSha256, as_bytes(*object)));
    const Result<Bytes> bytes = services.content->retrieve_all(
        table_id, table_bytes_max(manifest, services.limits), context);
    if (!bytes) return fail(bytes.error().with_input(id));
    CATALOG_TRY(package::FileTable table, package::FileTable::decode(*bytes, services.limits));
    if (table.files_root() != manifest.files_root ||
        table.entries().size() != manifest.file_count || table.total_bytes() != manifest.file_bytes)
        return fail(
            Error(Errc::kContentCorrupted, "the file table is not the one that the manifest names",
                  CorruptionDetail{
                      manifest.files_root.to_string(), table.files_root().to_string(), {id}})
                .with_input(id));
    return table;
}

Result<VerifiedPackage> load_verified(const Services& services,
                                      const package::PackageDigest& digest,
                                      const CallContext& context) {
    CATALOG_TRY(package::Manifest manifest, services.index->manifest(digest));
    VerifiedPackage package(std::move(manifest));
    package.digest = digest;
    CATALOG_TRY(package.files, load_file_table(services, digest, package.manifest, context));
    if (const Result<void> signature = check_envelope(services, digest); !signature)
        return fail(signature.error().with_input(package.manifest.metadata.id().to_string()));
    return package;
}

}  // namespace catalog::lifecycle
