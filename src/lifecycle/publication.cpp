#include "publication.hpp"

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

namespace {

index::IndexEntry entry_of(const Publication& publication, WallTime now) {
    const package::PackageMetadata& metadata = publication.manifest.metadata;
    index::IndexEntry entry(metadata.id(), metadata.version);
    entry.digest = publication.digest;
    entry.type = metadata.type;
    entry.file_count = publication.manifest.file_count;
    entry.file_bytes = publication.manifest.file_bytes;
    entry.published = now;
    entry.description = metadata.description;
    entry.license = metadata.license;
    return entry;
}

}  // namespace

PublishReceipt receipt_of(const package::Manifest& manifest, const package::PackageDigest& digest) {
    PublishReceipt receipt(manifest.metadata.id());
    receipt.digest = digest;
    receipt.files_root = manifest.files_root;
    receipt.file_count = manifest.file_count;
    receipt.file_bytes = manifest.file_bytes;
    return receipt;
}

Result<void> check_publishable(const Services& services, const kv::CommitView& view,
                               const Publication& publication) {
    kv::WriteBatch unused;
    return services.index->stage_add(view, unused,
                                     entry_of(publication, services.clock->now_wall()),
                                     publication.manifest.metadata, publication.manifest_bytes);
}

Result<PublishReceipt> commit_publication(const Services& services, const Publication& publication,
                                          kv::WriteBatch batch, const LedgerStep& precondition) {
    PublishReceipt receipt = receipt_of(publication.manifest, publication.digest);
    LedgerStep register_asset;
    if (services.assets != nullptr) {
        CATALOG_TRY(register_asset,
                    services.assets->published(publication.manifest, publication.digest));
    }
    const std::string digest_key(as_text(publication.digest.hash.bytes()));
    kv::Commit commit;
    commit.batch = std::move(batch);
    commit.batch.put(services.families.envelopes, digest_key, publication.envelope.encode());
    commit.batch.put(services.families.file_tables, digest_key,
                     std::string(as_text(publication.table_object.bytes())));
    index::IndexEntry entry = entry_of(publication, services.clock->now_wall());
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& changes) -> Result<void> {
        if (precondition) CATALOG_TRY_VOID(precondition(view, changes));
        security::LogEntry leaf;
        leaf.event = "publish";
        leaf.id = receipt.id.to_string();
        leaf.digest = receipt.digest.to_string();
        leaf.envelope_digest = security::digest_of_envelope(publication.envelope).to_string();
        leaf.principal = publication.principal;
        leaf.time = entry.published;
        CATALOG_TRY(entry.log_index, services.log->stage_append(view, changes, leaf));
        CATALOG_TRY_VOID(services.index->stage_add(
            view, changes, entry, publication.manifest.metadata, publication.manifest_bytes));
        if (register_asset) return register_asset(view, changes);
        return {};
    };
    if (const Result<void> committed = services.queue->submit(std::move(commit)); !committed) {
        const Result<index::IndexEntry> winner = services.index->find(receipt.id);
        const bool is_refusal = errc_category(committed.error().code()) == ErrorCategory::kInput ||
                                errc_category(committed.error().code()) == ErrorCategory::kUsage;
        if (!is_refusal || !winner || winner->digest != receipt.digest)
            return fail(committed.error());
        receipt.already_published = true;  // another publisher committed the same package meanwhile
        receipt.log_index = winner->log_index;
        return receipt;
    }
    receipt.log_index = entry.log_index;
    return receipt;
}

}  // namespace catalog::lifecycle
