#pragma once
// ZeroCopyContent: one object as bytes in memory: chunks that are stored raw are seen where they
// lie in the mapped pack, the others are decoded once into buffers that are shared.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/content/object_reader.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// A stretch of an object as verified bytes, in one or more regions. A value type: copies and parts
/// share what keeps the bytes, which stay where they are as long as one of them lives, whatever
/// becomes of the store, and also when the pack is removed. Thread safety: as std::shared_ptr.
class ContentSlice {
public:
    ContentSlice() = default;
    /// `pieces` follow each other without gaps; not empty pieces, in order.
    explicit ContentSlice(std::vector<ObjectPiece> pieces);

    /// Returns where in the object it begins.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    [[nodiscard]] std::size_t region_count() const noexcept { return count_; }
    /// Returns the bytes of a region, `index` below region_count(); all regions in order are the
    /// slice. None is empty.
    [[nodiscard]] ByteView region(std::size_t index) const noexcept;
    /// Returns all bytes when they are one region, or none.
    [[nodiscard]] std::optional<ByteView> contiguous() const noexcept;

    /// Returns a part, `range` counted from the beginning of this slice and cut to its end. Copies
    /// no bytes. Cost: a binary search.
    [[nodiscard]] ContentSlice part(ByteRange range) const;

    /// Fills `out` with the first bytes and returns how many: fewer only at the end of the slice.
    std::size_t copy_to(std::span<std::byte> out) const noexcept;

private:
    std::shared_ptr<const std::vector<ObjectPiece>> pieces_;
    std::size_t first_ = 0;  ///< Of `pieces_`.
    std::size_t count_ = 0;
    std::uint64_t offset_ = 0;
    std::uint64_t size_ = 0;
};

struct SliceRequest;

/// An object that is open for reading without copies.
///
/// A chunk that is stored raw is given as it lies in its pack, which is mapped as a whole: whatever
/// was asked for before has the same address as long as the pack stays mapped. Such a chunk is
/// checked against its digest when it is first asked for, and not again while the pack stays
/// mapped. Other chunks are decoded and checked into a buffer that lives as long as somebody holds
/// a piece of it; the store itself holds the last 16, and those that deltas start from
/// (ContentOptions::read_bases_bytes_max). One that is decoded again, from payloads equal to those
/// that gave the right digest before, is not hashed again: the payloads are told from others by a
/// universal hash at a random place that nobody knows. A backend that does not map gives all chunks
/// in that way.
///
/// Memory: the object's chunk list (48 bytes a chunk), and what the caller's slices hold.
/// Addresses: the length of each mapped pack, see PackOptions::mapped_packs_max. Packs are never
/// written again where a committed object lies, nor cut there, and stay readable through a mapping
/// when they are removed. What the machine answers to a read that fails with an error value
/// elsewhere ends the process here (SIGBUS): a disk that cannot give the bytes, or somebody else
/// who cuts the file. Where that must not happen, read with ObjectReader.
///
/// Thread safety: any thread. Lifetime: ends before its store; slices may outlive both.
class ZeroCopyContent final {
public:
    struct Impl;
    /// See ContentAddressedStorage::open_zero_copy.
    explicit ZeroCopyContent(std::unique_ptr<Impl> impl) noexcept;
    ~ZeroCopyContent();
    ZeroCopyContent(const ZeroCopyContent&) = delete;
    ZeroCopyContent& operator=(const ZeroCopyContent&) = delete;

    [[nodiscard]] const ObjectInfo& info() const noexcept;

    /// Returns the chunk that holds the byte at `offset`. Cost: for a raw chunk a search in the
    /// index, and the first time hashing; for others reading and decoding, and the first time
    /// hashing. Does not
    /// allocate for a raw chunk in a mapped pack. Errors: kEndOfFile (at or behind the end),
    /// kContentCorrupted (CorruptionDetail, input is the place), kIo, kDatabaseIo, kCancelled,
    /// kDeadlineExceeded.
    [[nodiscard]] Result<ObjectPiece> region_at(std::uint64_t offset,
                                                const CallContext& context = {}) const;

    /// Returns part of the object, by default the whole. An object of one raw chunk is one region.
    /// Holds all of it at once: take large objects in parts. Chunks that are not yet checked are
    /// hashed many at once, and where there are more than 32 on several threads. Errors:
    /// kInvalidArgument (the range begins behind the end), as `region_at`.
    [[nodiscard]] Result<ContentSlice> slice(ByteRange range = {},
                                             const CallContext& context = {}) const;

    /// Returns what `slice` gives for each request, in their order, for who knows several places
    /// that he needs: their chunks are hashed many at once, which takes about half as long for
    /// sixteen of 64 KiB as one after the other, and where there are more than 32 they are read on
    /// several threads. All are held at once. The objects are of one store. Errors: as `slice`, of
    /// the first request that has one; kInvalidArgument (objects of different stores).
    [[nodiscard]] static Result<std::vector<ContentSlice>> read_slices(
        std::span<const SliceRequest> requests, const CallContext& context = {});

private:
    std::unique_ptr<Impl> impl_;
};

/// Part of an open object that is asked for together with others.
struct SliceRequest {
    const ZeroCopyContent* content = nullptr;  ///< Borrowed for the call.
    ByteRange range;                           ///< Cut to the object's end.
};

}  // namespace catalog::content
