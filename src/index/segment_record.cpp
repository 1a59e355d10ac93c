#include "catalog/index/segment_record.hpp"

#include "segment_format.hpp"

namespace catalog::index {

namespace {

std::uint16_t flags_of(const std::byte* record) noexcept {
    return load_le<std::uint16_t>(record + kRecordFlagsAt);
}

}  // namespace

std::string_view SegmentRecord::name() const noexcept {
    return as_text({at_ + kRecordHeadBytes, byte(kRecordNameBytesAt)});
}

std::string_view SegmentRecord::version() const noexcept {
    return as_text(
        {at_ + kRecordHeadBytes + byte(kRecordNameBytesAt), byte(kRecordVersionBytesAt) + 1});
}

package::PackageType SegmentRecord::type() const noexcept {
    return static_cast<package::PackageType>(flags_of(at_) >> kFlagTypeShift & 7);
}

package::PackageState SegmentRecord::state() const noexcept {
    return static_cast<package::PackageState>(flags_of(at_) & kFlagStateMask);
}

bool SegmentRecord::is_yanked() const noexcept { return (flags_of(at_) & kFlagYanked) != 0; }
bool SegmentRecord::is_imported() const noexcept { return (flags_of(at_) & kFlagImported) != 0; }

const std::byte* SegmentRecord::body() const noexcept {
    return at_ + kRecordHeadBytes + byte(kRecordNameBytesAt) + byte(kRecordVersionBytesAt) + 1;
}

ContentHash SegmentRecord::digest() const noexcept {
    ContentHash digest;
    if ((flags_of(at_) & kFlagBlake2b) != 0) digest.algorithm = HashAlgorithm::kBlake2b256;
    std::memcpy(digest.digest.data(), body() + kBodyDigestAt, digest.digest.size());
    return digest;
}

std::int64_t SegmentRecord::published_us() const noexcept {
    return static_cast<std::int64_t>(load_le<std::uint64_t>(body()));
}

TextId SegmentRecord::license() const noexcept {
    const std::uint32_t number = NarrowNumbers::load(body() + kBodyLicenseAt, widths_.text);
    return number == none_of_width(widths_.text) ? kNoText : TextId{number};
}

// Three numbers of seven bits a byte; where the bytes end too early, the rest are 0.
std::uint64_t SegmentRecord::content_number(unsigned index) const noexcept {
    const std::byte* at = body() + kBodyLicenseAt + widths_.text;
    const std::byte* const end = at + byte(kRecordContentBytesAt);
    std::uint64_t number = 0;
    for (unsigned shift = 0; at != end; ++at) {
        const auto bits = std::to_integer<std::uint64_t>(*at);
        if (shift < 64) number |= (bits & 0x7f) << shift;
        shift += 7;
        if (bits >= 0x80) continue;
        if (index-- == 0) return number;
        number = 0;
        shift = 0;
    }
    return 0;
}

std::uint64_t SegmentRecord::file_count() const noexcept { return content_number(0); }
std::uint64_t SegmentRecord::file_bytes() const noexcept { return content_number(1); }
std::uint64_t SegmentRecord::log_index() const noexcept { return content_number(2); }

const std::byte* SegmentRecord::lists() const noexcept {
    return body() + kBodyLicenseAt + widths_.text + byte(kRecordContentBytesAt);
}

TextList SegmentRecord::list(std::size_t before, std::size_t count) const noexcept {
    const std::size_t width = widths_.text;
    return TextList(NarrowNumbers({lists() + width * before, width * count}, widths_.text));
}

TextList SegmentRecord::authors() const noexcept { return list(0, byte(kRecordAuthorsAt)); }

TextList SegmentRecord::keywords() const noexcept {
    return list(byte(kRecordAuthorsAt), byte(kRecordKeywordsAt));
}

TextList SegmentRecord::tags() const noexcept {
    return list(byte(kRecordAuthorsAt) + byte(kRecordKeywordsAt), byte(kRecordTagsAt));
}

RelationList SegmentRecord::relations() const noexcept {
    const std::size_t texts =
        byte(kRecordAuthorsAt) + byte(kRecordKeywordsAt) + byte(kRecordTagsAt);
    const std::size_t step = std::size_t{widths_.name} + widths_.terms;
    return {
        {lists() + widths_.text * texts, step * load_le<std::uint16_t>(at_ + kRecordRelationsAt)},
        widths_};
}

}  // namespace catalog::index
