#include "support/content/memory_content_storage.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <set>
#include <utility>

#include "catalog/content/content_records.hpp"
#include "catalog/content/integrity_verifier.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::content::testing {
namespace {

constexpr std::uint64_t kPieceBytes = merkle::BlockTree::kBlockBytes;

ObjectInfo info_of(const ContentHash& id, std::uint64_t size) {
    return {id, size, static_cast<std::uint32_t>((size + kPieceBytes - 1) / kPieceBytes)};
}

tl::unexpected<Error> not_found(const ContentHash& id) {
    return fail(Errc::kContentNotFound, "object " + id.to_string() + " is not in this store",
                NotFoundDetail{"content", id.to_string()});
}

tl::unexpected<Error> corrupted(const ContentHash& id) {
    return fail(Errc::kContentCorrupted, "object does not match its id",
                CorruptionDetail{id.to_string(), {}, {id.to_string()}});
}

}  // namespace

class MemorySession final : public ContentTransaction {
public:
    MemorySession(MemoryContentStorage& storage, const ContentFamilies& families)
        : storage_(storage), families_(families) {}
    MemorySession(const MemorySession&) = delete;
    MemorySession& operator=(const MemorySession&) = delete;
    ~MemorySession() override {
        for (const ContentHash& id : held_) storage_.held_.erase(storage_.held_.find(id));
    }

    using ContentTransaction::put;
    Result<ObjectInfo> put(const ByteSource& source) override {
        CATALOG_TRY_VOID(check_open());
        std::string bytes;
        while (true) {
            const std::size_t before = bytes.size();
            bytes.resize(before + kPieceBytes);
            CATALOG_TRY(const std::size_t count,
                        source(std::as_writable_bytes(std::span(bytes)).subspan(before)));
            bytes.resize(before + count);
            if (count == 0) break;
        }
        CATALOG_TRY(const ObjectInfo identified, identify(source_of(as_bytes(bytes))));
        const ObjectInfo info = info_of(identified.id, identified.size);
        objects_.insert_or_assign(info.id, std::move(bytes));
        hold(info.id);
        return info;
    }

    Result<void> add_reference(std::string_view owner, const ContentHash& id) override {
        CATALOG_TRY_VOID(check_open());
        CATALOG_TRY_VOID(check_owner(owner));
        CATALOG_TRY_VOID(need(id));
        references_.emplace(owner, id);
        return {};
    }

    Result<ObjectInfo> put_list(std::string_view owner, ByteView list) override {
        CATALOG_TRY_VOID(check_open());
        CATALOG_TRY_VOID(check_owner(owner));
        if (!storage_.lists_) return fail(Errc::kFailedPrecondition, "there is no reader of lists");
        CATALOG_TRY_VOID(storage_.lists_(list, [&](const ContentHash& id) { return need(id); }));
        CATALOG_TRY(const ObjectInfo info, put(list));
        list_references_.emplace(owner, info.id);
        return info;
    }

    Result<void> checkpoint(const SubmitBatch& submit) override {
        kv::WriteBatch batch;
        CATALOG_TRY_VOID(stage(batch));
        CATALOG_TRY_VOID(submit(std::move(batch)));
        staged_ = false;
        objects_.clear();
        references_.clear();
        list_references_.clear();
        return {};
    }

    Result<void> stage(kv::WriteBatch& batch) override {
        CATALOG_TRY_VOID(check_open());
        staged_ = true;
        for (auto& [id, bytes] : objects_)
            batch.put(families_.objects, hash_key(id), std::move(bytes));
        for (const auto& [owner, id] : references_) {
            batch.put(families_.references, owner_key(owner, id), {});
            batch.put(families_.references, referrer_key(id, owner), {});
        }
        for (const auto& [owner, id] : list_references_)
            batch.put(families_.references, list_key(owner, id), {});
        return {};
    }

private:
    Result<void> check_open() const {
        if (staged_) return fail(Errc::kFailedPrecondition, "the session was staged already");
        return {};
    }
    static Result<void> check_owner(std::string_view owner) {
        if (!owner.empty() && owner.size() <= kOwnerBytesMax) return {};
        return fail(Errc::kInvalidArgument, "the owner of a reference has 1 to 1024 bytes");
    }
    Result<void> need(const ContentHash& id) {
        if (!objects_.contains(id)) CATALOG_TRY_VOID(storage_.info(id));
        hold(id);
        return {};
    }
    void hold(const ContentHash& id) {
        if (held_.insert(id).second) storage_.held_.insert(id);
    }

    MemoryContentStorage& storage_;
    ContentFamilies families_;
    bool staged_ = false;
    std::map<ContentHash, std::string> objects_;
    std::set<std::pair<std::string, ContentHash>> references_;
    std::set<std::pair<std::string, ContentHash>> list_references_;
    std::set<ContentHash> held_;
};

MemoryContentStorage::MemoryContentStorage(kv::KeyValueStore& store, kv::CommitQueue& queue,
                                           const ContentFamilies& families,
                                           std::shared_ptr<Clock> clock, ListReader lists)
    : store_(store),
      queue_(queue),
      families_(families),
      clock_(std::move(clock)),
      lists_(std::move(lists)) {}

Result<void> MemoryContentStorage::corrupt(const ContentHash& id, std::uint64_t offset) {
    CATALOG_TRY(std::string bytes, find(id));
    bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 1);
    kv::Commit commit;
    commit.batch.put(families_.objects, hash_key(id), std::move(bytes));
    return queue_.submit(std::move(commit));
}

Result<std::string> MemoryContentStorage::find(const ContentHash& id) const {
    CATALOG_TRY(auto bytes, store_.get(families_.objects, hash_key(id)));
    if (!bytes) return not_found(id);
    return *std::move(bytes);
}

Result<std::unique_ptr<ContentTransaction>> MemoryContentStorage::begin() {
    return std::make_unique<MemorySession>(*this, families_);
}

Result<void> MemoryContentStorage::commit(ContentTransaction& session) {
    kv::Commit commit;
    CATALOG_TRY_VOID(session.stage(commit.batch));
    return queue_.submit(std::move(commit));
}

Result<void> MemoryContentStorage::checkpoint(ContentTransaction& session) {
    return session.checkpoint([this](kv::WriteBatch batch) {
        kv::Commit commit;
        commit.batch = std::move(batch);
        return queue_.submit(std::move(commit));
    });
}

Result<ObjectInfo> MemoryContentStorage::store(const ByteSource& source, std::string_view owner,
                                               const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*clock_));
    CATALOG_TRY(const auto session, begin());
    CATALOG_TRY(const ObjectInfo info, session->put(source));
    CATALOG_TRY_VOID(session->add_reference(owner, info.id));
    CATALOG_TRY_VOID(commit(*session));
    return info;
}

Result<void> MemoryContentStorage::retrieve(const ContentHash& id, const ByteSink& sink,
                                            const CallContext& context, ByteRange range) {
    CATALOG_TRY_VOID(context.check(*clock_));
    CATALOG_TRY(const std::string found, find(id));
    ByteView bytes = as_bytes(found);
    if (range.offset > bytes.size())
        return fail(Errc::kInvalidArgument, "the range begins beyond the object");
    if (!IntegrityVerifier::check(id, bytes.size(), source_of(bytes))) return corrupted(id);
    bytes = bytes.subspan(range.offset);
    bytes = bytes.first(std::min<std::uint64_t>(range.size, bytes.size()));
    while (!bytes.empty()) {
        CATALOG_TRY_VOID(context.check(*clock_));
        const std::size_t count = std::min<std::size_t>(bytes.size(), kPieceBytes);
        CATALOG_TRY_VOID(sink(bytes.first(count)));
        bytes = bytes.subspan(count);
    }
    return {};
}

Result<bool> MemoryContentStorage::exists(const ContentHash& id) {
    const auto found = find(id);
    if (found) return true;
    if (found.error().code() == Errc::kContentNotFound) return false;
    return fail(found.error());
}

Result<ObjectInfo> MemoryContentStorage::info(const ContentHash& id) {
    CATALOG_TRY(const std::string found, find(id));
    return info_of(id, found.size());
}

Result<void> MemoryContentStorage::remove(const ContentHash& id, std::string_view owner,
                                          kv::WriteBatch& batch) {
    CATALOG_TRY(const auto reference, store_.get(families_.references, referrer_key(id, owner)));
    CATALOG_TRY(const auto list, store_.get(families_.references, list_key(owner, id)));
    if (!reference && !list) return not_found(id);
    batch.remove(families_.references, list_key(owner, id));
    batch.remove(families_.references, referrer_key(id, owner));
    batch.remove(families_.references, owner_key(owner, id));
    return {};
}

Result<void> MemoryContentStorage::for_each(
    const std::function<Result<void>(const ObjectInfo&)>& each) {
    const auto objects = store_.iterate(families_.objects);
    for (objects->seek({}); objects->valid(); objects->next()) {
        CATALOG_TRY(const ContentHash id, decode_hash_key(objects->key()));
        CATALOG_TRY_VOID(each(info_of(id, objects->value().size())));
    }
    return objects->status();
}

// What stands behind `prefix` in keys of references.
Result<std::set<ContentHash>> MemoryContentStorage::ids_below(const std::string& prefix) const {
    std::set<ContentHash> ids;
    const auto references = store_.iterate(families_.references);
    for (references->seek(prefix); references->valid(); references->next()) {
        if (!references->key().starts_with(prefix)) break;
        CATALOG_TRY(const ContentHash id, decode_hash_key(references->key().substr(prefix.size())));
        ids.insert(id);
    }
    CATALOG_TRY_VOID(references->status());
    return ids;
}

Result<void> MemoryContentStorage::for_each_of(std::string_view owner, const IdSink& each) {
    CATALOG_TRY(std::set<ContentHash> ids, ids_below(owner_prefix(owner)));
    CATALOG_TRY(std::set<ContentHash> lists, ids_below(list_prefix(owner)));
    ids.merge(lists);
    for (const ContentHash& id : ids) CATALOG_TRY_VOID(each(id));
    return {};
}

Result<void> MemoryContentStorage::for_each_list_of(std::string_view owner, const IdSink& each) {
    CATALOG_TRY(const std::set<ContentHash> lists, ids_below(list_prefix(owner)));
    for (const ContentHash& id : lists) CATALOG_TRY_VOID(each(id));
    return {};
}

// What is referenced, with what referenced lists name.
Result<std::set<ContentHash>> MemoryContentStorage::needed() const {
    std::set<ContentHash> ids;
    const auto references = store_.iterate(families_.references);
    for (references->seek({}); references->valid(); references->next()) {
        CATALOG_TRY(const Reference reference, decode_reference_key(references->key()));
        ids.insert(reference.object);
        if (!reference.list) continue;
        if (!lists_) return fail(Errc::kFailedPrecondition, "there is no reader of lists");
        CATALOG_TRY(const auto list, store_.get(families_.objects, hash_key(reference.object)));
        const ByteView bytes = list ? as_bytes(*list) : ByteView();
        const auto add = [&](const ContentHash& id) -> Result<void> {
            ids.insert(id);
            return {};
        };
        if (!IntegrityVerifier::check(reference.object, bytes.size(), source_of(bytes)) ||
            !lists_(bytes, add))
            return corrupted(reference.object);
    }
    CATALOG_TRY_VOID(references->status());
    return ids;
}

Result<StorageStats> MemoryContentStorage::stats() {
    StorageStats stats;
    CATALOG_TRY(const std::set<ContentHash> ids, needed());
    CATALOG_TRY_VOID(for_each([&](const ObjectInfo& object) -> Result<void> {
        if (!ids.contains(object.id)) return {};
        ++stats.objects;
        stats.object_bytes += object.size;
        stats.chunks += object.chunks;
        stats.chunk_bytes += object.size;
        stats.payload_bytes += object.size;
        return {};
    }));
    const auto objects = store_.iterate(families_.objects);
    for (objects->seek({}); objects->valid(); objects->next())
        stats.stored_bytes += objects->value().size();
    stats.unreferenced_bytes = stats.stored_bytes - stats.object_bytes;
    return stats;
}

// Nothing is compressed.
Result<RepackReport> MemoryContentStorage::repack(const RepackOptions& options,
                                                  const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*clock_));
    if (options.rekey) return fail(Errc::kFailedPrecondition, "the content store is not encrypted");
    if (options.level < 1 || options.level > kRepackLevelMax)
        return fail(Errc::kInvalidArgument, "the level is from 1 to 19");
    return RepackReport{};
}

Result<CollectReport> MemoryContentStorage::collect(const CollectOptions& options,
                                                    const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*clock_));
    if (!(options.live_share_min >= 0 && options.live_share_min <= 1))
        return fail(Errc::kInvalidArgument, "the share is from 0 to 1");
    CATALOG_TRY(const std::set<ContentHash> ids, needed());
    CollectReport report;
    kv::Commit commit;
    const auto objects = store_.iterate(families_.objects);
    for (objects->seek({}); objects->valid(); objects->next()) {
        CATALOG_TRY(const ContentHash id, decode_hash_key(objects->key()));
        if (ids.contains(id) || held_.contains(id)) continue;
        ++report.objects_removed;
        report.chunks_dead += info_of(id, objects->value().size()).chunks;
        report.bytes_freed += objects->value().size();
        commit.batch.remove(families_.objects, std::string(objects->key()));
    }
    CATALOG_TRY_VOID(objects->status());
    if (!options.dry_run) CATALOG_TRY_VOID(queue_.submit(std::move(commit)));
    return report;
}

Result<VerifyReport> MemoryContentStorage::verify(const VerifyOptions& options,
                                                  const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*clock_));
    VerifyReport report;
    const auto check = [&](const ObjectInfo& object) -> Result<void> {
        CATALOG_TRY_VOID(context.check(*clock_));
        ++report.objects;
        report.chunks += object.chunks;
        if (options.depth != VerifyDepth::kFull) return {};
        CATALOG_TRY(const std::string bytes, find(object.id));
        report.bytes += bytes.size();
        if (!IntegrityVerifier::check(object.id, object.size, source_of(as_bytes(bytes))))
            report.damages.push_back(
                {"object " + object.id.to_string(), "object does not match its id", {object.id}});
        return {};
    };
    CATALOG_TRY_VOID(for_each(check));
    if (options.reached) CATALOG_TRY_VOID(options.reached(report));
    return report;
}

}  // namespace catalog::content::testing
