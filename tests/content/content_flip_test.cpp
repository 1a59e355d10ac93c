// Bits of every file of a small store, flipped one at a time: what is read is right or an error,
// what cannot be read is reported, nothing keeps the store from opening, and a repair makes it
// whole.
//
// CATALOG_FLIP_STEP says how far apart the bits are on average; 1 is every bit. CATALOG_FLIP_LEDGER
// is a file that gets a line now and then, and from whose last line the next run goes on.

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "content_soak.hpp"
#include "support/content/encryption_samples.hpp"

namespace catalog::content::testing {
namespace {

using kv::testing::number_from_environment;

constexpr std::uint64_t kStep = 3001;           // Bits.
constexpr std::uint64_t kReserveStep = 65'536;  // Of what holds nothing.
constexpr std::uint64_t kRepairEvery = 16;      // Flips.
constexpr const char* kNoFileAfter = "~";       // In a ledger: all bits were flipped.
constexpr std::uint64_t kLedgerEvery = 1'000;   // Flips.

// A store of a few packs, sealed and growing, with deltas and removed objects.
class FlipBed {
public:
    explicit FlipBed(std::shared_ptr<const StoreEncryption> encryption)
        : machine_{SimulatedFileSystem::make(), kv::make_memory_store(kBedFamilyCount)},
          encryption_(std::move(encryption)) {
        must(machine_.disk->make_directories("/library"));
        const auto opened = open(machine_, false);
        for (const unsigned number : {3u, 2u, 5u, 6u, 8u, 4u, 9u}) {
            references_.emplace("anna", number);
            must(
                opened->storage().store(source_of(workload_object(number)), "anna", CallContext()));
        }
        must(opened->storage().collect(CollectOptions(), CallContext()));
    }

    [[nodiscard]] std::unique_ptr<OpenContent> open(const Machine& machine, bool read_only) const {
        ContentOptions options = workload_options(machine.disk);
        options.packs.encryption = encryption_;
        options.read_only = read_only;
        return must(OpenContent::open(std::move(options), machine.database()));
    }
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> paths;
        for (const std::string folder : {"/library/", "/library/packs/"})
            for (const io::DirectoryEntry& entry : must(machine_.disk->list(folder)))
                if (must(machine_.disk->info(folder + entry.name)).kind == io::FileKind::kRegular)
                    paths.push_back(folder + entry.name);
        return paths;
    }
    [[nodiscard]] std::uint64_t bits_of(const std::string& path) const {
        return must(machine_.disk->info(path)).size * 8;
    }

    // Flips a bit and flips it back.
    void flip(const std::string& path, std::uint64_t bit, bool repairs) {
        const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
        must(machine_.disk->corrupt(path, bit / 8, mask));
        ++flips;
        {
            const auto opened = open(machine_, true);
            ContentStorage& storage = opened->storage();
            const bool hurts = !hurt_objects_of(storage, references_).empty();
            const bool reported =
                !must(storage.verify(VerifyDepth::kFull, CallContext())).damages.empty();
            EXPECT_TRUE(reported || !hurts);
            hurting += hurts ? 1 : 0;
            harmless += reported ? 0 : 1;
        }
        if (repairs) expect_repair();
        must(machine_.disk->corrupt(path, bit / 8, mask));
    }

    std::uint64_t flips = 0;
    std::uint64_t hurting = 0;   // Some object cannot be read.
    std::uint64_t harmless = 0;  // And not found.

private:
    void expect_repair() const {
        const Machine copy = machine_.recover(CrashPolicy::kKeepAll, 0);
        const auto opened = open(copy, false);
        const auto source = make_workload_source();
        RepairOptions options;
        options.sources = {source.get()};
        EXPECT_TRUE(must(opened->storage().repair(options, CallContext())).hurt.empty());
        expect_clean(opened->storage());
        expect_references(opened->storage(), references_);
    }

    const Machine machine_;
    const std::shared_ptr<const StoreEncryption> encryption_;
    References references_;
};

// How far runs have come: store, file, its next bit, flips, those that hurt, those not found.
class FlipLedger {
public:
    // Takes over the tally of the last line about this store.
    FlipLedger(std::string store, FlipBed& bed) : store_(std::move(store)) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets variables.
        const char* path = std::getenv("CATALOG_FLIP_LEDGER");
        if (path == nullptr) return;
        std::ifstream known(path);
        for (std::string line; std::getline(known, line);) {
            std::istringstream words(line);
            std::string store_of;
            words >> store_of;
            if (store_of == store_)
                words >> file_ >> bit_ >> bed.flips >> bed.hurting >> bed.harmless;
        }
        out_.open(path, std::ios::app);
    }
    // The first bit of a file that is to be flipped; none of those before where a run ended.
    std::uint64_t first_bit(const std::string& file, std::uint64_t first) const {
        if (file < file_) return ~std::uint64_t{0};
        return file == file_ ? std::max(first, bit_) : first;
    }
    void note(const std::string& file, std::uint64_t next_bit, const FlipBed& bed) {
        if (!out_.is_open() || file_ == kNoFileAfter || ::testing::Test::HasFailure()) return;
        out_ << store_ << ' ' << file << ' ' << next_bit << ' ' << bed.flips << ' ' << bed.hurting
             << ' ' << bed.harmless << std::endl;
    }

private:
    const std::string store_;
    std::string file_;
    std::uint64_t bit_ = 0;
    std::ofstream out_;
};

void flip_all(const std::string& store, FlipBed& bed) {
    // See content_crash_soak_test.cpp. NOLINTBEGIN(concurrency-mt-unsafe)
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    // NOLINTEND(concurrency-mt-unsafe)
    const std::uint64_t step = number_from_environment("CATALOG_FLIP_STEP", kStep);
    SeededRandom random(step);
    FlipLedger ledger(store, bed);
    std::vector<std::string> files = bed.files();
    std::ranges::sort(files);
    for (const std::string& path : files) {
        const std::uint64_t wide = path.ends_with("/reserve") ? kReserveStep * step : step;
        std::uint64_t bit = ledger.first_bit(path, random.below(step));
        while (bit < bed.bits_of(path)) {
            bed.flip(path, bit, bed.flips % kRepairEvery == 0);
            ASSERT_FALSE(::testing::Test::HasFailure()) << path << ", bit " << bit;
            bit += 1 + random.below(2 * wide - 1);
            if (bed.flips % kLedgerEvery == 0) ledger.note(path, bit, bed);
        }
    }
    ledger.note(kNoFileAfter, 0, bed);
    std::cout << bed.flips << " flips, " << bed.hurting << " hurt an object, " << bed.harmless
              << " were harmless and not found\n";
}

TEST(ContentFlip, EveryBitIsFoundOrHarmless) {
    FlipBed bed(nullptr);
    flip_all("clear", bed);
    EXPECT_GT(bed.hurting, bed.flips / 50);
    EXPECT_LT(bed.harmless, bed.flips / 2);
}

TEST(ContentFlip, EveryBitOfAnEncryptedStoreIsFoundOrHarmless) {
    FlipBed bed(sample_encryption());
    flip_all("encrypted", bed);
    EXPECT_GT(bed.hurting, bed.flips / 50);
    EXPECT_LT(bed.harmless, bed.flips / 2);
}

}  // namespace
}  // namespace catalog::content::testing
