#pragma once
// ObjectReader: one object, open for reading at any place. A part costs the chunks that it touches,
// not the object.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Verified bytes of an object, with what keeps them. A value type; copies share the bytes, which
/// live as long as one of them, whatever becomes of reader and store. Thread safety: as
/// std::shared_ptr.
class ObjectPiece {
public:
    ObjectPiece() = default;
    /// `bytes` stay where they are as long as `keeper` lives.
    ObjectPiece(std::uint64_t offset, ByteView bytes, std::shared_ptr<const void> keeper) noexcept
        : offset_(offset), bytes_(bytes), keeper_(std::move(keeper)) {}

    /// Returns where in the object the bytes begin.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }
    /// Tells whether it holds the object's byte at `offset`.
    [[nodiscard]] bool holds(std::uint64_t offset) const noexcept {
        return offset >= offset_ && offset - offset_ < bytes_.size();
    }

private:
    std::uint64_t offset_ = 0;
    ByteView bytes_;
    std::shared_ptr<const void> keeper_;
};

/// An open object.
///
/// What it reads is verified against the chunks' digests. It keeps the object's chunk list (48
/// bytes a chunk) and remembers the chunk that was read last, so that reading in small steps
/// decodes every chunk once; of all open objects together the store holds the last 16 chunks. The
/// object stays readable when its last reference is dropped, until a collection takes it: reading
/// on is kContentNotFound then, or kContentCorrupted where the same bytes were put again
/// meanwhile: the object can be opened again.
///
/// Thread safety: any thread; the last chunk is shared by all. Lifetime: ends before its store;
/// pieces may outlive both.
class ObjectReader final {
public:
    struct Impl;
    /// See ContentAddressedStorage::open_object.
    explicit ObjectReader(std::unique_ptr<Impl> impl) noexcept;
    ~ObjectReader();
    ObjectReader(const ObjectReader&) = delete;
    ObjectReader& operator=(const ObjectReader&) = delete;

    [[nodiscard]] const ObjectInfo& info() const noexcept;

    /// Fills `out` with the bytes from `offset` and returns how many: fewer only at the end of the
    /// object, 0 at or behind it. After an error `out` holds zeros where it was written. Cost: as
    /// `piece_at` for each chunk, and a copy. Errors: as `piece_at`.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out,
                                              const CallContext& context = {}) const;

    /// Returns the chunk that holds the byte at `offset`, without a copy. Cost: reading, decoding
    /// and hashing one chunk, or nothing when it is the chunk that was read last. Errors:
    /// kEndOfFile (at or behind the end), kContentNotFound (it was collected),
    /// kContentCorrupted (CorruptionDetail, input is the place), kIo, kDatabaseIo, kCancelled,
    /// kDeadlineExceeded.
    [[nodiscard]] Result<ObjectPiece> piece_at(std::uint64_t offset,
                                               const CallContext& context = {}) const;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::content
