// Several chunks for somebody who holds them all: raw ones where they lie, others decoded into
// buffers of their own. What is not yet verified is hashed in all lanes at once.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "content_core.hpp"
#include "longest_first.hpp"

namespace catalog::content {
namespace {

// What one thread takes at a time: enough for all lanes.
constexpr std::size_t kGroupMax = 32;
// Bytes that are hashed together, so few that they are still in the cache.
constexpr std::size_t kTogetherBytes = 1u << 20;

// Of a range, chunks that are read before the first of them is given.
constexpr std::size_t kRangeChunks = 16;

class ChunkBatch {
public:
    ChunkBatch(const ContentCore& core, ReaderPool& readers, RecentChunks& recent,
               std::span<const WantedChunk> wanted, bool may_map, const CallContext& context)
        : core_(core),
          readers_(readers),
          recent_(recent),
          wanted_(wanted),
          may_map_(may_map),
          context_(context),
          loaded_(wanted.size()) {}

    Result<std::vector<PinnedChunk>> load() {
        const std::size_t groups = (wanted_.size() + kGroupMax - 1) / kGroupMax;
        CATALOG_TRY_VOID(parallel_for(*core_.options.executor, groups, [&](std::size_t group) {
            const std::size_t begin = group * kGroupMax;
            return load_group(begin, std::min(begin + kGroupMax, wanted_.size()));
        }));
        return std::move(loaded_);
    }

private:
    // A chunk that is to be decoded.
    struct Pending {
        std::size_t index = 0;
        ChunkLocation location;
    };
    // One that is decoded and not yet hashed.
    struct Decoded {
        std::size_t index = 0;
        std::shared_ptr<const Bytes> buffer;
        SourceMark source = SourceMark::kNone;
    };

    [[nodiscard]] const ChunkRef& chunk(std::size_t index) const { return *wanted_[index].chunk; }

    Result<void> load_group(std::size_t begin, std::size_t end) {
        std::vector<Pending> pending;
        std::vector<Pending> raw;
        for (std::size_t i = begin; i < end; ++i) {
            CATALOG_TRY_VOID(context_.check(*core_.options.clock));
            CATALOG_TRY(const auto entry, core_.find_chunk(chunk(i).id));
            const bool fits = entry && entry->location.plain_bytes == chunk(i).bytes;
            const bool is_raw = may_map_ && fits && entry->codec == Codec::kRaw;
            (is_raw ? raw : pending).push_back({i, entry ? entry->location : ChunkLocation()});
        }
        map(raw, pending);
        // Deltas lie behind their bases, and those of one base near each other.
        std::ranges::sort(pending, {}, [&](const Pending& each) {
            return std::tie(each.location.pack, each.location.offset, each.index);
        });
        auto reader = readers_.take();
        auto done = decode(*reader, pending);
        readers_.give_back(std::move(reader));
        return done;
    }

    // Adds to `pending` what cannot be had in this way.
    void map(const std::vector<Pending>& raw, std::vector<Pending>& pending) {
        if (raw.empty()) return;
        std::vector<ChunkLocation> locations;
        locations.reserve(raw.size());
        for (const Pending& each : raw) locations.push_back(each.location);
        auto mapped = core_.backend->map_chunks(locations);
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const std::size_t index = raw[i].index;
            if (mapped[i] && mapped[i]->id == chunk(index).id)
                loaded_[index] = {mapped[i]->bytes, std::move(mapped[i]->keeper)};
            else
                pending.push_back(raw[i]);
        }
    }

    Result<void> decode(ChunkReader& reader, const std::vector<Pending>& pending) {
        std::vector<Decoded> decoded;
        std::vector<merkle::HashTask> tasks;
        std::size_t bytes = 0;
        const Pending* before = nullptr;
        std::vector<std::pair<std::size_t, std::size_t>> copies;
        for (const Pending& each : pending) {
            CATALOG_TRY_VOID(context_.check(*core_.options.clock));
            const ChunkRef& wanted = chunk(each.index);
            if (before != nullptr && chunk(before->index) == wanted) {
                copies.emplace_back(each.index, before->index);
                continue;
            }
            before = &each;
            if (auto kept = recent_.find(wanted.id)) {
                loaded_[each.index] = *std::move(kept);
                continue;
            }
            auto read = reader.decode(wanted);
            if (!read) {
                // Whoever looks twice finds what was moved, or says what is wrong.
                CATALOG_TRY_VOID(load_checked(each.index));
                continue;
            }
            if (core_.verified->has(read->source)) {
                take(each.index, {read->bytes, std::move(read->buffer)});
                continue;
            }
            const bool as_leaf = read->id_rule == IdRule::kLeaf;
            tasks.push_back({read->bytes,
                             as_leaf ? merkle::HashTask::As::kLeaf : merkle::HashTask::As::kBytes,
                             {}});
            bytes += read->bytes.size();
            decoded.push_back({each.index, std::move(read->buffer), read->source});
            if (bytes < kTogetherBytes) continue;
            CATALOG_TRY_VOID(check(reader.hashing(), tasks, decoded));
            bytes = 0;
        }
        CATALOG_TRY_VOID(check(reader.hashing(), tasks, decoded));
        for (const auto& [to, from] : copies) loaded_[to] = loaded_[from];
        return {};
    }

    Result<void> check(LongestFirst& hashing, std::vector<merkle::HashTask>& tasks,
                       std::vector<Decoded>& decoded) {
        hashing.hash(tasks);
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            const std::size_t index = decoded[i].index;
            if (tasks[i].digest != chunk(index).id) {
                CATALOG_TRY_VOID(load_checked(index));
                continue;
            }
            core_.verified->note(decoded[i].source);
            take(index, {tasks[i].bytes, std::move(decoded[i].buffer)});
        }
        tasks.clear();
        decoded.clear();
        return {};
    }

    void take(std::size_t index, PinnedChunk verified) {
        loaded_[index] = std::move(verified);
        recent_.keep(chunk(index).id, loaded_[index]);
    }

    Result<void> load_checked(std::size_t index) {
        CATALOG_TRY(loaded_[index],
                    load_chunk(readers_, recent_, *wanted_[index].object, chunk(index)));
        return {};
    }

    const ContentCore& core_;
    ReaderPool& readers_;
    RecentChunks& recent_;
    const std::span<const WantedChunk> wanted_;
    const bool may_map_;
    const CallContext& context_;
    std::vector<PinnedChunk> loaded_;
};

}  // namespace

Result<std::vector<PinnedChunk>> load_chunks(const ContentCore& core, ReaderPool& readers,
                                             RecentChunks& recent,
                                             std::span<const WantedChunk> wanted, bool may_map,
                                             const CallContext& context) {
    return ChunkBatch(core, readers, recent, wanted, may_map, context).load();
}

Result<void> read_range(const ContentCore& core, ReaderPool& readers, RecentChunks& recent,
                        const WholeObject& object, ByteRange range, const ByteSink& sink,
                        const CallContext& context) {
    const std::uint64_t size = object.record->size;
    const std::uint64_t end = range.offset + std::min(range.size, size - range.offset);
    std::vector<WantedChunk> wanted;
    std::uint64_t first = 0;  // Byte of the object with which the first of these begins.
    const auto give = [&]() -> Result<void> {
        CATALOG_TRY(const auto chunks, load_chunks(core, readers, recent, wanted, false, context));
        for (const PinnedChunk& chunk : chunks) {
            const std::uint64_t from = std::max(first, range.offset);
            const std::uint64_t to = std::min(first + chunk.bytes.size(), end);
            CATALOG_TRY_VOID(sink(chunk.bytes.subspan(from - first, to - from)));
            first += chunk.bytes.size();
        }
        wanted.clear();
        return {};
    };
    std::uint64_t begin = 0;
    for (const ChunkRef& chunk : object.record->chunks) {
        if (begin >= end || range.offset == end) break;
        const std::uint64_t behind = begin + chunk.bytes;
        if (behind > range.offset) {
            if (wanted.empty()) first = begin;
            wanted.push_back({object.id, &chunk});
        }
        if (wanted.size() == kRangeChunks) CATALOG_TRY_VOID(give());
        begin = behind;
    }
    return wanted.empty() ? Result<void>() : give();
}

}  // namespace catalog::content
