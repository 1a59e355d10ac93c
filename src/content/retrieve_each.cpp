// Many whole objects: each is decoded once however often it was asked for, in the order in which
// their chunks lie, a stretch of them a thread. Short ones are read several at a time.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <tuple>
#include <vector>

#include "content_core.hpp"

namespace catalog::content {
namespace {

// What one thread takes at a time.
constexpr std::uint64_t kStretchBytes = 4u << 20;
// What is read at a time; an object that is more is given in several pieces.
constexpr std::uint64_t kGroupBytes = 1u << 20;
constexpr std::size_t kGroupMax = 256;
// How often a piece of a long object is given away while it is decoded once: its taker may have a
// file open for each.
constexpr std::size_t kCopiesTogether = 16;

struct WantedObject {
    ContentHash id;
    ObjectRecord record;
    ChunkLocation first;               // Of its first chunk.
    std::vector<std::size_t> indexes;  // Where it was asked for.
};

struct Stretch {
    std::size_t begin = 0;  // Of the wanted objects.
    std::size_t end = 0;
};

// Looks the objects up and brings them in the order of their first chunks.
Result<std::vector<WantedObject>> find_objects(const ContentCore& core,
                                               std::span<const ContentHash> ids) {
    std::vector<std::size_t> order(ids.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](const std::size_t& i) { return std::tie(ids[i], i); });
    std::vector<WantedObject> wanted;
    for (const std::size_t index : order) {
        if (wanted.empty() || wanted.back().id != ids[index]) {
            WantedObject object{ids[index], {}, {}, {}};
            CATALOG_TRY(object.record, core.find_object(object.id));
            if (!object.record.chunks.empty()) {
                CATALOG_TRY(const auto found, core.find_chunk(object.record.chunks.front().id));
                if (found) object.first = found->location;
            }
            wanted.push_back(std::move(object));
        }
        wanted.back().indexes.push_back(index);
    }
    std::ranges::sort(wanted, {}, [](const WantedObject& object) {
        return std::tie(object.first.pack, object.first.offset);
    });
    return wanted;
}

std::vector<Stretch> stretches_of(const std::vector<WantedObject>& wanted) {
    std::vector<Stretch> stretches;
    std::uint64_t bytes = kStretchBytes;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (bytes >= kStretchBytes) {
            stretches.push_back({i, i});
            bytes = 0;
        }
        stretches.back().end = i + 1;
        bytes += wanted[i].record.size;
    }
    return stretches;
}

// Reads stretches of the wanted objects, each on one thread.
class Reading {
public:
    Reading(const ContentCore& core, const std::vector<WantedObject>& wanted,
            const ObjectsSink& sink, const CallContext& context)
        : core_(core), wanted_(wanted), sink_(sink), context_(context) {}

    Result<void> read(ChunkReader& reader, const Stretch& stretch) const {
        std::vector<WholeObject> group;
        for (std::size_t i = stretch.begin; i < stretch.end;) {
            CATALOG_TRY_VOID(check_context());
            if (wanted_[i].record.size > kGroupBytes) {
                CATALOG_TRY_VOID(read_long(reader, wanted_[i++]));
                continue;
            }
            const std::size_t first = i;
            group.clear();
            for (std::uint64_t bytes = 0; i < stretch.end && group.size() < kGroupMax; ++i) {
                bytes += wanted_[i].record.size;
                if (bytes > kGroupBytes) break;
                group.push_back({&wanted_[i].id, &wanted_[i].record});
            }
            const auto give = [&](std::size_t index, ByteView bytes) {
                return give_all(wanted_[first + index].indexes, bytes);
            };
            CATALOG_TRY_VOID(read_objects(reader, group, give));
        }
        return {};
    }

private:
    Result<void> check_context() const { return context_.check(*core_.options.clock); }

    Result<void> give_all(std::span<const std::size_t> indexes, ByteView bytes) const {
        CATALOG_TRY_VOID(check_context());
        for (const std::size_t index : indexes) CATALOG_TRY_VOID(sink_(index, bytes));
        return {};
    }

    Result<void> read_long(ChunkReader& reader, const WantedObject& object) const {
        const std::span<const std::size_t> all = object.indexes;
        for (std::size_t at = 0; at < all.size(); at += kCopiesTogether) {
            const auto some = all.subspan(at, std::min(kCopiesTogether, all.size() - at));
            CATALOG_TRY_VOID(read_object(reader, object.id, object.record,
                                         [&](ByteView bytes) { return give_all(some, bytes); }));
        }
        return {};
    }

    const ContentCore& core_;
    const std::vector<WantedObject>& wanted_;
    const ObjectsSink& sink_;
    const CallContext& context_;
};

}  // namespace

Result<void> retrieve_objects(const ContentCore& core, ReaderPool& readers,
                              std::span<const ContentHash> ids, const ObjectsSink& sink,
                              const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*core.options.clock));
    CATALOG_TRY(const std::vector<WantedObject> wanted, find_objects(core, ids));
    const Reading reading(core, wanted, sink, context);
    const std::vector<Stretch> stretches = stretches_of(wanted);
    return parallel_for(*core.options.executor, stretches.size(),
                        [&](std::size_t number) -> Result<void> {
                            auto reader = readers.take();
                            auto done = reading.read(*reader, stretches[number]);
                            readers.give_back(std::move(reader));
                            return done;
                        });
}

}  // namespace catalog::content
