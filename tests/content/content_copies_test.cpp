// Stores in which chunks stand in several packs, some as deltas of what is a delta of them in
// another: repacks and collections that failed leave such. Damaged then, a repair loses nothing
// that could be read, neither does what is collected after it.
//
// CATALOG_SOAK_COPIES says how many stores (the default takes seconds), CATALOG_SOAK_SEED the
// first.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/content/compressor.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/io/file_system.hpp"
#include "content_soak.hpp"
#include "support/kv/leak_sanitizer.hpp"

namespace catalog::content::testing {
namespace {

using kv::testing::number_from_environment;

constexpr int kRounds = 5;
constexpr unsigned kSteps = 3;
constexpr std::uint64_t kCallsMax = 40;  // Within which one fails.

// Copies of a chunk: what each starts from, its own id where it is no delta.
using Copies = std::map<std::string, std::vector<std::string>>;

Copies copies_on(SimulatedFileSystem& disk) {
    Copies copies;
    const std::string folder = "/library/packs/";
    const auto entries = disk.list(folder);
    if (!entries) return copies;  // Nothing was written.
    for (const io::DirectoryEntry& entry : *entries) {
        if (!parse_pack_file_name(entry.name)) continue;
        const auto bytes = must(io::read_file(disk, folder + entry.name, 1u << 24));
        const ByteView pack = as_bytes(bytes);
        for (std::size_t at = kPackHeaderBytes; at + kRecordHeaderBytes <= pack.size();) {
            const auto header = decode_record_header(pack.subspan(at, kRecordHeaderBytes));
            if (!header) break;
            const auto payload = at + kRecordHeaderBytes;
            if (holds_chunk(header->codec) && payload + header->stored_bytes <= pack.size()) {
                const std::string id = header->id.to_string();
                const bool is_delta = header->codec == Codec::kDelta;
                copies[id].push_back(
                    is_delta
                        ? must(delta_base(pack.subspan(payload, header->stored_bytes))).to_string()
                        : id);
            }
            at += record_bytes(header->stored_bytes);
        }
    }
    return copies;
}

class CopiesSoak {
public:
    explicit CopiesSoak(std::uint64_t seed) : random_(seed * 0x9e3779b97f4a7c15u + 11) {}

    void run(std::map<std::string, std::uint64_t>& counts);

private:
    void work();
    void fail_in_upkeep(int round);
    void damage_and_repair(std::map<std::string, std::uint64_t>& counts);
    void expect_no_other_hurt(ContentStorage& storage, const char* when) const;

    SeededRandom random_;
    Machine machine_{SimulatedFileSystem::make(), kv::make_memory_store(kBedFamilyCount)};
    WorkloadModel model_;
};

void CopiesSoak::work() {
    must(ContentWorkload([this] { return machine_.open(); }, model_, random_.next()).run(kSteps));
}

// A repack or a collection stops at an error; what it copied by then stands twice.
void CopiesSoak::fail_in_upkeep(int round) {
    const auto opened = must(machine_.open());
    const std::uint64_t calls = 1 + random_.below(kCallsMax);
    machine_.disk->fail_nth(machine_.disk->mutations() + calls, io::testing::Fault(Errc::kIo));
    RepackOptions repack;
    repack.level = 1 + round;
    CollectOptions collect;
    collect.live_share_min = 1;
    if (random_.chance(70))
        (void)opened->storage().repack(repack, CallContext());
    else
        (void)opened->storage().collect(collect, CallContext());
    machine_.disk->clear_faults();
}

void CopiesSoak::expect_no_other_hurt(ContentStorage& storage, const char* when) const {
    for (const unsigned number : hurt_objects_of(storage, model_.durable))
        EXPECT_TRUE(model_.hurt.contains(number)) << "object " << number << " lost by " << when;
}

void CopiesSoak::damage_and_repair(std::map<std::string, std::uint64_t>& counts) {
    damage_files(*machine_.disk, random_);
    {
        const auto opened = must(machine_.open());
        model_.hurt = hurt_objects_of(opened->storage(), model_.durable);
        counts["stores with something hurt"] += model_.hurt.empty() ? 0 : 1;
        (void)must(opened->storage().repair(RepairOptions(), CallContext()));
        expect_no_other_hurt(opened->storage(), "a repair");
        if (random_.chance(50)) {
            CollectOptions collect;
            collect.live_share_min = 1;
            (void)opened->storage().collect(collect, CallContext());  // Refused while one is hurt.
            expect_no_other_hurt(opened->storage(), "a collection");
        }
    }
    const auto opened = must(machine_.open());
    expect_repaired(opened->storage(), model_, model_.durable);
    expect_clean(opened->storage());
    collect_all(opened->storage());
    expect_references(opened->storage(), model_.durable);
}

void CopiesSoak::run(std::map<std::string, std::uint64_t>& counts) {
    must(machine_.disk->make_directories("/library"));
    must(machine_.disk->sync_directory("/"));
    for (int round = 0; round < kRounds; ++round) {
        work();
        fail_in_upkeep(round);
    }
    const Copies copies = copies_on(*machine_.disk);
    bool several = false;
    bool crossed = false;
    for (const auto& [id, bases] : copies) {
        several = several || bases.size() > 1;
        for (const std::string& base : bases) {
            const auto other = base == id ? copies.end() : copies.find(base);
            if (other == copies.end()) continue;
            crossed = crossed || std::ranges::count(other->second, id) != 0;
        }
    }
    ++counts["stores"];
    counts["stores with several copies of a chunk"] += several ? 1 : 0;
    counts["stores with deltas that start from each other's chunk"] += crossed ? 1 : 0;
    damage_and_repair(counts);
}

void soak(std::uint64_t seed, std::map<std::string, std::uint64_t>& counts) {
    SCOPED_TRACE("store " + std::to_string(seed));
    try {
        CopiesSoak(seed).run(counts);
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
    }
}

TEST(ContentCopiesSoak, ARepairAmongSeveralCopiesLosesNothing) {
    const std::uint64_t stores = number_from_environment("CATALOG_SOAK_COPIES", 60);
    const std::uint64_t first = number_from_environment("CATALOG_SOAK_SEED", 1);
    std::map<std::string, std::uint64_t> counts;
    for (std::uint64_t seed = first; seed < first + stores && !HasFailure(); ++seed)
        soak(seed, counts);
    for (const auto& [name, count] : counts) std::cout << name << ": " << count << "\n";
    EXPECT_GT(counts["stores with several copies of a chunk"], 0u);
}

// The first lost what a merge of indexes knew in a condemned pack alone; in the second the older
// copy of a chunk was copied as a delta of one that starts from the newer copy; in the third a
// damaged entry of an index made two whole records look damaged.
TEST(ContentCopiesSoak, StoresThatLostSomethingOnceLoseNothing) {
    std::map<std::string, std::uint64_t> counts;
    for (const std::uint64_t seed : {17'074u, 20'740u, 59'489u}) soak(seed, counts);
    EXPECT_EQ(counts["stores with several copies of a chunk"], 3u);
}

}  // namespace
}  // namespace catalog::content::testing
