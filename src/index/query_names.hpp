#pragma once
// The names of a moment in byte order, with leaps, and those among them that are like a text.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "moment.hpp"

namespace catalog::index {

/// Goes through the distinct names of a moment, forward only. What it costs does not depend on how
/// many versions the names have.
class NameLeaps {
public:
    explicit NameLeaps(const Moment& moment);

    /// Goes on to the first name that is not before `from`; false when there is none.
    [[nodiscard]] Result<bool> leap(std::string_view from);
    /// Goes on to the name behind the one at hand. REQUIRES: there is one at hand.
    [[nodiscard]] Result<bool> next();
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Tells whether the name at hand has a version that counts; only dead ones are left of others.
    [[nodiscard]] bool counts() const noexcept;

private:
    struct SealedAt {
        const SealedSegment* segment;
        std::uint32_t name;
    };
    [[nodiscard]] Result<bool> settle();

    const Moment* moment_;
    std::unique_ptr<kv::Iterator> delta_;  ///< Over the records of names.
    bool delta_begun_ = false;
    std::vector<SealedAt> sealed_;
    std::string name_;
};

/// A name that is like another text.
struct NearName {
    std::string name;
    unsigned distance = 0;         ///< 0 where only case or separators differ.
    std::uint64_t dependents = 0;  ///< Versions that depend on it, counted up to a bound.
};

/// Returns names that are like `wanted` but not it: those at distance 1 or less; where there are
/// none and it has four letters or more, those at distance 2 with the same first letter. Distances
/// are of optimal string alignment (insertion, deletion, replacement, exchange of neighbours), in
/// which case and the kind of separator do not count. The nearest come first, of those the ones
/// that more depends on, then in byte order; at most `limit`.
///
/// Cost: at most 4,096 names are looked at, each a leap in the delta and in every segment.
/// Deterministic, whichever of these a name is in.
[[nodiscard]] Result<std::vector<NearName>> near_names(const Moment& moment,
                                                       std::string_view wanted, std::size_t limit);

/// Dependents are counted up to here where they make a name a better answer.
inline constexpr std::uint64_t kDependentsCounted = 1'000;

/// Returns how many versions depend on a name, counted up to kDependentsCounted.
[[nodiscard]] Result<std::uint64_t> dependents_of(const Moment& moment, std::string_view name);

}  // namespace catalog::index
