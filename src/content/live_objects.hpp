#pragma once
// LiveObjects: which objects of a snapshot somebody needs: those that are referenced, and those
// that a referenced list names.

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "content_core.hpp"

namespace catalog::content {

/// Reads the list `list`, whose record is given, and calls `each` for what it names. Errors:
/// kFailedPrecondition (the store has no ListReader), kContentCorrupted (it is damaged, or no
/// list), kLimitExceeded, of `each`.
[[nodiscard]] Result<void> read_list(const ContentCore& core, ChunkReader& reader,
                                     const ContentHash& list, std::string_view record,
                                     const IdSink& each);

/// 8 bytes and a bit an object. Two objects that share the first 8 bytes of their digests count as
/// one, and live when either does. Thread safety: as a vector.
class LiveObjects {
public:
    /// Finds them. A reference to what is not there is passed over, but not one to a list: nobody
    /// could say what it names. `check` is called now and then and may end the search. Errors: as
    /// `read_list` (a list that was collected since the snapshot is passed over), of `check`,
    /// kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] static Result<LiveObjects> find(const ContentCore& core,
                                                  const kv::Snapshot& snapshot,
                                                  const std::function<Result<void>()>& check);

    [[nodiscard]] bool contains(const ContentHash& id) const;

private:
    Result<void> mark_list(const ContentCore& core, const kv::Snapshot& snapshot,
                           ChunkReader& reader, std::string_view key);
    void mark(const ContentHash& id);

    std::vector<std::uint64_t> prefixes_;  // Ascending.
    std::vector<bool> live_;
};

}  // namespace catalog::content
