#include "catalog/content/chunker.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

using GearTable = std::array<std::uint64_t, 256>;

// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014):
// a table that anybody can make again from eight bytes.
GearTable make_gear_table(std::uint64_t seed) {
    GearTable table;
    std::uint64_t state = seed;
    for (std::uint64_t& entry : table) {
        state += 0x9e3779b97f4a7c15u;
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        entry = z ^ (z >> 31);
    }
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

Result<void> check_profile(const ChunkProfile& profile) {
    if (profile.algorithm != ChunkAlgorithm::kFastCdc2020)
        return fail(Errc::kInvalidArgument, "unknown chunking algorithm " +
                                                std::to_string(std::uint32_t(profile.algorithm)));
    // Chunks of less would not be longer than the headers of their records.
    if (profile.bytes_min < 64 || profile.bytes_min >= profile.bytes_avg ||
        profile.bytes_avg >= profile.bytes_max || profile.bytes_max > kChunkBytesMax)
        return fail(
            Errc::kInvalidArgument,
            "chunk sizes must be 64 <= min < avg < max <= " + std::to_string(kChunkBytesMax) +
                ", not " + std::to_string(profile.bytes_min) + "/" +
                std::to_string(profile.bytes_avg) + "/" + std::to_string(profile.bytes_max));
    if (!std::has_single_bit(profile.bytes_avg))
        return fail(
            Errc::kInvalidArgument,
            "average chunk size " + std::to_string(profile.bytes_avg) + " is not a power of two");
    return {};
}

void append_profile(std::string& out, const ChunkProfile& profile) {
    append_le(out, static_cast<std::uint32_t>(profile.algorithm));
    append_le(out, profile.bytes_min);
    append_le(out, profile.bytes_avg);
    append_le(out, profile.bytes_max);
    append_le(out, profile.seed);
}

Result<ChunkProfile> decode_profile(ByteView bytes) {
    if (bytes.size() != kChunkProfileBytes)
        return fail(Errc::kInvalidArgument,
                    "a chunk profile has 24 bytes, not " + std::to_string(bytes.size()));
    ChunkProfile profile;
    profile.algorithm = static_cast<ChunkAlgorithm>(load_le<std::uint32_t>(bytes.data()));
    profile.bytes_min = load_le<std::uint32_t>(bytes.data() + 4);
    profile.bytes_avg = load_le<std::uint32_t>(bytes.data() + 8);
    profile.bytes_max = load_le<std::uint32_t>(bytes.data() + 12);
    profile.seed = load_le<std::uint64_t>(bytes.data() + 16);
    CATALOG_TRY_VOID(check_profile(profile));
    return profile;
}

Result<std::unique_ptr<ContentChunker>> make_chunker(const ChunkProfile& profile) {
    CATALOG_TRY_VOID(check_profile(profile));
    return std::make_unique<FastCdcChunker>(profile);
}

}  // namespace catalog::content
