#include "remote_level.hpp"

#include <algorithm>

namespace catalog::cache {
namespace {

using internal::MutexLock;

constexpr std::string_view kNamePrefix = "catalog:";

}  // namespace

RemoteLevel::RemoteLevel(std::shared_ptr<RemoteCache> remote, Options options,
                         std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random)
    : remote_(std::move(remote)),
      options_(std::move(options)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      breaker_(options_.breaker, clock_, random_) {}

std::string RemoteLevel::name_of(ByteView key) {
    std::string barriers;
    {
        const MutexLock lock(mutex_);
        for (const Barrier& barrier : barriers_)
            if (barrier.prefix.size() <= key.size() &&
                std::equal(barrier.prefix.begin(), barrier.prefix.end(), key.begin()))
                append_le(barriers, barrier.number);
    }
    return std::string(kNamePrefix) +
           keyed_digest(options_.secret, as_bytes(options_.space), key, as_bytes(barriers));
}

void RemoteLevel::set_barrier(ByteView prefix) {
    // A number that no process has used, nor this one before it was started again. Without
    // randomness the moment is one.
    std::uint64_t number = 0;
    if (!random_->fill(std::as_writable_bytes(std::span(&number, 1))))
        number = static_cast<std::uint64_t>(clock_->now_wall().time_since_epoch().count());
    const MutexLock lock(mutex_);
    number += ++barriers_set_;
    std::erase_if(barriers_, [&](const Barrier& barrier) {
        return barrier.prefix.size() >= prefix.size() &&
               std::equal(prefix.begin(), prefix.end(), barrier.prefix.begin());
    });
    if (barriers_.size() >= options_.barriers_max) {
        barriers_.clear();
        prefix = {};
    }
    barriers_.push_back({to_bytes(prefix), number});
}

bool RemoteLevel::settle(const std::optional<Errc>& error) {
    if (!error) {
        breaker_.succeeded();
        return true;
    }
    if (*error == Errc::kBusy) {
        breaker_.abandoned();
        ++counters_.skipped;
        return false;
    }
    breaker_.failed();
    ++counters_.errors;
    return false;
}

std::optional<StoredValue> RemoteLevel::get(ByteView key) {
    if (!breaker_.allows()) {
        ++counters_.skipped;
        ++counters_.misses;
        return std::nullopt;
    }
    const auto found = remote_->get(name_of(key));
    const bool answered = settle(found ? std::optional<Errc>() : found.error().code());
    const std::optional<Bytes> sealed = answered && found ? *found : std::nullopt;
    if (!sealed) {
        ++counters_.misses;
        return std::nullopt;
    }
    const auto unsealed = unseal(options_.secret, key, *sealed);
    if (!unsealed || unsealed->value.size() > options_.value_bytes_max) {
        ++counters_.rejected;
        ++counters_.misses;
        return std::nullopt;
    }
    if (unsealed->times.keep_until <= clock_->now_wall()) {
        ++counters_.expired;
        ++counters_.misses;
        return std::nullopt;
    }
    ++counters_.hits;
    return StoredValue{to_bytes(unsealed->value), unsealed->times};
}

void RemoteLevel::put(const std::string& name, ByteView key, ByteView value,
                      const ValueTimes& times) {
    std::chrono::milliseconds lifetime{0};
    if (times.keep_until != WallTime::max()) {
        lifetime = std::chrono::duration_cast<std::chrono::milliseconds>(times.keep_until -
                                                                         clock_->now_wall());
        if (lifetime.count() < 1) return;
    }
    if (!breaker_.allows()) {
        ++counters_.refused;
        return;
    }
    const std::string sealed = seal(options_.secret, key, value, times);
    const auto put = remote_->put(name, as_bytes(sealed), lifetime);
    ++(settle(put ? std::optional<Errc>() : put.error().code()) ? counters_.inserts
                                                                : counters_.refused);
}

void RemoteLevel::erase(ByteView key) {
    if (breaker_.allows()) {
        const auto erased = remote_->erase(name_of(key));
        if (settle(erased ? std::optional<Errc>() : erased.error().code())) return;
    }
    set_barrier(key);
}

CacheLevelStats RemoteLevel::stats() const { return counters_.stats(breaker_); }

}  // namespace catalog::cache
