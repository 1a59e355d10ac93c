#pragma once
// RemoteCache: the third level, a cache that several machines share. Nothing that it says is
// believed before it was verified.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/result.hpp"

namespace catalog::cache {

/// Byte strings under names, elsewhere. Implementations bound the time of each call; the
/// CacheSystem counts failures, stops asking for a while after several, and verifies every value.
/// Thread safety: any thread.
class RemoteCache {
public:
    virtual ~RemoteCache() = default;

    /// Returns the value, or nullopt when there is none. Errors: kNetwork (no connection, lost, or
    /// an answer that is no answer), kDeadlineExceeded (no answer in time), kBusy (too many calls
    /// at once; says nothing about the other side).
    [[nodiscard]] virtual Result<std::optional<Bytes>> get(std::string_view name) = 0;
    /// Puts a value that the other side forgets after `lifetime`, at least 1 ms; zero: when it
    /// likes. Errors: as `get`.
    [[nodiscard]] virtual Result<void> put(std::string_view name, ByteView value,
                                           std::chrono::milliseconds lifetime) = 0;
    /// Removes a value if it is there. Errors: as `get`.
    [[nodiscard]] virtual Result<void> erase(std::string_view name) = 0;
};

}  // namespace catalog::cache
