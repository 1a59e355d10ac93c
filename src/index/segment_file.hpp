#pragma once
// SegmentFile: writes the sections of a segment one after the other, with their checksums and the
// content name of it all.

#include <cstdint>
#include <vector>

#include "catalog/index/segment_builder.hpp"
#include "catalog/merkle/tree.hpp"
#include "segment_format.hpp"

namespace catalog::index {

/// Thread safety: one thread at a time. Memory: 1 MiB. After an error it is of no further use.
class SegmentFile {
public:
    /// Borrows the sink.
    explicit SegmentFile(const SegmentSink& sink);

    /// Begins a section behind the last; they come in the order of their kinds. Errors: the
    /// sink's.
    [[nodiscard]] Result<void> begin(SectionKind kind);
    /// Appends to the section that was begun. Errors: the sink's.
    [[nodiscard]] Result<void> append(ByteView bytes);
    [[nodiscard]] Result<void> append_zeros(std::size_t count);
    /// Begins a section and appends all numbers little-endian.
    template <class T>
    [[nodiscard]] Result<void> write(SectionKind kind, const std::vector<T>& numbers);

    /// Returns how many bytes were written, the alignment of the section at hand included.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

    /// Ends the last section and writes the root page, into which places and checksums are filled.
    /// Returns the content name. Errors: the sink's.
    [[nodiscard]] Result<ContentHash> finish(SegmentRoot& root);

private:
    [[nodiscard]] Result<void> put(ByteView bytes);
    [[nodiscard]] Result<void> flush();
    [[nodiscard]] Result<void> align();

    const SegmentSink& sink_;
    Bytes buffer_;
    std::size_t filled_ = 0;
    std::uint64_t offset_ = 0;
    merkle::BlockTree tree_;
    std::array<SectionPlace, kSectionCount> places_{};
    SectionPlace* place_ = nullptr;
};

template <class T>
Result<void> SegmentFile::write(SectionKind kind, const std::vector<T>& numbers) {
    if (auto begun = begin(kind); !begun) return begun;
    if constexpr (std::endian::native == std::endian::little) {
        return append(std::as_bytes(std::span(numbers)));
    } else {
        for (const T number : numbers) {
            std::array<std::byte, sizeof(T)> bytes;
            store_le(bytes.data(), number);
            if (auto appended = append(bytes); !appended) return appended;
        }
        return {};
    }
}

}  // namespace catalog::index
