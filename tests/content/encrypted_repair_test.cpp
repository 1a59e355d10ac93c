// Check and repair of an encrypted store: every kind of damage is found, what is good stays, what
// is lost comes from stores in the clear or under other keys.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "catalog/content/content_source.hpp"
#include "catalog/content/pack_format.hpp"
#include "sealed_bed.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::must;

// The same objects each time: of one chunk and of many, alike ones, in several packs.
void fill_sample(ContentBed& bed, std::map<ContentHash, Bytes>& contents) {
    const Bytes text = prose(7'000, 2);
    for (const Bytes& bytes : {noise(2'500, 1), text, edited(text, 3, 9), noise(13, 4),
                               noise(6'000, 5), prose(4'000, 6)})
        contents[bed.put(bytes).id] = bytes;
}

struct SealedSample : SealedBed {
    SealedSample() : SealedBed(9'000) { fill_sample(*bed, contents); }

    [[nodiscard]] RepairReport repair(std::vector<ContentSource*> sources = {}) const {
        RepairOptions repairing;
        repairing.sources = std::move(sources);
        return must(bed->storage().repair(repairing, CallContext()));
    }
    // What cannot be read; what can be is right.
    [[nodiscard]] std::set<ContentHash> hurt() const {
        std::set<ContentHash> failed;
        for (const auto& [id, bytes] : contents) {
            const auto read = bed->get(id);
            EXPECT_TRUE(!read || *read == bytes);
            if (!read) failed.insert(id);
        }
        return failed;
    }
    [[nodiscard]] std::vector<std::string> packs_and_runs() const {
        auto paths = files();
        std::erase_if(paths, [](const std::string& path) { return path.ends_with("/reserve"); });
        return paths;
    }
    void expect_healthy() const {
        EXPECT_TRUE(verify().damages.empty());
        EXPECT_TRUE(hurt().empty());
    }
};

// Stores that have the same objects: in the clear, and under other keys.
struct OtherStores {
    std::map<ContentHash, Bytes> contents;
    RealContentBed clear;
    SealedBed sealed;
    std::unique_ptr<ContentSource> from_clear = make_storage_source(clear.storage(), "clear");
    std::unique_ptr<ContentSource> from_sealed;

    OtherStores() : sealed(20'000) {
        fill_sample(clear, contents);
        StoreId other{};
        other.front() = std::byte{9};
        ContentOptions options = sealed.options();
        options.store = nullptr;
        options.queue = nullptr;
        options.file_system = sealed.disk = io::testing::SimulatedFileSystem::make();
        options.packs.encryption = sample_encryption(1, 55, other);
        sealed.bed = std::make_unique<RealContentBed>(std::move(options));
        fill_sample(*sealed.bed, contents);
        from_sealed = make_storage_source(sealed.bed->storage(), "sealed");
    }
};

// Both places of a header, then what lies where records, padding and index may be.
std::vector<std::uint64_t> places_in(const std::string& path, std::uint64_t size) {
    std::vector<std::uint64_t> places;
    const bool is_pack = path.ends_with(".pack");
    if (is_pack)
        for (const unsigned at : {0u, 9u, 20u, 70u, 80u, 104u, 2060u, 2090u, 4095u})
            places.push_back(at);
    // The first record's nonce, header, tag and payload; then everywhere.
    if (is_pack)
        for (const unsigned at : {0u, 15u, 70u, 90u}) places.push_back(kPackHeaderBytes + at);
    for (std::uint64_t at = is_pack ? kPackHeaderBytes + 200 : 5; at < size; at += 977)
        places.push_back(at);
    places.push_back(size - 1);
    return places;
}

TEST(EncryptedRepair, EveryFlipIsFoundAndMendedFromStoresInTheClearOrUnderOtherKeys) {
    OtherStores others;
    std::size_t mended = 0;
    std::size_t flips = 0;
    const SealedSample whole;
    ASSERT_GT(whole.packs_and_runs().size(), 3u);
    for (const std::string& path : whole.packs_and_runs()) {
        for (const std::uint64_t place : places_in(path, must(whole.disk->info(path)).size)) {
            SCOPED_TRACE(path + " " + std::to_string(place));
            const SealedSample damaged;
            must(damaged.disk->corrupt(path, place, static_cast<std::uint8_t>(1u << (place % 8))));
            damaged.bed->reopen();
            const bool found = !damaged.verify().damages.empty();
            const auto hurt = damaged.hurt();
            ASSERT_TRUE(found || hurt.empty());
            ContentSource* const source =
                ++flips % 2 == 0 ? others.from_clear.get() : others.from_sealed.get();
            const RepairReport report = damaged.repair({source});
            EXPECT_TRUE(report.hurt.empty());
            EXPECT_TRUE(report.refused.empty());
            EXPECT_GE(report.restored.size(), hurt.size());
            mended += hurt.empty() ? 0 : 1;
            ASSERT_NO_FATAL_FAILURE(damaged.expect_healthy());
            EXPECT_TRUE(damaged.repair().damages.empty());
            damaged.bed->reopen();
            ASSERT_NO_FATAL_FAILURE(damaged.expect_healthy());
        }
    }
    EXPECT_GT(mended, 8u);
    EXPECT_GT(flips, mended);
}

TEST(EncryptedRepair, WithoutASourceExactlyWhatIsLostIsNamed) {
    const SealedSample whole;
    const std::string path = kFirstPack;
    for (std::uint64_t place = kPackHeaderBytes + 30; place < must(whole.disk->info(path)).size;
         place += 1'501) {
        SCOPED_TRACE(place);
        const SealedSample damaged;
        must(damaged.disk->corrupt(path, place, 2));
        damaged.bed->reopen();
        const auto hurt = damaged.hurt();
        const RepairReport report = damaged.repair();
        EXPECT_EQ(std::set(report.hurt.begin(), report.hurt.end()), hurt);
        EXPECT_EQ(damaged.hurt(), hurt) << "what could be read still can";
    }
}

TEST(EncryptedRepair, MissingShortAndExchangedPacksAreMended) {
    OtherStores others;
    for (int kind = 0; kind < 3; ++kind) {
        SCOPED_TRACE(kind);
        const SealedSample damaged;
        const std::string second = kPacks + "/00000002.pack";
        if (kind == 0) {
            must(damaged.disk->remove_file(kFirstPack));
        } else if (kind == 1) {
            const auto file = must(damaged.disk->open_write(kFirstPack, io::OpenMode::kReadWrite));
            must(file->truncate(kPackHeaderBytes + 2'000));
            must(file->close());
        } else {
            must(damaged.disk->rename(kFirstPack, kPacks + "/other"));
            must(damaged.disk->rename(second, kFirstPack));
            must(damaged.disk->rename(kPacks + "/other", second));
        }
        damaged.bed->reopen();
        EXPECT_FALSE(damaged.verify().damages.empty());
        EXPECT_TRUE(damaged.repair({others.from_sealed.get()}).hurt.empty());
        damaged.bed->reopen();
        damaged.expect_healthy();
    }
}

TEST(EncryptedRepair, AStoreIsASourceForOneInTheClear) {
    const SealedSample good;
    ContentOptions options;
    const auto disk = io::testing::SimulatedFileSystem::make();
    options.file_system = disk;
    options.directory = "/library";
    RealContentBed clear(std::move(options));
    std::map<ContentHash, Bytes> contents;
    fill_sample(clear, contents);
    must(disk->corrupt(kFirstPack, kPackHeaderBytes + 300, 1));
    clear.reopen();
    const auto source = make_storage_source(good.bed->storage(), "sealed");
    RepairOptions repairing;
    repairing.sources = {source.get()};
    const RepairReport report = must(clear.storage().repair(repairing, CallContext()));
    EXPECT_FALSE(report.damages.empty());
    EXPECT_TRUE(report.hurt.empty());
    for (const auto& [id, bytes] : contents) EXPECT_EQ(must(clear.get(id)), bytes);
}

// The wrong keys are no damage that a repair may act upon: nothing is written, put aside or lost.
TEST(EncryptedRepair, WithKeysThatLackAGenerationNothingIsTouched) {
    SealedSample sealed;
    sealed.reopen(sample_encryption(2));
    sealed.add(noise(3'000, 50));
    const auto before = sealed.packs_and_runs();
    EXPECT_EQ(sealed.open_error(sample_encryption(1)), Errc::kKeyNotFound);
    EXPECT_EQ(sealed.packs_and_runs(), before);
    sealed.expect_all_readable();
    EXPECT_EQ(code_of(sealed.disk->info("/library/quarantine")), Errc::kFileNotFound);
}

}  // namespace
}  // namespace catalog::content::testing
