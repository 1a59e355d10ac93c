#pragma once
// FakeSolutionCache: a store that forgets nothing and can be looked into. FaultySolutionCache: a
// store that does what it likes.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/resolve/resolution_cache.hpp"

namespace catalog::resolve::testing {

/// Everything that was put, in `values`, which a test may change between calls.
class FakeSolutionCache final : public SolutionCache {
public:
    [[nodiscard]] std::optional<std::string> get(std::string_view key) override {
        const std::lock_guard lock(mutex_);
        const auto at = values.find(std::string(key));
        return at == values.end() ? std::nullopt : std::optional(at->second);
    }
    void put(std::string_view key, std::string value) override {
        const std::lock_guard lock(mutex_);
        values[std::string(key)] = std::move(value);
    }
    void erase(std::string_view key) override {
        const std::lock_guard lock(mutex_);
        values.erase(std::string(key));
    }

    std::map<std::string, std::string> values;

private:
    std::mutex mutex_;
};

/// What a store can do wrong in one call.
enum class StoreFault : std::uint8_t {
    kForgets,     ///< get finds nothing
    kMixesUp,     ///< get returns what was put under any key at any time
    kFlipsBit,    ///< get returns the value with one bit changed
    kCutsShort,   ///< get returns the beginning of the value
    kInvents,     ///< get returns bytes that were never put
    kDropsPut,    ///< put stores nothing, and leaves what was there
    kSpoilsPut,   ///< put stores the value with one bit changed
    kDropsErase,  ///< erase leaves the value
};
inline constexpr unsigned kStoreFaults = 8;

/// Breaks a share of the calls to `base`, which ones is up to the seed. One thread at a time.
class FaultySolutionCache final : public SolutionCache {
public:
    /// `percent` of the calls fail, each in one of the ways of `faults` that its kind of call has.
    FaultySolutionCache(std::shared_ptr<SolutionCache> base, std::vector<StoreFault> faults,
                        unsigned percent, std::uint64_t seed)
        : base_(std::move(base)), faults_(std::move(faults)), percent_(percent), random_(seed) {}

    [[nodiscard]] std::optional<std::string> get(std::string_view key) override {
        std::optional<std::string> value = base_->get(key);
        const std::optional<StoreFault> fault = next_fault();
        if (!fault) return value;
        switch (*fault) {
            case StoreFault::kForgets:
                ++injected_;
                return std::nullopt;
            case StoreFault::kMixesUp:
                if (put_.empty()) return value;
                ++injected_;
                return put_[below(put_.size())];
            case StoreFault::kFlipsBit:
                return value ? std::optional(with_flipped_bit(*std::move(value))) : value;
            case StoreFault::kCutsShort:
                if (!value || value->empty()) return value;
                ++injected_;
                return value->substr(0, below(value->size()));
            case StoreFault::kInvents:
                ++injected_;
                return std::string(below(200), static_cast<char>(below(256)));
            default:
                return value;
        }
    }
    void put(std::string_view key, std::string value) override {
        put_.push_back(value);
        const std::optional<StoreFault> fault = next_fault();
        if (fault == StoreFault::kDropsPut) {
            ++injected_;
            return;
        }
        if (fault == StoreFault::kSpoilsPut) value = with_flipped_bit(std::move(value));
        base_->put(key, std::move(value));
    }
    void erase(std::string_view key) override {
        if (next_fault() == StoreFault::kDropsErase) {
            ++injected_;
            return;
        }
        base_->erase(key);
    }

    /// Calls that went wrong.
    [[nodiscard]] std::uint64_t injected() const noexcept { return injected_; }

private:
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
    std::optional<StoreFault> next_fault() {
        if (faults_.empty() || below(100) >= percent_) return std::nullopt;
        return faults_[below(faults_.size())];
    }
    std::string with_flipped_bit(std::string value) {
        if (value.empty()) return value;
        ++injected_;
        char& byte = value[below(value.size())];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << below(8)));
        return value;
    }

    std::shared_ptr<SolutionCache> base_;
    std::vector<StoreFault> faults_;
    unsigned percent_;
    std::mt19937_64 random_;
    std::vector<std::string> put_;
    std::uint64_t injected_ = 0;
};

}  // namespace catalog::resolve::testing
