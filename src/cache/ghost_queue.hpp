#pragma once
// GhostQueue: tags of entries that left the small queue lately.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace catalog::cache {

/// A FIFO queue of 32-bit tags of which every member can be found: a table of sets of eight, each
/// tag with the number of the insertion that brought it. A tag is in the queue while fewer than
/// `window` insertions came after it (the form that the authors of S3-FIFO give their ghost queue).
/// Two keys with one tag are taken for each other, which costs nothing but a place.
/// Thread safety: one thread at a time.
class GhostQueue {
public:
    /// Bytes for each tag that it can hold.
    static constexpr std::size_t kTagBytes = 8;

    /// For about `tags_max` tags, rounded up to whole sets.
    explicit GhostQueue(std::size_t tags_max);

    void insert(std::uint32_t tag) noexcept;
    /// Tells whether the tag is among the last `window` inserted, and takes it out.
    [[nodiscard]] bool take(std::uint32_t tag, std::uint64_t window) noexcept;
    void clear() noexcept;

private:
    static constexpr std::size_t kWays = 8;
    struct Ghost {
        std::uint32_t tag = 0;  ///< 0: none.
        std::uint32_t inserted = 0;
    };

    [[nodiscard]] Ghost* set_of(std::uint32_t tag) noexcept;

    std::vector<Ghost> ghosts_;
    std::uint32_t insertions_ = 0;
};

}  // namespace catalog::cache
