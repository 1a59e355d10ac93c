// Concurrent mark and sweep. The order of things is what keeps everything that is needed:
//
// 1. Writers tell the collection which chunks they need, from the first line on (ChunkKeeper).
// 2. Chunks under way are waited for: their bases were chosen before. Then the index is loaded.
// 3. An empty commit waits for the batches that were checked before 1.
// 4. What open sessions need is marked, then what the needed objects of a snapshot need: those that
//    are referenced, and those that referenced lists name. Who committed before is in the snapshot,
//    who did not is a session, or tells when he does.
// 5. Records of objects that nobody needs go. The commit itself looks again (settle_objects).
// 6. Pack by pack: it is condemned, what is needed of it is copied, and one batch makes the copies
//    durable and drops it.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <set>
#include <utility>

#include "content_core.hpp"
#include "live_objects.hpp"
#include "record_copier.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kSweepSlice = 4096;  // Records of objects in one batch.

class Collector {
public:
    Collector(const ContentCore& core, const CollectOptions& options, const CallContext& context,
              PackRewriter* rewriter)
        : core_(core), options_(options), context_(context), rewriter_(rewriter) {}

    Result<CollectReport> run() {
        if (!core_.keeper->begin(collection_))
            return fail(Error(Errc::kBusy, "the content store is being collected already")
                            .with_hint("wait until that has ended"));
        auto done = collect();
        core_.keeper->end();
        if (!done) return fail(done.error());
        return report_;
    }

private:
    class PackCopy;
    struct Candidate {
        PackMark mark;
        std::uint64_t live = 0;  // Bytes that were needed when it was chosen.
    };

    std::uint64_t data_bytes(const PackMark& mark) const;
    Result<void> check_context() const { return context_.check(*core_.options.clock); }
    void advance(std::string_view phase, std::string_view unit, std::uint64_t done,
                 std::uint64_t total) const {
        context_.report({"collect", phase, unit, done, total});
    }
    Result<void> commit_marks();
    Result<void> collect();
    Result<void> prepare();
    Result<void> mark();
    Result<void> mark_object(const ContentHash& id, std::string_view record);
    Result<void> sweep_objects();
    Result<void> sweep(std::vector<ContentHash>& ids);
    Result<void> sweep_packs();
    std::vector<Candidate> choose_rewrites(std::vector<Candidate> candidates);
    Result<bool> remove(const PackMark& mark, bool may_copy);
    Result<bool> remove_condemned(const PackMark& mark, std::uint64_t length,
                                  const Collection::PackCount& needed);
    void count_removed(const PackMark& mark, std::uint64_t rewritten);

    const ContentCore& core_;
    const CollectOptions& options_;
    const CallContext& context_;
    PackRewriter* const rewriter_;  // Null: records are copied as they are.
    const std::shared_ptr<Collection> collection_ = std::make_shared<Collection>();
    const std::uint64_t losses_ = core_.backend->losses();
    CollectReport report_;
    BackendMarks marks_;  // Of packs that may go.
    std::shared_ptr<const kv::Snapshot> snapshot_;
    std::vector<ContentHash> session_objects_;
    LiveObjects needed_;  // Of the snapshot.
    std::uint64_t bytes_removed_ = 0;
    std::set<PackId> damaged_;
};

// Copies what is needed of a pack.
class Collector::PackCopy final : public PackVisitor {
public:
    explicit PackCopy(const Collector& run) : run_(run), copier_(run.core_) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView payload) override {
        CATALOG_TRY_VOID(run_.check_context());
        const ChunkId index_id = run_.core_.backend->index_id(header.id);
        if (!run_.collection_->take(index_id, location.pack)) return {};
        if (run_.rewriter_ != nullptr)
            return note(run_.rewriter_->rewrite(
                {header, payload, location.pack},
                run_.collection_->is_base_elsewhere(index_id, location.pack)));
        const auto copied = copier_.append({header, payload, location.pack});
        if (!copied) return note(fail(copied.error()));
        bytes_ += run_.core_.backend->bytes_of(copied->stored_bytes);
        return {};
    }
    Result<void> damage(PackId, std::uint64_t, std::uint64_t, const std::string&) override {
        damaged_ = true;
        return run_.check_context();
    }

    Result<void> finish() {
        if (run_.rewriter_ == nullptr) return {};
        CATALOG_TRY(const std::uint64_t bytes, run_.rewriter_->finish_pack());
        bytes_ += bytes;
        return {};
    }

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] bool met_damage() const { return damaged_; }
    [[nodiscard]] bool is_unreadable() const { return unreadable_; }

private:
    // What cannot be read cannot be written in another form: the pack stays.
    Result<void> note(Result<void> written) {
        if (written || written.error().code() != Errc::kContentCorrupted) return written;
        unreadable_ = true;
        return {};
    }

    const Collector& run_;
    RecordCopier copier_;
    std::uint64_t bytes_ = 0;
    bool damaged_ = false;
    bool unreadable_ = false;
};

// Bytes of records that hold chunks, or did.
std::uint64_t Collector::data_bytes(const PackMark& mark) const {
    const std::uint64_t end =
        mark.index_offset != 0 ? mark.index_offset - kRecordHeaderBytes : mark.bytes;
    std::uint64_t begin = kPackHeaderBytes;
    if (const auto dictionary = core_.backend->dictionary_of(mark.pack); dictionary && *dictionary)
        begin += (*dictionary)->record_bytes;
    return end - std::min(end, begin);
}

Result<void> Collector::collect() {
    CATALOG_TRY_VOID(check_context());
    CATALOG_TRY_VOID(prepare());
    CATALOG_TRY_VOID(mark());
    report_.chunks_dead = collection_->dead();
    CATALOG_TRY_VOID(sweep_objects());
    CATALOG_TRY_VOID(sweep_packs());
    report_.bytes_freed = bytes_removed_ - std::min(bytes_removed_, report_.bytes_rewritten);
    return {};
}

// A batch that the hook adds to whatever the backend wants committed.
Result<void> Collector::commit_marks() {
    kv::Commit commit;
    if (!options_.dry_run)
        commit.batch.put(core_.options.families.packs, last_pack_key(),
                         encode_last_pack(marks_.last_pack));
    return core_.options.queue->submit(std::move(commit));
}

Result<void> Collector::prepare() {
    CATALOG_TRY(marks_, core_.marks(*core_.options.store->snapshot()));
    // The number of a pack that goes is never used again: readers in other processes may still
    // know it.
    for (const PackMark& mark : marks_.packs)
        marks_.last_pack = std::max(marks_.last_pack, mark.pack);
    CATALOG_TRY_VOID(commit_marks());
    const PackId last = marks_.last_pack;
    CATALOG_TRY(marks_, core_.marks(*core_.options.store->snapshot()));
    marks_.last_pack = last;
    std::erase_if(marks_.packs, [&](const PackMark& mark) { return mark.pack > last; });
    if (rewriter_ != nullptr) rewriter_->begin(last);
    std::set<PackId> growing;
    for (const PackMark& mark : marks_.packs)
        if (!mark.sealed) growing.insert(mark.pack);
    core_.pipeline->drain();
    return collection_->load(*core_.backend, std::move(growing));
}

Result<void> Collector::mark_object(const ContentHash& id, std::string_view record) {
    CATALOG_TRY(const ObjectRecord object, decode_object(id, record));
    for (const ChunkRef& chunk : object.chunks) {
        if (collection_->mark(prefix_of(core_.backend->index_id(chunk.id)))) continue;
        CATALOG_TRY(const auto found, core_.backend->find(chunk.id));
        if (found) continue;
        // What looks empty may be a pack that somebody moved away and puts back.
        return fail(Errc::kContentCorrupted, "a chunk that an object needs is missing",
                    CorruptionDetail{chunk.id.to_string(), {}, {id.to_string()}});
    }
    return {};
}

Result<void> Collector::mark() {
    core_.sessions->for_each_chunk([&](ChunkPrefix chunk) { collection_->mark(chunk); });
    session_objects_ = core_.sessions->objects();
    snapshot_ = core_.options.store->snapshot();
    for (const ContentHash& id : session_objects_) {
        CATALOG_TRY(const auto record,
                    snapshot_->get(core_.options.families.objects, hash_key(id)));
        if (record) CATALOG_TRY_VOID(mark_object(id, *record));
    }
    CATALOG_TRY(needed_, LiveObjects::find(core_, *snapshot_, [&] { return check_context(); }));
    std::uint64_t objects = 0;
    const auto mark_one = [&](const ContentHash& id, std::string_view value) -> Result<void> {
        if (!needed_.contains(id)) return {};
        if (objects % kSweepSlice == 0) CATALOG_TRY_VOID(check_context());
        advance("mark", "objects", ++objects, 0);
        auto marked = mark_object(id, value);
        if (marked) return {};
        return fail(marked.error()
                        .with_input("object " + id.to_string())
                        .with_hint("repair the store before its space is reclaimed"));
    };
    return for_each_object(core_, *snapshot_, mark_one);
}

Result<void> Collector::sweep_objects() {
    const auto objects = snapshot_->iterate(core_.options.families.objects);
    std::vector<ContentHash> ids;
    for (objects->seek({}); objects->valid(); objects->next()) {
        CATALOG_TRY(const ContentHash id, decode_hash_key(objects->key()));
        if (needed_.contains(id) || collection_->keeps_object(id) ||
            std::ranges::binary_search(session_objects_, id))
            continue;
        ids.push_back(id);
        if (ids.size() == kSweepSlice) CATALOG_TRY_VOID(sweep(ids));
    }
    CATALOG_TRY_VOID(objects->status());
    return sweep(ids);
}

Result<void> Collector::sweep(std::vector<ContentHash>& ids) {
    CATALOG_TRY_VOID(check_context());
    if (ids.empty()) return {};
    kv::Commit commit;
    for (const ContentHash& id : ids)
        commit.batch.remove(core_.options.families.objects, hash_key(id));
    if (!options_.dry_run) CATALOG_TRY_VOID(core_.options.queue->submit(std::move(commit)));
    report_.objects_removed += ids.size();
    ids.clear();
    advance("objects", "objects", report_.objects_removed, 0);
    return {};
}

Result<void> Collector::sweep_packs() {
    // Those that need no room for copies first, so that a full disk gets some. Deltas go before
    // their bases.
    std::vector<Candidate> rest;
    std::set<PackId> gone;
    std::set<PackId> tried;
    std::uint64_t done = 0;
    const auto try_remove = [&](const PackMark& mark, bool may_copy) -> Result<bool> {
        CATALOG_TRY(const bool removed, remove(mark, may_copy));
        if (removed) {
            gone.insert(mark.pack);
            advance("packs", "packs", ++done, marks_.packs.size());
        }
        return removed;
    };
    // The next record may go into it.
    const auto is_begun_only = [&](const PackMark& mark) {
        return !mark.sealed && data_bytes(mark) == 0 &&
               (rewriter_ == nullptr || !rewriter_->wants(mark));
    };
    const auto is_empty = [&](const PackMark& mark) {
        return collection_->count(mark.pack).chunks == 0 &&
               !collection_->is_started_from(mark.pack);
    };
    for (bool again = true; std::exchange(again, false);) {
        for (auto mark = marks_.packs.rbegin(); mark != marks_.packs.rend(); ++mark) {
            if (is_begun_only(*mark)) continue;
            if (tried.contains(mark->pack) || !is_empty(*mark)) continue;
            tried.insert(mark->pack);
            CATALOG_TRY(const bool removed, try_remove(*mark, false));
            again = again || removed;
        }
    }
    for (const PackMark& mark : marks_.packs)
        if (!gone.contains(mark.pack) && !damaged_.contains(mark.pack) && !is_begun_only(mark))
            rest.push_back({mark, collection_->count(mark.pack).bytes});
    for (const Candidate& chosen : choose_rewrites(std::move(rest)))
        CATALOG_TRY_VOID(try_remove(chosen.mark, true));
    report_.packs_damaged = damaged_.size();
    for (const PackMark& mark : marks_.packs) {
        if (gone.contains(mark.pack)) continue;
        const std::uint64_t data = data_bytes(mark);
        report_.dead_bytes_left += data - std::min(data, collection_->count(mark.pack).bytes);
    }
    return {};
}

std::vector<Collector::Candidate> Collector::choose_rewrites(std::vector<Candidate> candidates) {
    const auto is_wanted = [this](const Candidate& each) {
        return rewriter_ != nullptr && rewriter_->wants(each.mark);
    };
    const auto share = [this](const Candidate& each) {
        const auto data = static_cast<double>(data_bytes(each.mark));
        return data == 0 ? 1.0 : static_cast<double>(each.live) / data;
    };
    std::erase_if(candidates, [&](const Candidate& each) {
        return each.live != 0 && share(each) >= options_.live_share_min && !is_wanted(each);
    });
    if (rewriter_ != nullptr)
        std::ranges::sort(candidates, std::ranges::greater(),
                          [](const Candidate& each) { return each.mark.pack; });
    else
        std::ranges::sort(candidates, {}, [&](const Candidate& each) {
            return std::pair(share(each), each.mark.pack);
        });
    std::uint64_t left = options_.rewrite_bytes_max;
    std::erase_if(candidates, [&](const Candidate& each) {
        if (each.live > left) return true;
        left -= each.live;
        return false;
    });
    std::ranges::sort(candidates, std::ranges::greater(),
                      [](const Candidate& each) { return each.mark.pack; });
    return candidates;
}

// Returns whether the pack is gone.
Result<bool> Collector::remove(const PackMark& mark, bool may_copy) {
    CATALOG_TRY_VOID(check_context());
    if (const auto header = core_.backend->inspect(mark); !header) {
        if (header.error().code() != Errc::kContentCorrupted) return fail(header.error());
        damaged_.insert(mark.pack);
        return false;
    }
    const std::uint64_t budget = options_.rewrite_bytes_max - report_.bytes_rewritten;
    const auto is_allowed = [&](const Collection::PackCount& needed) {
        return needed.chunks == 0 || (may_copy && needed.bytes <= budget);
    };
    if (options_.dry_run) {
        const auto needed = collection_->condemn(mark.pack, nullptr);
        if (is_allowed(needed)) {
            collection_->removed(mark.pack);
            count_removed(mark, needed.bytes);
            return true;
        }
        collection_->pardon(mark.pack, nullptr);
        return false;
    }
    std::uint64_t length = mark.bytes;
    if (!mark.sealed) {
        CATALOG_TRY(length, core_.backend->seal(mark.pack));
    }
    const auto needed = collection_->condemn(mark.pack, core_.backend.get());
    Result<bool> removed = false;
    if (is_allowed(needed)) removed = remove_condemned(mark, length, needed);
    if (removed && *removed) {
        collection_->removed(mark.pack);
        return true;
    }
    collection_->pardon(mark.pack, core_.backend.get());
    return removed;
}

Result<bool> Collector::remove_condemned(const PackMark& mark, std::uint64_t length,
                                         const Collection::PackCount& needed) {
    PackCopy copy(*this);
    // A pack that grew until now may hold more than is known.
    if (needed.chunks != 0 || !mark.sealed) {
        PackMark whole = mark;
        whole.bytes = length;
        if (rewriter_ != nullptr) CATALOG_TRY_VOID(rewriter_->begin_pack(mark));
        const auto scanned = core_.backend->scan(whole, copy);
        CATALOG_TRY_VOID(copy.finish());
        if (!scanned) return fail(scanned.error());
        if (collection_->taken(mark.pack) != needed.chunks || copy.is_unreadable() ||
            (!mark.sealed && copy.met_damage())) {
            damaged_.insert(mark.pack);
            return false;
        }
    }
    CATALOG_TRY_VOID(core_.backend->remove_pack(mark.pack, losses_));
    CATALOG_TRY_VOID(commit_marks());
    BackendChanges committed;
    committed.packs_removed.push_back(mark.pack);
    core_.backend->committed(committed);
    count_removed(mark, copy.bytes());
    return true;
}

void Collector::count_removed(const PackMark& mark, std::uint64_t rewritten) {
    bytes_removed_ += mark.bytes;
    report_.bytes_rewritten += rewritten;
    ++(rewritten == 0 ? report_.packs_removed : report_.packs_rewritten);
}

}  // namespace

Result<CollectReport> collect_content(const ContentCore& core, const CollectOptions& options,
                                      const CallContext& context, PackRewriter* rewriter) {
    if (!(options.live_share_min >= 0) || options.live_share_min > 1)
        return fail(Errc::kInvalidArgument,
                    "the smallest share of needed bytes of a pack is from 0 to 1");
    return Collector(core, options, context, rewriter).run();
}

}  // namespace catalog::content
