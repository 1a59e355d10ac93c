#pragma once
// Encrypted stores for tests: secrets that are the same in every run.

#include <cstdint>
#include <memory>

#include "catalog/content/storage_backend.hpp"

namespace catalog::content::testing {

/// Returns what makes a store an encrypted one, with that many generations of keys. The first
/// generations of two of the same seed are the same; the nonces follow from the seed, too.
[[nodiscard]] std::shared_ptr<const StoreEncryption> sample_encryption(
    std::uint32_t generations = 1, std::uint64_t seed = 1, const StoreId& store = {});

/// Returns what a store has when all generations but the newest were dropped: of the first one the
/// keys of ids and database are left.
[[nodiscard]] std::shared_ptr<const StoreEncryption> newest_alone(
    const StoreEncryption& encryption);

/// Returns `options` with that encryption.
[[nodiscard]] PackOptions encrypted(
    PackOptions options, std::shared_ptr<const StoreEncryption> encryption = sample_encryption());

}  // namespace catalog::content::testing
