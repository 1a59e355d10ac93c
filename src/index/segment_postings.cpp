#include "segment_postings.hpp"

#include <algorithm>
#include <bit>

namespace catalog::index {

namespace {

constexpr std::uint8_t kFullImpact = 255;

std::uint32_t block_count(std::uint32_t df) noexcept {
    return (df + std::uint32_t{kBlockPostings} - 1) / std::uint32_t{kBlockPostings};
}

std::size_t packed_bytes(std::size_t count, unsigned bits) noexcept {
    return (count * bits + 7) / 8;
}

// Appends `numbers`, `bits` wide each, the first one in the lowest bits.
void append_packed(std::span<const std::uint32_t> numbers, unsigned bits, Bytes& out) {
    std::uint64_t pending = 0;
    unsigned filled = 0;
    for (const std::uint32_t number : numbers) {
        pending |= std::uint64_t{number} << filled;
        filled += bits;
        for (; filled >= 8; filled -= 8, pending >>= 8)
            out.push_back(static_cast<std::byte>(pending & 0xff));
    }
    if (filled > 0) out.push_back(static_cast<std::byte>(pending & 0xff));
}

}  // namespace

void append_postings(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> impacts,
                     Bytes& out) {
    const std::size_t start = out.size();
    const std::uint32_t blocks = block_count(static_cast<std::uint32_t>(docs.size()));
    out.resize(start + blocks * kBlockHeadBytes);
    std::uint32_t next = 0;  // the least version that can come
    for (std::uint32_t block = 0; block < blocks; ++block) {
        const std::size_t first = block * kBlockPostings;
        const std::size_t count = std::min(kBlockPostings, docs.size() - first);
        std::array<std::uint32_t, kBlockPostings> gaps;
        std::uint32_t widest = 0;
        for (std::size_t i = 0; i < count; ++i) {
            gaps[i] = docs[first + i] - next;
            widest |= gaps[i];
            next = docs[first + i] + 1;
        }
        const auto bits = static_cast<unsigned>(std::bit_width(widest));
        const auto at = static_cast<std::uint32_t>(out.size() - start);
        append_packed(std::span(gaps).first(count), bits, out);
        std::uint8_t greatest = 0;
        if (!impacts.empty()) {
            const auto those = impacts.subspan(first, count);
            greatest = *std::ranges::max_element(those);
            const auto bytes = std::as_bytes(those);
            out.insert(out.end(), bytes.begin(), bytes.end());
        }
        std::byte* const head = &out[start + block * kBlockHeadBytes];
        store_word(head, next - 1);
        store_word(head + 4, at);
        head[8] = static_cast<std::byte>(bits);
        head[9] = static_cast<std::byte>(greatest);
    }
    out.resize((out.size() + 3) & ~std::size_t{3});
}

PostingReader::PostingReader(ByteView postings, const TermRow& row, bool has_impacts,
                             std::uint32_t docs) noexcept
    : df_(row.df), docs_limit_(docs), has_impacts_(has_impacts) {
    if (row.df == 0 || row.df > docs) return;
    if (row.df == 1) {
        only_ = row.at;
        blocks_ = 1;
        return;
    }
    const std::uint64_t at = std::uint64_t{row.at} * 4;
    const std::uint64_t end = postings.size() - kPostingsSlackBytes;
    const std::uint64_t heads = std::uint64_t{block_count(row.df)} * kBlockHeadBytes;
    if (at > end || heads > end - at) return;
    bytes_ = postings.subspan(at, end - at);
    blocks_ = block_count(row.df);
}

std::uint32_t PostingReader::last_doc(std::uint32_t block) const noexcept {
    if (bytes_.empty()) return only_;
    return load_word<std::uint32_t>(bytes_.data() + block * kBlockHeadBytes);
}

std::uint8_t PostingReader::max_impact(std::uint32_t block) const noexcept {
    if (bytes_.empty()) return kFullImpact;
    return std::to_integer<std::uint8_t>(bytes_[block * kBlockHeadBytes + 9]);
}

bool PostingReader::load(std::uint32_t block) noexcept {
    count_ = 0;
    impacts_ = nullptr;
    if (bytes_.empty()) {
        if (only_ >= docs_limit_) return false;
        decoded_[0] = only_;
        impacts_ = &kFullImpact;
        count_ = 1;
        return true;
    }
    const std::byte* const head = bytes_.data() + block * kBlockHeadBytes;
    const auto at = load_word<std::uint32_t>(head + 4);
    const auto bits = std::to_integer<unsigned>(head[8]);
    const std::size_t count = block + 1 < blocks_ ? kBlockPostings : df_ - block * kBlockPostings;
    if (bits > 32) return false;
    const std::size_t packed = packed_bytes(count, bits);
    if (at > bytes_.size() || packed + (has_impacts_ ? count : 0) > bytes_.size() - at)
        return false;
    const std::byte* const from = bytes_.data() + at;
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    std::uint64_t next = block == 0 ? 0 : std::uint64_t{last_doc(block - 1)} + 1;
    // Behind the section's blocks stand kPostingsSlackBytes, so that whole words can be read.
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t bit = i * bits;
        next += load_word<std::uint64_t>(from + bit / 8) >> (bit % 8) & mask;
        decoded_[i] = static_cast<std::uint32_t>(next);
        ++next;
    }
    if (next > docs_limit_) return false;
    if (has_impacts_) impacts_ = reinterpret_cast<const std::uint8_t*>(from + packed);
    count_ = static_cast<std::uint32_t>(count);
    return true;
}

}  // namespace catalog::index
