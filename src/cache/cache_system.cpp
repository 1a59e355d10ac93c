#include "catalog/cache/cache_system.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <new>
#include <unordered_set>

#include "catalog/internal/try.hpp"
#include "disk_cache.hpp"
#include "flight_table.hpp"
#include "remote_level.hpp"

namespace catalog::cache {
namespace {

using internal::MutexLock;
using std::chrono::milliseconds;

constexpr std::uint64_t kAbsentBytesMin = std::uint64_t{64} << 10;
constexpr std::uint32_t kAbsentEntryBytes = 96;
constexpr milliseconds kTimesMax = std::chrono::hours(24 * 30);

// The stamp of an entry in memory: how long before its end it stops being fresh, and how long
// before its end it must be loaded while the caller waits; milliseconds, 32 bits each.
std::uint64_t stamp_of(milliseconds fresh_before_end, milliseconds stale_before_end) {
    return static_cast<std::uint64_t>(fresh_before_end.count()) |
           static_cast<std::uint64_t>(stale_before_end.count()) << 32;
}

enum class Age : std::uint8_t { kFresh, kStale, kOnlyInNeed };

Age age_of(const EntryTerms& terms, const Clock& clock) {
    if (terms.stamp == 0) return Age::kFresh;
    const MonotonicTime now = clock.now_monotonic();
    if (now < terms.expires - milliseconds(terms.stamp & 0xffff'ffff)) return Age::kFresh;
    return now < terms.expires - milliseconds(terms.stamp >> 32) ? Age::kStale : Age::kOnlyInNeed;
}

Age age_of(const ValueTimes& times, const Clock& clock) {
    if (times.fresh_until == WallTime::max()) return Age::kFresh;
    const WallTime now = clock.now_wall();
    if (now < times.fresh_until) return Age::kFresh;
    return now < times.revalidate_until ? Age::kStale : Age::kOnlyInNeed;
}

// An entry in memory for a value with these times on the wall clock.
EntryTerms terms_of(const ValueTimes& times, const Clock& clock) {
    if (times.keep_until == WallTime::max()) return {};
    const auto before_end = [&](WallTime time) {
        return std::clamp(std::chrono::ceil<milliseconds>(times.keep_until - time), milliseconds(0),
                          kTimesMax);
    };
    const auto left =
        std::min<std::chrono::microseconds>(times.keep_until - clock.now_wall(), kTimesMax);
    return {clock.now_monotonic() + left,
            stamp_of(before_end(times.fresh_until), before_end(times.revalidate_until))};
}

ValueTimes times_of(const ServingTimes& times, const Clock& clock) {
    if (times.fresh_for.count() <= 0) return {};
    const auto part = [](milliseconds time) {
        return std::clamp(time, milliseconds(0), kTimesMax / 3);
    };
    ValueTimes result;
    result.fresh_until = clock.now_wall() + part(times.fresh_for);
    result.revalidate_until = result.fresh_until + part(times.stale_for);
    result.keep_until = result.revalidate_until + part(times.error_stale_for);
    return result;
}

Result<void> check(const CacheSystemOptions& options, const CacheEnvironment& environment) {
    if (!environment.clock || !environment.random)
        return fail(Errc::kInvalidArgument,
                    "a cache system needs a clock and a source of random "
                    "bytes");
    if (options.disk_bytes_max < kAbsentBytesMin || options.absent_jitter_percent > 90 ||
        options.leaders_max == 0 || options.barriers_max == 0)
        return fail(Errc::kInvalidArgument,
                    "an option of a cache system is outside its range: disk_bytes_max at least "
                    "65536, absent_jitter_percent at most 90, leaders_max and barriers_max at "
                    "least 1");
    return {};
}

}  // namespace

struct CacheSystem::State : std::enable_shared_from_this<CacheSystem::State> {
    State(CacheSystemOptions the_options, CacheEnvironment the_environment)
        : options(std::move(the_options)),
          environment(std::move(the_environment)),
          flights(options.leaders_max) {}

    Result<CacheSource> get(ByteView key, const Loader& loader, const CallContext& context,
                            Bytes& value);
    Result<CacheSource> fly(ByteView key, const Loader& loader, const CallContext& context,
                            Bytes& value, std::optional<Bytes> in_need);
    Result<FlightOutcome> search(ByteView key, const Loader& loader, const CallContext& context,
                                 std::optional<Bytes>& in_need,
                                 const std::shared_ptr<Flight>& flight);
    std::optional<FlightOutcome> look_again(ByteView key);
    std::optional<FlightOutcome> look_below(ByteView key, std::optional<Bytes>& in_need,
                                            const std::shared_ptr<Flight>& flight);
    Result<FlightOutcome> load(ByteView key, const Loader& loader, const CallContext& context,
                               const std::shared_ptr<Flight>& flight);
    void keep(ByteView key, ByteView value, const ValueTimes& times, bool on_disk);
    void keep_absent(ByteView key);
    void share(const std::string& name, ByteView key, const std::shared_ptr<const Bytes>& value,
               const ValueTimes& times);
    void invalidate(ByteView key);
    void forget_locally(ByteView key) const;
    void refresh(ByteView key, const Loader& loader);
    bool in_background(std::function<void()> task);

    const CacheSystemOptions options;
    const CacheEnvironment environment;
    std::unique_ptr<MemoryCache> memory;
    std::unique_ptr<MemoryCache> absent;
    std::unique_ptr<DiskCache> disk;
    std::unique_ptr<RemoteLevel> remote;
    FlightTable flights;
    internal::Mutex mutex;
    std::unordered_set<std::string> refreshing CATALOG_GUARDED_BY(mutex);
    std::atomic<std::uint32_t> background{0};
    std::atomic<std::uint32_t> sharing{0};  ///< Values on their way to the remote cache.
    std::atomic<std::uint64_t> loads{0};
    std::atomic<std::uint64_t> load_errors{0};
    std::atomic<std::uint64_t> joined{0};
    std::atomic<std::uint64_t> refreshes{0};
    std::atomic<std::uint64_t> stale_served{0};
    std::atomic<std::uint64_t> background_refused{0};
};

Result<std::unique_ptr<CacheSystem>> CacheSystem::make(const CacheSystemOptions& options,
                                                       CacheEnvironment environment) {
    CATALOG_TRY_VOID(check(options, environment));
    auto state = std::make_shared<State>(options, std::move(environment));
    const CacheEnvironment& env = state->environment;
    MemoryCacheOptions memory = options.memory;
    MemoryCacheOptions absent;
    absent.bytes_max = std::max(kAbsentBytesMin, memory.bytes_max / 20);
    absent.entry_bytes_expected = kAbsentEntryBytes;
    // The bound is one for both.
    if (memory.bytes_max > 2 * absent.bytes_max) memory.bytes_max -= absent.bytes_max;
    CATALOG_TRY(state->memory, MemoryCache::make(memory, env.clock, *env.random));
    CATALOG_TRY(state->absent, MemoryCache::make(absent, env.clock, *env.random));
    if (env.disk)
        state->disk = std::make_unique<DiskCache>(
            env.disk, DiskCache::Options{options.disk_bytes_max, options.secret, {}}, env.clock,
            env.random);
    if (env.remote)
        state->remote = std::make_unique<RemoteLevel>(
            env.remote,
            RemoteLevel::Options{
                options.secret, options.space, options.barriers_max, options.value_bytes_max, {}},
            env.clock, env.random);
    return std::unique_ptr<CacheSystem>(new CacheSystem(std::move(state)));
}

CacheSystem::CacheSystem(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
CacheSystem::~CacheSystem() = default;

Result<CacheSource> CacheSystem::get(ByteView key, const Loader& loader, const CallContext& context,
                                     Bytes& value) {
    return state_->get(key, loader, context, value);
}

Result<CacheSource> CacheSystem::State::get(ByteView key, const Loader& loader,
                                            const CallContext& context, Bytes& value) {
    if (key.size() > options.key_bytes_max)
        return fail(Errc::kInvalidArgument, "a key of " + std::to_string(key.size()) +
                                                " bytes, allowed are " +
                                                std::to_string(options.key_bytes_max));
    EntryTerms terms;
    std::optional<Bytes> in_need;
    if (memory->find(key, value, terms)) {
        switch (age_of(terms, *environment.clock)) {
            case Age::kFresh:
                return CacheSource::kMemory;
            case Age::kStale:
                refresh(key, loader);
                ++stale_served;
                return CacheSource::kStale;
            case Age::kOnlyInNeed:
                in_need = value;
                break;
        }
    } else if (absent->find(key, value)) {
        value.clear();
        return CacheSource::kAbsent;
    }
    return fly(key, loader, context, value, std::move(in_need));
}

Result<CacheSource> CacheSystem::State::fly(ByteView key, const Loader& loader,
                                            const CallContext& context, Bytes& value,
                                            std::optional<Bytes> in_need) {
    FlightTable::Part part = flights.join(as_text(key), *environment.clock, context);
    if (part.waited) ++joined;
    Result<FlightOutcome> outcome = part.outcome
                                        ? *std::move(part.outcome)
                                        : search(key, loader, context, in_need, part.flight);
    if (!outcome) {
        const Errc code = outcome.error().code();
        if (!in_need || code == Errc::kCancelled || code == Errc::kDeadlineExceeded)
            return fail(outcome.error());
        value = *std::move(in_need);
        ++stale_served;
        return CacheSource::kStale;
    }
    if (outcome->value)
        value.assign(outcome->value->begin(), outcome->value->end());
    else
        value.clear();
    return outcome->source;
}

// What the leader of a flight does: whatever happens, those that wait hear of it.
Result<FlightOutcome> CacheSystem::State::search(ByteView key, const Loader& loader,
                                                 const CallContext& context,
                                                 std::optional<Bytes>& in_need,
                                                 const std::shared_ptr<Flight>& flight) {
    const auto give_up = [&](const Error& error) -> Result<FlightOutcome> {
        flights.fail(flight, error);
        return fail(error);
    };
    try {
        auto found = look_again(key);
        if (!found) found = look_below(key, in_need, flight);
        if (found) {
            flights.land(flight, *found);
            return *std::move(found);
        }
        Result<FlightOutcome> loaded = load(key, loader, context, flight);
        if (!loaded) return give_up(loaded.error());
        return loaded;
    } catch (const std::bad_alloc&) {
        return give_up(Error(Errc::kOutOfMemory, "no memory for a value of the cache"));
    } catch (...) {
        return give_up(Error(Errc::kInternal, "a loader of the cache threw an exception"));
    }
}

// Between this caller's look into memory and the begin of its flight another flight may have
// landed.
std::optional<FlightOutcome> CacheSystem::State::look_again(ByteView key) {
    EntryTerms terms;
    Bytes value;
    if (memory->find_again(key, value, terms)) {
        if (age_of(terms, *environment.clock) != Age::kFresh) return std::nullopt;
        return FlightOutcome{CacheSource::kMemory, std::make_shared<const Bytes>(std::move(value))};
    }
    if (absent->find_again(key, value, terms)) return FlightOutcome{CacheSource::kAbsent, nullptr};
    return std::nullopt;
}

std::optional<FlightOutcome> CacheSystem::State::look_below(ByteView key,
                                                            std::optional<Bytes>& in_need,
                                                            const std::shared_ptr<Flight>& flight) {
    const auto take = [&](StoredValue& found, CacheSource source) -> std::optional<FlightOutcome> {
        if (age_of(found.times, *environment.clock) != Age::kFresh) {
            if (!in_need) in_need = std::move(found.value);
            return std::nullopt;
        }
        if (flights.begin_keeping(flight))
            keep(key, found.value, found.times, source == CacheSource::kRemote);
        return FlightOutcome{source, std::make_shared<const Bytes>(std::move(found.value))};
    };
    if (disk)
        if (auto found = disk->get(key))
            if (auto outcome = take(*found, CacheSource::kDisk)) return outcome;
    if (remote)
        if (auto found = remote->get(key))
            if (auto outcome = take(*found, CacheSource::kRemote)) return outcome;
    return std::nullopt;
}

Result<FlightOutcome> CacheSystem::State::load(ByteView key, const Loader& loader,
                                               const CallContext& context,
                                               const std::shared_ptr<Flight>& flight) {
    CATALOG_TRY_VOID(context.check(*environment.clock));
    ++loads;
    // Taken before the source is asked: what it says may be older than a barrier set meanwhile.
    const std::string name = remote ? remote->name_of(key) : std::string();
    Result<Loaded> loaded = loader(context);
    if (!loaded) {
        ++load_errors;
        return fail(loaded.error());
    }
    FlightOutcome outcome;
    const bool keeps = flights.begin_keeping(flight);
    std::optional<Bytes>& found = loaded->value;
    if (!found) {
        outcome.source = CacheSource::kAbsent;
        if (keeps) keep_absent(key);
        flights.land(flight, outcome);
        return outcome;
    }
    const auto value = std::make_shared<const Bytes>(*std::move(found));
    outcome.value = value;
    const ValueTimes times = times_of(loaded->times, *environment.clock);
    const bool fits = value->size() <= options.value_bytes_max;
    if (keeps && fits)
        keep(key, *value, times, true);
    else if (keeps)
        forget_locally(key);
    const bool shares = keeps && fits && remote && loaded->share;
    // Before it lands, so that who invalidates afterwards knows of it.
    if (shares) ++sharing;
    flights.land(flight, outcome);
    if (shares) share(name, key, value, times);
    return outcome;
}

void CacheSystem::State::keep(ByteView key, ByteView value, const ValueTimes& times, bool on_disk) {
    (void)memory->put(key, value, terms_of(times, *environment.clock));
    (void)absent->erase(key);
    if (on_disk && disk) disk->put(key, value, times);
}

void CacheSystem::State::keep_absent(ByteView key) {
    std::array<std::byte, 2> random{};
    (void)environment.random->fill(random);  // Without it all end at the same moment.
    const auto share_of = load_le<std::uint16_t>(random.data()) / 65'536.0;
    const auto lifetime =
        options.absent_for * (1.0 - share_of * options.absent_jitter_percent / 100.0);
    EntryTerms terms;
    terms.expires = environment.clock->now_monotonic() +
                    std::chrono::duration_cast<std::chrono::nanoseconds>(lifetime);
    // A value that was there until now may have been shared.
    if (memory->erase(key) && remote) remote->erase(key);
    if (disk) disk->erase(key);
    (void)absent->put(key, {}, terms);
}

void CacheSystem::State::share(const std::string& name, ByteView key,
                               const std::shared_ptr<const Bytes>& value, const ValueTimes& times) {
    const std::shared_ptr<void> place(nullptr,
                                      [self = shared_from_this()](void*) { --self->sharing; });
    if (environment.executor)
        (void)in_background([self = shared_from_this(), place, name, owned = to_bytes(key), value,
                             times] { self->remote->put(name, owned, *value, times); });
    else
        remote->put(name, key, *value, times);
}

void CacheSystem::State::forget_locally(ByteView key) const {
    (void)memory->erase(key);
    (void)absent->erase(key);
    if (disk) disk->erase(key);
}

bool CacheSystem::State::in_background(std::function<void()> task) {
    if (background.fetch_add(1) >= options.background_max) {
        --background;
        ++background_refused;
        return false;
    }
    // Also a task that is destroyed without having run leaves its place to others.
    const std::shared_ptr<void> place(nullptr,
                                      [self = shared_from_this()](void*) { --self->background; });
    try {
        environment.executor->post([place, run = std::move(task)] { run(); });
        return true;
    } catch (...) {
        ++background_refused;
        return false;
    }
}

void CacheSystem::State::refresh(ByteView key, const Loader& loader) {
    if (!environment.executor) return;
    const std::string name(as_text(key));
    {
        const MutexLock lock(mutex);
        if (refreshing.size() >= options.background_max || !refreshing.insert(name).second) return;
    }
    const std::shared_ptr<void> claim(nullptr, [self = shared_from_this(), name](void*) {
        const MutexLock lock(self->mutex);
        self->refreshing.erase(name);
    });
    (void)in_background([self = shared_from_this(), claim, name, loader] {
        ++self->refreshes;
        // Somebody who looks at this moment brings a fresh value too.
        const std::shared_ptr<Flight> flight = self->flights.try_begin(name);
        if (!flight) return;
        try {
            auto loaded = self->load(as_bytes(name), loader, CallContext(), flight);
            if (!loaded) self->flights.fail(flight, loaded.error());
        } catch (...) {
            self->flights.fail(flight,
                               Error(Errc::kInternal, "a loader of the cache threw an exception"));
        }
    });
}

void CacheSystem::invalidate(ByteView key) { state_->invalidate(key); }

// From the farthest level to the nearest. After each, flights that may have read there before are
// stopped from putting that into nearer ones; what then is removed from the next stays away. After
// the last, nobody who comes later may join a flight that has read there.
void CacheSystem::State::invalidate(ByteView key) {
    flights.invalidate(as_text(key));
    if (remote) {
        // A value on its way there could arrive after its removal.
        if (sharing > 0)
            remote->set_barrier(key);
        else
            remote->erase(key);
        flights.invalidate(as_text(key));
    }
    if (disk) {
        disk->erase(key);
        flights.invalidate(as_text(key));
    }
    (void)memory->erase(key);
    (void)absent->erase(key);
    flights.invalidate(as_text(key));
}

void CacheSystem::invalidate_prefix(ByteView prefix) {
    const auto stop_flights = [&] {
        state_->flights.invalidate(
            [&](std::string_view key) { return key.starts_with(as_text(prefix)); });
    };
    if (state_->remote) state_->remote->set_barrier(prefix);
    stop_flights();
    if (state_->disk) {
        state_->disk->erase_prefix(prefix);
        stop_flights();
    }
    (void)state_->memory->erase_prefix(prefix);
    (void)state_->absent->erase_prefix(prefix);
    stop_flights();
}

CacheStats CacheSystem::stats() const {
    CacheStats stats;
    stats.memory = state_->memory->stats();
    stats.absent = state_->absent->stats();
    if (state_->disk) stats.disk = state_->disk->stats();
    if (state_->remote) stats.remote = state_->remote->stats();
    stats.loads = state_->loads;
    stats.load_errors = state_->load_errors;
    stats.joined = state_->joined;
    stats.refreshes = state_->refreshes;
    stats.stale_served = state_->stale_served;
    stats.background_refused = state_->background_refused;
    return stats;
}

}  // namespace catalog::cache
