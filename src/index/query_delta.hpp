#pragma once
// A query in the delta: all versions that its clauses hold for.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query_plan.hpp"

namespace catalog::index {

/// A version of the delta for which the clauses hold, phrases apart.
struct DeltaMatch {
    std::string key;  ///< name NUL order key
    VersionWeights weights;
    [[nodiscard]] std::string_view name() const noexcept {
        return std::string_view(key).substr(0, key.find('\0'));
    }
    [[nodiscard]] std::string_view order() const noexcept {
        return std::string_view(key).substr(key.find('\0') + 1);
    }
};

/// Borrows what it is made of. Memory: about 80 bytes for each posting of a word.
class DeltaQuery {
public:
    DeltaQuery(const Moment& moment, const QueryPlan& plan) : moment_(&moment), plan_(&plan) {}

    /// Reads the postings of all words.
    [[nodiscard]] Result<void> read();
    /// Versions that have a word.
    [[nodiscard]] std::uint64_t having(std::size_t word) const noexcept {
        return postings_[word].size();
    }
    /// Returns what the words weigh in a version; `key` as DeltaMatch::key.
    [[nodiscard]] VersionWeights weights_of(std::string_view key) const noexcept;
    /// Returns the versions for which the clauses hold, in order of names, oldest first.
    [[nodiscard]] std::vector<DeltaMatch> matches() const;

private:
    struct Posting {
        std::string key;
        std::uint16_t weight = 0;
        std::uint16_t length = 0;
    };
    [[nodiscard]] const Posting* find(std::size_t word, std::string_view key) const noexcept;

    const Moment* moment_;
    const QueryPlan* plan_;
    std::vector<std::vector<Posting>> postings_;  ///< By word, in order of keys.
};

/// Returns the sum of the lengths of all versions of the delta. Cost: one step for each of them.
[[nodiscard]] Result<std::uint64_t> delta_length(const Moment& moment);

}  // namespace catalog::index
