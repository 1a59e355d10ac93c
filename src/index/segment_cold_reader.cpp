#include <zstd.h>

#include <algorithm>
#include <string>

#include "catalog/index/segment.hpp"
#include "catalog/internal/try.hpp"
#include "segment_view.hpp"

namespace catalog::index {

namespace {

struct FreeDecompression {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};
struct FreeDictionary {
    void operator()(ZSTD_DDict* dictionary) const noexcept { ZSTD_freeDDict(dictionary); }
};

struct Group {
    std::uint32_t first_doc = 0;
    std::uint32_t plain_bytes = 0;
    std::uint64_t at = 0;
};

Group group_at(ByteView groups, std::size_t index) noexcept {
    const std::byte* const row = groups.data() + index * kColdGroupRowBytes;
    return {load_le<std::uint32_t>(row), load_le<std::uint32_t>(row + 4),
            load_le<std::uint64_t>(row + 8)};
}

}  // namespace

struct ColdReader::Impl {
    explicit Impl(std::shared_ptr<const Segment> of) : segment(std::move(of)) {}

    std::shared_ptr<const Segment> segment;
    std::unique_ptr<ZSTD_DCtx, FreeDecompression> context;
    std::unique_ptr<ZSTD_DDict, FreeDictionary> dictionary;
    std::size_t loaded = SIZE_MAX;  ///< Which group `plain` is.
    std::string plain;

    // What zstd needs is made when the first text is read.
    [[nodiscard]] Result<void> prepare() {
        if (context) return {};
        const ByteView bytes = segment->view()[SectionKind::kColdDictionary];
        if (!bytes.empty()) {
            dictionary.reset(ZSTD_createDDict(bytes.data(), bytes.size()));
            if (!dictionary) return segment_damaged("has a dictionary that zstd does not take");
        }
        context.reset(ZSTD_createDCtx());
        if (!context) return fail(Errc::kOutOfMemory, "no memory for reading compressed texts");
        return {};
    }

    [[nodiscard]] Result<void> load(std::size_t index) {
        const Segment::View& view = segment->view();
        const Group group = group_at(view[SectionKind::kColdGroups], index);
        const Group next = group_at(view[SectionKind::kColdGroups], index + 1);
        const ByteView packed = view[SectionKind::kColdBytes];
        if (group.at > next.at || next.at > packed.size() ||
            group.plain_bytes > kColdGroupBytesMax + kColdRowHeadBytes ||
            next.at - group.at > group.plain_bytes)
            return segment_damaged("has a group of texts at an impossible place");
        const ByteView bytes = packed.subspan(group.at, next.at - group.at);
        loaded = SIZE_MAX;
        plain.resize(group.plain_bytes);
        if (bytes.size() == plain.size()) {
            plain.assign(as_text(bytes));
        } else {
            CATALOG_TRY_VOID(prepare());
            const std::size_t size =
                dictionary
                    ? ZSTD_decompress_usingDDict(context.get(), plain.data(), plain.size(),
                                                 bytes.data(), bytes.size(), dictionary.get())
                    : ZSTD_decompressDCtx(context.get(), plain.data(), plain.size(), bytes.data(),
                                          bytes.size());
            if (ZSTD_isError(size) != 0 || size != plain.size())
                return segment_damaged("has a group of texts that does not decompress");
        }
        loaded = index;
        return {};
    }

    // The index of the group of a version; the last row only ends the one before.
    [[nodiscard]] std::size_t group_of(std::uint32_t doc) const noexcept {
        const ByteView groups = segment->view()[SectionKind::kColdGroups];
        std::size_t low = 0;
        std::size_t high = groups.size() / kColdGroupRowBytes - 1;
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (group_at(groups, middle).first_doc <= doc)
                low = middle + 1;
            else
                high = middle;
        }
        return low == 0 ? SIZE_MAX : low - 1;
    }
};

ColdReader::ColdReader(std::shared_ptr<const Segment> segment)
    : impl_(std::make_unique<Impl>(std::move(segment))) {}
ColdReader::~ColdReader() = default;
ColdReader::ColdReader(ColdReader&&) noexcept = default;
ColdReader& ColdReader::operator=(ColdReader&&) noexcept = default;

Result<ColdText> ColdReader::read(DocId doc) {
    const auto number = static_cast<std::uint32_t>(doc);
    if (number >= impl_->segment->version_count())
        return fail(Errc::kInvalidArgument, "segment has no version " + std::to_string(number));
    const std::size_t index = impl_->group_of(number);
    if (index == SIZE_MAX) return segment_damaged("has no text for its first version");
    if (impl_->loaded != index) CATALOG_TRY_VOID(impl_->load(index));
    const std::uint32_t first =
        group_at(impl_->segment->view()[SectionKind::kColdGroups], index).first_doc;
    std::string_view rest = impl_->plain;
    for (std::uint32_t at = first;; ++at) {
        if (rest.size() < kColdRowHeadBytes) break;
        const auto description = load_le<std::uint32_t>(as_bytes(rest).data());
        const auto others = load_le<std::uint32_t>(as_bytes(rest).data() + 4);
        rest.remove_prefix(kColdRowHeadBytes);
        if (std::uint64_t{description} + others > rest.size()) break;
        if (at == number)
            return ColdText{rest.substr(0, description), rest.substr(description, others)};
        rest.remove_prefix(std::size_t{description} + others);
    }
    return segment_damaged("has a group of texts that is shorter than its versions ask for");
}

}  // namespace catalog::index
