#include "segment_postings.hpp"

#include <algorithm>
#include <bit>

namespace catalog::index {

namespace {

constexpr unsigned kWeightBitsMax = 8;

std::uint32_t block_count(std::uint32_t df) noexcept {
    return (df + std::uint32_t{kBlockPostings} - 1) / std::uint32_t{kBlockPostings};
}

std::size_t packed_bytes(std::size_t count, unsigned bits) noexcept {
    return (count * bits + 7) / 8;
}

// Appends numbers, `bits` wide each, the first one in the lowest bits.
class BitWriter {
public:
    explicit BitWriter(Bytes& out) noexcept : out_(out) {}
    void add(std::uint32_t number, unsigned bits) {
        pending_ |= std::uint64_t{number} << filled_;
        filled_ += bits;
        for (; filled_ >= 8; filled_ -= 8, pending_ >>= 8)
            out_.push_back(static_cast<std::byte>(pending_ & 0xff));
    }
    // Fills the last byte up with zeros.
    void finish() {
        if (filled_ > 0) out_.push_back(static_cast<std::byte>(pending_ & 0xff));
        pending_ = 0;
        filled_ = 0;
    }

private:
    Bytes& out_;
    std::uint64_t pending_ = 0;
    unsigned filled_ = 0;
};

struct BlockBits {
    unsigned gap = 0;
    unsigned weight = 0;
};

// `next` is the least version that can come, and is moved behind the block.
BlockBits bits_of(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> weights,
                  std::uint32_t next) noexcept {
    std::uint32_t widest = 0;
    for (const std::uint32_t doc : docs) {
        widest |= doc - next;
        next = doc + 1;
    }
    std::uint32_t heaviest = 0;
    for (const std::uint8_t weight : weights) heaviest |= weight - 1U;
    return {static_cast<unsigned>(std::bit_width(widest)),
            static_cast<unsigned>(std::bit_width(heaviest))};
}

void append_block(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> weights,
                  std::uint32_t next, const BlockBits& bits, Bytes& out) {
    BitWriter writer(out);
    for (const std::uint32_t doc : docs) {
        writer.add(doc - next, bits.gap);
        next = doc + 1;
    }
    writer.finish();
    for (const std::uint8_t weight : weights) writer.add(weight - 1U, bits.weight);
    writer.finish();
}

}  // namespace

void append_postings(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> weights,
                     std::span<const std::uint8_t> bounds, std::uint32_t champions, Bytes& out) {
    const auto df = static_cast<std::uint32_t>(docs.size());
    for (std::uint32_t rest = df;; rest >>= 7) {
        out.push_back(static_cast<std::byte>(rest < 0x80 ? rest : (rest & 0x7f) | 0x80));
        if (rest < 0x80) break;
    }
    if (df <= kBlockPostings) {
        const BlockBits bits = bits_of(docs, weights, 0);
        out.push_back(static_cast<std::byte>(bits.gap));
        if (!weights.empty()) out.push_back(static_cast<std::byte>(bits.weight));
        append_block(docs, weights, 0, bits, out);
        return;
    }
    const std::uint32_t blocks = block_count(df);
    if (!weights.empty()) {
        out.resize(out.size() + 4);
        store_le(&out[out.size() - 4], champions);
    }
    const std::size_t start = out.size();
    out.resize(start + blocks * kBlockHeadBytes);
    std::uint32_t next = 0;
    for (std::uint32_t block = 0; block < blocks; ++block) {
        const std::size_t first = block * kBlockPostings;
        const std::size_t count = std::min(kBlockPostings, docs.size() - first);
        const auto those = docs.subspan(first, count);
        const auto heavy = weights.empty() ? weights : weights.subspan(first, count);
        const BlockBits bits = bits_of(those, heavy, next);
        std::byte* const head = &out[start + block * kBlockHeadBytes];
        store_le(head, those.back());
        store_le(head + 4, static_cast<std::uint32_t>(out.size() - start));
        head[8] = static_cast<std::byte>(bits.gap);
        head[9] = static_cast<std::byte>(bits.weight);
        head[10] = weights.empty() ? std::byte{0} : static_cast<std::byte>(bounds[block]);
        append_block(those, heavy, next, bits, out);
        next = those.back() + 1;
    }
}

PostingReader::PostingReader(ByteView postings, const TermRow& row, bool has_weights,
                             std::uint32_t docs) noexcept
    : docs_limit_(docs), has_weights_(has_weights) {
    if ((row.place & kOnlyPosting) != 0) {
        only_ = row.place & ~kOnlyPosting;
        only_weight_ = row.weight;
        df_ = 1;
        blocks_ = 1;
        return;
    }
    if (row.place >= postings.size() - kPostingsSlackBytes) return;
    ByteView rest = postings.subspan(row.place);
    // Slack behind the last list: a number of at most 5 bytes and another of 4 lie within.
    std::uint64_t df = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto bits = std::to_integer<std::uint64_t>(rest.front());
        rest = rest.subspan(1);
        df |= (bits & 0x7f) << shift;
        if (bits < 0x80) break;
        if (shift == 28 || rest.size() <= kPostingsSlackBytes) return;
    }
    if (df < 2 || df > docs) return;
    const std::uint32_t blocks = block_count(static_cast<std::uint32_t>(df));
    if (blocks > 1 && has_weights) {
        if (rest.size() < kPostingsSlackBytes) return;
        champions_ = load_le<std::uint32_t>(rest.data());
        rest = rest.subspan(4);
    }
    const std::size_t heads = blocks == 1 ? (has_weights ? 2 : 1) : blocks * kBlockHeadBytes;
    if (rest.size() < heads + kPostingsSlackBytes) return;
    bytes_ = rest.first(rest.size() - kPostingsSlackBytes);
    df_ = static_cast<std::uint32_t>(df);
    blocks_ = blocks;
}

std::uint32_t PostingReader::last_doc(std::uint32_t block) const noexcept {
    if (blocks_ == 1) return only_ != kNoNumber ? only_ : docs_limit_;
    return load_le<std::uint32_t>(head(block));
}

std::uint8_t PostingReader::bound(std::uint32_t block) const noexcept {
    if (blocks_ == 1) return 255;
    return std::to_integer<std::uint8_t>(head(block)[10]);
}

bool PostingReader::decode(const std::byte* from, std::size_t left, std::size_t count,
                           std::uint64_t next, unsigned gap_bits, unsigned weight_bits) noexcept {
    if (gap_bits > 32 || weight_bits > kWeightBitsMax) return false;
    const std::size_t packed = packed_bytes(count, gap_bits);
    if (packed + packed_bytes(count, weight_bits) > left) return false;
    const std::uint64_t mask = (std::uint64_t{1} << gap_bits) - 1;
    // Behind the section's blocks stand kPostingsSlackBytes, so that whole words can be read.
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t bit = i * gap_bits;
        next += load_le<std::uint64_t>(from + bit / 8) >> (bit % 8) & mask;
        decoded_[i] = static_cast<std::uint32_t>(next);
        ++next;
    }
    if (next > docs_limit_) return false;
    weights_ = from + packed;
    weight_bits_ = weight_bits;
    count_ = static_cast<std::uint32_t>(count);
    return true;
}

bool PostingReader::load(std::uint32_t block) noexcept {
    count_ = 0;
    weights_ = nullptr;
    if (only_ != kNoNumber) {
        if (only_ >= docs_limit_) return false;
        decoded_[0] = only_;
        count_ = 1;
        return true;
    }
    const auto byte = [](const std::byte* at) { return std::to_integer<unsigned>(*at); };
    if (blocks_ == 1) {
        const std::size_t bytes = has_weights_ ? 2 : 1;
        return decode(bytes_.data() + bytes, bytes_.size() - bytes, df_, 0, byte(bytes_.data()),
                      has_weights_ ? byte(bytes_.data() + 1) : 0);
    }
    const auto at = load_le<std::uint32_t>(head(block) + 4);
    if (at > bytes_.size()) return false;
    const std::size_t count = block + 1 < blocks_ ? kBlockPostings : df_ - block * kBlockPostings;
    const std::uint64_t next = block == 0 ? 0 : std::uint64_t{last_doc(block - 1)} + 1;
    return decode(bytes_.data() + at, bytes_.size() - at, count, next, byte(head(block) + 8),
                  byte(head(block) + 9));
}

}  // namespace catalog::index
