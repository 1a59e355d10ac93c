#include "catalog/cache/cache_system.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "support/cache/cache_bed.hpp"
#include "support/cache/fake_levels.hpp"
#include "support/core/executors.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"

namespace catalog::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Does something else once at a moment when the clock is asked: between two steps of a call.
class InterruptingClock final : public Clock {
public:
    [[nodiscard]] MonotonicTime now_monotonic() const override {
        if (interrupt) std::exchange(interrupt, nullptr)();
        return clock.now_monotonic();
    }
    [[nodiscard]] WallTime now_wall() const override { return clock.now_wall(); }
    bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const override {
        return clock.sleep_for(duration, stop);
    }

    fakes::FakeClock clock;
    mutable std::function<void()> interrupt;
};

// A cache system over fakes, and a source whose answer a test sets.
struct Bed {
    Bed() { open(); }

    void open() {
        CacheEnvironment environment;
        environment.clock = clock;
        environment.random = std::make_shared<fakes::SeededRandom>(7);
        environment.executor = with_executor ? executor : nullptr;
        environment.disk = disk;
        environment.remote = remote;
        auto made = CacheSystem::make(options, environment);
        ASSERT_TRUE(made) << made.error().to_string();
        system = *std::move(made);
    }
    Loader loader() {
        return [this](const CallContext&) -> Result<Loaded> {
            ++loads;
            if (failure) return fail(*failure, "a fault that a test asked for");
            Loaded loaded;
            if (source) loaded.value = to_bytes(as_bytes(*source));
            loaded.times = times;
            return loaded;
        };
    }
    std::string get(std::string_view key = "key") {
        Bytes value;
        const auto got = system->get(as_bytes(key), loader(), CallContext(), value);
        if (!got) return "error " + std::to_string(static_cast<int>(got.error().code()));
        last = *got;
        return std::string(as_text(value));
    }

    std::shared_ptr<fakes::FakeClock> clock = std::make_shared<fakes::FakeClock>();
    std::shared_ptr<fakes::ManualExecutor> executor = std::make_shared<fakes::ManualExecutor>();
    std::shared_ptr<RecordStore> disk = make_memory_record_store();
    std::shared_ptr<testing::FakeRemoteCache> remote = std::make_shared<testing::FakeRemoteCache>();
    bool with_executor = true;
    CacheSystemOptions options;
    std::unique_ptr<CacheSystem> system;
    std::optional<std::string> source = "value";
    std::optional<Errc> failure;
    ServingTimes times;
    CacheSource last{};
    int loads = 0;
};

void expect_get(Bed& bed, std::string_view value, CacheSource source) {
    EXPECT_EQ(bed.get(), value);
    EXPECT_EQ(bed.last, source);
}

ServingTimes serving(int fresh, int stale, int error_stale) {
    ServingTimes times;
    times.fresh_for = seconds(fresh);
    times.stale_for = seconds(stale);
    times.error_stale_for = seconds(error_stale);
    return times;
}

TEST(CacheSystem, LoadsOnceAndThenHitsInMemory) {
    Bed bed;
    expect_get(bed, "value", CacheSource::kLoader);
    expect_get(bed, "value", CacheSource::kMemory);
    EXPECT_EQ(bed.loads, 1);
}

// Over memory alone: an entry that has expired makes a call ask for the time after its look
// into memory and before its flight; another call comes and goes there.
TEST(CacheSystem, FindsWhatAnotherFlightHasBroughtSinceItsLookIntoMemory) {
    for (const bool present : {true, false}) {
        Bed bed;
        const auto clock = std::make_shared<InterruptingClock>();
        CacheEnvironment environment;
        environment.clock = clock;
        environment.random = std::make_shared<fakes::SeededRandom>(7);
        auto made = CacheSystem::make({}, environment);
        ASSERT_TRUE(made) << made.error().to_string();
        bed.system = *std::move(made);
        bed.times = serving(60, 0, 0);
        (void)bed.get();
        clock->clock.advance(seconds(61));
        if (!present) bed.source.reset();
        clock->interrupt = [&] { (void)bed.get(); };
        expect_get(bed, present ? "value" : "",
                   present ? CacheSource::kMemory : CacheSource::kAbsent);
        EXPECT_FALSE(clock->interrupt);
        EXPECT_EQ(bed.loads, 2);
        EXPECT_EQ(bed.system->stats().memory.hits, 0u);
        EXPECT_EQ(bed.system->stats().memory.misses, 3u);
    }
}

TEST(CacheSystem, FindsOnDiskWhatMemoryHasLostAndPutsItBack) {
    Bed bed;
    (void)bed.get();
    bed.remote = std::make_shared<testing::FakeRemoteCache>();
    bed.open();
    expect_get(bed, "value", CacheSource::kDisk);
    expect_get(bed, "value", CacheSource::kMemory);
    EXPECT_EQ(bed.loads, 1);
}

TEST(CacheSystem, FindsElsewhereWhatAnotherProcessHasLoaded) {
    Bed bed;
    (void)bed.get();
    EXPECT_EQ(bed.remote->size(), 0u);
    bed.executor->run_all();
    EXPECT_EQ(bed.remote->size(), 1u);
    bed.disk = make_memory_record_store();
    bed.open();
    expect_get(bed, "value", CacheSource::kRemote);
    EXPECT_EQ(bed.loads, 1);
    EXPECT_EQ(bed.system->stats().disk.entries, 1u);
    EXPECT_EQ(bed.system->stats().remote.hits, 1u);
}

TEST(CacheSystem, WorksWithMemoryAlone) {
    Bed bed;
    bed.disk = nullptr;
    bed.remote = nullptr;
    bed.with_executor = false;
    bed.open();
    EXPECT_EQ(bed.get(), "value");
    EXPECT_EQ(bed.get(), "value");
    EXPECT_EQ(bed.loads, 1);
    bed.system->invalidate(as_bytes("key"));
    bed.system->invalidate_prefix(as_bytes("k"));
    EXPECT_EQ(bed.get(), "value");
    EXPECT_EQ(bed.loads, 2);
}

TEST(CacheSystem, RemembersForAWhileThatThereIsNothing) {
    Bed bed;
    bed.source.reset();
    expect_get(bed, "", CacheSource::kAbsent);
    bed.source = "value";
    expect_get(bed, "", CacheSource::kAbsent);
    EXPECT_EQ(bed.loads, 1);
    bed.clock->advance(seconds(30));
    EXPECT_EQ(bed.get(), "value");
    EXPECT_EQ(bed.loads, 2);
}

TEST(CacheSystem, HoldsAbsenceInATwentiethOfItsBytes) {
    Bed bed;
    bed.source.reset();
    for (int i = 0; i < 20'000; ++i) (void)bed.get("absent" + std::to_string(i));
    const CacheStats stats = bed.system->stats();
    EXPECT_LE(stats.absent.bytes, bed.options.memory.bytes_max / 20);
    EXPECT_GT(stats.absent.entries, 500u);
    EXPECT_EQ(stats.memory.entries, 0u);
}

TEST(CacheSystem, ReturnsWhatIsStaleAndLoadsItAnewInTheBackgroundOnce) {
    Bed bed;
    bed.times = serving(10, 10, 10);
    (void)bed.get();
    bed.executor->run_all();
    bed.source = "new";
    bed.clock->advance(seconds(11));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(bed.get(), "value");
    EXPECT_EQ(bed.last, CacheSource::kStale);
    EXPECT_EQ(bed.loads, 1);
    EXPECT_EQ(bed.executor->pending(), 1u);
    bed.executor->run_all();
    EXPECT_EQ(bed.loads, 2);
    expect_get(bed, "new", CacheSource::kMemory);
    EXPECT_EQ(bed.system->stats().refreshes, 1u);
    EXPECT_EQ(bed.system->stats().stale_served, 5u);
}

TEST(CacheSystem, WaitsForTheLoaderWhenItIsTooOldAndReturnsItOnlyIfThatFails) {
    Bed bed;
    bed.times = serving(10, 10, 10);
    (void)bed.get();
    bed.clock->advance(seconds(21));
    bed.failure = Errc::kNetwork;
    expect_get(bed, "value", CacheSource::kStale);
    bed.failure.reset();
    bed.source = "new";
    expect_get(bed, "new", CacheSource::kLoader);
    bed.failure = Errc::kNetwork;
    bed.clock->advance(seconds(31));
    EXPECT_EQ(bed.get(), "error 1200");
}

TEST(CacheSystem, DoesNotTakeWhatIsStaleOnDiskForFresh) {
    Bed bed;
    bed.times = serving(10, 10, 10);
    (void)bed.get();
    bed.executor->run_all();
    bed.open();
    bed.clock->advance(seconds(15));
    bed.source = "new";
    EXPECT_EQ(bed.get(), "new");
    bed.open();
    bed.clock->advance(seconds(25));
    bed.failure = Errc::kNetwork;
    expect_get(bed, "new", CacheSource::kStale);
}

TEST(CacheSystem, ForgetsAnInvalidatedKeyOnEveryLevel) {
    Bed bed;
    (void)bed.get();
    (void)bed.get("other");
    bed.executor->run_all();
    bed.source = "new";
    bed.system->invalidate(as_bytes("key"));
    EXPECT_EQ(bed.get(), "new");
    EXPECT_EQ(bed.get("other"), "value");
    bed.source.reset();
    (void)bed.get("gone");
    bed.source = "back";
    bed.system->invalidate(as_bytes("gone"));
    EXPECT_EQ(bed.get("gone"), "back");
}

TEST(CacheSystem, ForgetsAnInvalidatedKeyAlsoWhenTheRemoteCacheCannotBeTold) {
    Bed bed;
    (void)bed.get();
    bed.executor->run_all();
    bed.remote->fail_with(Errc::kNetwork);
    bed.system->invalidate(as_bytes("key"));
    bed.remote->fail_with(std::nullopt);
    bed.source = "new";
    EXPECT_EQ(bed.get(), "new");
}

TEST(CacheSystem, DoesNotLetAValueOnItsWayComeBackAfterItsInvalidation) {
    Bed bed;
    (void)bed.get();
    bed.system->invalidate(as_bytes("key"));
    bed.executor->run_all();  // The old value arrives now.
    bed.source = "new";
    EXPECT_EQ(bed.get(), "new");
}

TEST(CacheSystem, ForgetsEveryKeyOfAPrefix) {
    Bed bed;
    for (const char* key : {"a/1", "a/2", "b/1"}) (void)bed.get(key);
    bed.executor->run_all();
    bed.system->invalidate_prefix(as_bytes("a/"));
    bed.source = "new";
    EXPECT_EQ(bed.get("a/1"), "new");
    EXPECT_EQ(bed.get("b/1"), "value");
    EXPECT_EQ(bed.last, CacheSource::kMemory);
    for (int i = 0; i < 200; ++i) bed.system->invalidate_prefix(as_bytes(std::to_string(i)));
    bed.system->invalidate_prefix(as_bytes("a/"));
    bed.source = "newest";
    EXPECT_EQ(bed.get("a/2"), "newest");
}

TEST(CacheSystem, DropsALoadDuringWhichItsKeyWasInvalidated) {
    Bed bed;
    Bytes value;
    const auto got = bed.system->get(
        as_bytes("key"),
        [&](const CallContext&) -> Result<Loaded> {
            bed.system->invalidate(as_bytes("key"));
            return Loaded(to_bytes(as_bytes("old")));
        },
        CallContext(), value);
    ASSERT_TRUE(got);
    EXPECT_EQ(as_text(value), "old");
    bed.executor->run_all();
    bed.source = "new";
    EXPECT_EQ(bed.get(), "new");
}

TEST(CacheSystem, BelievesNothingThatTheRemoteCacheMadeUp) {
    Bed bed;
    (void)bed.get("a");
    (void)bed.get("b");
    bed.executor->run_all();
    bed.disk = nullptr;
    std::uint64_t rejected = 0;
    const auto expect_loads = [&](std::function<void(Bytes&)> lie) {
        bed.remote->on_get(std::move(lie));
        bed.open();
        bed.source = "loaded";
        EXPECT_EQ(bed.get("a"), "loaded");
        rejected += bed.system->stats().remote.rejected;
        bed.source = "value";
        bed.executor->run_all();
    };
    expect_loads([](Bytes& value) { value.clear(); });
    expect_loads([](Bytes& value) { value.back() ^= std::byte{1}; });
    expect_loads([](Bytes& value) { value.resize(value.size() - 1); });
    expect_loads([](Bytes& value) { value.assign(100'000, std::byte{'x'}); });
    EXPECT_EQ(rejected, 4u);
}

TEST(CacheSystem, StopsAskingARemoteCacheThatFailsAndComesBackToIt) {
    Bed bed;
    bed.disk = nullptr;
    bed.open();
    bed.remote->fail_with(Errc::kDeadlineExceeded);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(bed.get("key" + std::to_string(i)), "value");
    EXPECT_LE(bed.remote->calls(), 3u);
    EXPECT_EQ(bed.system->stats().remote.breaker, BreakerState::kOpen);
    EXPECT_GE(bed.system->stats().remote.skipped, 47u);
    bed.remote->fail_with(std::nullopt);
    bed.clock->advance(seconds(1));
    (void)bed.get("again");
    EXPECT_EQ(bed.system->stats().remote.breaker, BreakerState::kClosed);
}

TEST(CacheSystem, KeepsNothingThatIsTooLarge) {
    Bed bed;
    bed.options.value_bytes_max = 10;
    bed.open();
    bed.source = "more than ten bytes";
    EXPECT_EQ(bed.get(), "more than ten bytes");
    EXPECT_EQ(bed.get(), "more than ten bytes");
    EXPECT_EQ(bed.loads, 2);
    Bytes value;
    const auto got =
        bed.system->get(as_bytes(std::string(5'000, 'k')), bed.loader(), CallContext(), value);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::kInvalidArgument);
}

TEST(CacheSystem, TellsWhenALoaderAsksForItsOwnKeyOrThrows) {
    Bed bed;
    Bytes value;
    const auto inner = bed.system->get(
        as_bytes("key"),
        [&](const CallContext& context) -> Result<Loaded> {
            Bytes unused;
            const auto got = bed.system->get(as_bytes("key"), bed.loader(), context, unused);
            if (!got) return fail(got.error());
            return Loaded();
        },
        CallContext(), value);
    ASSERT_FALSE(inner);
    EXPECT_EQ(inner.error().code(), Errc::kFailedPrecondition);
    const auto thrown = bed.system->get(
        as_bytes("key"), [](const CallContext&) -> Result<Loaded> { throw 1; }, CallContext(),
        value);
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().code(), Errc::kInternal);
    EXPECT_EQ(bed.get(), "value");
}

TEST(CacheSystem, OutlivesItsTasks) {
    Bed bed;
    bed.times = serving(10, 100, 0);
    (void)bed.get();
    bed.clock->advance(seconds(11));
    (void)bed.get();
    bed.system.reset();
    bed.executor->run_all();
    EXPECT_EQ(bed.loads, 2);
    EXPECT_EQ(bed.remote->size(), 1u);
}

TEST(CacheSystem, BeginsNoMoreTasksThanAllowed) {
    Bed bed;
    bed.options.background_max = 4;
    bed.open();
    for (int i = 0; i < 10; ++i) (void)bed.get("key" + std::to_string(i));
    EXPECT_EQ(bed.executor->pending(), 4u);
    EXPECT_EQ(bed.system->stats().background_refused, 6u);
    bed.executor->run_all();
    (void)bed.get("one more");
    EXPECT_EQ(bed.executor->pending(), 1u);
}

TEST(CacheSystem, RefusesOptionsOutsideTheirRange) {
    CacheEnvironment environment;
    EXPECT_EQ(CacheSystem::make({}, environment).error().code(), Errc::kInvalidArgument);
    environment.clock = make_system_clock();
    environment.random = make_system_random();
    CacheSystemOptions options;
    options.leaders_max = 0;
    EXPECT_EQ(CacheSystem::make(options, environment).error().code(), Errc::kInvalidArgument);
    options = {};
    options.memory.bytes_max = 1;
    EXPECT_EQ(CacheSystem::make(options, environment).error().code(), Errc::kInvalidArgument);
    EXPECT_TRUE(CacheSystem::make({}, environment));
}

}  // namespace
}  // namespace catalog::cache
