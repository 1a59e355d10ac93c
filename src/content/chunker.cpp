#include "catalog/content/chunker.hpp"

#include <bit>
#include <catalog/internal/try.hpp>

#include "chunkers.hpp"

namespace catalog::content {
Result<void> check_profile(const ChunkProfile& profile) {
    if (profile.algorithm != ChunkAlgorithm::kFastCdc2020 &&
        profile.algorithm != ChunkAlgorithm::kWindowed)
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
    if (profile.algorithm == ChunkAlgorithm::kFastCdc2020) return make_fastcdc_chunker(profile);
    return make_windowed_chunker(profile, choose_cut_search());
}

}  // namespace catalog::content
