#include "catalog/lifecycle/package_reader.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/security/envelope.hpp"
#include "preparing_record.hpp"

namespace catalog::lifecycle {

namespace {

std::string key_of(const package::PackageDigest& digest) {
    return std::string(as_text(digest.hash.bytes()));
}

/// An entry takes at most its path, its target and 64 bytes more.
std::uint64_t table_bytes_max(const package::Manifest& manifest, const Limits& limits) {
    return 64 + manifest.file_count * (std::uint64_t{2} * limits.path_bytes_max + 64);
}

/// Reads the file table of a manifest from the object that is said to hold it.
Result<package::FileTable> read_file_table(const Services& services, const ContentHash& table_id,
                                           const package::Manifest& manifest,
                                           const CallContext& context) {
    const std::string id = manifest.metadata.id().to_string();
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

Result<VerifiedPackage> load_preparing(const Services& services, const kv::Iterator& at,
                                       const CallContext& context) {
    CATALOG_TRY(PreparingRecord record, decode_preparing(at.key(), at.value(), services.limits));
    VerifiedPackage package(std::move(record.publication.manifest));
    package.digest = record.publication.digest;
    CATALOG_TRY(package.files, read_file_table(services, record.publication.table_object,
                                               package.manifest, context));
    CATALOG_TRY_VOID(
        security::verify_package(record.publication.envelope, package.digest, services.trusted));
    return package;
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
    return read_file_table(services, table_id, manifest, context);
}

Result<void> for_each_preparing(
    const Services& services, const CallContext& context,
    const std::function<Result<void>(std::string_view id, const Result<VerifiedPackage>& package)>&
        each) {
    const std::unique_ptr<kv::Iterator> walk = services.store->iterate(services.families.preparing);
    for (walk->seek(""); walk->valid(); walk->next()) {
        CATALOG_TRY_VOID(context.check(*services.clock));
        CATALOG_TRY_VOID(each(walk->key(), load_preparing(services, *walk, context)));
    }
    return walk->status();
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
