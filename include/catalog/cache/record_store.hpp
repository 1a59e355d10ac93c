#pragma once
// RecordStore: what the second level of the cache needs of a disk, declared here so that the cache
// knows no database: an ordered map of byte strings that may forget everything.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog::cache {

/// An ordered map on disk, as a family of a key-value store is.
///
/// What it returns need not be what was put: the cache checks every value. It may lose what was
/// written last, or everything, when the machine stops. Thread safety: any thread.
class RecordStore {
public:
    /// One change: a new value for a key, or none to remove it.
    struct Change {
        std::string key;
        std::optional<std::string> value;
    };
    /// Gets keys in byte order; returns false to end the walk. Both are borrowed for the call.
    using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

    virtual ~RecordStore() = default;

    /// Returns the value, or nullopt when there is none. Errors: any; each is a miss.
    [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
    /// Applies the changes in their order, all or none, without waiting until they are durable.
    /// Errors: any; the cache then keeps nothing there until it could remove everything.
    [[nodiscard]] virtual Result<void> write(std::span<const Change> changes) = 0;
    /// Shows the records from `from` on, as they were at one moment. Errors: any.
    [[nodiscard]] virtual Result<void> scan(std::string_view from, const Visitor& visit) const = 0;
};

/// Makes an empty one in memory, for tests and for hosts without a disk.
[[nodiscard]] std::shared_ptr<RecordStore> make_memory_record_store();

}  // namespace catalog::cache
