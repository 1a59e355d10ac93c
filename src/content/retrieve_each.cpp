// Many whole objects: each is decoded once however often it was asked for, in the order in which
// their chunks lie, a stretch of them a thread.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <tuple>
#include <vector>

#include "content_core.hpp"

namespace catalog::content {
namespace {

// What one thread takes at a time.
constexpr std::uint64_t kStretchBytes = 4u << 20;
// How often a piece is given away while an object is decoded once: its taker may have a file open
// for each.
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
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::tie(ids[i], i); });
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

}  // namespace

Result<void> retrieve_objects(const ContentCore& core, ReaderPool& readers,
                              std::span<const ContentHash> ids, const ObjectsSink& sink,
                              const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*core.options.clock));
    CATALOG_TRY(const std::vector<WantedObject> wanted, find_objects(core, ids));
    const auto read_one = [&](ChunkReader& reader, const WantedObject& object) -> Result<void> {
        for (std::size_t at = 0; at < object.indexes.size(); at += kCopiesTogether) {
            const std::size_t end = std::min(at + kCopiesTogether, object.indexes.size());
            CATALOG_TRY_VOID(context.check(*core.options.clock));
            const ByteSink give = [&](ByteView bytes) -> Result<void> {
                for (std::size_t i = at; i < end; ++i)
                    CATALOG_TRY_VOID(sink(object.indexes[i], bytes));
                return {};
            };
            CATALOG_TRY_VOID(read_object(reader, object.id, object.record, give));
        }
        return {};
    };
    const std::vector<Stretch> stretches = stretches_of(wanted);
    return parallel_for(*core.options.executor, stretches.size(),
                        [&](std::size_t number) -> Result<void> {
                            auto reader = readers.take();
                            Result<void> done;
                            const Stretch& stretch = stretches[number];
                            for (std::size_t i = stretch.begin; done && i < stretch.end; ++i)
                                done = read_one(*reader, wanted[i]);
                            readers.give_back(std::move(reader));
                            return done;
                        });
}

}  // namespace catalog::content
