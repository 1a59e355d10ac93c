// Power loss at every call that the content store makes to the disk, alone and with the database
// that commits for it on the same disk.

#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/content/sample_lists.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/kv/leak_sanitizer.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::code_of;
using io::testing::CrashPoint;
using io::testing::CrashTestOptions;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using kv::testing::number_from_environment;

constexpr std::uint64_t kAll = ~std::uint64_t{0};

using Contents = std::map<ContentHash, Bytes>;

// What the store held after each commit, and how many commits were acknowledged.
struct Ledger {
    std::vector<Contents> states{Contents()};
    std::size_t acknowledged = 0;
    bool collects = false;  // The work reclaims space, and so does the check.

    [[nodiscard]] bool allows(const Contents& found) const {
        for (std::size_t i = acknowledged; i < states.size(); ++i)
            if (states[i] == found) return true;
        return false;
    }
};

// A content store with its queue over some key-value store.
struct Opened {
    std::unique_ptr<kv::CommitQueue> queue;
    std::unique_ptr<ContentAddressedStorage> content;

    static Result<Opened> open(const std::shared_ptr<io::FileSystem>& fs,
                               kv::KeyValueStore& store) {
        Opened opened;
        opened.queue = std::make_unique<kv::CommitQueue>(store);
        ContentOptions options = options_on(fs, kSmallChunks, 12 * 1024);
        options.store = &store;
        options.queue = opened.queue.get();
        options.families = kBedFamilies;
        options.clock = make_system_clock();
        options.executor = make_thread_pool(1);
        options.random = make_counting_random();
        options.lists = list_reader();
        auto content = ContentAddressedStorage::open(std::move(options));
        if (!content) return fail(content.error());
        opened.content = std::move(*content);
        opened.queue->add_group_hook([storage = opened.content.get()](kv::WriteBatch& batch) {
            return storage->before_commit(batch);
        });
        return opened;
    }
    ~Opened() {
        if (queue) queue->close();
    }
    Opened() = default;
    Opened(Opened&&) = default;
    Opened& operator=(Opened&&) = default;
};

// Commits one change after the other and keeps account of them; stops at the first error.
class Work {
public:
    Work(Opened& opened, Ledger& ledger) : opened_(opened), ledger_(ledger) {}

    void run() {
        for (std::uint64_t i = 0; i < 3 && going_; ++i)
            put({noise(3000, i), prose(9000, i), noise(i, 7)});
        put({noise(3000, 1), noise(100, 50)});
        remove(id_of(noise(3000, 0)));
        put({noise(20'000, 60)});
        put({noise(3000, 0)});
    }

    // Puts and removals, a collection that removes, copies and seals, and puts after it.
    void run_collect() {
        for (std::uint64_t i = 0; i < 4 && going_; ++i) put({noise(4000, i), noise(3500, 10 + i)});
        for (std::uint64_t i = 0; i < 3; ++i) remove(id_of(noise(4000, i)));
        remove(id_of(noise(3500, 10)));
        collect();
        put({noise(4000, 1), noise(2000, 70)});
        remove(id_of(noise(3500, 12)));
        put_list({noise(3800, 20), noise(3600, 21), noise(4000, 3)});
        put_list({noise(3600, 21), noise(3700, 22)});
        remove_list({noise(3800, 20), noise(3600, 21), noise(4000, 3)}, noise(3800, 20));
        collect();
        put({noise(3500, 10)});
    }

    // Leaves packs without needed bytes, with some, and with all.
    void run_removals() {
        for (std::uint64_t i = 0; i < 6 && going_; ++i) put({noise(4000, i), noise(3500, 10 + i)});
        put({noise(20'000, 40)});
        put_list({noise(4500, 30), noise(4600, 31)});
        put_list({noise(4600, 31), noise(4700, 32)});
        remove_list({noise(4500, 30), noise(4600, 31)}, noise(4500, 30));
        for (std::uint64_t i = 0; i < 4; ++i) remove(id_of(noise(4000, i)));
        remove(id_of(noise(3500, 10)));
        remove(id_of(noise(20'000, 40)));
    }

private:
    void collect() {
        if (!going_) return;
        going_ = opened_.content->collect(CollectOptions(), CallContext()).has_value();
    }
    void put(const std::vector<Bytes>& objects) {
        if (!going_) return;
        Contents after = ledger_.states.back();
        const auto session = opened_.content->begin();
        going_ = session.has_value();
        for (const Bytes& bytes : objects) {
            if (!going_) return;
            const auto info = (*session)->put(bytes);
            going_ = info && (*session)->add_reference("owner", info->id);
            after[id_of(bytes)] = bytes;
        }
        kv::WriteBatch batch;
        if (going_) going_ = (*session)->stage(batch).has_value();
        commit(std::move(batch), std::move(after));
    }
    static Bytes list_naming(const std::vector<Bytes>& objects) {
        std::vector<ContentHash> ids;
        for (const Bytes& bytes : objects) ids.push_back(id_of(bytes));
        return list_of(ids);
    }
    // The objects one checkpoint before their list.
    void put_list(const std::vector<Bytes>& objects) {
        if (!going_) return;
        Contents after = ledger_.states.back();
        const auto session = opened_.content->begin();
        going_ = session.has_value();
        for (const Bytes& bytes : objects) {
            if (!going_) return;
            going_ = (*session)->put(bytes).has_value();
            after[id_of(bytes)] = bytes;
        }
        const Bytes list = list_naming(objects);
        after[id_of(list)] = list;
        going_ = going_ && opened_.content->checkpoint(**session).has_value();
        kv::WriteBatch batch;
        going_ = going_ && (*session)->put_list("owner", list).has_value() &&
                 (*session)->stage(batch).has_value();
        commit(std::move(batch), std::move(after));
    }
    // `own` is what no other list or reference keeps.
    void remove_list(const std::vector<Bytes>& objects, const Bytes& own) {
        if (!going_) return;
        Contents after = ledger_.states.back();
        after.erase(id_of(own));
        const ContentHash list = id_of(list_naming(objects));
        after.erase(list);
        kv::WriteBatch batch;
        going_ = opened_.content->remove(list, "owner", batch).has_value();
        commit(std::move(batch), std::move(after));
    }
    void remove(const ContentHash& id) {
        if (!going_) return;
        Contents after = ledger_.states.back();
        after.erase(id);
        kv::WriteBatch batch;
        going_ = opened_.content->remove(id, "owner", batch).has_value();
        commit(std::move(batch), std::move(after));
    }
    void commit(kv::WriteBatch batch, Contents after) {
        if (!going_) return;
        ledger_.states.push_back(std::move(after));
        kv::Commit commit;
        commit.batch = std::move(batch);
        going_ = opened_.queue->submit(std::move(commit)).has_value();
        if (going_) ledger_.acknowledged = ledger_.states.size() - 1;
    }

    Opened& opened_;
    Ledger& ledger_;
    bool going_ = true;
};

// What somebody needs. The rest of what is there can be read as well.
Contents contents_of(ContentStorage& storage) {
    Contents contents;
    const IdSink read = [&](const ContentHash& id) -> Result<void> {
        contents[id] = must(storage.retrieve_all(id, kAll, CallContext()));
        return {};
    };
    for (const std::string_view owner : {"owner", "later", "x"}) {
        must(storage.for_each_of(owner, read));
        must(storage.for_each_list_of(owner, [&](const ContentHash& list) {
            return list_reader()(contents.at(list), read);
        }));
    }
    must(storage.for_each([&](const ObjectInfo& object) -> Result<void> {
        EXPECT_EQ(must(storage.retrieve_all(object.id, kAll, CallContext())).size(), object.size);
        return {};
    }));
    return contents;
}

void expect_healthy(ContentStorage& storage) {
    const VerifyReport report = must(storage.verify(VerifyDepth::kFull, CallContext()));
    for (const Damage& damage : report.damages)
        ADD_FAILURE() << damage.where << ": " << damage.what;
}

// Opens what a crash left, checks it, goes on working and opens it once more.
void check_recovery(const std::shared_ptr<SimulatedFileSystem>& fs, kv::KeyValueStore& store,
                    const Ledger& ledger) {
    Contents found;
    const Bytes later = noise(7000, 99);
    {
        Opened opened = must(Opened::open(fs, store));
        found = contents_of(*opened.content);
        ASSERT_TRUE(ledger.allows(found))
            << ledger.states.size() - 1 << " commits, " << ledger.acknowledged << " acknowledged";
        expect_healthy(*opened.content);
        must(opened.content->store(source_of(later), "later", CallContext()));
        if (ledger.collects) {
            // All that a crash kept from being freed, or left as a second copy, goes now.
            CollectOptions all;
            all.live_share_min = 1;
            must(opened.content->collect(all, CallContext()));
            const CollectReport rest = must(opened.content->collect(all, CallContext()));
            ASSERT_EQ(rest.objects_removed + rest.chunks_dead + rest.packs_removed, 0u);
        }
    }
    Opened again = must(Opened::open(fs, store));
    found[id_of(later)] = later;
    ASSERT_TRUE(contents_of(*again.content) == found);
    expect_healthy(*again.content);
}

CrashTestOptions from_environment(std::uint64_t seeds, std::uint64_t stride) {
    CrashTestOptions options;
    options.random_seeds = number_from_environment("CATALOG_CRASH_SEEDS", seeds);
    options.first_seed = number_from_environment("CATALOG_CRASH_FIRST_SEED", 1);
    options.stride = number_from_environment("CATALOG_CRASH_STRIDE", stride);
    return options;
}

void print_count(const io::testing::CrashTestCount& count) {
    std::cout << count.points << " crash points, " << count.recoveries << " recoveries\n";
    EXPECT_GT(count.points, 10u);
}

// The database keeps everything it was told, the disk under the packs as little as it may: whatever
// a commit names must have been synced before.
TEST(ContentCrash, PacksHoldWhatADurableCommitNames) {
    Ledger ledger;
    std::unique_ptr<kv::KeyValueStore> store;
    const auto prepare = [&] {
        ledger = Ledger();
        store = kv::make_memory_store(kBedFamilyCount);
        auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/library"));
        must(fs->sync_directory("/"));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        auto opened = Opened::open(fs, *store);
        if (opened) Work(*opened, ledger).run();
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        const auto copy = copy_of(*store);
        check_recovery(fs, *copy, ledger);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(4, 1)));
}

TEST(ContentCrash, ACollectionLosesNothing) {
    Ledger ledger;
    std::unique_ptr<kv::KeyValueStore> store;
    const auto prepare = [&] {
        ledger = Ledger();
        ledger.collects = true;
        store = kv::make_memory_store(kBedFamilyCount);
        auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/library"));
        must(fs->sync_directory("/"));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        auto opened = Opened::open(fs, *store);
        if (opened) Work(*opened, ledger).run_collect();
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        const auto copy = copy_of(*store);
        check_recovery(fs, *copy, ledger);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(2, 1)));
}

// Crashes a script whose database is on the same disk: at the commit itself, too. Returns how
// often.
io::testing::CrashTestCount crash_with_database(bool collects, std::uint64_t stride) {
    Ledger ledger;
    const std::string path = "/library/db";
    const auto prepare = [&] {
        ledger = Ledger();
        ledger.collects = collects;
        auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/library"));
        must(fs->sync_directory("/"));
        (void)kv::testing::must_open(fs, path, kv::testing::small_store(kBedFamilyCount));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        const auto store = kv::open_rocksdb(fs, path, kv::testing::small_store(kBedFamilyCount));
        if (!store) return;
        auto opened = Opened::open(fs, **store);
        if (!opened) return;
        Work script(*opened, ledger);
        if (collects)
            script.run_collect();
        else
            script.run();
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        const auto store =
            kv::testing::must_open(fs, path, kv::testing::small_store(kBedFamilyCount));
        check_recovery(fs, *store, ledger);
    };
    const auto count = for_each_crash(prepare, work, check, from_environment(1, stride));
    print_count(count);
    return count;
}

TEST(ContentCrash, ACollectionLosesNothingWithTheDatabaseOnTheSameDisk) {
    EXPECT_GE(crash_with_database(true, 13).recoveries, 20u);
}

// Every call that a collection makes to the disk fails once, in a run of its own.
TEST(ContentCrash, ACollectionThatMeetsAnErrorLosesNothing) {
    for (const Errc error : {Errc::kIo, Errc::kStorageFull}) {
        for (std::uint64_t nth = 1, met = 1; met != 0; ++nth) {
            SCOPED_TRACE("call " + std::to_string(nth) + " of the collection");
            Ledger ledger;
            const auto store = kv::make_memory_store(kBedFamilyCount);
            const auto fs = SimulatedFileSystem::make();
            must(fs->make_directories("/library"));
            Opened opened = must(Opened::open(fs, *store));
            Work(opened, ledger).run_removals();
            const std::uint64_t begin = fs->mutations();
            fs->fail_nth(begin + nth, error);
            const auto collected = opened.content->collect(CollectOptions(), CallContext());
            met = fs->mutations() >= begin + nth ? 1 : 0;
            fs->clear_faults();
            if (!collected) {
                const Errc code = collected.error().code();
                ASSERT_TRUE(code == error || code == Errc::kSyncFailed);
            }
            ASSERT_TRUE(contents_of(*opened.content) == ledger.states.back());
            ledger.collects = true;
            opened = Opened();
            check_recovery(fs, *store, ledger);
        }
    }
}

// With not a byte left on the disk, what holds nothing any more goes all the same.
TEST(ContentCrash, AFullDiskGetsRoomByACollection) {
    Ledger ledger;
    const auto store = kv::make_memory_store(kBedFamilyCount);
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/library"));
    Opened opened = must(Opened::open(fs, *store));
    Work(opened, ledger).run_removals();
    const std::uint64_t before = must(opened.content->stats()).stored_bytes;
    fs->set_capacity(fs->used_bytes());
    (void)opened.content->collect(CollectOptions(), CallContext());
    const std::uint64_t after = must(opened.content->stats()).stored_bytes;
    EXPECT_LT(after + 10'000, before);
    fs->set_capacity(SimulatedFileSystem::kUnlimited);
    must(opened.content->store(source_of(noise(5000, 500)), "x", CallContext()));
    Contents expected = ledger.states.back();
    expected[id_of(noise(5000, 500))] = noise(5000, 500);
    EXPECT_TRUE(contents_of(*opened.content) == expected);
    expect_healthy(*opened.content);
}

TEST(ContentCrash, CommitsSurviveWithTheDatabaseOnTheSameDisk) {
    EXPECT_GE(crash_with_database(false, 5).recoveries, 20u);
}

// A crash while what an earlier crash left is dropped.
TEST(ContentCrash, RecoverySurvivesACrash) {
    Ledger ledger;
    std::unique_ptr<kv::KeyValueStore> store;
    const auto prepare = [&] {
        ledger = Ledger();
        store = kv::make_memory_store(kBedFamilyCount);
        auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/library"));
        must(fs->sync_directory("/"));
        Opened opened = must(Opened::open(fs, *store));
        Work(opened, ledger).run();
        // Much that was never committed: tails and whole packs.
        const auto session = must(opened.content->begin());
        (void)must(session->put(noise(60'000, 3)));
        return fs->recover(io::testing::CrashPolicy::kKeepAll);
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        auto opened = Opened::open(fs, *store);
        if (!opened) return;
        (void)opened->content->store(source_of(noise(5000, 1000)), "x", CallContext());
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        const auto copy = copy_of(*store);
        Ledger now = ledger;
        Contents after = ledger.states.back();
        after[id_of(noise(5000, 1000))] = noise(5000, 1000);
        now.states.push_back(after);
        check_recovery(fs, *copy, now);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(4, 1)));
}

}  // namespace
}  // namespace catalog::content::testing
