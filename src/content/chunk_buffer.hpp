#pragma once
// ChunkBuffer: one object on its way in, piece by piece.

#include <algorithm>
#include <cstddef>
#include <span>

#include "catalog/content/chunker.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::content {

/// Cuts the bytes that are read into it into chunks, and into the blocks of the object's tree. Each
/// of both is always one piece of memory. One thread.
class ChunkBuffer {
public:
    explicit ChunkBuffer(const ChunkProfile& profile)
        : bytes_(std::max<std::size_t>(profile.bytes_max, kBlockBytes) * kParts) {}

    void clear() { begin_ = scanned_ = hashed_ = end_ = 0; }

    /// Where the next bytes go. At least half of the buffer: what is not yet cut is shorter than a
    /// part of it.
    std::span<std::byte> room() {
        if (end_ > bytes_.size() / 2) {
            const std::size_t kept = std::min(begin_, hashed_);
            std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(kept),
                      bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
            for (std::size_t* const place : {&begin_, &scanned_, &hashed_, &end_}) *place -= kept;
        }
        return std::span(bytes_).subspan(end_);
    }
    void filled(std::size_t count) { end_ += count; }

    /// Returns the next whole chunk, or nothing when more bytes are needed.
    ByteView next_chunk(ContentChunker& chunker) {
        if (scanned_ == end_) return {};
        const auto scan = chunker.scan(ByteView(bytes_).subspan(scanned_, end_ - scanned_));
        scanned_ += scan.bytes;
        return scan.boundary ? last_chunk() : ByteView();
    }
    /// Returns what is left at the end of the stream.
    ByteView last_chunk() { return take(begin_, scanned_); }

    /// Gives up all chunks that were not returned: only blocks are wanted any more.
    void skip_chunks() { begin_ = scanned_ = end_; }

    /// Returns the whole blocks that were not returned before.
    ByteView next_blocks() {
        return take(hashed_, hashed_ + (end_ - hashed_) / kBlockBytes * kBlockBytes);
    }
    /// Returns what is left at the end of the stream.
    ByteView last_blocks() { return take(hashed_, end_); }

private:
    static constexpr std::size_t kBlockBytes = merkle::BlockTree::kBlockBytes;
    /// So many that a read gives enough chunks and blocks to hash several at once to its end.
    static constexpr std::size_t kParts = 8;

    ByteView take(std::size_t& from, std::size_t to) {
        const ByteView taken = ByteView(bytes_).subspan(from, to - from);
        from = to;
        return taken;
    }

    Bytes bytes_;
    std::size_t begin_ = 0;    // Of the current chunk.
    std::size_t scanned_ = 0;  // Up to here the chunker has seen it.
    std::size_t hashed_ = 0;   // Of the current block.
    std::size_t end_ = 0;
};

}  // namespace catalog::content
