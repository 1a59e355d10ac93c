// Facets of a segment: which versions have a value, how many, and which values there are.

#include <algorithm>
#include <array>
#include <string>

#include "catalog/index/segment.hpp"
#include "segment_view.hpp"

namespace catalog::index {

namespace {

// A facet's value as it stands in the dictionary: its kind and at most 256 bytes.
class TermText {
public:
    TermText(Facet facet, std::string_view value) noexcept {
        value = value.substr(0, kTermBytesMax - 1);
        bytes_[0] = static_cast<char>(facet);
        std::ranges::copy(value, bytes_.begin() + 1);
        size_ = value.size() + 1;
    }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, kTermBytesMax> bytes_;
    std::size_t size_ = 0;
};

}  // namespace

DictionaryWalk Segment::View::terms_from(std::uint32_t block) const noexcept {
    const ByteView texts = (*this)[SectionKind::kTermTexts];
    return DictionaryWalk(texts.subspan(
        std::min<std::size_t>(number(SectionKind::kTermOffsets, block), texts.size())));
}

std::uint32_t Segment::View::lower_term(std::string_view text,
                                        DictionaryWalk& walk) const noexcept {
    const std::uint64_t fence = fence_of(text);
    const auto step = static_cast<std::uint32_t>(kFenceStep);
    const auto is_less = [&](std::uint32_t block) {
        const auto other =
            load_le<std::uint64_t>(at(SectionKind::kTermFences) + std::size_t{8} * block);
        if (other != fence) return other < fence;
        DictionaryWalk first = terms_from(block);
        return first.next() && first.text() < text;
    };
    std::uint32_t low = 0;
    std::uint32_t high = root.terms / step + (root.terms % step != 0 ? 1 : 0);
    const std::uint32_t blocks = high;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (is_less(middle))
            low = middle + 1;
        else
            high = middle;
    }
    // It stands in the last block that begins before it, or begins the next one.
    if (low > 0) {
        walk = terms_from(low - 1);
        const std::uint32_t end = low == blocks ? root.terms : low * step;
        for (std::uint32_t index = (low - 1) * step; index < end; ++index)
            if (!walk.next() || walk.text() >= text) return index;
    }
    if (low == blocks) return root.terms;
    walk = terms_from(low);
    static_cast<void>(walk.next());
    return low * step;
}

std::optional<std::uint32_t> Segment::View::find_term(std::string_view text) const noexcept {
    DictionaryWalk walk;
    const std::uint32_t index = lower_term(text, walk);
    if (index == root.terms || walk.text() != text) return std::nullopt;
    return index;
}

std::uint32_t Segment::count(Facet facet, std::string_view value) const noexcept {
    const auto term = view_->find_term(TermText(facet, value).view());
    return term ? view_->postings(*term, facet == Facet::kWord).df() : 0;
}

void Segment::list(Facet facet, std::string_view value, DocId from, std::size_t limit,
                   std::vector<DocId>& out) const {
    const auto term = view_->find_term(TermText(facet, value).view());
    if (!term) return;
    PostingReader postings = view_->postings(*term, facet == Facet::kWord);
    const auto first = static_cast<std::uint32_t>(from);
    std::uint32_t block = 0;
    for (std::uint32_t end = postings.blocks(); block < end;) {
        const std::uint32_t middle = block + (end - block) / 2;
        if (postings.last_doc(middle) < first)
            block = middle + 1;
        else
            end = middle;
    }
    for (; block < postings.blocks() && limit > 0; ++block) {
        if (!postings.load(block)) return;
        for (const std::uint32_t doc : postings.docs()) {
            if (doc < first) continue;
            out.push_back(DocId{doc});
            if (--limit == 0) break;
        }
    }
}

void Segment::values(Facet facet, std::string_view prefix, std::size_t limit,
                     std::vector<std::pair<std::string, std::uint32_t>>& out) const {
    const TermText first(facet, prefix);
    DictionaryWalk walk;
    for (std::uint32_t index = view_->lower_term(first.view(), walk);
         index < view_->root.terms && limit > 0; ++index, --limit) {
        if (!walk.text().starts_with(first.view())) break;
        out.emplace_back(walk.text().substr(1), view_->postings(index, facet == Facet::kWord).df());
        if (!walk.next()) break;
    }
}

}  // namespace catalog::index
