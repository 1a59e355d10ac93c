// Universes are made while others resolve, out of the one before and what changed since.

#include <gtest/gtest.h>

#include "support/io/crash_test.hpp"
#include "support/io/faulty_file_system.hpp"
#include "universe_bed.hpp"

namespace catalog::library::testing {
namespace {

using fakes::ManualExecutor;
using io::testing::must;

TEST(UniverseMaking, IsDoneOnTheExecutorWhileResolutionsReadTheIndex) {
    UniverseBed bed;
    bed.add("base", "1.0.0");
    bed.add("app", "1.0.0", "base");
    ManualExecutor executor;
    const auto universe = bed.open(&executor);
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, base 1.0.0, ");
    EXPECT_EQ(bed.answer(*universe, {"base"}), "base 1.0.0, ");
    EXPECT_EQ(executor.pending(), 1u) << "one is enough";
    EXPECT_FALSE(bed.file_is_there());
    EXPECT_TRUE(universe->stats().making);
    executor.run_all();
    EXPECT_EQ(bed.file(), bed.everything());
    const FrozenStats stats = universe->stats();
    EXPECT_EQ(stats.versions, 2u);
    EXPECT_EQ(stats.bytes, bed.file().size());
    EXPECT_EQ(stats.changed, 0u);
    EXPECT_FALSE(stats.making);
    bed.remove_manifest("base@1.0.0");
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, base 1.0.0, ") << "no manifest is read";
}

TEST(UniverseMaking, TakesUnchangedPackagesFromTheOneBefore) {
    UniverseBed bed;
    bed.add("base", "1.0.0");
    bed.add("app", "1.0.0", "base");
    bed.add_many("old", 3);
    ManualExecutor executor;
    const auto universe = bed.open(&executor);
    must(universe->prepare({}));
    bed.add("base", "1.1.0");
    bed.add_many("new", 4);
    const std::string everything = bed.everything();
    bed.remove_manifest("old1@1.0.0");
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, base 1.1.0, ") << "over what changed";
    EXPECT_EQ(universe->stats().changed, 5u);
    EXPECT_NE(bed.file(), everything);
    executor.run_all();
    EXPECT_EQ(bed.file(), everything) << "old1 was not read again";
    EXPECT_EQ(universe->stats().changed, 0u);
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, base 1.1.0, ");
    EXPECT_EQ(bed.log.count(LogLevel::kWarning), 0u) << bed.log.text();
}

TEST(UniverseMaking, BeginsWhenMoreChangedThanItsBounds) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    ManualExecutor executor;
    const auto universe = bed.open(&executor, 3);
    must(universe->prepare({}));
    bed.add_many("new", 3);
    static_cast<void>(bed.answer(*universe, {"app"}));
    EXPECT_EQ(executor.pending(), 0u);
    bed.add_many("other", 1);
    static_cast<void>(bed.answer(*universe, {"app"}));
    EXPECT_EQ(executor.pending(), 1u);
}

TEST(UniverseMaking, BeginsWhenFewPackagesChangedManyTimes) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    ManualExecutor executor;
    const auto universe = bed.open(&executor, 3);
    must(universe->prepare({}));
    for (int i = 0; i < 12; ++i) bed.bed.change("app@1.0.0", std::nullopt, i % 2 == 0);
    static_cast<void>(bed.answer(*universe, {"app"}));
    EXPECT_EQ(executor.pending(), 0u);
    bed.bed.change("app@1.0.0", std::nullopt, true);
    static_cast<void>(bed.answer(*universe, {"app"}));
    EXPECT_EQ(executor.pending(), 1u);
}

TEST(UniverseMaking, OfManyVersionsWaitsForMoreChanges) {
    UniverseBed bed;
    bed.add_many("old", 200);
    ManualExecutor executor;
    const auto universe = bed.open(&executor, 1);
    must(universe->prepare({}));
    bed.add_many("new", 4);
    static_cast<void>(bed.answer(*universe, {"old7"}));
    EXPECT_EQ(executor.pending(), 0u) << "every fiftieth";
    bed.add_many("other", 1);
    static_cast<void>(bed.answer(*universe, {"old7"}));
    EXPECT_EQ(executor.pending(), 1u);
}

TEST(UniverseMaking, PreparedIsDoneAtOnce) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    ManualExecutor executor;
    const auto universe = bed.open(&executor);
    must(universe->prepare({}));
    EXPECT_EQ(bed.file(), bed.everything());
    bed.add_many("new", 4);
    must(universe->prepare({}));
    EXPECT_EQ(bed.file(), bed.everything());
    EXPECT_EQ(executor.pending(), 0u);
}

TEST(UniverseMaking, EndsWithTheLibrary) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    ManualExecutor executor;
    auto universe = bed.open(&executor);
    static_cast<void>(bed.answer(*universe, {"app"}));
    universe.reset();
    EXPECT_EQ(executor.run_all(), 1u);
    EXPECT_FALSE(bed.file_is_there()) << "there was nobody to make it for";
}

TEST(UniverseMaking, AfterADropUsesNothingOfBefore) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    ManualExecutor executor;
    const auto universe = bed.open(&executor);
    must(universe->prepare({}));
    bed.add_many("new", 4);
    static_cast<void>(bed.answer(*universe, {"app"}));
    ASSERT_EQ(executor.pending(), 1u);
    EXPECT_TRUE(must(universe->drop()));
    EXPECT_EQ(universe->stats().versions, 0u);
    executor.run_all();
    EXPECT_EQ(bed.file(), bed.everything());
    EXPECT_EQ(bed.answer(*universe, {"new2"}), "new2 1.0.0, ");
}

TEST(UniverseMaking, IsTriedAgainWhereTheExecutorRefused) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    const auto base = std::make_shared<ManualExecutor>();
    fakes::FaultyExecutor executor(base, [](std::size_t post) {
        return post <= 1 ? fakes::ExecutorFault::kRefuse : fakes::ExecutorFault::kNone;
    });
    const auto universe = bed.open(&executor);
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, ");
    EXPECT_EQ(bed.log.count(LogLevel::kWarning), 1u);
    EXPECT_FALSE(universe->stats().making);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, ");
    base->run_all();
    EXPECT_TRUE(bed.file_is_there());
}

TEST(UniverseMaking, ThatFailsIsNotTriedAgainAtEveryChange) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    bed.add("bad", "1.0.0");
    ManualExecutor executor;
    const auto universe = bed.open(&executor, 3);
    bed.remove_manifest("bad@1.0.0");
    int tries = 0;
    for (int i = 0; i < 12; ++i) {
        bed.add("new", "1." + std::to_string(i) + ".0");
        EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, ");
        tries += static_cast<int>(executor.run_all());
    }
    EXPECT_EQ(tries, 4);
    EXPECT_FALSE(bed.file_is_there());
}

/// Does something between a resolution's choice of its moment and its search.
class Delayed final : public resolve::Resolver {
public:
    explicit Delayed(std::function<void()> before) : before_(std::move(before)) {}
    Result<resolve::Solution> resolve(const resolve::Request& request,
                                      resolve::DependencyProvider& provider,
                                      const CallContext& context) override {
        before_();
        return resolver_.resolve(request, provider, context);
    }

private:
    std::function<void()> before_;
    resolve::SatResolver resolver_;
};

TEST(UniverseMaking, DoesNotChangeTheMomentOfAResolutionUnderWay) {
    for (const bool drop : {false, true}) {
        UniverseBed bed;
        bed.add("base", "1.0.0");
        bed.add("app", "1.0.0", "base");
        ManualExecutor executor;
        const auto universe = bed.open(&executor);
        must(universe->prepare({}));
        bed.add("base", "1.1.0");
        Delayed resolver([&] {
            bed.add("base", "1.2.0");
            bed.add_many("new", 5);
            static_cast<void>(bed.answer(*universe, {"app"}));
            EXPECT_EQ(executor.run_all(), 1u);
            EXPECT_EQ(bed.file(), bed.everything());
            if (drop) must(universe->drop());
        });
        EXPECT_EQ(text_of(universe->resolve(resolver, request_of({"app"}), {})),
                  "app 1.0.0, base 1.1.0, ");
        EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, base 1.2.0, ");
    }
}

/// Does something right before a moment is taken, once.
class HookedStore final : public kv::KeyValueStore {
public:
    HookedStore(kv::KeyValueStore& base, std::function<void()> hook)
        : base_(base), hook_(std::move(hook)) {}
    Result<std::optional<std::string>> get(kv::Family family, std::string_view key) const override {
        return base_.get(family, key);
    }
    std::unique_ptr<kv::Iterator> iterate(kv::Family family) const override {
        return base_.iterate(family);
    }
    std::shared_ptr<const kv::Snapshot> snapshot() const override {
        if (armed) {
            armed = false;
            hook_();
        }
        return base_.snapshot();
    }
    Result<void> write(const kv::WriteBatch& batch, kv::Durability durability) override {
        return base_.write(batch, durability);
    }
    Result<void> refresh() override { return base_.refresh(); }
    std::uint64_t revision() const noexcept override { return base_.revision(); }
    Result<std::uint64_t> disk_bytes() const override { return base_.disk_bytes(); }
    kv::StoreUsage usage() const noexcept override { return base_.usage(); }
    Result<std::vector<std::string>> verify() const override { return base_.verify(); }

    mutable bool armed = false;

private:
    kv::KeyValueStore& base_;
    std::function<void()> hook_;
};

/// A resolver looks at what is known, then a newer universe is made and the changes up to it are
/// forgotten, then it takes its moment.
TEST(UniverseMaking, IsNoticedByWhoHadLookedBefore) {
    UniverseBed bed;
    bed.add("base", "1.0.0");
    bed.add("app", "1.0.0", "base");
    std::unique_ptr<LiveUniverse> universe;
    HookedStore store(*bed.bed.store, [&] {
        bed.add("base", "1.1.0");
        bed.add_many("new", 5);
        must(universe->prepare({}));
        bed.remove_manifest("base@1.1.0");
        must(bed.disk->remove_file(universe_path(UniverseBed::kPath)));
    });
    universe = bed.open(nullptr, 3, &store);
    must(universe->prepare({}));
    store.armed = true;
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.0.0, base 1.1.0, ")
        << "the new universe in memory is used, neither file nor index";
}

TEST(UniverseMaking, WhatWasDroppedIsNotRememberedByWhoHadLookedBefore) {
    UniverseBed bed;
    bed.add("app", "1.0.0");
    ManualExecutor executor;
    std::unique_ptr<LiveUniverse> universe;
    HookedStore store(*bed.bed.store, [&] {
        bed.add("app", "1.1.0");
        must(universe->drop());
    });
    universe = bed.open(&executor, 3, &store);
    must(universe->prepare({}));
    store.armed = true;
    EXPECT_EQ(bed.answer(*universe, {"app"}), "app 1.1.0, ");
    EXPECT_EQ(universe->stats().versions, 0u);
}

TEST(UniverseMaking, ThatCannotBeWrittenLeavesTheFileBefore) {
    UniverseBed bed;
    bed.add("base", "1.0.0");
    bed.add("app", "1.0.0", "base");
    must(bed.open(nullptr)->prepare({}));
    const std::string before = bed.file();
    io::testing::FaultyFileSystem faulty(bed.disk);
    for (const io::testing::FileOperation operation :
         {io::testing::FileOperation::kCreate, io::testing::FileOperation::kAppend,
          io::testing::FileOperation::kSync, io::testing::FileOperation::kRename}) {
        bed.add_many("new" + std::to_string(static_cast<int>(operation)) + "x", 4);
        faulty.fail_always(operation, "index", {});
        UniversePlace place;
        place.path = UniverseBed::kPath;
        place.fs = &faulty;
        place.store = bed.bed.store.get();
        place.queue = &bed.bed.queue;
        place.families = {kv::Family{0}, kv::Family{1}, kv::Family{2}, kv::Family{3}};
        place.clock = &bed.clock;
        place.log = &bed.log;
        place.versions_min = 1;
        place.changed_names_max = 3;
        LiveUniverse universe(std::move(place));
        EXPECT_EQ(bed.answer(universe, {"app"}), "app 1.0.0, base 1.0.0, ");
        EXPECT_EQ(universe.stats().changed, 0u) << "kept in memory";
        faulty.clear_faults();
        EXPECT_EQ(bed.file(), before);
        EXPECT_EQ(bed.answer(*bed.open(nullptr, 100), {"app"}), "app 1.0.0, base 1.0.0, ")
            << "what changed since that file is still known";
    }
}

TEST(UniverseMaking, AfterACrashThereIsTheFileBeforeOrTheFileAfter) {
    std::string before;
    std::string after;
    std::unique_ptr<UniverseBed> bed;
    const auto count = io::testing::for_each_crash(
        [&] {
            bed = std::make_unique<UniverseBed>();
            bed->add("base", "1.0.0");
            bed->add("app", "1.0.0", "base");
            must(bed->open(nullptr)->prepare({}));
            before = bed->file();
            bed->add("base", "1.1.0");
            bed->add_many("new", 4);
            after = bed->everything();
            return bed->disk;
        },
        [&](const std::shared_ptr<io::testing::SimulatedFileSystem>& disk) {
            bed->disk = disk;
            EXPECT_EQ(bed->answer(*bed->open(nullptr), {"app"}), "app 1.0.0, base 1.1.0, ");
        },
        [&](const std::shared_ptr<io::testing::SimulatedFileSystem>& disk,
            const io::testing::CrashPoint&) {
            bed->disk = disk;
            const std::string found = bed->file();
            EXPECT_TRUE(found == before || found == after);
            const auto universe = bed->open(nullptr);
            EXPECT_EQ(universe->check(), std::nullopt);
            EXPECT_EQ(bed->answer(*universe, {"app"}), "app 1.0.0, base 1.1.0, ");
            EXPECT_EQ(bed->file(), after);
        });
    EXPECT_GT(count.points, 3u);
}

}  // namespace
}  // namespace catalog::library::testing
