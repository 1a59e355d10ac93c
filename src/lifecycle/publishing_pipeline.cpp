#include "catalog/lifecycle/publishing_pipeline.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"
#include "catalog/security/checkpoint.hpp"
#include "catalog/security/envelope.hpp"
#include "consensus_gate.hpp"
#include "preparation.hpp"
#include "publication.hpp"

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

/// Stores the file table and references it, and with it every file that it names.
Result<ContentHash> reference_content(content::ContentTransaction& transaction,
                                      const package::FileTable& table,
                                      const package::PackageDigest& digest) {
    CATALOG_TRY(const content::ObjectInfo table_object,
                transaction.put_list(digest.to_string(), table.encode()));
    return table_object.id;
}

Error not_preparing(const PackageId& id) {
    return Error(Errc::kPackageNotFound, "no such package waits for the consensus",
                 NotFoundDetail{"preparing package", id.to_string()})
        .with_input(id.to_string());
}

}  // namespace

Result<PublishReceipt> hash_draft(const PackageDraft& draft, const Clock& clock,
                                  const Limits& limits, const CallContext& context) {
    CATALOG_TRY_VOID(package::validate(draft.metadata, limits, true));
    CATALOG_TRY(const package::FileTable table,
                read_files(draft, clock, limits, context, "hash", hash_only));
    CATALOG_TRY(const Sealed sealed, seal(draft, table, limits));
    return receipt_of(sealed.manifest, sealed.digest);
}

Result<PublishReceipt> PublishingPipeline::publish(const PackageDraft& draft,
                                                   const CallContext& context) {
    CATALOG_TRY_VOID(package::validate(draft.metadata, services_.limits, true));
    CATALOG_TRY(const std::unique_ptr<content::ContentTransaction> transaction,
                services_.content->begin());
    const PutFile put = [&](const content::ByteSource& source) { return transaction->put(source); };
    CATALOG_TRY(const package::FileTable table,
                read_files(draft, *services_.clock, services_.limits, context, "store", put));
    CATALOG_TRY(Sealed sealed, seal(draft, table, services_.limits));
    const PackageId id = sealed.manifest.metadata.id();

    // The same package again is no error, and needs neither a signature nor a commit.
    if (const Result<index::IndexEntry> there = services_.index->find(id);
        there && there->digest == sealed.digest) {
        PublishReceipt receipt = receipt_of(sealed.manifest, sealed.digest);
        receipt.already_published = true;
        receipt.log_index = there->log_index;
        return receipt;
    }
    CATALOG_TRY(const std::optional<Preparation> earlier, find_preparation(services_, id));
    if (earlier) {
        if (earlier->record.publication.digest != sealed.digest)
            return fail(prepared_otherwise(id));
        return finish(*earlier, context);
    }

    const bool asks = consensus_is_asked(services_, sealed.manifest.metadata.consensus);
    if (asks) CATALOG_TRY_VOID(check_context_proof(id, context));
    Publication publication(std::move(sealed.manifest));
    publication.manifest_bytes = std::move(sealed.bytes);
    publication.digest = sealed.digest;
    publication.principal = context.principal.id;
    CATALOG_TRY(publication.table_object,
                reference_content(*transaction, table, publication.digest));
    // Signer and consensus are asked outside of the queue: no host call happens inside it.
    CATALOG_TRY(publication.envelope, security::sign_package(*services_.keys, publication.digest));
    CATALOG_TRY_VOID(context.check(*services_.clock));
    kv::WriteBatch batch;
    CATALOG_TRY_VOID(transaction->stage(batch));
    if (asks) {
        CATALOG_TRY(const Preparation preparation,
                    commit_preparation(services_, std::move(publication), std::move(batch)));
        return finish(preparation, context);
    }
    const LedgerStep nothing_waits = [&](const kv::CommitView& view, kv::WriteBatch&) {
        return check_unprepared(services_, view, id);
    };
    CATALOG_TRY(const PublishReceipt receipt,
                commit_publication(services_, publication, std::move(batch), nothing_waits));
    CATALOG_TRY_VOID(sign_head());
    return receipt;
}

Result<PublishReceipt> PublishingPipeline::finish(const Preparation& preparation,
                                                  const CallContext& context) {
    // A proof that was given wrong is the caller's mistake and no verdict on the package.
    CATALOG_TRY_VOID(
        check_context_proof(preparation.record.publication.manifest.metadata.id(), context));
    CATALOG_TRY(const PublishReceipt receipt, finish_preparation(services_, preparation, context));
    CATALOG_TRY_VOID(sign_head());
    return receipt;
}

Result<PreparingPage> PublishingPipeline::preparing(std::size_t limit,
                                                    std::string_view cursor) const {
    if (limit == 0)
        return fail(Errc::kInvalidArgument, "a list of preparing packages has at least one line");
    PreparingPage page;
    const std::unique_ptr<kv::Iterator> walk =
        services_.store->iterate(services_.families.preparing);
    walk->seek(cursor);
    if (walk->valid() && walk->key() == cursor) walk->next();
    for (; walk->valid() && page.packages.size() < limit; walk->next()) {
        CATALOG_TRY(const PreparingRecord record,
                    decode_preparing(walk->key(), walk->value(), services_.limits));
        const Publication& publication = record.publication;
        PreparingPackage package(publication.manifest.metadata.id());
        package.digest = publication.digest;
        package.requirements = publication.manifest.metadata.consensus;
        package.principal = publication.principal;
        package.since = record.since;
        package.file_count = publication.manifest.file_count;
        package.file_bytes = publication.manifest.file_bytes;
        page.packages.push_back(std::move(package));
    }
    if (walk->valid()) page.next = page.packages.back().id.to_string();
    CATALOG_TRY_VOID(walk->status());
    return page;
}

Result<PublishReceipt> PublishingPipeline::resume(const PackageId& id, const CallContext& context) {
    CATALOG_TRY(const std::optional<Preparation> preparation, find_preparation(services_, id));
    if (!preparation) return fail(not_preparing(id));
    return finish(*preparation, context);
}

Result<void> PublishingPipeline::abandon(const PackageId& id) {
    const Result<std::optional<Preparation>> preparation = find_preparation(services_, id);
    if (preparation) {
        if (!*preparation) return fail(not_preparing(id));
        return drop_preparation(services_, **preparation);
    }
    if (preparation.error().code() != Errc::kDatabaseCorrupt) return fail(preparation.error());
    // Which content a damaged record is about cannot be told any more; the record itself can go.
    kv::Commit commit;
    commit.batch.remove(services_.families.preparing, preparing_key(id));
    return services_.queue->submit(std::move(commit));
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
