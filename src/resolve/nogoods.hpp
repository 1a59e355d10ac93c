#pragma once
// Nogoods: the clauses of a failure, said of whole packages instead of single versions.
//
// A nogood is a list of terms that cannot all hold; a term says that what is chosen for a slot is
// one of a set of values, where "nothing" is a value too. The variables that only the encoding
// needs are resolved away (Davis and Putnam 1960), and nogoods that differ in one term are one.

#include <cstdint>
#include <vector>

#include "clauses.hpp"

namespace catalog::resolve::engine {

/// A set of values of one slot: value 0 is "nothing", value i + 1 candidate i of the slot. Most
/// slots have fewer than 64 candidates: those need no memory of their own.
class Mask {
public:
    Mask() = default;
    explicit Mask(std::uint32_t values)
        : values_(values), more_(values > 64 ? (values - 1) / 64 : 0, 0) {}

    void set(std::uint32_t value) { word(value) |= bit(value); }
    void reset(std::uint32_t value) { word(value) &= ~bit(value); }
    [[nodiscard]] bool has(std::uint32_t value) const {
        return ((value < 64 ? first_ : more_[value / 64 - 1]) & bit(value)) != 0;
    }
    void set_all();
    [[nodiscard]] std::uint32_t size() const noexcept { return values_; }
    [[nodiscard]] std::uint32_t count() const;
    [[nodiscard]] bool is_empty() const;
    [[nodiscard]] bool is_full() const { return count() == values_; }
    [[nodiscard]] bool is_subset_of(const Mask& other) const;
    [[nodiscard]] bool intersects(const Mask& other) const;
    void unite(const Mask& other);
    void intersect(const Mask& other);
    void subtract(const Mask& other);
    /// Returns `seed` mixed with the values.
    [[nodiscard]] std::uint64_t hash(std::uint64_t seed) const noexcept;
    friend bool operator==(const Mask&, const Mask&) = default;

private:
    static std::uint64_t bit(std::uint32_t value) { return std::uint64_t{1} << (value % 64); }
    std::uint64_t& word(std::uint32_t value) { return value < 64 ? first_ : more_[value / 64 - 1]; }
    std::uint32_t values_ = 0;
    std::uint64_t first_ = 0;
    std::vector<std::uint64_t> more_;  ///< From value 64 on.
};

/// Slots of a derivation: packages' slots as they are, variables of the encoding above them.
using Place = std::uint32_t;
inline constexpr Place kVariableBit = 0x8000'0000;

struct Term {
    Place place = 0;
    Mask mask;
    friend bool operator==(const Term&, const Term&) = default;
};

/// Mixes a number into a hash (the finaliser of SplitMix64: Steele, Lea and Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t number) noexcept {
    std::uint64_t hash = seed + number + 0x9e37'79b9'7f4a'7c15;
    hash = (hash ^ (hash >> 30)) * 0xbf58'476d'1ce4'e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d0'49bb'1331'11eb;
    return hash ^ (hash >> 31);
}

struct Nogood {
    std::vector<Term> terms;   ///< Sorted by place.
    std::vector<Fact> origin;  ///< What it was written for.

    [[nodiscard]] const Term* find(Place place) const noexcept;
};

/// Rewrites the clauses of a failure. Returns nothing when there would be more than `count_max`
/// nogoods on the way.
[[nodiscard]] std::vector<Nogood> make_nogoods(const Universe& universe, const Clauses& clauses,
                                               const std::vector<ProofClause>& proof,
                                               std::size_t count_max);

/// Combines the terms of two nogoods into those of the one that follows from them on `pivot`: union
/// there, intersection elsewhere. False when nothing follows.
[[nodiscard]] bool resolve_terms(const std::vector<Term>& a, const std::vector<Term>& b,
                                 Place pivot, std::vector<Term>& result);

}  // namespace catalog::resolve::engine
