#include "catalog/index/segment_record.hpp"

#include "segment_format.hpp"

namespace catalog::index {

DocId SegmentRecord::doc() const noexcept {
    return DocId{load_word<std::uint32_t>(bytes_.data() + kRecordDocAt)};
}

PackageKey SegmentRecord::key() const noexcept {
    return {load_word<std::uint64_t>(bytes_.data()), load_word<std::uint64_t>(bytes_.data() + 8)};
}

std::string_view SegmentRecord::name() const noexcept {
    return as_text(
        bytes_.subspan(kRecordHeadBytes, std::to_integer<std::size_t>(bytes_[kRecordNameBytesAt])));
}

std::string_view SegmentRecord::version() const noexcept {
    return as_text(
        bytes_.subspan(kRecordHeadBytes + std::to_integer<std::size_t>(bytes_[kRecordNameBytesAt]),
                       load_word<std::uint16_t>(bytes_.data() + kRecordVersionBytesAt)));
}

package::PackageType SegmentRecord::type() const noexcept {
    return static_cast<package::PackageType>(bytes_[kRecordTypeAt]);
}

package::PackageState SegmentRecord::state() const noexcept {
    return static_cast<package::PackageState>(
        load_word<std::uint16_t>(bytes_.data() + kRecordFlagsAt) & kFlagStateMask);
}

bool SegmentRecord::is_yanked() const noexcept {
    return (load_word<std::uint16_t>(bytes_.data() + kRecordFlagsAt) & kFlagYanked) != 0;
}

bool SegmentRecord::is_imported() const noexcept {
    return (load_word<std::uint16_t>(bytes_.data() + kRecordFlagsAt) & kFlagImported) != 0;
}

const std::byte* SegmentRecord::body() const noexcept {
    return bytes_.data() + kRecordHeadBytes +
           std::to_integer<std::size_t>(bytes_[kRecordNameBytesAt]) +
           load_word<std::uint16_t>(bytes_.data() + kRecordVersionBytesAt);
}

ContentHash SegmentRecord::digest() const noexcept {
    ContentHash digest;
    if ((load_word<std::uint16_t>(bytes_.data() + kRecordFlagsAt) & kFlagBlake2b) != 0)
        digest.algorithm = HashAlgorithm::kBlake2b256;
    std::memcpy(digest.digest.data(), body() + kBodyDigestAt, digest.digest.size());
    return digest;
}

std::int64_t SegmentRecord::published_us() const noexcept {
    return static_cast<std::int64_t>(load_word<std::uint64_t>(body()));
}

TextId SegmentRecord::license() const noexcept {
    return TextId{load_word<std::uint32_t>(body() + 8)};
}

std::uint64_t SegmentRecord::content_word(std::size_t at) const noexcept {
    if ((load_word<std::uint16_t>(bytes_.data() + kRecordFlagsAt) & kFlagContent) == 0) return 0;
    return load_word<std::uint64_t>(body() + kBodyBytes + at);
}

std::uint64_t SegmentRecord::file_count() const noexcept { return content_word(0); }
std::uint64_t SegmentRecord::file_bytes() const noexcept { return content_word(8); }
std::uint64_t SegmentRecord::log_index() const noexcept { return content_word(16); }

ByteView SegmentRecord::list(std::size_t before, std::size_t count) const noexcept {
    const bool content =
        (load_word<std::uint16_t>(bytes_.data() + kRecordFlagsAt) & kFlagContent) != 0;
    return {body() + kBodyBytes + (content ? kBodyContentBytes : 0) + 4 * before, 4 * count};
}

TextList SegmentRecord::authors() const noexcept {
    return TextList(list(0, std::to_integer<std::size_t>(bytes_[kRecordAuthorsAt])));
}

TextList SegmentRecord::keywords() const noexcept {
    return TextList(list(std::to_integer<std::size_t>(bytes_[kRecordAuthorsAt]),
                         std::to_integer<std::size_t>(bytes_[kRecordKeywordsAt])));
}

TextList SegmentRecord::tags() const noexcept {
    return TextList(list(std::to_integer<std::size_t>(bytes_[kRecordAuthorsAt]) +
                             std::to_integer<std::size_t>(bytes_[kRecordKeywordsAt]),
                         std::to_integer<std::size_t>(bytes_[kRecordTagsAt])));
}

RelationList SegmentRecord::relations() const noexcept {
    return RelationList(
        list(std::to_integer<std::size_t>(bytes_[kRecordAuthorsAt]) +
                 std::to_integer<std::size_t>(bytes_[kRecordKeywordsAt]) +
                 std::to_integer<std::size_t>(bytes_[kRecordTagsAt]),
             std::size_t{2} * load_word<std::uint16_t>(bytes_.data() + kRecordRelationsAt)));
}

}  // namespace catalog::index
