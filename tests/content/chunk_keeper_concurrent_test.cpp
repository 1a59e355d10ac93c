// Writers that look for a chunk at the very moment at which its pack is condemned or pardoned.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "collection.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::must;

// How often the collector lets the writer go on before it does so itself.
constexpr int kYields = 200;

// A store with one chunk in a sealed pack, and a writer that looks for it as soon as the backend
// knows what becomes of the pack.
struct KeeperBed {
    FaultyStorageBackend backend{make_memory_backend()};
    ChunkKeeper keeper{backend};
    std::shared_ptr<Collection> collection = std::make_shared<Collection>();
    Bytes bytes = noise(500, 1);
    ChunkId id = chunk_id_of(bytes);
    PackId pack{};
    bool look = false;
    std::thread writer;
    std::optional<IndexEntry> seen;

    KeeperBed() {
        must(backend.recover({}, ChunkProfile(), {}));
        pack = must(backend.append({id, Codec::kRaw, 500, bytes})).pack;
        must(backend.seal(pack));
        EXPECT_TRUE(keeper.begin(collection));
        must(collection->load(backend, {}));
        backend.while_condemned([this] {
            if (!look) return;
            const std::uint64_t before = backend.finds();
            writer = std::thread([this] { seen = must(keeper.find(id)); });
            while (backend.finds() < before + 2) std::this_thread::yield();
            for (int i = 0; i < kYields; ++i) std::this_thread::yield();
        });
    }
    std::optional<IndexEntry> seen_by_writer() {
        writer.join();
        return seen;
    }
};

TEST(ChunkKeeper, FindsWhatIsCopiedWhileItsPackIsBeingCondemned) {
    KeeperBed bed;
    ASSERT_TRUE(bed.collection->mark(prefix_of(bed.id)));
    bed.look = true;
    bed.collection->condemn(bed.pack, &bed.backend);
    EXPECT_TRUE(bed.seen_by_writer().has_value());
}

TEST(ChunkKeeper, FindsWhatStaysWhileItsPackIsBeingPardoned) {
    KeeperBed bed;
    ASSERT_TRUE(bed.collection->mark(prefix_of(bed.id)));
    bed.collection->condemn(bed.pack, &bed.backend);
    bed.look = true;
    bed.collection->pardon(bed.pack, &bed.backend);
    EXPECT_TRUE(bed.seen_by_writer().has_value());
}

TEST(ChunkKeeper, DoesNotFindWhatGoesWithItsPack) {
    KeeperBed bed;
    bed.collection->condemn(bed.pack, &bed.backend);
    EXPECT_EQ(must(bed.keeper.find(bed.id)), std::nullopt);
    bed.collection->pardon(bed.pack, &bed.backend);
    EXPECT_TRUE(must(bed.keeper.find(bed.id)).has_value());
}

}  // namespace
}  // namespace catalog::content::testing
