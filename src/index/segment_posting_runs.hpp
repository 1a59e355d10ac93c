#pragma once
// PostingRuns: postings as they are gathered version by version, and as they are written term by
// term.

#include <cstdint>
#include <vector>

#include "catalog/core/bytes.hpp"

namespace catalog::index {

/// Postings of terms that have numbers while they are gathered, and ranks when all are known. Those
/// of some versions at a time are sorted and packed to about two bytes each.
///
/// Thread safety: one thread at a time.
class PostingRuns {
public:
    /// A posting that waits: the caller may set the upper 32 bits anew before `end_run`.
    static constexpr unsigned kTermShift = 32;
    static constexpr std::uint32_t kVersionsMax = 1u << 24;

    explicit PostingRuns(bool has_weights) : has_weights_(has_weights) {}

    /// Adds a posting of a version of this run, which come in order; those of the same term and
    /// version are one, and their weights are added up to 255 at most. REQUIRES: version <
    /// kVersionsMax, weight < 256.
    void add(std::uint32_t term, std::uint32_t version, unsigned weight) {
        pending_.push_back(std::uint64_t{term} << kTermShift | std::uint64_t{version} << 8 |
                           weight);
    }
    [[nodiscard]] std::vector<std::uint64_t>& pending() noexcept { return pending_; }
    /// Ends the run of the versions from `first` on; `terms` is above all numbers.
    void end_run(std::uint32_t first, std::uint32_t terms);
    /// Gives back what only adding needs.
    void end_adding() noexcept;

    /// Puts all into the order of ranks; `ranks` has one for each number. Once, after the last run.
    void rank(const std::vector<std::uint32_t>& ranks);
    /// Appends the postings of a term. REQUIRES: ranks ascend from call to call, none is left out.
    void take(std::uint32_t rank, std::vector<std::uint32_t>& docs,
              std::vector<std::uint8_t>& weights);

private:
    struct Run {
        Bytes bytes;
        std::uint32_t first = 0;  ///< Its first version.
        std::size_t at = 0;       ///< Where the postings of the next rank begin.
        std::uint64_t next = 0;   ///< The rank that comes next.
    };

    std::byte* pack(std::size_t from, std::size_t end, std::byte* to) const noexcept;
    void step(Run& run) const noexcept;
    void rank(Run& run, const std::vector<std::uint32_t>& ranks);

    bool has_weights_;
    std::vector<std::uint64_t> pending_;
    std::vector<std::uint64_t> scratch_;
    Bytes room_;
    std::vector<Run> runs_;
};

}  // namespace catalog::index
