#pragma once
// SimilarityTable: which chunk of a store a new one probably resembles.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "catalog/content/content_storage.hpp"
#include "catalog/content/features.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Chunks of different domains never become each other's base: the length of a delta tells how
/// much two chunks have in common, which is nobody's business across a border of trust.
enum class TrustDomain : std::uint64_t {};

/// Most deltas that a base can be made of.
inline constexpr int kBaseDepthMax = 7;

/// Parameters of a SimilarityTable.
struct SimilarityOptions {
    SimilarityOptions() = default;
    /// Upper bound of its memory, bytes; 144 for each base. At least 64 KiB, at most 1 GiB, others
    /// are moved to the nearest. It grows as it fills.
    std::size_t memory_bytes_max = 8u << 20;
};

/// A bounded table from features to chunks that may serve as the base of a delta. A hint: what it
/// forgets costs bytes, what it finds the delta itself confirms.
///
/// Full, it forgets the oldest chunk that nobody found since the hand last passed (second chance,
/// as in clock page replacement). The same calls give the same answers. In one find in some hundred
/// a full table overlooks a base, where too many features fall together.
/// Thread safety: any number of threads; each call holds one lock for about a microsecond.
class SimilarityTable {
public:
    /// A base that was found.
    struct Match {
        ChunkId base;
        int shared = 0;  ///< Features in common, 1 to ChunkFeatures::kCount.
        int depth = 0;   ///< As it was added.
    };

    explicit SimilarityTable(SimilarityOptions options = SimilarityOptions());
    ~SimilarityTable();
    SimilarityTable(const SimilarityTable&) = delete;
    SimilarityTable& operator=(const SimilarityTable&) = delete;

    /// Finds the best base of that domain among those that were added with `depth_max` or less: the
    /// one with the highest 2 * features in common - depth, among equals the one with the least
    /// depth, then the newest.
    [[nodiscard]] std::optional<Match> find(TrustDomain domain, const ChunkFeatures& features,
                                            int depth_max = kBaseDepthMax);

    /// Makes a chunk a possible base. One without features is left out. `depth`, 0 to
    /// kBaseDepthMax, is how many deltas are to be undone to get it; the one given last counts.
    void add(TrustDomain domain, const ChunkFeatures& features, const ChunkId& id, int depth = 0);

    /// Takes a chunk out that `find` gave for these features and that turned out to be gone.
    void forget(TrustDomain domain, const ChunkFeatures& features, const ChunkId& id);

    /// Returns how many bases it knows.
    [[nodiscard]] std::size_t size() const;

    /// Returns its memory, bytes.
    [[nodiscard]] std::size_t memory_bytes() const;

    /// Writes its content (docs/formats/similarity.md). Errors: what `sink` returned. Calls of
    /// other threads wait meanwhile.
    [[nodiscard]] Result<void> save(const ByteSink& sink) const;

    /// Replaces its content by what `save` wrote; where that was larger than this table may be, the
    /// newest are kept. Errors: kContentCorrupted (other magic, version, length, checksum, values
    /// out of range); the table is empty then and can be used.
    [[nodiscard]] Result<void> load(ByteView bytes);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::content
