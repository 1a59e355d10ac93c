#pragma once
// VerifiedSources: from which payloads chunks were decoded whose digest was found right.

#include <array>
#include <catalog/internal/mutex.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catalog/content/pack_format.hpp"
#include "catalog/core/random.hpp"

namespace catalog::content {

/// Stands for all that a chunk was decoded from: its payload, and of a delta those of the chunks
/// that it starts from. kNone: not known, or not to be kept.
enum class SourceMark : std::uint64_t { kNone = 0 };

/// Remembers what decoded to the chunk that it should, so that who decodes the same again need not
/// hash what comes out: equal payloads give equal bytes. A mark is the value of a polynomial modulo
/// 2^61 - 1 at a random place that nobody outside learns (a universal hash: Carter and Wegman,
/// 1979): of two different payloads of n bytes, whoever chose them, the marks are equal with a
/// probability below n / 2^61. It costs about a tenth of SHA-256 of the payload alone. Of many
/// marks those not used lately are forgotten. Memory: 512 KiB from the first mark on. Thread
/// safety: any thread.
class VerifiedSources {
public:
    /// Without random bytes all marks are kNone.
    explicit VerifiedSources(Random& random);

    /// Returns the mark of a chunk's record. `base`: of the chunk that a delta starts from. With a
    /// trained dictionary, which is told by a short number, there is none.
    [[nodiscard]] SourceMark mark_of(const RecordHeader& header, ByteView payload,
                                     SourceMark base) const noexcept;

    [[nodiscard]] bool has(SourceMark mark);
    /// Notes that what this stands for has the digest that its header says.
    void note(SourceMark mark);

private:
    static constexpr std::size_t kInSet = 4;
    static constexpr std::size_t kSets = 16 * 1024;
    /// Most recently used first.
    using Set = std::array<SourceMark, kInSet>;

    [[nodiscard]] Set& set_of(SourceMark mark) CATALOG_REQUIRES(mutex_);

    std::uint64_t place_ = 0;        ///< Where the polynomial is evaluated; 0: there is none.
    std::uint64_t place_power_ = 0;  ///< Its power that the sums go on with.
    internal::Mutex mutex_;
    std::vector<Set> sets_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::content
