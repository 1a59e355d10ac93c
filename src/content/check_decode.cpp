#include "check_decode.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <tuple>
#include <utility>

#include "catalog/merkle/hash_batch.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kTreeBlockBytes = merkle::BlockTree::kBlockBytes;
// Bytes that are hashed together: so many that all lanes are busy nearly to the end.
constexpr std::size_t kTogetherBytes = 4u << 20;
constexpr std::size_t kTogetherMax = 512;
// What one task of the executor does at least: objects that share chunks stay together up to the
// second length.
constexpr std::uint64_t kSliceBytes = 8u << 20;
constexpr std::uint64_t kSliceBytesMax = 32u << 20;
constexpr std::size_t kSliceRecords = 512;
constexpr int kAgainMax = 2;  // How often a record is decoded again before it counts as damaged.

}  // namespace

// Decodes chunks and hashes them together with the blocks of objects. One thread.
class CheckDecode::Worker {
public:
    explicit Worker(CheckDecode& run)
        : run_(run), decoder_(*run.core_.backend, run.chunks_), open_(1) {}

    // Adds the chunks and blocks of an object.
    Result<void> add_root(const Root& root, std::span<const IndexEntry> chunks) {
        open_.back() = OpenRoot{&root, {}, false};
        for (const IndexEntry& entry : chunks) {
            CATALOG_TRY_VOID(run_.check_context());
            CATALOG_TRY(const auto chunk, load(entry));
            if (!chunk) {
                open_.back().unreadable = true;
                break;
            }
            CATALOG_TRY_VOID(add_blocks(chunk));
        }
        if (!open_.back().unreadable && partial_) CATALOG_TRY_VOID(add_block(partial_, *partial_));
        partial_.reset();
        open_.emplace_back();
        return {};
    }

    // Adds a record that no object of several blocks needs.
    Result<void> add_record(const ChunkLocation& location) {
        auto loaded = load_at(location);
        if (!loaded) return failed(location, loaded.error(), nullptr);
        return add_chunk(loaded->id, location, loaded->chunk);
    }

    // Hashes what was added and looks at the digests.
    Result<void> flush() {
        hashing_.hash(tasks_);
        for (std::size_t i = 0; i < tasks_.size(); ++i) {
            const Pending& pending = pending_[i];
            if (pending.is_block)
                open_[pending.root].tree.append(tasks_[i].digest);
            else if (tasks_[i].digest != pending.id)
                CATALOG_TRY_VOID(wrong_chunk(pending, tasks_[i].digest));
        }
        tasks_.clear();
        pending_.clear();
        bytes_ = 0;
        // The last one may still get blocks.
        for (std::size_t i = 0; i + 1 < open_.size(); ++i) end_root(open_[i]);
        open_.erase(open_.begin(), open_.end() - 1);
        return {};
    }

private:
    struct OpenRoot {
        const Root* root = nullptr;
        merkle::Frontier tree;
        bool unreadable = false;
    };
    // What a task is about.
    struct Pending {
        bool is_block = false;
        std::size_t root = 0;
        ChunkId id;
        ChunkLocation location;
        std::shared_ptr<const Bytes> bytes;
    };

    // A delta's base may be moved by a collection between two steps, which is no damage.
    Result<ChunkDecoder::Loaded> load_at(const ChunkLocation& location) {
        auto loaded = decoder_.load_at(location);
        for (int again = 0; again < kAgainMax && !loaded; ++again) {
            if (loaded.error().code() != Errc::kContentCorrupted) break;
            loaded = decoder_.load_at(location);
        }
        return loaded;
    }

    // Returns nothing for a chunk that cannot be decoded.
    Result<std::shared_ptr<const Bytes>> load(const IndexEntry& entry) {
        std::optional<BaseChunk> chunk = run_.chunks_->find(entry.id);
        if (!chunk) {
            auto loaded = load_at(entry.location);
            // Records that hold another chunk are told of when the index is looked at.
            if (loaded && loaded->id != entry.id) return nullptr;
            if (!loaded) {
                CATALOG_TRY_VOID(failed(entry.location, loaded.error(), &entry.id));
                return nullptr;
            }
            chunk = std::move(loaded->chunk);
        }
        CATALOG_TRY_VOID(add_chunk(entry.id, entry.location, *chunk));
        return std::move(chunk->plain);
    }

    Result<void> add_chunk(const ChunkId& id, const ChunkLocation& location,
                           const BaseChunk& chunk) {
        if (!run_.mark(id, location)) return {};
        run_.progress_.advance(run_.core_.backend->bytes_of(location.stored_bytes));
        const auto as = chunk.id_rule == IdRule::kLeaf ? merkle::HashTask::As::kLeaf
                                                       : merkle::HashTask::As::kBytes;
        return add_task({*chunk.plain, as, {}}, {false, 0, id, location, chunk.plain});
    }

    Result<void> add_blocks(const std::shared_ptr<const Bytes>& chunk) {
        ByteView rest = *chunk;
        if (partial_) {
            const std::size_t taken = std::min(kTreeBlockBytes - partial_->size(), rest.size());
            partial_->insert(partial_->end(), rest.begin(),
                             rest.begin() + static_cast<std::ptrdiff_t>(taken));
            rest = rest.subspan(taken);
            if (partial_->size() < kTreeBlockBytes) return {};
            CATALOG_TRY_VOID(add_block(partial_, *partial_));
            partial_.reset();
        }
        for (; rest.size() >= kTreeBlockBytes; rest = rest.subspan(kTreeBlockBytes))
            CATALOG_TRY_VOID(add_block(chunk, rest.first(kTreeBlockBytes)));
        if (rest.empty()) return {};
        partial_ = run_.chunks_->buffer(kTreeBlockBytes);
        partial_->assign(rest.begin(), rest.end());
        return {};
    }

    Result<void> add_block(std::shared_ptr<const Bytes> keeper, ByteView block) {
        return add_task({block, merkle::HashTask::As::kLeaf, {}},
                        {true, open_.size() - 1, {}, {}, std::move(keeper)});
    }

    Result<void> add_task(const merkle::HashTask& task, Pending pending) {
        tasks_.push_back(task);
        pending_.push_back(std::move(pending));
        bytes_ += task.bytes.size();
        if (bytes_ < kTogetherBytes && tasks_.size() < kTogetherMax) return {};
        CATALOG_TRY_VOID(flush());
        return {};
    }

    Result<void> failed(const ChunkLocation& location, const Error& error, const ChunkId* id) {
        if (error.code() != Errc::kContentCorrupted) return fail(error);
        CATALOG_TRY(const bool gone, run_.is_gone(location.pack));
        if (gone || run_.packs_.damaged.find(location)) return {};
        // One that several objects need is told of once.
        if (id != nullptr && !run_.mark(*id, location)) return {};
        run_.add_damage(location, error.to_string());
        return {};
    }

    Result<void> wrong_chunk(const Pending& pending, const ChunkId& actual) {
        CATALOG_TRY(const bool gone, run_.is_gone(pending.location.pack));
        if (gone) return {};
        const Error error(Errc::kContentCorrupted, "chunk does not match its digest",
                          CorruptionDetail{pending.id.to_string(), actual.to_string(), {}});
        run_.add_damage(pending.location, error.to_string());
        return {};
    }

    void end_root(const OpenRoot& open) {
        if (!open.unreadable && open.tree.root() == open.root->id) return;
        const internal::MutexLock lock(run_.mutex_);
        run_.doubtful_.push_back(open.root);
    }

    CheckDecode& run_;
    ChunkDecoder decoder_;
    std::vector<OpenRoot> open_;  ///< The last one is being filled, or is none.
    std::shared_ptr<Bytes> partial_;
    std::vector<merkle::HashTask> tasks_;
    LongestFirst hashing_;
    std::vector<Pending> pending_;
    std::size_t bytes_ = 0;
};

// Says that a chunk is looked after; false when it was before.
bool CheckDecode::mark(const ChunkId& id, const ChunkLocation& location) {
    const auto pack = packs_.records.find(location.pack);
    // What came after the packs were looked at is hashed whenever it is met.
    if (pack == packs_.records.end()) return true;
    const auto ordinal = pack->second.find(core_.backend->index_id(id), location);
    return !ordinal || pack->second.mark(*ordinal);
}

CheckDecode::CheckDecode(const ContentCore& core, const kv::Snapshot& snapshot, CheckedPacks& packs,
                         DamageReport& report, PhaseProgress& progress, const CallContext& context)
    : core_(core),
      snapshot_(snapshot),
      packs_(packs),
      report_(report),
      progress_(progress),
      context_(context),
      chunks_(std::make_shared<BaseCache>(kChunksBytesMax)),
      readers_(core) {}

Result<void> CheckDecode::check_context() const { return context_.check(*core_.options.clock); }

Result<bool> CheckDecode::is_gone(PackId pack) const {
    CATALOG_TRY(const auto mark,
                core_.options.store->get(core_.options.families.packs, pack_key(pack)));
    return !mark.has_value();
}

// Tells of an entry that leads to where no such record was seen: that is told of when the index is
// looked at, and is no damage to the records that stand there.
bool CheckDecode::is_wrong(const ChunkId& id, const ChunkLocation& location) const {
    const auto pack = packs_.records.find(location.pack);
    return pack != packs_.records.end() &&
           !pack->second.find(core_.backend->index_id(id), location);
}

void CheckDecode::add_damage(const ChunkLocation& location, const std::string& what) {
    const std::uint64_t bytes = core_.backend->bytes_of(location.stored_bytes);
    packs_.damaged.add(
        location.pack, location.offset, bytes,
        report_.add(place_of(location), what + " (" + std::to_string(bytes) + " bytes)"));
}

Result<void> CheckDecode::run(const std::function<Result<void>(PackId)>& reached) {
    auto pack = packs_.records.begin();
    for (PackId after{}; pack != packs_.records.end();) {
        CATALOG_TRY(const PackId end, collect(after));
        for (; pack != packs_.records.end() && pack->first < end; ++pack) {
            after = pack->first;
            if (const auto bucket = buckets_.find(after); bucket != buckets_.end()) {
                CATALOG_TRY_VOID(check_roots(bucket->second));
                buckets_.erase(bucket);
            }
            CATALOG_TRY_VOID(check_rest(after, pack->second));
            CATALOG_TRY_VOID(reached(after));
        }
    }
    return {};
}

// Fills the buckets of as many packs behind `after` as there is room for, and returns the first
// pack that there was none for.
Result<PackId> CheckDecode::collect(PackId after) {
    PackId end{~std::uint32_t{0}};
    buckets_.clear();
    bytes_ = 0;
    const auto add = [&](const ContentHash& id, std::string_view value) -> Result<void> {
        CATALOG_TRY_VOID(check_context());
        return collect_object(id, value, after, end);
    };
    CATALOG_TRY_VOID(for_each_object(core_, snapshot_, add));
    return end;
}

Result<void> CheckDecode::collect_object(const ContentHash& id, std::string_view value,
                                         PackId after, PackId& end) {
    const auto record = decode_object(id, value);
    // Told of when the objects are looked at.
    if (!record || record->chunks.empty()) return {};
    if (record->chunks.size() == 1 && record->size <= kTreeBlockBytes &&
        record->chunks.front().id == id)
        return {};
    std::vector<IndexEntry> entries;
    entries.reserve(record->chunks.size());
    Place first{end, 0};
    for (const ChunkRef& chunk : record->chunks) {
        CATALOG_TRY(const auto entry, core_.find_chunk(chunk.id));
        if (!entry || entry->location.plain_bytes != chunk.bytes ||
            packs_.damaged.find(entry->location) || is_wrong(chunk.id, entry->location))
            return {};
        first = std::min(first, {entry->location.pack, entry->location.offset});
        entries.push_back({chunk.id, entry->location, entry->codec});
    }
    if (first.first <= after || first.first >= end) return {};
    Bucket& bucket = buckets_[first.first];
    bucket.roots.push_back({id, record->size, row_of(entries.front()), first.second,
                            bucket.chunks.size(), entries.size()});
    bucket.chunks.insert(bucket.chunks.end(), entries.begin(), entries.end());
    bytes_ += sizeof(Root) + entries.size() * sizeof(IndexEntry);
    while (bytes_ > kObjectsBytesMax && buckets_.size() > 1) {
        const auto last = std::prev(buckets_.end());
        end = last->first;
        bytes_ -= last->second.roots.size() * sizeof(Root) +
                  last->second.chunks.size() * sizeof(IndexEntry);
        buckets_.erase(last);
    }
    return {};
}

// What cannot be told, for damage for example, decides the order alone.
CheckDecode::Place CheckDecode::row_of(const IndexEntry& chunk) const {
    IndexEntry at = chunk;
    for (std::size_t links = 0; at.codec == Codec::kDelta && links < kDeltaDepthMax; ++links) {
        const auto base = core_.backend->base_of(at.location);
        if (!base) break;
        const auto found = core_.find_chunk(*base);
        const std::optional<IndexEntry> entry = found ? *found : std::nullopt;
        if (!entry) break;
        at = *entry;
    }
    return {at.location.pack, at.location.offset};
}

Result<void> CheckDecode::check_roots(Bucket& bucket) {
    std::ranges::sort(bucket.roots, {}, [](const Root& root) {
        return std::tuple(root.row, root.first_place, root.id);
    });
    std::vector<std::size_t> begins;
    std::uint64_t bytes = kSliceBytesMax;
    for (std::size_t i = 0; i < bucket.roots.size(); ++i) {
        const bool shares = i != 0 && bucket.roots[i].row == bucket.roots[i - 1].row;
        if (bytes >= (shares ? kSliceBytesMax : kSliceBytes)) {
            begins.push_back(i);
            bytes = 0;
        }
        bytes += bucket.roots[i].size;
    }
    begins.push_back(bucket.roots.size());
    const auto check_slice = [&](std::size_t slice) -> Result<void> {
        Worker worker(*this);
        for (std::size_t i = begins[slice]; i < begins[slice + 1]; ++i) {
            const Root& root = bucket.roots[i];
            CATALOG_TRY_VOID(worker.add_root(
                root, std::span(bucket.chunks).subspan(root.first_chunk, root.chunks)));
        }
        return worker.flush();
    };
    CATALOG_TRY_VOID(parallel_for(*core_.options.executor, begins.size() - 1, check_slice));
    // Only now every chunk that is damaged is known to be.
    std::vector<const Root*> doubtful;
    {
        const internal::MutexLock lock(mutex_);
        doubtful.swap(doubtful_);
    }
    std::ranges::sort(doubtful, {}, [](const Root* root) { return root->id; });
    for (const Root* root : doubtful) CATALOG_TRY_VOID(check_again(*root));
    return {};
}

Result<void> CheckDecode::check_rest(PackId pack, CheckRecords& records) {
    const std::size_t slices = (records.size() + kSliceRecords - 1) / kSliceRecords;
    return parallel_for(*core_.options.executor, slices, [&](std::size_t slice) -> Result<void> {
        Worker worker(*this);
        const std::size_t end = std::min(records.size(), (slice + 1) * kSliceRecords);
        for (std::size_t i = slice * kSliceRecords; i < end; ++i) {
            if (records.is_marked(i)) continue;
            CATALOG_TRY_VOID(check_context());
            CATALOG_TRY_VOID(worker.add_record(records.location(pack, i)));
        }
        return worker.flush();
    });
}

// Reads an object as a reader would: chunks may have been moved meanwhile.
Result<void> CheckDecode::check_again(const Root& root) {
    CATALOG_TRY(const auto value, snapshot_.get(core_.options.families.objects, hash_key(root.id)));
    if (!value) return {};
    const auto record = decode_object(root.id, *value);
    if (!record) return {};
    auto reader = readers_.take();
    const auto read =
        read_object(*reader, root.id, *record, [&](ByteView) { return check_context(); });
    readers_.give_back(std::move(reader));
    if (read || read.error().code() == Errc::kContentNotFound) return {};
    if (read.error().code() != Errc::kContentCorrupted) return fail(read.error());
    // Damage that was told of already names its objects when they are looked at.
    for (const ChunkRef& chunk : record->chunks) {
        CATALOG_TRY(const auto entry, core_.find_chunk(chunk.id));
        if (!entry || packs_.damaged.find(entry->location)) return {};
    }
    report_.add_object(report_.add("object " + root.id.to_string(), read.error().to_string()),
                       root.id);
    return {};
}

}  // namespace catalog::content
