#include "catalog/lifecycle/publishing_pipeline.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"
#include "catalog/security/checkpoint.hpp"
#include "catalog/security/envelope.hpp"
#include "consensus_gate.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kHashBufferBytes = 256u << 10;

/// Reads a source with cancellation checks and progress.
class WatchedSource {
public:
    WatchedSource(const CallContext& context, const Clock& clock, std::string_view phase,
                  std::uint64_t total)
        : context_(context), clock_(clock), phase_(phase), total_(total) {}

    [[nodiscard]] content::ByteSource watch(content::ByteSource source) {
        return [this, source = std::move(source)](std::span<std::byte> out) -> Result<std::size_t> {
            CATALOG_TRY_VOID(context_.check(clock_));
            CATALOG_TRY(const std::size_t got, source(out));
            done_ += got;
            context_.report({"publish", phase_, "bytes", done_, total_});
            return got;
        };
    }

private:
    const CallContext& context_;
    const Clock& clock_;
    std::string_view phase_;
    std::uint64_t done_ = 0;
    std::uint64_t total_;
};

/// What becomes of each regular file's bytes: stored, or only hashed.
using PutFile = std::function<Result<content::ObjectInfo>(const content::ByteSource&)>;

Result<content::ObjectInfo> hash_only(const content::ByteSource& source) {
    merkle::BlockTree tree;
    content::ObjectInfo info;
    Bytes buffer(kHashBufferBytes);
    for (;;) {
        CATALOG_TRY(const std::size_t got, source(buffer));
        if (got == 0) break;
        tree.update(ByteView(buffer).first(got));
        info.size += got;
    }
    info.id = tree.finish();
    return info;
}

Result<package::FileTable> read_files(const PackageDraft& draft, const Clock& clock,
                                      const Limits& limits, const CallContext& context,
                                      std::string_view phase, const PutFile& put) {
    std::uint64_t total = 0;
    for (const DraftFile& file : draft.files) total += file.size_hint;
    WatchedSource watched(context, clock, phase, total);
    std::vector<package::FileEntry> entries;
    entries.reserve(draft.files.size());
    for (const DraftFile& file : draft.files) {
        CATALOG_TRY_VOID(context.check(clock));
        package::FileEntry entry;
        entry.path = file.path;
        entry.kind = file.kind;
        entry.mode = file.mode;
        entry.target = file.target;
        if (file.kind == package::FileEntryKind::kRegular) {
            CATALOG_TRY(content::ByteSource source, file.open());
            const Result<content::ObjectInfo> info = put(watched.watch(std::move(source)));
            if (!info) return fail(info.error().with_input(file.path));
            entry.size = info->size;
            entry.tree = info->id;
        }
        entries.push_back(std::move(entry));
    }
    return package::FileTable::make(std::move(entries), limits);
}

/// A manifest with its bytes and digest.
struct Sealed {
    package::Manifest manifest;
    std::string bytes;
    package::PackageDigest digest;
};

Result<Sealed> seal(const PackageDraft& draft, const package::FileTable& table,
                    const Limits& limits) {
    package::Manifest manifest(draft.metadata);
    package::canonicalise(manifest.metadata);
    manifest.file_count = table.entries().size();
    manifest.file_bytes = table.total_bytes();
    manifest.files_root = table.files_root();
    manifest.foreign_digests = draft.foreign_digests;
    CATALOG_TRY(std::string bytes, manifest.encode(limits));
    const package::PackageDigest digest = package::digest_of_manifest(bytes);
    return Sealed{std::move(manifest), std::move(bytes), digest};
}

index::IndexEntry entry_of(const Sealed& sealed, WallTime now) {
    const package::PackageMetadata& metadata = sealed.manifest.metadata;
    index::IndexEntry entry(metadata.id(), metadata.version);
    entry.digest = sealed.digest;
    entry.type = metadata.type;
    entry.file_count = sealed.manifest.file_count;
    entry.file_bytes = sealed.manifest.file_bytes;
    entry.published = now;
    entry.description = metadata.description;
    entry.license = metadata.license;
    return entry;
}

PublishReceipt receipt_of(const Sealed& sealed) {
    PublishReceipt receipt(sealed.manifest.metadata.id());
    receipt.digest = sealed.digest;
    receipt.files_root = sealed.manifest.files_root;
    receipt.file_count = sealed.manifest.file_count;
    receipt.file_bytes = sealed.manifest.file_bytes;
    return receipt;
}

}  // namespace

Result<PublishReceipt> hash_draft(const PackageDraft& draft, const Clock& clock,
                                  const Limits& limits, const CallContext& context) {
    CATALOG_TRY_VOID(package::validate(draft.metadata, limits, true));
    CATALOG_TRY(const package::FileTable table,
                read_files(draft, clock, limits, context, "hash", hash_only));
    CATALOG_TRY(const Sealed sealed, seal(draft, table, limits));
    return receipt_of(sealed);
}

Result<PublishReceipt> PublishingPipeline::publish(const PackageDraft& draft,
                                                   const CallContext& context) {
    CATALOG_TRY_VOID(package::validate(draft.metadata, services_.limits, true));
    CATALOG_TRY(const std::unique_ptr<content::ContentTransaction> transaction,
                services_.content->begin());
    const PutFile put = [&](const content::ByteSource& source) { return transaction->put(source); };
    CATALOG_TRY(const package::FileTable table,
                read_files(draft, *services_.clock, services_.limits, context, "store", put));
    CATALOG_TRY(const Sealed sealed, seal(draft, table, services_.limits));
    PublishReceipt receipt = receipt_of(sealed);

    // The same package again is no error, and needs neither a signature nor a commit.
    const Result<index::IndexEntry> there = services_.index->find(receipt.id);
    if (there && there->digest == receipt.digest) {
        receipt.already_published = true;
        receipt.log_index = there->log_index;
        return receipt;
    }

    const Bytes table_bytes = table.encode();
    CATALOG_TRY(const content::ObjectInfo table_object, transaction->put(ByteView(table_bytes)));
    const std::string owner = receipt.digest.to_string();
    CATALOG_TRY_VOID(transaction->add_reference(owner, table_object.id));
    for (const package::FileEntry& entry : table.entries())
        if (entry.kind == package::FileEntryKind::kRegular)
            CATALOG_TRY_VOID(transaction->add_reference(owner, entry.tree));

    // Consensus and signer are asked before the queue is entered: no host call happens inside it.
    CATALOG_TRY_VOID(ask_consensus(services_, "publish", receipt.id, receipt.digest,
                                   sealed.manifest.metadata.consensus, context));
    CATALOG_TRY(const security::Envelope envelope,
                security::sign_package(*services_.keys, receipt.digest));
    CATALOG_TRY_VOID(context.check(*services_.clock));

    LedgerStep register_asset;
    if (services_.assets != nullptr) {
        CATALOG_TRY(register_asset, services_.assets->published(sealed.manifest, receipt.digest));
    }
    const std::string digest_key(as_text(receipt.digest.hash.bytes()));
    kv::Commit commit;
    commit.batch.put(services_.families.envelopes, digest_key, envelope.encode());
    commit.batch.put(services_.families.file_tables, digest_key,
                     std::string(as_text(table_object.id.bytes())));
    CATALOG_TRY_VOID(transaction->stage(commit.batch));
    index::IndexEntry entry = entry_of(sealed, services_.clock->now_wall());
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
        security::LogEntry leaf;
        leaf.event = "publish";
        leaf.id = receipt.id.to_string();
        leaf.digest = owner;
        leaf.envelope_digest = security::digest_of_envelope(envelope).to_string();
        leaf.principal = context.principal.id;
        leaf.time = entry.published;
        CATALOG_TRY(entry.log_index, services_.log->stage_append(view, batch, leaf));
        CATALOG_TRY_VOID(
            services_.index->stage_add(view, batch, entry, sealed.manifest.metadata, sealed.bytes));
        if (register_asset) return register_asset(view, batch);
        return {};
    };
    if (const Result<void> committed = services_.queue->submit(std::move(commit)); !committed) {
        const Result<index::IndexEntry> winner = services_.index->find(receipt.id);
        if (committed.error().code() != Errc::kPackageExists || !winner ||
            winner->digest != receipt.digest)
            return fail(committed.error());
        receipt.already_published = true;  // another publisher committed the same package meanwhile
        receipt.log_index = winner->log_index;
        return receipt;
    }
    receipt.log_index = entry.log_index;
    CATALOG_TRY_VOID(sign_head());
    return receipt;
}

Result<void> PublishingPipeline::sign_head() {
    CATALOG_TRY(const security::Checkpoint head, services_.log->head());
    CATALOG_TRY(const std::string note, security::sign_checkpoint(*services_.keys, head));
    CATALOG_TRY(const std::optional<std::string> stored, services_.log->signed_checkpoint());
    if (head.size == 0 || stored == note) return {};
    kv::Commit commit;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) {
        return services_.log->stage_checkpoint(view, batch, note, head.size);
    };
    return services_.queue->submit(std::move(commit));
}

Result<void> PublishingPipeline::change_state(const PackageId& id, std::string_view event,
                                              std::string_view reason, const CallContext& context) {
    struct Change {
        std::string_view event;
        std::optional<package::PackageState> state;
        std::optional<bool> yanked;
    };
    static constexpr Change kChanges[] = {
        {"yank", std::nullopt, true},
        {"unyank", std::nullopt, false},
        {"deprecate", package::PackageState::kDeprecated, std::nullopt},
        {"restore", package::PackageState::kPublished, std::nullopt},
        {"archive", package::PackageState::kArchived, std::nullopt}};
    const auto* change = std::ranges::find(kChanges, event, &Change::event);
    if (change == std::end(kChanges))
        return fail(Error(Errc::kInvalidArgument, "unknown change of state")
                        .with_input(std::string(event))
                        .with_hint("use yank, unyank, deprecate, restore or archive"));
    CATALOG_TRY(const index::IndexEntry before, services_.index->find(id));
    if ((!change->state || before.state == *change->state) &&
        (!change->yanked || before.yanked == *change->yanked))
        return {};
    CATALOG_TRY_VOID(context.check(*services_.clock));

    kv::Commit commit;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
        CATALOG_TRY(const index::IndexEntry after,
                    services_.index->stage_change(view, batch, id, change->state, change->yanked));
        security::LogEntry leaf;
        leaf.event = std::string(event);
        leaf.id = id.to_string();
        leaf.digest = after.digest.to_string();
        leaf.reason = std::string(reason);
        leaf.principal = context.principal.id;
        leaf.time = services_.clock->now_wall();
        CATALOG_TRY(const std::uint64_t position, services_.log->stage_append(view, batch, leaf));
        static_cast<void>(position);
        return {};
    };
    CATALOG_TRY_VOID(services_.queue->submit(std::move(commit)));
    return sign_head();
}

}  // namespace catalog::lifecycle
