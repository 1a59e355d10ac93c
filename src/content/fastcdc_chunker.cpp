#include <algorithm>
#include <array>
#include <bit>

#include "chunkers.hpp"

namespace catalog::content {
namespace {

using GearTable = std::array<std::uint64_t, 256>;

GearTable make_gear_table(std::uint64_t seed) {
    GearTable table;
    SplitMix64 random(seed);
    for (std::uint64_t& entry : table) entry = random.next();
    return table;
}

// The highest bits have seen the most bytes: bit 63 depends on the last 64, bit 0 on one.
std::uint64_t mask_of_high_bits(int bits) { return ~std::uint64_t{0} << (64 - bits); }

class FastCdcChunker final : public ContentChunker {
public:
    explicit FastCdcChunker(const ChunkProfile& profile)
        : gear_(make_gear_table(profile.seed)),
          bytes_min_(profile.bytes_min),
          bytes_avg_(profile.bytes_avg),
          bytes_max_(profile.bytes_max),
          mask_short_(mask_of_high_bits(std::countr_zero(profile.bytes_avg) + kNormalisation)),
          mask_long_(mask_of_high_bits(std::countr_zero(profile.bytes_avg) - kNormalisation)) {}

    Scan scan(ByteView input) noexcept override {
        const std::size_t skipped =
            length_ < bytes_min_ ? std::min<std::size_t>(input.size(), bytes_min_ - length_) : 0;
        length_ += skipped;
        Scan result{skipped, false};
        scan_with(input, bytes_avg_, mask_short_, result);
        if (!result.boundary) scan_with(input, bytes_max_, mask_long_, result);
        if (result.boundary || length_ == bytes_max_) {
            result.boundary = true;
            reset();
        }
        return result;
    }

    void reset() noexcept override {
        length_ = 0;
        hash_ = 0;
    }

private:
    static constexpr int kNormalisation = 2;

    // Looks for a hash without bits of `mask` while the chunk is shorter than `limit`.
    void scan_with(ByteView input, std::size_t limit, std::uint64_t mask, Scan& scan) noexcept {
        if (length_ >= limit) return;
        const std::size_t begin = scan.bytes;
        const std::size_t end = begin + std::min(input.size() - begin, limit - length_);
        std::uint64_t hash = hash_;
        std::size_t at = begin;
        while (at < end) {
            hash = (hash << 1) + gear_[std::to_integer<std::size_t>(input[at])];
            ++at;
            if ((hash & mask) == 0) {
                scan.boundary = true;
                break;
            }
        }
        hash_ = hash;
        length_ += at - begin;
        scan.bytes = at;
    }

    GearTable gear_;
    std::size_t bytes_min_;
    std::size_t bytes_avg_;
    std::size_t bytes_max_;
    std::uint64_t mask_short_;
    std::uint64_t mask_long_;
    std::size_t length_ = 0;
    std::uint64_t hash_ = 0;
};

}  // namespace

std::unique_ptr<ContentChunker> make_fastcdc_chunker(const ChunkProfile& profile) {
    return std::make_unique<FastCdcChunker>(profile);
}

}  // namespace catalog::content
