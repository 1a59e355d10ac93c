#pragma once
// Requests and peers that the benchmarks of the cache share.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <list>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace catalog::bench {

/// Draws `count` of `objects` objects, the popularity of which falls with the power `skew` of their
/// rank. Which objects are popular has no order.
inline std::vector<std::uint32_t> zipf_trace(std::uint32_t objects, double skew, std::size_t count,
                                             std::uint64_t seed) {
    std::vector<double> below(objects);
    double sum = 0;
    for (std::uint32_t rank = 0; rank < objects; ++rank)
        below[rank] = sum += std::pow(rank + 1.0, -skew);
    std::vector<std::uint32_t> object_of(objects);
    std::iota(object_of.begin(), object_of.end(), 0u);
    std::mt19937_64 random(seed);
    std::shuffle(object_of.begin(), object_of.end(), random);
    std::uniform_real_distribution<double> uniform(0, sum);
    std::vector<std::uint32_t> trace(count);
    for (std::uint32_t& request : trace) {
        const auto at = std::upper_bound(below.begin(), below.end(), uniform(random));
        request = object_of[std::min<std::size_t>(static_cast<std::size_t>(at - below.begin()),
                                                  objects - 1)];
    }
    return trace;
}

/// A key of 24 bytes, as ids of packages are long.
inline std::string key_of(std::uint32_t object) {
    char key[32];
    std::snprintf(key, sizeof key, "acme/part-%07u@1.%04u", object % 10'000'000, object % 9'973);
    return {key, 24};
}

/// What is commonly written: one lock, a list in the order of use, a hash table, shared values.
class MutexLru {
public:
    explicit MutexLru(std::size_t entries_max) : entries_max_(entries_max) {}

    std::shared_ptr<const std::string> find(const std::string& key) {
        const std::lock_guard lock(mutex_);
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return nullptr;
        order_.splice(order_.begin(), order_, found->second);
        return found->second->second;
    }
    void put(const std::string& key, std::shared_ptr<const std::string> value) {
        const std::lock_guard lock(mutex_);
        if (const auto found = by_key_.find(key); found != by_key_.end()) {
            found->second->second = std::move(value);
            order_.splice(order_.begin(), order_, found->second);
            return;
        }
        order_.emplace_front(key, std::move(value));
        by_key_.emplace(key, order_.begin());
        if (order_.size() <= entries_max_) return;
        by_key_.erase(order_.back().first);
        order_.pop_back();
    }

private:
    using Order = std::list<std::pair<std::string, std::shared_ptr<const std::string>>>;
    const std::size_t entries_max_;
    std::mutex mutex_;
    Order order_;
    std::unordered_map<std::string, Order::iterator> by_key_;
};

}  // namespace catalog::bench
