#pragma once
// CheckRecords: the records that a verification has seen in one pack, and which of them it has
// decoded.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "catalog/content/storage_backend.hpp"

namespace catalog::content {

/// 16 bytes and a bit a record. Filled by one thread; after `seal` any thread asks and marks.
class CheckRecords {
public:
    /// Adds a record, which takes `bytes` bytes; offsets ascend. `id` is StorageBackend::index_id.
    void add(const ChunkId& id, const ChunkLocation& location, std::uint64_t bytes);
    void seal();

    [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
    /// Returns how many bytes of the pack they take.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] ChunkLocation location(PackId pack, std::size_t ordinal) const;

    /// Returns the number of the record at that place that holds that chunk, as 24 bits of its id
    /// say.
    [[nodiscard]] std::optional<std::size_t> find(const ChunkId& id,
                                                  const ChunkLocation& location) const;

    /// Returns the 24 bits of a chunk's id by which records are told apart, and those of a record.
    static constexpr unsigned kTagBits = 24;
    [[nodiscard]] static std::uint32_t tag_of(const ChunkId& id) noexcept;
    [[nodiscard]] std::uint32_t tag(std::size_t ordinal) const noexcept;

    /// Says that a record is looked after; true when it was not before.
    [[nodiscard]] bool mark(std::size_t ordinal) noexcept;
    [[nodiscard]] bool is_marked(std::size_t ordinal) const noexcept;

private:
    struct Record {
        std::uint64_t place_and_tag = 0;  // Offset in units of eight, then 24 bits of the id.
        std::uint32_t stored_bytes = 0;
        std::uint32_t plain_bytes = 0;
    };

    std::vector<Record> records_;
    std::uint64_t bytes_ = 0;
    std::unique_ptr<std::atomic<std::uint64_t>[]> marks_;
};

}  // namespace catalog::content
