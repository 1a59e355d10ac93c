#pragma once
// StoreModel: what a store must hold, as plain maps, and comparison of the two.

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv::testing {

/// The families of a store as maps. A value type: a copy is a snapshot.
class StoreModel {
public:
    explicit StoreModel(std::size_t families) : families_(families) {}

    void apply(const WriteBatch& batch);
    [[nodiscard]] const std::map<std::string, std::string>& family(Family family) const {
        return families_[static_cast<std::size_t>(family)];
    }
    [[nodiscard]] std::size_t families() const { return families_.size(); }
    friend bool operator==(const StoreModel&, const StoreModel&) = default;

private:
    std::vector<std::map<std::string, std::string>> families_;
};

/// Reads every family of a snapshot of `store` from its first key on. Throws on an error of the
/// store, which fails the test.
[[nodiscard]] StoreModel read_store(const KeyValueStore& store, std::size_t families);

/// Reads every family of `snapshot`.
[[nodiscard]] StoreModel read_snapshot(const Snapshot& snapshot, std::size_t families);

/// Returns what a get found. Throws on an error, which fails the test.
[[nodiscard]] std::optional<std::string> found(const Result<std::optional<std::string>>& got);

/// Makes a batch of 1-6 changes over a small set of keys, so that overwriting and removing happen.
[[nodiscard]] WriteBatch random_batch(std::mt19937_64& random, std::size_t families);

/// Makes a key of the set that random_batch draws from: short byte strings that include the empty
/// one, zero bytes and bytes above 127.
[[nodiscard]] std::string random_key(std::mt19937_64& random);

}  // namespace catalog::kv::testing
