#include "flight_table.hpp"

#include <vector>

namespace catalog::cache {
namespace {

using std::chrono::nanoseconds;

// An injected clock wakes nobody, so who has a deadline looks at it this often.
constexpr nanoseconds kLookEvery = std::chrono::milliseconds(5);
constexpr nanoseconds kLong = std::chrono::hours(1);

}  // namespace

FlightTable::Shard& FlightTable::shard_of(std::string_view key) {
    return shards_[std::hash<std::string_view>()(key) % shards_.size()];
}

FlightTable::Part FlightTable::join(std::string_view key, const Clock& clock,
                                    const CallContext& context) {
    Shard& shard = shard_of(key);
    Lock lock(shard.mutex);
    const auto [at, begun] = shard.flights.try_emplace(std::string(key));
    if (begun) {
        at->second = std::make_shared<Flight>(key);
        return {at->second, std::nullopt, false};
    }
    const std::shared_ptr<Flight> flight = at->second;
    if (flight->led_ && flight->leader_ == std::this_thread::get_id())
        return {nullptr,
                catalog::fail(Errc::kFailedPrecondition,
                              "a loader asks for the key that it is loading"),
                false};
    return wait(shard, lock, flight, clock, context);
}

std::shared_ptr<Flight> FlightTable::try_begin(std::string_view key) {
    Shard& shard = shard_of(key);
    const Lock lock(shard.mutex);
    const auto [at, begun] = shard.flights.try_emplace(std::string(key));
    if (!begun) return nullptr;
    return at->second = std::make_shared<Flight>(key);
}

FlightTable::Part FlightTable::wait(Shard& shard, Lock& lock, const std::shared_ptr<Flight>& flight,
                                    const Clock& clock, const CallContext& context) {
    ++flight->waiters_;
    const auto ready = [&] { return flight->outcome_.has_value() || !flight->led_; };
    Result<void> allowed = context.check(clock);
    while (allowed && !ready()) {
        (void)flight->changed_.wait_for(lock, context.stop, context.deadline ? kLookEvery : kLong,
                                        ready);
        allowed = context.check(clock);
    }
    --flight->waiters_;
    if (flight->outcome_) return {nullptr, flight->outcome_, true};
    if (allowed) {
        flight->led_ = true;
        flight->leader_ = std::this_thread::get_id();
        return {flight, std::nullopt, true};
    }
    // Who leaves must not take the place of the leader with it.
    if (!flight->led_) {
        if (flight->waiters_ > 0)
            flight->changed_.notify_one();
        else
            remove(shard, flight);
    }
    return {nullptr, catalog::fail(allowed.error()), true};
}

void FlightTable::remove(Shard& shard, const std::shared_ptr<Flight>& flight) {
    const auto found = shard.flights.find(flight->key_);
    if (found != shard.flights.end() && found->second == flight) shard.flights.erase(found);
}

bool FlightTable::begin_keeping(const std::shared_ptr<Flight>& flight) {
    const Lock lock(shard_of(flight->key_).mutex);
    flight->keeping_ = !flight->invalidated_;
    return flight->keeping_;
}

void FlightTable::land(const std::shared_ptr<Flight>& flight, const FlightOutcome& outcome) {
    Shard& shard = shard_of(flight->key_);
    const Lock lock(shard.mutex);
    flight->keeping_ = false;
    flight->outcome_.emplace(outcome);
    remove(shard, flight);
    flight->changed_.notify_all();
}

void FlightTable::fail(const std::shared_ptr<Flight>& flight, const Error& error) {
    Shard& shard = shard_of(flight->key_);
    const Lock lock(shard.mutex);
    flight->keeping_ = false;
    if (flight->waiters_ > 0 && !flight->outcome_ && ++flight->failures_ < leaders_max_) {
        flight->led_ = false;
    } else {
        flight->outcome_.emplace(catalog::fail(error));
        remove(shard, flight);
    }
    // Of those that wait for a place one takes it, and who invalidates waits here too.
    flight->changed_.notify_all();
}

void FlightTable::invalidate(Lock& lock, const std::shared_ptr<Flight>& flight) {
    flight->changed_.wait(lock, [&] { return !flight->keeping_; });
    flight->invalidated_ = true;
}

void FlightTable::invalidate(const std::function<bool(std::string_view key)>& concerned) {
    for (Shard& shard : shards_) {
        Lock lock(shard.mutex);
        std::vector<std::shared_ptr<Flight>> flights;
        for (const auto& [key, flight] : shard.flights)
            if (concerned(key)) flights.push_back(flight);
        for (const std::shared_ptr<Flight>& flight : flights) {
            invalidate(lock, flight);
            remove(shard, flight);
        }
    }
}

void FlightTable::invalidate(std::string_view key) {
    Shard& shard = shard_of(key);
    Lock lock(shard.mutex);
    const auto found = shard.flights.find(std::string(key));
    if (found == shard.flights.end()) return;
    const std::shared_ptr<Flight> flight = found->second;
    invalidate(lock, flight);
    remove(shard, flight);
}

}  // namespace catalog::cache
