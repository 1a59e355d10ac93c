#pragma once
// RemoteLevel: a RemoteCache with names, seals, a circuit breaker and counters around it.

#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/cache/remote_cache.hpp"
#include "circuit_breaker.hpp"
#include "disk_cache.hpp"
#include "level_counters.hpp"
#include "sealed_value.hpp"

namespace catalog::cache {

/// A name is "catalog:" and a keyed digest of space, key, and the barriers that stand before the
/// key: nothing of the key shows, and after a barrier was set old values have names that this
/// process never asks for again. Thread safety: any thread.
class RemoteLevel {
public:
    struct Options {
        Bytes secret;
        std::string space;
        std::uint32_t barriers_max = 64;
        std::uint64_t value_bytes_max = 1u << 20;
        BreakerOptions breaker;
    };

    RemoteLevel(std::shared_ptr<RemoteCache> remote, Options options,
                std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);

    [[nodiscard]] std::optional<StoredValue> get(ByteView key);
    /// Puts a value under the name that `name_of` gave before the value was looked for.
    void put(const std::string& name, ByteView key, ByteView value, const ValueTimes& times);
    [[nodiscard]] std::string name_of(ByteView key);
    /// Removes a value there, or makes sure that it is not asked for any more.
    void erase(ByteView key);
    /// From now on other names stand for every key that begins with `prefix`. Where that makes more
    /// than `barriers_max`, one for all keys takes the place of all.
    void set_barrier(ByteView prefix);

    [[nodiscard]] CacheLevelStats stats() const;

private:
    struct Barrier {
        Bytes prefix;
        std::uint64_t number = 0;
    };

    /// Books what came of a call. Returns whether it succeeded.
    bool settle(const std::optional<Errc>& error);

    const std::shared_ptr<RemoteCache> remote_;
    const Options options_;
    const std::shared_ptr<const Clock> clock_;
    const std::shared_ptr<Random> random_;
    CircuitBreaker breaker_;
    internal::Mutex mutex_;
    std::vector<Barrier> barriers_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t barriers_set_ CATALOG_GUARDED_BY(mutex_) = 0;
    LevelCounters counters_;
};

}  // namespace catalog::cache
