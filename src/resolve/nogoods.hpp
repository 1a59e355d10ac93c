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

/// A set of values of one slot: value 0 is "nothing", value i + 1 candidate i of the slot.
class Mask {
public:
    Mask() = default;
    explicit Mask(std::uint32_t values) : values_(values), words_((values + 63) / 64, 0) {}

    void set(std::uint32_t value) { words_[value / 64] |= bit(value); }
    void reset(std::uint32_t value) { words_[value / 64] &= ~bit(value); }
    [[nodiscard]] bool has(std::uint32_t value) const {
        return (words_[value / 64] & bit(value)) != 0;
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
    [[nodiscard]] const std::vector<std::uint64_t>& words() const noexcept { return words_; }
    friend bool operator==(const Mask&, const Mask&) = default;

private:
    static std::uint64_t bit(std::uint32_t value) { return std::uint64_t{1} << (value % 64); }
    std::uint32_t values_ = 0;
    std::vector<std::uint64_t> words_;
};

/// Slots of a derivation: packages' slots as they are, variables of the encoding above them.
using Place = std::uint32_t;
inline constexpr Place kVariableBit = 0x8000'0000;

struct Term {
    Place place = 0;
    Mask mask;
    friend bool operator==(const Term&, const Term&) = default;
};

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

/// Combines two nogoods into the one that follows from them on `pivot`: union there, intersection
/// elsewhere. False when nothing follows.
[[nodiscard]] bool resolve_nogoods(const Nogood& a, const Nogood& b, Place pivot, Nogood& result);

}  // namespace catalog::resolve::engine
