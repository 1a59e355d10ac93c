// kill -9 of a process that publishes, imports, seals and merges on the machine's own file system.
// What it said to be durable is the ledger; it is kept outside of the process and of the library.
//
// CATALOG_KILL_ROUNDS says how often, CATALOG_KILL_SEED which times.

#include "index_kill.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include "support/io/child_process.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::ChildProcess;
using io::testing::must;
using io::testing::SeededRandom;
using kv::testing::number_from_environment;

// A library is left after so many kills: looking at all of it takes longer each time.
constexpr std::uint64_t kRoundsOfLibrary = 20;

class Ledger {
public:
    void read(const std::string& line) {
        std::istringstream words(line);
        std::string kind;
        std::string name;
        words >> kind >> name;
        if (kind == "error") ADD_FAILURE() << line;
        if (kind == "open") ++opened;
        if (kind == "done") add(name);
        if (kind == "yanked") yanked.insert(name);
        if (kind != "kept") return;
        std::uint64_t count = 0;
        words >> count;
        while (count-- > 0) add(name + std::to_string(count));
    }
    void begin_library() {
        names.clear();
        yanked.clear();
    }

    std::set<std::string> names;
    std::set<std::string> yanked;
    std::uint64_t opened = 0;        // Processes that came as far as that.
    std::uint64_t acknowledged = 0;  // Versions.
    std::uint64_t segments_most = 0;

private:
    void add(const std::string& name) { acknowledged += names.insert(name).second ? 1 : 0; }
};

void check(const std::string& folder, Ledger& ledger) {
    LibraryOptions options = killed_options();
    options.upkeep.seal_versions_min = 0;  // as the killed process left it
    const auto library = must(AssetLibrary::open(folder, options, Environment()));
    for (const Finding& finding : must(library->verify(true)).findings)
        ADD_FAILURE() << finding.where << ": " << finding.what;
    for (const std::string& name : ledger.names) {
        const auto found = library->versions(must(PackageName::parse(name)));
        ASSERT_TRUE(found && found->size() == 1) << "lost: " << name;
        EXPECT_TRUE(found->front().yanked || !ledger.yanked.contains(name)) << name;
    }
    const LibraryStats stats = must(library->stats());
    EXPECT_EQ(stats.packages.versions, stats.shape.delta_versions + stats.shape.sealed_versions);
    EXPECT_GE(stats.packages.versions, ledger.names.size());
    const auto files = io::make_posix_file_system()->list(folder + "/segments");
    EXPECT_EQ(files ? files->size() : 0, stats.shape.segments) << "a stray file";
    ledger.segments_most = std::max(ledger.segments_most, stats.shape.segments);
}

/// Listens for a while, and kills it.
bool run_and_kill(const std::string& folder, SeededRandom& random, Ledger& ledger) {
    ChildProcess writer({INDEX_WRITER_PROCESS, folder, std::to_string(random.below(1u << 30))});
    // After so many lines and a little later; some are killed while they open the library.
    const std::uint64_t lines = random.chance(10) ? 0 : 1 + random.below(60);
    return writer.listen_and_kill(lines, std::chrono::microseconds(random.below(12'000)),
                                  [&](const std::string& line) { ledger.read(line); });
}

TEST(IndexKill, NothingAcknowledgedIsLostAndNoFileIsLeft) {
    const std::uint64_t rounds = number_from_environment("CATALOG_KILL_ROUNDS", 6);
    const std::uint64_t seed = number_from_environment("CATALOG_KILL_SEED", 1);
    std::cout << "seed " << seed << ", " << rounds << " rounds\n";
    SeededRandom random(seed);
    Ledger ledger;
    std::uint64_t killed = 0;
    std::unique_ptr<io::testing::TemporaryFolder> folder;
    for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        if (round % kRoundsOfLibrary == 0) {
            folder = std::make_unique<io::testing::TemporaryFolder>();
            ledger.begin_library();
        }
        killed += run_and_kill(*folder / "library", random, ledger) ? 1 : 0;
        ASSERT_NO_FATAL_FAILURE(check(*folder / "library", ledger));
    }
    std::cout << killed << " processes killed, " << ledger.opened << " with an open library, "
              << ledger.acknowledged << " versions acknowledged, at most " << ledger.segments_most
              << " segments\n";
    EXPECT_EQ(killed, rounds);
}

}  // namespace
}  // namespace catalog::library::testing
