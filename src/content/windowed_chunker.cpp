#include <algorithm>
#include <array>
#include <bit>

#include "chunkers.hpp"

namespace catalog::content {
namespace {

// How much rarer cuts are before the average than a chunk's length alone would have them, and how
// much more frequent after it: normalised sizes as in FastCDC, level 2.
constexpr int kNormalisation = 2;
// The cheap test lets one place in so many pass.
constexpr int kCandidateBits = 8;

// What 32 bits are to be below, so that one candidate in 2^bits passes.
std::uint32_t threshold(int bits) {
    return bits <= 0 ? ~std::uint32_t{0} : std::uint32_t{1} << (32 - bits);
}

CutRule make_rule(const ChunkProfile& profile) {
    CutRule rule;
    SplitMix64 random(profile.seed);
    for (auto* const table : {&rule.low, &rule.high})
        for (std::size_t half = 0; half < 2; ++half) {
            std::uint64_t bytes = random.next();
            for (std::size_t i = 0; i < 8; ++i, bytes >>= 8)
                (*table)[8 * half + i] = static_cast<std::uint8_t>(bytes);
        }
    for (std::uint64_t& key : rule.keys) key = random.next();
    const int bits = std::countr_zero(profile.bytes_avg) - kCandidateBits;
    rule.strict = threshold(bits + kNormalisation);
    rule.loose = threshold(bits - kNormalisation);
    return rule;
}

class WindowedChunker final : public ContentChunker {
public:
    WindowedChunker(const ChunkProfile& profile, CutSearch search)
        : rule_(make_rule(profile)),
          search_(search),
          bytes_min_(profile.bytes_min),
          bytes_avg_(profile.bytes_avg),
          bytes_max_(profile.bytes_max) {}

    Scan scan(ByteView input) noexcept override {
        const std::size_t end = std::min(input.size(), bytes_max_ - length_);
        const std::size_t begin = std::min(end, length_ < bytes_min_ ? bytes_min_ - length_ : 0);
        std::size_t at = begin;
        // Places whose window began in an earlier piece of the stream.
        if (length_ != 0 && at < end && at < kCutWindowBytes) at = search_across(input, at, end);
        if (!found_ && at < end) at = search_within(input.data(), at, end, length_);
        if (found_ || length_ + end == bytes_max_) {
            const std::size_t bytes = found_ ? at + 1 : end;
            reset();
            return {bytes, true};
        }
        remember(input.first(end));
        length_ += end;
        return {end, false};
    }

    void reset() noexcept override {
        length_ = 0;
        found_ = false;
    }

private:
    // Looks behind data[begin] to data[end - 1], where data[0] is byte `before` of the chunk.
    std::size_t search_within(const std::byte* data, std::size_t begin, std::size_t end,
                              std::size_t before) noexcept {
        // Place `at` makes a chunk of before + at + 1 bytes.
        const std::size_t loose_from = before < bytes_avg_ ? bytes_avg_ - before : 0;
        const std::size_t at = search_(rule_, {data, begin, loose_from, end});
        found_ = at < end;
        return at;
    }

    // Looks at the places before kCutWindowBytes in a copy that has the bytes before the piece.
    std::size_t search_across(ByteView input, std::size_t begin, std::size_t end) noexcept {
        const std::size_t count = std::min(end, kCutWindowBytes);
        std::array<std::byte, 2 * kCutWindowBytes> joined{};
        std::copy(last_.begin(), last_.end(), joined.begin());
        std::copy_n(input.begin(), count, joined.begin() + kCutWindowBytes);
        const std::size_t at = search_within(joined.data(), kCutWindowBytes + begin,
                                             kCutWindowBytes + count, length_ - kCutWindowBytes);
        return at - kCutWindowBytes;
    }

    // Keeps the last bytes of the stream for search_across.
    void remember(ByteView input) noexcept {
        const std::size_t count = std::min(input.size(), last_.size());
        std::copy(last_.begin() + static_cast<std::ptrdiff_t>(count), last_.end(), last_.begin());
        std::copy(input.end() - static_cast<std::ptrdiff_t>(count), input.end(),
                  last_.end() - static_cast<std::ptrdiff_t>(count));
    }

    CutRule rule_;
    CutSearch search_;
    std::size_t bytes_min_;
    std::size_t bytes_avg_;
    std::size_t bytes_max_;
    std::size_t length_ = 0;
    bool found_ = false;
    std::array<std::byte, kCutWindowBytes> last_{};
};

}  // namespace

std::unique_ptr<ContentChunker> make_windowed_chunker(const ChunkProfile& profile,
                                                      CutSearch search) {
    return std::make_unique<WindowedChunker>(profile, search);
}

}  // namespace catalog::content
