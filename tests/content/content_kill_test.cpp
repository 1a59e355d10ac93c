// kill -9 of a process that changes a content store on the machine's own file system. What it said
// to be durable is the ledger; it is kept outside of the process and of the store.
//
// CATALOG_KILL_ROUNDS says how often, CATALOG_KILL_SEED which times.

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "content_kill.hpp"
#include "support/io/child_process.hpp"
#include "support/io/results.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::ChildProcess;
using io::testing::must;
using io::testing::SeededRandom;
using kv::testing::number_from_environment;

// What one owner was promised, and what was on its way.
struct Promise {
    std::set<unsigned> durable;
    std::set<unsigned> attempted;
};

class Ledger {
public:
    void read(const std::string& line) {
        std::istringstream words(line);
        std::string kind;
        std::string owner;
        words >> kind >> owner;
        if (kind == "error") ADD_FAILURE() << line;
        if (kind == "open") ++opened;
        if (kind != "try" && kind != "done") return;
        Promise& promise = promises_[owner];
        if (kind == "done") {
            promise.durable = promise.attempted;
            ++acknowledged;
            return;
        }
        promise.attempted = promise.durable;
        for (std::string change; words >> change;) {
            const auto number = static_cast<unsigned>(std::stoul(change.substr(1)));
            if (change[0] == '+') promise.attempted.insert(number);
            if (change[0] == '-') promise.attempted.erase(number);
        }
    }

    // Compares with what is there, which is the truth from now on.
    void settle(const References& found) {
        for (const std::string_view owner : kWorkloadOwners) {
            std::set<unsigned> objects;
            for (const auto& [owner_of, number] : found)
                if (owner_of == owner) objects.insert(number);
            Promise& promise = promises_[std::string(owner)];
            EXPECT_TRUE(objects == promise.durable || objects == promise.attempted) << owner;
            if (objects != promise.durable) ++more;
            promise.durable = promise.attempted = objects;
        }
    }

    std::uint64_t opened = 0;        // Processes that came as far as that.
    std::uint64_t acknowledged = 0;  // Commits.
    std::uint64_t more = 0;          // Commits that were durable and not yet acknowledged.
    std::uint64_t dictionaries = 0;  // Stores with chunks that need one.

private:
    std::map<std::string, Promise> promises_;
};

// Flips a bit of some pack. Returns false when there is none.
bool damage_a_pack(const std::string& folder, SeededRandom& random) {
    const auto fs = io::make_posix_file_system();
    // Who was killed early made no folder of packs.
    const auto entries = fs->list(folder + "/packs");
    if (!entries || entries->empty()) return false;
    const std::string path = folder + "/packs/" + (*entries)[random.below(entries->size())].name;
    const std::uint64_t size = must(fs->info(path)).size;
    if (!path.ends_with(".pack") || size == 0) return false;
    const auto file = must(fs->open_write(path, io::OpenMode::kReadWrite));
    const std::uint64_t place = random.below(size);
    std::byte byte{};
    must(must(fs->open_read(path))->read_at(place, std::span(&byte, 1)));
    byte ^= static_cast<std::byte>(1u << random.below(8));
    must(file->write_at(place, std::span(&byte, 1)));
    must(file->close());
    return true;
}

void check(const std::string& folder, bool damaged, Ledger& ledger) {
    const auto content = must(open_killed(folder));
    ContentStorage& storage = content->storage();
    const References found = references_of(storage);
    ledger.settle(found);
    if (damaged) {
        EXPECT_TRUE(must(repair_killed(*content)).hurt.empty());
        EXPECT_EQ(references_of(storage), found);
    }
    for (const auto& [owner, number] : found) {
        const auto bytes = storage.retrieve_all(workload_id(number), 1u << 20, CallContext());
        ASSERT_TRUE(bytes) << owner << " lost object " << number << ": "
                           << bytes.error().to_string();
        EXPECT_TRUE(*bytes == workload_object(number)) << number;
    }
    const VerifyReport report = must(storage.verify(VerifyDepth::kFull, CallContext()));
    for (const Damage& damage : report.damages)
        ADD_FAILURE() << damage.where << ": " << damage.what;
    if (must(storage.stats()).dictionary_chunks != 0) ++ledger.dictionaries;
}

TEST(ContentKill, NothingAcknowledgedIsLost) {
    const std::uint64_t rounds = number_from_environment("CATALOG_KILL_ROUNDS", 10);
    const std::uint64_t seed = number_from_environment("CATALOG_KILL_SEED", 1);
    std::cout << "seed " << seed << ", " << rounds << " rounds\n";
    const io::testing::TemporaryFolder folder;
    SeededRandom random(seed);
    Ledger ledger;
    std::uint64_t killed = 0;
    std::uint64_t repaired = 0;
    for (std::uint64_t round = 1; round <= rounds && !HasFailure(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const bool damaged = round > 1 && random.chance(20) && damage_a_pack(folder.path(), random);
        repaired += damaged ? 1 : 0;
        ChildProcess writer({CONTENT_WRITER_PROCESS, folder.path(), std::to_string(random.next())});
        // After so many lines and a little later; some are killed while they open the store.
        const std::uint64_t lines = random.chance(20) ? 0 : 1 + random.below(40);
        killed += writer.listen_and_kill(lines, std::chrono::microseconds(random.below(12'000)),
                                         [&](const std::string& line) { ledger.read(line); })
                      ? 1
                      : 0;
        ASSERT_NO_FATAL_FAILURE(check(folder.path(), damaged, ledger));
    }
    std::cout << killed << " processes killed, " << ledger.opened << " with an open store, "
              << ledger.acknowledged << " commits acknowledged, " << ledger.more
              << " more were durable, " << repaired << " stores were damaged, "
              << ledger.dictionaries << " had chunks of a dictionary\n";
    EXPECT_EQ(killed, rounds);
}

}  // namespace
}  // namespace catalog::content::testing
