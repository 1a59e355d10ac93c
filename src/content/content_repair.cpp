// Repair. The order of things is what loses nothing at any point:
//
// 1. A full verification tells what is damaged.
// 2. All damaged packs are condemned, and all of them that can be read is copied to the pack that
//    grows, from the newest pack to the oldest: of several copies of a chunk the newest is what
//    readers and deltas go by, and what starts from a newer one may be what an older one needs.
//    Then the old files one by one get a second name in `quarantine`, and a batch makes the copies
//    durable and drops the old pack. Before that batch the old pack is what it was. A delta that
//    could not be decoded is kept at first where another copy of its base may be whole: the check
//    met the damaged one. A second verification, once that is gone, tells. It is copied after all
//    others, so that it does not stand for a whole copy of its own chunk.
// 3. Object by object: from what the store itself has, else from the sources. What a source gives
//    is put like any object, and counts when its id is the one that was asked for.
// 4. What is still hurt is read once more, and named.

#include "content_repair.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "catalog/content/compressor.hpp"
#include "catalog/content/integrity_verifier.hpp"
#include "catalog/merkle/tree.hpp"
#include "check_findings.hpp"
#include "quarantine.hpp"
#include "record_copier.hpp"

namespace catalog::content {
namespace {

bool is_interruption(const Error& error) {
    return errc_category(error.code()) == ErrorCategory::kInterrupted;
}

class Repairer {
public:
    Repairer(const ContentCore& core, const RepairOptions& options, const CallContext& context)
        : core_(core), options_(options), context_(context) {}

    Result<RepairReport> run() {
        // A collection would move packs about meanwhile; a second repair as well.
        if (!core_.keeper->begin(collection_))
            return fail(Error(Errc::kBusy, "the content store is being collected or repaired")
                            .with_hint("wait until that has ended"));
        auto done = repair();
        core_.keeper->end();
        if (!done) return fail(done.error());
        return std::move(report_);
    }

private:
    class PackCopy;

    Result<void> check_context() const { return context_.check(*core_.options.clock); }
    void advance(std::string_view phase, std::string_view unit, std::uint64_t done,
                 std::uint64_t total) const {
        context_.report({"repair", phase, unit, done, total});
    }
    Result<void> repair();
    Result<void> commit(kv::WriteBatch batch);
    Result<void> rewrite_packs();
    Result<void> check_kept_deltas();
    void find_whole_chunks();
    [[nodiscard]] bool may_have_whole_base(const RecordHeader& header, ByteView payload);
    enum class Records : std::uint8_t { kWhole, kDoubtfulDeltas };
    Result<void> end_growing(std::span<PackMark> packs);
    Result<void> copy(std::span<const PackMark> packs, Records which);
    Result<void> drop(const PackMark& mark);
    Result<void> drop_index_files();
    Result<void> mend_references();
    Result<void> restore_objects();
    Result<std::optional<ObjectRecord>> record_of(const ContentHash& id) const;
    Result<bool> restore_from_chunk(const ContentHash& id);
    Result<bool> restore_from(ContentSource& source, const ContentHash& id,
                              std::optional<std::uint64_t> size);
    Result<bool> is_whole(const ContentHash& id);
    Result<bool> can_read(const ContentHash& id, const ObjectRecord& record);
    void refuse(const ContentHash& id, const ContentSource& source, const std::string& why);

    const ContentCore& core_;
    const RepairOptions& options_;
    const CallContext& context_;
    const std::shared_ptr<Collection> collection_ = std::make_shared<Collection>();
    const std::uint64_t losses_ = core_.backend->losses();
    CheckFindings found_;
    RepairReport report_;
    bool keeps_deltas_ = true;        // Until the second verification.
    bool meets_doubtful_ = false;     // A record that could not be decoded.
    std::uint64_t deltas_kept_ = 0;   // Of those that could not be decoded.
    std::vector<bool> whole_chunks_;  // By CheckRecords::tag_of; empty before it is needed.
    ReaderPool readers_{core_};
};

// Copies what can be read of a damaged pack, as it is stored.
class Repairer::PackCopy final : public PackVisitor {
public:
    PackCopy(Repairer& run, Records which) : run_(run), which_(which), copier_(run.core_) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView payload) override {
        CATALOG_TRY_VOID(run_.check_context());
        const bool doubtful = run_.found_.packs->damaged.find(location).has_value();
        run_.meets_doubtful_ |= doubtful;
        if (doubtful != (which_ == Records::kDoubtfulDeltas)) return {};
        if (doubtful) {
            if (!run_.may_have_whole_base(header, payload)) return {};
            ++run_.deltas_kept_;
        }
        const auto copy = copier_.append({header, payload, location.pack});
        // Its dictionary is lost, and not that of the pack which grows.
        if (!copy && copy.error().code() == Errc::kContentCorrupted) return {};
        if (!copy) return fail(copy.error());
        ++run_.report_.chunks_kept;
        return {};
    }
    Result<void> damage(PackId, std::uint64_t, std::uint64_t, const std::string&) override {
        return run_.check_context();
    }

private:
    Repairer& run_;
    const Records which_;
    RecordCopier copier_;
};

Result<void> Repairer::repair() {
    CATALOG_TRY_VOID(check_context());
    // So that the check sees packs as far as they go.
    CATALOG_TRY_VOID(commit({}));
    CATALOG_TRY(found_, find_damage(core_, VerifyOptions(VerifyDepth::kFull), context_));
    report_.damages = found_.report.damages;
    CATALOG_TRY_VOID(rewrite_packs());
    if (deltas_kept_ != 0) CATALOG_TRY_VOID(check_kept_deltas());
    if (found_.index_damaged) CATALOG_TRY_VOID(drop_index_files());
    if (found_.references_damaged) CATALOG_TRY_VOID(mend_references());
    return restore_objects();
}

// With something of the family of packs in it, the hook adds what the backend wants committed.
Result<void> Repairer::commit(kv::WriteBatch batch) {
    if (options_.dry_run) return {};
    const kv::Family family = core_.options.families.packs;
    CATALOG_TRY(const auto last, core_.options.store->get(family, last_pack_key()));
    PackId highest{};
    if (last) {
        CATALOG_TRY(highest, decode_last_pack(*last));
    }
    CATALOG_TRY(const BackendMarks marks, core_.marks(*core_.options.store->snapshot()));
    for (const PackMark& mark : marks.packs) highest = std::max(highest, mark.pack);
    kv::Commit commit;
    commit.batch = std::move(batch);
    commit.batch.put(family, last_pack_key(), encode_last_pack(highest));
    return core_.options.queue->submit(std::move(commit));
}

Result<void> Repairer::rewrite_packs() {
    core_.pipeline->drain();
    CATALOG_TRY(const BackendMarks marks, core_.marks(*core_.options.store->snapshot()));
    // All of them at once: none gets copies from one that goes later.
    std::vector<PackMark> damaged;
    for (const PackMark& mark : marks.packs)
        if (found_.damaged_packs.contains(mark.pack)) damaged.push_back(mark);
    for (const PackMark& mark : damaged)
        report_.packs_rewritten.push_back(pack_file_name(mark.pack));
    if (options_.dry_run) return {};
    std::ranges::reverse(damaged);  // The newest first.
    for (const PackMark& mark : damaged) core_.backend->condemn(mark.pack);
    auto rewritten = end_growing(damaged);
    if (rewritten) rewritten = copy(damaged, Records::kWhole);
    if (rewritten && keeps_deltas_ && meets_doubtful_)
        rewritten = copy(damaged, Records::kDoubtfulDeltas);
    std::uint64_t done = 0;
    for (const PackMark& mark : damaged) {
        if (rewritten) rewritten = drop(mark);
        if (!rewritten) core_.backend->pardon(mark.pack);
        advance("packs", "packs", ++done, damaged.size());
    }
    return rewritten;
}

void Repairer::find_whole_chunks() {
    whole_chunks_.resize(std::size_t{1} << CheckRecords::kTagBits);
    for (const auto& [pack, records] : found_.packs->records)
        for (std::size_t i = 0; i < records.size(); ++i)
            if (!found_.packs->damaged.find(records.location(pack, i)))
                whole_chunks_[records.tag(i)] = true;
}

// Tells it of a record that could not be decoded, by 24 bits: a wrong yes costs a verification.
bool Repairer::may_have_whole_base(const RecordHeader& header, ByteView payload) {
    if (!keeps_deltas_ || header.codec != Codec::kDelta) return false;
    const auto base = delta_base(payload);
    if (!base) return false;
    if (whole_chunks_.empty()) find_whole_chunks();
    const StorageBackend& backend = *core_.backend;
    if (!whole_chunks_[CheckRecords::tag_of(backend.index_id(*base))]) return false;
    // Another delta may start from this one.
    whole_chunks_[CheckRecords::tag_of(backend.index_id(header.id))] = true;
    return true;
}

// What was damaged is gone, and with it the copies that hid whole ones.
Result<void> Repairer::check_kept_deltas() {
    CheckFindings before = std::move(found_);
    CATALOG_TRY(found_, find_damage(core_, VerifyOptions(VerifyDepth::kFull), context_));
    found_.hurt.merge(before.hurt);
    found_.index_damaged |= before.index_damaged;
    found_.references_damaged |= before.references_damaged;
    keeps_deltas_ = false;
    return rewrite_packs();
}

Result<void> Repairer::end_growing(std::span<PackMark> packs) {
    for (PackMark& mark : packs) {
        if (mark.sealed) continue;
        const auto length = core_.backend->seal(mark.pack);
        if (!length && length.error().code() != Errc::kContentCorrupted)
            return fail(length.error());
        if (length) mark.bytes = std::max(mark.bytes, *length);
    }
    return {};
}

Result<void> Repairer::copy(std::span<const PackMark> packs, Records which) {
    for (const PackMark& mark : packs) {
        CATALOG_TRY_VOID(check_context());
        PackCopy copies(*this, which);
        CATALOG_TRY_VOID(core_.backend->scan(mark, copies));
    }
    return {};
}

Result<void> Repairer::drop(const PackMark& mark) {
    CATALOG_TRY_VOID(check_context());
    CATALOG_TRY_VOID(keep_aside(core_.options, mark.pack));
    CATALOG_TRY_VOID(core_.backend->remove_pack(mark.pack, losses_));
    CATALOG_TRY_VOID(commit({}));
    BackendChanges committed;
    committed.packs_removed.push_back(mark.pack);
    core_.backend->committed(committed);
    return {};
}

Result<void> Repairer::drop_index_files() {
    CATALOG_TRY(const BackendMarks marks, core_.marks(*core_.options.store->snapshot()));
    report_.indexes_dropped = marks.runs.size();
    if (marks.runs.empty()) return {};
    kv::WriteBatch batch;
    for (const RunMark& mark : marks.runs)
        batch.remove(core_.options.families.packs, run_key(mark.run));
    return commit(std::move(batch));
}

// A half that is missing is written again: removing a reference takes both at once.
Result<void> Repairer::mend_references() {
    const kv::Family family = core_.options.families.references;
    const auto snapshot = core_.options.store->snapshot();
    const auto references = snapshot->iterate(family);
    kv::WriteBatch batch;
    for (references->seek({}); references->valid(); references->next()) {
        CATALOG_TRY_VOID(check_context());
        const auto reference = decode_reference_key(references->key());
        if (!reference || reference->list) continue;
        for (std::string key : {owner_key(reference->owner, reference->object),
                                referrer_key(reference->object, reference->owner)}) {
            CATALOG_TRY(const auto there, snapshot->get(family, key));
            if (there) continue;
            batch.put(family, std::move(key), {});
            ++report_.references_mended;
        }
    }
    CATALOG_TRY_VOID(references->status());
    if (options_.dry_run || batch.empty()) return {};
    kv::Commit commit;
    commit.batch = std::move(batch);
    // A reference to an object that is not there is mended all the same: a source may have it.
    return core_.options.queue->submit(std::move(commit));
}

Result<std::optional<ObjectRecord>> Repairer::record_of(const ContentHash& id) const {
    CATALOG_TRY(const auto value,
                core_.options.store->get(core_.options.families.objects, hash_key(id)));
    if (!value) return std::nullopt;
    auto record = decode_object(id, *value);
    if (!record) return std::nullopt;
    return *std::move(record);
}

Result<void> Repairer::restore_objects() {
    std::uint64_t done = 0;
    for (const ContentHash& id : found_.hurt) {
        CATALOG_TRY_VOID(check_context());
        advance("objects", "objects", ++done, found_.hurt.size());
        CATALOG_TRY(bool whole, is_whole(id));
        // Of those whose index or reference was damaged, and of those that lacked the same chunk.
        if (whole) {
            report_.restored.push_back({id, {}});
            continue;
        }
        CATALOG_TRY(const auto record, record_of(id));
        const auto size = record ? std::optional(record->size) : std::nullopt;
        if (!record) {
            CATALOG_TRY(whole, restore_from_chunk(id));
            if (whole) report_.restored.push_back({id, {}});
        }
        for (ContentSource* const source : options_.sources) {
            if (whole) break;
            CATALOG_TRY(whole, restore_from(*source, id, size));
            if (whole) report_.restored.push_back({id, source->name()});
        }
        if (!whole) report_.hurt.push_back(id);
    }
    // What was restored for one may have been what another one lacked.
    std::vector<ContentHash> hurt;
    for (const ContentHash& id : report_.hurt) {
        CATALOG_TRY(const bool whole, is_whole(id));
        if (whole)
            report_.restored.push_back({id, {}});
        else
            hurt.push_back(id);
    }
    report_.hurt = std::move(hurt);
    std::ranges::sort(report_.restored, {}, &RestoredObject::id);
    return {};
}

// Reads it as anybody would who has a reference.
Result<bool> Repairer::is_whole(const ContentHash& id) {
    CATALOG_TRY(const auto record, record_of(id));
    if (!record) return false;
    return can_read(id, *record);
}

Result<bool> Repairer::can_read(const ContentHash& id, const ObjectRecord& record) {
    auto reader = readers_.take();
    const auto read = read_object(*reader, id, record, [&](ByteView) { return check_context(); });
    readers_.give_back(std::move(reader));
    if (read) return true;
    const Errc code = read.error().code();
    if (code == Errc::kContentNotFound || code == Errc::kContentCorrupted) return false;
    return fail(read.error());
}

// An object of one block has its chunk's name: a record that is lost says nothing else.
Result<bool> Repairer::restore_from_chunk(const ContentHash& id) {
    CATALOG_TRY(const auto entry, core_.backend->find(id));
    if (!entry || entry->location.plain_bytes > merkle::BlockTree::kBlockBytes) return false;
    const ObjectRecord record{entry->location.plain_bytes, {{id, entry->location.plain_bytes}}};
    CATALOG_TRY(const bool readable, can_read(id, record));
    if (!readable) return false;
    if (options_.dry_run) return true;
    kv::Commit commit;
    commit.batch.put(core_.options.families.objects, hash_key(id), encode_object(id, record));
    CATALOG_TRY_VOID(core_.options.queue->submit(std::move(commit)));
    return true;
}

void Repairer::refuse(const ContentHash& id, const ContentSource& source, const std::string& why) {
    if (report_.refused.size() < kDamagesMax) report_.refused.push_back({id, source.name(), why});
}

Result<bool> Repairer::restore_from(ContentSource& source, const ContentHash& id,
                                    std::optional<std::uint64_t> size) {
    const auto opened = source.open(id, size, context_);
    if (!opened) {
        if (is_interruption(opened.error())) return fail(opened.error());
        if (opened.error().code() != Errc::kContentNotFound)
            refuse(id, source, opened.error().to_string());
        return false;
    }
    std::optional<Error> failure;  // Of the source, not of this store.
    std::uint64_t seen = 0;
    const std::uint64_t bytes_max = size.value_or(core_.options.object_bytes_max);
    const ByteSource bounded = [&](std::span<std::byte> out) -> Result<std::size_t> {
        CATALOG_TRY_VOID(check_context());
        auto count = (*opened)(out);
        if (count && *count > bytes_max - seen)
            count = fail(Errc::kContentCorrupted, "it gives more bytes than the object has");
        if (!count) {
            failure = count.error();
            return count;
        }
        seen += *count;
        return count;
    };
    const auto give_up = [&](const Error& error) -> Result<bool> {
        if (!failure || is_interruption(error)) return fail(error);
        refuse(id, source, failure->to_string());
        return false;
    };
    if (options_.dry_run) {
        const auto info = identify(bounded);
        if (!info) return give_up(info.error());
        if (info->id != id) refuse(id, source, "it gives other bytes");
        return info->id == id;
    }
    CATALOG_TRY(const auto session, make_transaction(core_));
    const auto info = session->put(bounded);
    if (!info) return give_up(info.error());
    if (info->id != id) {
        refuse(id, source, "it gives other bytes");
        return false;
    }
    kv::Commit commit;
    CATALOG_TRY_VOID(session->stage(commit.batch));
    CATALOG_TRY_VOID(core_.options.queue->submit(std::move(commit)));
    // Chunks that were there already may be what is damaged.
    return is_whole(id);
}

}  // namespace

Result<RepairReport> repair_content(const ContentCore& core, const RepairOptions& options,
                                    const CallContext& context) {
    return Repairer(core, options, context).run();
}

}  // namespace catalog::content
