#include "segment_file.hpp"

#include <algorithm>

#include "catalog/internal/crc32c.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {
constexpr std::size_t kSegmentBufferBytes = std::size_t{1} << 20;
}

SegmentFile::SegmentFile(const SegmentSink& sink) : sink_(sink), buffer_(kSegmentBufferBytes) {}

Result<void> SegmentFile::flush() {
    const ByteView bytes = ByteView(buffer_).first(filled_);
    filled_ = 0;
    tree_.update(bytes);
    return sink_(bytes);
}

Result<void> SegmentFile::put(ByteView bytes) {
    offset_ += bytes.size();
    while (!bytes.empty()) {
        const std::size_t count = std::min(bytes.size(), buffer_.size() - filled_);
        std::memcpy(&buffer_[filled_], bytes.data(), count);
        filled_ += count;
        bytes = bytes.subspan(count);
        if (filled_ == buffer_.size()) CATALOG_TRY_VOID(flush());
    }
    return {};
}

Result<void> SegmentFile::align() {
    static constexpr std::array<std::byte, kSegmentAlignment> kZeros{};
    const std::size_t over = offset_ % kSegmentAlignment;
    return over == 0 ? Result<void>() : put(ByteView(kZeros).first(kSegmentAlignment - over));
}

Result<void> SegmentFile::begin(SectionKind kind) {
    if (offset_ == 0) CATALOG_TRY_VOID(put(segment_lead()));
    CATALOG_TRY_VOID(align());
    place_ = &places_[static_cast<std::size_t>(kind)];
    *place_ = {offset_, 0, 0};
    return {};
}

Result<void> SegmentFile::append(ByteView bytes) {
    place_->bytes += bytes.size();
    place_->crc = internal::crc32c(bytes, place_->crc);
    return put(bytes);
}

Result<void> SegmentFile::append_zeros(std::size_t count) {
    static constexpr std::array<std::byte, kPageBytes> kZeros{};
    for (; count > 0; count -= std::min(count, kZeros.size()))
        CATALOG_TRY_VOID(append(ByteView(kZeros).first(std::min(count, kZeros.size()))));
    return {};
}

Result<ContentHash> SegmentFile::finish(SegmentRoot& root) {
    CATALOG_TRY_VOID(align());
    root.sections = places_;
    root.bytes = offset_ + kSegmentRootBytes;
    CATALOG_TRY_VOID(put(encode_root(root)));
    CATALOG_TRY_VOID(flush());
    return tree_.finish();
}

}  // namespace catalog::index
