#pragma once
// SealedValue: the form in which values leave the process, docs/formats/cache-value.md.

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/clock.hpp"

namespace catalog::cache {

/// Until when a value serves, on the wall clock. WallTime::max(): for ever.
struct ValueTimes {
    WallTime fresh_until = WallTime::max();
    WallTime revalidate_until = WallTime::max();  ///< Not before fresh_until.
    WallTime keep_until = WallTime::max();        ///< Not before revalidate_until.
    friend bool operator==(const ValueTimes&, const ValueTimes&) = default;
};

struct UnsealedValue {
    ValueTimes times;
    ByteView value;  ///< Borrowed from what was unsealed.
};

inline constexpr std::size_t kSealBytes = 72;

/// Returns the value with its times and a code that binds both to `key` and to the format:
/// HMAC-SHA-256 under `secret`, which may be empty; then it finds accidents and mix-ups, not
/// forgery.
[[nodiscard]] std::string seal(ByteView secret, ByteView key, ByteView value,
                               const ValueTimes& times);

/// Returns what was sealed for that key under that secret, or nothing: any other bytes.
[[nodiscard]] std::optional<UnsealedValue> unseal(ByteView secret, ByteView key, ByteView sealed);

/// Returns the code over `head`, `key` and `value`, whose lengths are part of it.
[[nodiscard]] std::string keyed_digest(ByteView secret, ByteView head, ByteView key,
                                       ByteView value);

}  // namespace catalog::cache
