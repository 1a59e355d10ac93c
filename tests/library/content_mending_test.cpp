// Content whose records or bytes are hurt: what repair of a library makes of it.

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/content/content_records.hpp"
#include "library_impl.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

struct Published {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();

    Published() {
        const auto library = open_library(environment_on(disk));
        for (const std::uint64_t seed : {1u, 2u, 3u})
            must(library->publish(small_draft("kit-" + std::to_string(seed), "1.0.0",
                                              {{"data", noise(3000, seed)}})));
    }

    // Removes the records of packs and of the format.
    void lose_packs() const {
        kv::OpenOptions options;
        options.families = family_names();
        const auto store = must(kv::open_rocksdb(disk, "/library/db", options));
        kv::WriteBatch batch;
        const auto records = store->iterate(family(FamilyNumber::kPacks));
        for (records->seek(""); records->valid(); records->next())
            batch.remove(family(FamilyNumber::kPacks), std::string(records->key()));
        ASSERT_FALSE(batch.empty());
        must(store->write(batch, kv::Durability::kSync));
    }
    [[nodiscard]] std::unique_ptr<AssetLibrary> open(bool salvage, bool adopt) const {
        LibraryOptions options;
        options.salvage = salvage;
        options.adopt_packs = adopt;
        return must(AssetLibrary::open("/library", options, environment_on(disk, 5)));
    }
};

bool has_action(const RepairResult& result, std::string_view words) {
    return std::ranges::any_of(result.actions, [&](const std::string& action) {
        return action.find(words) != std::string::npos;
    });
}

TEST(ContentMending, PacksThatTheDatabaseLostCountAgain) {
    for (const bool salvage : {true, false}) {
        const Published published;
        published.lose_packs();
        const auto library = published.open(salvage, !salvage);
        EXPECT_EQ(library->adopted_packs().packs.size(), 1u);
        EXPECT_TRUE(library->adopted_packs().format_restored);
        EXPECT_TRUE(must(library->verify(true)).findings.empty());
        const RepairResult repaired = must(library->repair());
        EXPECT_TRUE(has_action(repaired, "packs in again"));
        EXPECT_TRUE(has_action(repaired, "content store's format"));
        EXPECT_TRUE(repaired.remaining.empty());
        EXPECT_EQ(file_of(*library, "kit-2@1.0.0", "data"), noise(3000, 2));
    }
}

// Nobody asked for more: what no record names is dropped, and the packages are named.
TEST(ContentMending, OtherwiseTheyAreNamedAsLost) {
    const Published published;
    published.lose_packs();
    const auto library = published.open(false, false);
    EXPECT_TRUE(library->adopted_packs().empty());
    EXPECT_GE(must(library->verify(true)).findings.size(), 3u);
}

TEST(ContentMending, RepairPutsDamagedPacksAsideAndNamesWhatTheyHurt) {
    const Published published;
    const std::string pack = "/library/packs/" + content::pack_file_name(content::PackId{1});
    const std::string bytes = must(io::read_file(*published.disk, pack, 1 << 20));
    const std::size_t place = bytes.find(noise(3000, 2).substr(100, 50));
    ASSERT_NE(place, std::string::npos);
    must(published.disk->corrupt(pack, place, 1));
    const auto library = published.open(false, false);
    const RepairResult repaired = must(library->repair());
    EXPECT_TRUE(has_action(repaired, "1 packs anew"));
    ASSERT_FALSE(repaired.remaining.empty());
    for (const Finding& finding : repaired.remaining)
        EXPECT_EQ(finding.packages, std::vector<std::string>{"kit-2@1.0.0"}) << finding.what;
    EXPECT_TRUE(
        published.disk->info("/library/quarantine/" + content::pack_file_name(content::PackId{1})));
    EXPECT_EQ(file_of(*library, "kit-1@1.0.0", "data"), noise(3000, 1));
    EXPECT_EQ(file_of(*library, "kit-3@1.0.0", "data"), noise(3000, 3));
    EXPECT_FALSE(has_action(must(library->repair()), "packs anew"));
}

}  // namespace
}  // namespace catalog::library::testing
