// Facets of a segment: which versions have a value, how many, and which values there are.

#include <algorithm>
#include <array>
#include <bit>
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

TermRow Segment::View::term_row(std::uint32_t index) const noexcept {
    const std::byte* const row = at(SectionKind::kTermRows) + index * kTermRowBytes;
    return {load_word<std::uint32_t>(row), load_word<std::uint32_t>(row + 4),
            std::bit_cast<float>(load_word<std::uint32_t>(row + 8)),
            load_word<std::uint32_t>(row + 12)};
}

std::uint32_t Segment::View::lower_term(std::string_view text) const noexcept {
    return lower_fenced(at(SectionKind::kTermFences), root.terms, text,
                        [this](std::uint32_t index) { return term(index); });
}

std::optional<std::uint32_t> Segment::View::find_term(std::string_view text) const noexcept {
    const std::uint32_t index = lower_term(text);
    if (index == root.terms || term(index) != text) return std::nullopt;
    return index;
}

std::uint32_t Segment::count(Facet facet, std::string_view value) const noexcept {
    const auto term = view_->find_term(TermText(facet, value).view());
    return term ? std::min(view_->term_row(*term).df, view_->root.docs) : 0;
}

void Segment::list(Facet facet, std::string_view value, DocId from, std::size_t limit,
                   std::vector<DocId>& out) const {
    const auto term = view_->find_term(TermText(facet, value).view());
    if (!term) return;
    PostingReader postings = view_->postings(view_->term_row(*term), facet == Facet::kWord);
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
                     std::vector<std::pair<std::string_view, std::uint32_t>>& out) const {
    const TermText first(facet, prefix);
    for (std::uint32_t index = view_->lower_term(first.view());
         index < view_->root.terms && limit > 0; ++index, --limit) {
        const std::string_view term = view_->term(index);
        if (!term.starts_with(first.view())) break;
        out.emplace_back(term.substr(1), view_->term_row(index).df);
    }
}

}  // namespace catalog::index
