#include "catalog/content/content_addressed_storage.hpp"

#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <map>
#include <utility>

#include "content_core.hpp"
#include "content_repair.hpp"
#include "range_prover.hpp"
#include "similarity_file.hpp"

namespace catalog::content {
namespace {

using internal::Mutex;
using internal::MutexLock;

Result<void> check_options(const ContentOptions& options) {
    const auto missing = [](const char* what) {
        return fail(Errc::kInvalidArgument, std::string("the content store needs ") + what);
    };
    if (options.store == nullptr) return missing("a key-value store");
    if (!options.clock) return missing("a clock");
    if (!options.executor) return missing("an executor");
    if (!options.backend && (!options.file_system || options.directory.empty()))
        return missing("a file system and a directory, or a backend");
    if (!options.read_only && options.queue == nullptr) return missing("a commit queue");
    if (!options.read_only && !options.random) return missing("a source of random bytes");
    if (const StoreEncryption* encryption = options.packs.encryption.get()) {
        if (encryption->keys.newest() == KeyGeneration{0}) return missing("keys of its encryption");
        if (!options.read_only && !encryption->random)
            return missing("a source of random bytes for its encryption");
    }
    return check_profile(options.profile);
}

Result<void> check_encryption(const StoreEncryption* encryption, const FormatRecord& stored) {
    const bool sealed = is_sealed_version(stored.version);
    if (sealed && encryption == nullptr)
        return fail(Error(Errc::kKeyNotFound, "the content store is encrypted, and no key is given")
                        .with_hint("open it with one of its key slots"));
    if (!sealed && encryption != nullptr)
        return fail(Error(Errc::kFailedPrecondition, "the content store is not encrypted")
                        .with_hint("open it without a key; what is to be encrypted goes into a new "
                                   "store"));
    if (encryption != nullptr && encryption->store != stored.store)
        return fail(Errc::kKeyInvalid, "the keys are those of another content store");
    return {};
}

Result<FormatRecord> load_format(const ContentOptions& options) {
    CATALOG_TRY(const auto value, options.store->get(options.families.packs, format_key()));
    const StoreEncryption* encryption = options.packs.encryption.get();
    if (value) {
        CATALOG_TRY(const FormatRecord stored, decode_format(*value));
        CATALOG_TRY_VOID(check_encryption(encryption, stored));
        return stored;
    }
    FormatRecord format;
    format.profile = options.profile;
    if (encryption != nullptr) {
        format.version = kContentFormatVersionSealed;
        format.store = encryption->store;
        return format;
    }
    if (!options.read_only) CATALOG_TRY_VOID(options.random->fill(format.store));
    return format;
}

std::string similarity_path(const ContentOptions& options) {
    return io::join_path(options.directory, "similarity");
}

// The table's features say something of contents: an encrypted store has none.
bool keeps_similarity(const ContentOptions& options) {
    return options.deltas && options.compression_level != 0 && !options.backend &&
           !options.packs.encryption;
}

PipelineOptions pipeline_options(const ContentOptions& options) {
    PipelineOptions pipeline;
    pipeline.encoder.level = options.compression_level;
    pipeline.encoder.deltas = options.deltas && options.compression_level != 0;
    pipeline.similarity.memory_bytes_max = options.similarity_bytes_max;
    if (keeps_similarity(options)) {
        pipeline.load_similarity = [fs = options.file_system,
                                    path = similarity_path(options)](SimilarityTable& table) {
            load_similarity(*fs, path, table);
        };
    }
    pipeline.dictionaries = options.dictionaries;
    pipeline.dictionaries.enabled = options.dictionaries.enabled && options.dictionaries.at_ingest;
    pipeline.bytes_max = options.pipeline_bytes_max;
    return pipeline;
}

// Tells whether the change makes an object visible, or again so.
bool names_chunks(const ContentOptions& options, const kv::WriteBatch::Change& change) {
    return change.family == options.families.objects && change.kind == kv::WriteBatch::Kind::kPut;
}

bool names_list(const ContentOptions& options, const kv::WriteBatch::Change& change) {
    return change.family == options.families.references &&
           change.kind == kv::WriteBatch::Kind::kPut && change.key.starts_with(lists_prefix());
}

// Tells whether the change lets somebody need an object or a list.
bool adds_reference(const ContentOptions& options, const kv::WriteBatch::Change& change) {
    return change.family == options.families.references &&
           change.kind == kv::WriteBatch::Kind::kPut;
}

// Tells whether the change is one that needs what the backend has: an object, or a pack's end.
bool needs_sync(const ContentOptions& options, const kv::WriteBatch::Change& change) {
    return names_chunks(options, change) || change.family == options.families.packs;
}

tl::unexpected<Error> opened_read_only() {
    return fail(Errc::kLibraryReadOnly, "the content store is open read-only");
}

}  // namespace

struct ContentAddressedStorage::Impl : ContentCore {
    ReaderPool readers{*this};
    RecentChunks recent;
    std::unique_ptr<RangeProver> prover;

    Mutex hook_mutex;
    /// What was put into a batch which may or may not have been committed: marks by key, nullopt
    /// for what is to go.
    std::map<PackId, std::optional<PackMark>> packs CATALOG_GUARDED_BY(hook_mutex);
    std::map<RunId, std::optional<RunMark>> runs CATALOG_GUARDED_BY(hook_mutex);
    bool format_confirmed CATALOG_GUARDED_BY(hook_mutex) = false;

    ~Impl();

    /// Walks the keys of references that are `prefix` and an id.
    Result<void> for_each_id(const std::string& prefix, const IdSink& each) const;
    void take(const BackendChanges& changes) CATALOG_REQUIRES(hook_mutex);
    Result<void> check_named_chunks(const kv::WriteBatch& batch) const;
    Result<void> add_marks(kv::WriteBatch& batch) CATALOG_REQUIRES(hook_mutex);
    Result<void> add_format(kv::WriteBatch& batch) CATALOG_REQUIRES(hook_mutex);
};

Result<void> ContentAddressedStorage::Impl::for_each_id(const std::string& prefix,
                                                        const IdSink& each) const {
    const auto references = options.store->iterate(options.families.references);
    for (references->seek(prefix); references->valid(); references->next()) {
        if (!references->key().starts_with(prefix)) return {};
        CATALOG_TRY(const ContentHash id, decode_hash_key(references->key().substr(prefix.size())));
        CATALOG_TRY_VOID(each(id));
    }
    return references->status();
}

// What was learned of similar chunks serves the next process, too.
ContentAddressedStorage::Impl::~Impl() {
    if (pipeline && keeps_similarity(options) && pipeline->new_chunks() != 0)
        (void)save_similarity(*options.file_system, similarity_path(options),
                              pipeline->similarity());
}

ContentAddressedStorage::ContentAddressedStorage(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

ContentAddressedStorage::~ContentAddressedStorage() = default;

Result<std::unique_ptr<ContentAddressedStorage>> ContentAddressedStorage::open(
    ContentOptions options) {
    CATALOG_TRY_VOID(check_options(options));
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    ContentOptions& kept = impl->options;
    impl->prover = std::make_unique<RangeProver>(*impl, impl->readers, kept.proof_bytes_max);
    CATALOG_TRY(impl->format, load_format(kept));
    impl->backend =
        kept.backend ? kept.backend
                     : make_pack_backend(kept.file_system, io::join_path(kept.directory, "packs"),
                                         kept.read_only, kept.packs);
    impl->bases = std::make_shared<BaseCache>(kept.bases_bytes_max);
    impl->read_bases = std::make_shared<BaseCache>(kept.read_bases_bytes_max);
    impl->verified =
        std::make_unique<VerifiedSources>(kept.random ? *kept.random : *make_system_random());
    if (!kept.read_only) {
        CATALOG_TRY(const auto marks, impl->marks(*kept.store->snapshot()));
        CATALOG_TRY_VOID(impl->backend->recover(impl->format.store, impl->format.profile, marks));
        impl->reserve = std::make_unique<SpaceReserve>(kept.backend ? nullptr : kept.file_system,
                                                       io::join_path(kept.directory, "packs"));
        impl->keeper = std::make_unique<ChunkKeeper>(*impl->backend);
        impl->pipeline = std::make_unique<WritePipeline>(
            *impl->backend, *impl->keeper, *kept.executor, impl->bases, pipeline_options(kept));
    } else {
        CATALOG_TRY_VOID(impl->refresh());
    }
    return std::unique_ptr<ContentAddressedStorage>(new ContentAddressedStorage(std::move(impl)));
}

const ChunkProfile& ContentAddressedStorage::profile() const noexcept {
    return impl_->format.profile;
}

void ContentAddressedStorage::Impl::take(const BackendChanges& changes) {
    for (const PackMark& mark : changes.packs) packs[mark.pack] = mark;
    for (const RunMark& mark : changes.runs) runs[mark.run] = mark;
    for (const PackId pack : changes.packs_removed) packs[pack] = std::nullopt;
    for (const RunId run : changes.runs_removed) runs[run] = std::nullopt;
}

// A session that was staged before a sync failed may only now reach its commit.
Result<void> ContentAddressedStorage::Impl::check_named_chunks(const kv::WriteBatch& batch) const {
    for (const kv::WriteBatch::Change& change : batch.changes()) {
        if (!names_chunks(options, change)) continue;
        CATALOG_TRY(const ContentHash id, decode_hash_key(change.key));
        CATALOG_TRY_VOID(check_chunks(*this, id, change.value));
    }
    return {};
}

// What was added to an earlier group stays here until the store is seen to have it: that group may
// have failed after this hook.
Result<void> ContentAddressedStorage::Impl::add_marks(kv::WriteBatch& batch) {
    const kv::Family family = options.families.packs;
    BackendChanges confirmed;
    const auto add = [&](auto& marks, auto& removed, const auto& key_of,
                         const auto& encode) -> Result<void> {
        for (auto it = marks.begin(); it != marks.end();) {
            const auto& [number, mark] = *it;
            const std::string key = key_of(number);
            std::optional<std::string> value;
            if (mark) value = encode(*mark);
            CATALOG_TRY(const auto stored, options.store->get(family, key));
            if (stored == value) {
                if (!mark) removed.push_back(number);
                it = marks.erase(it);
                continue;
            }
            if (value)
                batch.put(family, key, std::move(*value));
            else
                batch.remove(family, key);
            ++it;
        }
        return {};
    };
    CATALOG_TRY_VOID(add(packs, confirmed.packs_removed, pack_key, encode_pack_mark));
    CATALOG_TRY_VOID(add(runs, confirmed.runs_removed, run_key, encode_run_mark));
    if (!confirmed.empty()) backend->committed(confirmed);
    if (packs.empty() && runs.empty()) return {};
    return add_format(batch);
}

Result<void> ContentAddressedStorage::Impl::add_format(kv::WriteBatch& batch) {
    if (format_confirmed) return {};
    const kv::Family family = options.families.packs;
    FormatRecord current = format;
    current.version =
        options.packs.encryption ? kContentFormatVersionSealed : kContentFormatVersion;
    std::string value = encode_format(current);
    CATALOG_TRY(const auto stored, options.store->get(family, format_key()));
    format_confirmed = stored == value;
    if (!format_confirmed) batch.put(family, format_key(), std::move(value));
    return {};
}

Result<void> ContentAddressedStorage::before_commit(kv::WriteBatch& batch) {
    if (impl_->options.read_only) return {};
    const MutexLock lock(impl_->hook_mutex);
    CATALOG_TRY_VOID(settle_objects(*impl_, batch));
    const auto& changes = batch.changes();
    const bool adds = std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
        return names_chunks(impl_->options, change) || adds_reference(impl_->options, change);
    });
    // The batch goes into a log, and from memory, with others, into a table.
    const std::uint64_t database_bytes =
        std::min(impl_->options.store->usage().memory_bytes, kDatabaseFlushBytesMax);
    CATALOG_TRY_VOID(impl_->reserve->admit_commit(adds, 2 * batch.bytes() + database_bytes));
    // Who does not know lists must not collect what they name.
    if (std::any_of(changes.begin(), changes.end(),
                    [&](const auto& change) { return names_list(impl_->options, change); }))
        CATALOG_TRY_VOID(impl_->add_format(batch));
    // Commits that name no chunk need not wait for the bytes of sessions under way.
    if (std::none_of(changes.begin(), changes.end(),
                     [&](const auto& change) { return needs_sync(impl_->options, change); }))
        return {};
    CATALOG_TRY(const BackendChanges synced, impl_->backend->sync());
    impl_->take(synced);
    CATALOG_TRY_VOID(impl_->check_named_chunks(batch));
    return impl_->add_marks(batch);
}

Result<std::unique_ptr<ContentTransaction>> ContentAddressedStorage::begin() {
    if (impl_->options.read_only) return opened_read_only();
    return make_transaction(*impl_);
}

Result<void> ContentAddressedStorage::commit(ContentTransaction& session) {
    if (impl_->options.read_only) return opened_read_only();
    kv::Commit commit;
    CATALOG_TRY_VOID(session.stage(commit.batch));
    return impl_->options.queue->submit(std::move(commit));
}

Result<void> ContentAddressedStorage::checkpoint(ContentTransaction& session) {
    if (impl_->options.read_only) return opened_read_only();
    return session.checkpoint([this](kv::WriteBatch batch) {
        kv::Commit commit;
        commit.batch = std::move(batch);
        return impl_->options.queue->submit(std::move(commit));
    });
}

Result<ObjectInfo> ContentAddressedStorage::store(const ByteSource& source, std::string_view owner,
                                                  const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*impl_->options.clock));
    CATALOG_TRY(const auto session, begin());
    const ByteSource checked = [&](std::span<std::byte> out) -> Result<std::size_t> {
        CATALOG_TRY_VOID(context.check(*impl_->options.clock));
        return source(out);
    };
    CATALOG_TRY(const ObjectInfo info, session->put(checked));
    CATALOG_TRY_VOID(session->add_reference(owner, info.id));
    CATALOG_TRY_VOID(commit(*session));
    return info;
}

Result<void> ContentAddressedStorage::retrieve(const ContentHash& id, const ByteSink& sink,
                                               const CallContext& context, ByteRange range) {
    const Clock& clock = *impl_->options.clock;
    CATALOG_TRY_VOID(context.check(clock));
    CATALOG_TRY(const ObjectRecord record, impl_->find_object(id));
    if (range.offset > record.size)
        return fail(Errc::kInvalidArgument, "the range begins at " + std::to_string(range.offset) +
                                                ", but object " + id.to_string() + " has " +
                                                std::to_string(record.size) + " bytes");
    if (range.offset != 0 || range.size < record.size)
        return read_range(*impl_, impl_->readers, impl_->recent, {&id, &record}, range, sink,
                          context);
    auto reader = impl_->readers.take();
    const ByteSink give = [&](ByteView bytes) -> Result<void> {
        CATALOG_TRY_VOID(context.check(clock));
        return sink(bytes);
    };
    auto done = read_object(*reader, id, record, give, impl_->options.executor.get());
    impl_->readers.give_back(std::move(reader));
    return done;
}

Result<std::unique_ptr<ObjectReader>> ContentAddressedStorage::open_object(const ContentHash& id) {
    return open_object_of(*impl_, impl_->readers, impl_->recent, id);
}

Result<std::unique_ptr<ZeroCopyContent>> ContentAddressedStorage::open_zero_copy(
    const ContentHash& id) {
    return open_zero_copy_of(*impl_, impl_->readers, impl_->recent, id);
}

Result<RangeProof> ContentAddressedStorage::prove_range(const ContentHash& id, ByteRange range,
                                                        const CallContext& context) {
    return impl_->prover->prove(id, range, context);
}

Result<void> ContentAddressedStorage::retrieve_each(std::span<const ContentHash> ids,
                                                    const ObjectsSink& sink,
                                                    const CallContext& context) {
    return retrieve_objects(*impl_, impl_->readers, ids, sink, context);
}

Result<bool> ContentAddressedStorage::exists(const ContentHash& id) {
    const ContentOptions& options = impl_->options;
    CATALOG_TRY(const auto value, options.store->get(options.families.objects, hash_key(id)));
    return value.has_value();
}

Result<ObjectInfo> ContentAddressedStorage::info(const ContentHash& id) {
    CATALOG_TRY(const ObjectRecord record, impl_->find_object(id));
    return ObjectInfo{id, record.size, static_cast<std::uint32_t>(record.chunks.size())};
}

Result<void> ContentAddressedStorage::remove(const ContentHash& id, std::string_view owner,
                                             kv::WriteBatch& batch) {
    const ContentOptions& options = impl_->options;
    if (options.read_only) return opened_read_only();
    std::string key = referrer_key(id, owner);
    std::string of_list = list_key(owner, id);
    CATALOG_TRY(const auto reference, options.store->get(options.families.references, key));
    CATALOG_TRY(const auto list, options.store->get(options.families.references, of_list));
    if (!reference && !list)
        return fail(Errc::kContentNotFound,
                    "'" + std::string(owner) + "' has no reference to object " + id.to_string(),
                    NotFoundDetail{"content", id.to_string()});
    if (list) batch.remove(options.families.references, std::move(of_list));
    if (!reference) return {};
    batch.remove(options.families.references, std::move(key));
    batch.remove(options.families.references, owner_key(owner, id));
    return {};
}

Result<void> ContentAddressedStorage::for_each(
    const std::function<Result<void>(const ObjectInfo&)>& each) {
    const auto snapshot = impl_->options.store->snapshot();
    return for_each_object(
        *impl_, *snapshot, [&](const ContentHash& id, std::string_view value) -> Result<void> {
            CATALOG_TRY(const ObjectRecord record, decode_object(id, value));
            return each({id, record.size, static_cast<std::uint32_t>(record.chunks.size())});
        });
}

Result<void> ContentAddressedStorage::for_each_of(std::string_view owner, const IdSink& each) {
    std::vector<ContentHash> lists;
    const IdSink keep = [&](const ContentHash& id) -> Result<void> {
        lists.push_back(id);
        return {};
    };
    CATALOG_TRY_VOID(for_each_list_of(owner, keep));
    if (owner.empty() || owner.size() > kOwnerBytesMax) return {};
    auto next = lists.begin();
    const IdSink merge = [&](const ContentHash& id) -> Result<void> {
        for (; next != lists.end() && *next < id; ++next) CATALOG_TRY_VOID(each(*next));
        if (next != lists.end() && *next == id) ++next;
        return each(id);
    };
    CATALOG_TRY_VOID(impl_->for_each_id(owner_prefix(owner), merge));
    for (; next != lists.end(); ++next) CATALOG_TRY_VOID(each(*next));
    return {};
}

Result<void> ContentAddressedStorage::for_each_list_of(std::string_view owner, const IdSink& each) {
    if (owner.empty() || owner.size() > kOwnerBytesMax) return {};
    return impl_->for_each_id(list_prefix(owner), each);
}

Result<CollectReport> ContentAddressedStorage::collect(const CollectOptions& options,
                                                       const CallContext& context) {
    if (impl_->options.read_only) return opened_read_only();
    return collect_content(*impl_, options, context);
}

Result<RepackReport> ContentAddressedStorage::repack(const RepackOptions& options,
                                                     const CallContext& context) {
    if (impl_->options.read_only) return opened_read_only();
    return repack_content(*impl_, options, context);
}

Result<RepairReport> ContentAddressedStorage::repair(const RepairOptions& options,
                                                     const CallContext& context) {
    if (impl_->options.read_only) return opened_read_only();
    return repair_content(*impl_, options, context);
}

Result<StorageStats> ContentAddressedStorage::stats() { return count_content(*impl_); }

Result<VerifyReport> ContentAddressedStorage::verify(const VerifyOptions& options,
                                                     const CallContext& context) {
    return verify_content(*impl_, options, context);
}

}  // namespace catalog::content
