#pragma once
// What every store checks of its arguments before it touches anything.

#include <cstddef>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {

/// Errors: kInvalidArgument when `family` is not below `families`.
[[nodiscard]] Result<void> check_family(Family family, std::size_t families);

/// Errors: kInvalidArgument (a family that does not exist), kLimitExceeded (kBatchBytesMax).
[[nodiscard]] Result<void> check_batch(const WriteBatch& batch, std::size_t families);

}  // namespace catalog::kv
