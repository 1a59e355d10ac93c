#include "nogoods.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace catalog::resolve::engine {

void Mask::set_all() {
    first_ = values_ >= 64 ? ~std::uint64_t{0} : bit(values_) - 1;
    std::fill(more_.begin(), more_.end(), ~std::uint64_t{0});
    if (!more_.empty() && values_ % 64 != 0) more_.back() = bit(values_) - 1;
}

std::uint32_t Mask::count() const {
    auto count = static_cast<std::uint32_t>(std::popcount(first_));
    for (const std::uint64_t word : more_) {
        count += static_cast<std::uint32_t>(std::popcount(word));
    }
    return count;
}

bool Mask::is_empty() const {
    return first_ == 0 &&
           std::all_of(more_.begin(), more_.end(), [](std::uint64_t word) { return word == 0; });
}

bool Mask::is_subset_of(const Mask& other) const {
    if ((first_ & ~other.first_) != 0) return false;
    for (std::size_t i = 0; i < more_.size(); ++i) {
        if ((more_[i] & ~other.more_[i]) != 0) return false;
    }
    return true;
}

bool Mask::intersects(const Mask& other) const {
    if ((first_ & other.first_) != 0) return true;
    for (std::size_t i = 0; i < more_.size(); ++i) {
        if ((more_[i] & other.more_[i]) != 0) return true;
    }
    return false;
}

void Mask::unite(const Mask& other) {
    first_ |= other.first_;
    for (std::size_t i = 0; i < more_.size(); ++i) more_[i] |= other.more_[i];
}

void Mask::intersect(const Mask& other) {
    first_ &= other.first_;
    for (std::size_t i = 0; i < more_.size(); ++i) more_[i] &= other.more_[i];
}

void Mask::subtract(const Mask& other) {
    first_ &= ~other.first_;
    for (std::size_t i = 0; i < more_.size(); ++i) more_[i] &= ~other.more_[i];
}

std::uint64_t Mask::hash(std::uint64_t seed) const noexcept {
    std::uint64_t hash = mix(seed, first_);
    for (const std::uint64_t word : more_) hash = mix(hash, word);
    return hash;
}

const Term* Nogood::find(Place place) const noexcept {
    const auto at = std::lower_bound(terms.begin(), terms.end(), place,
                                     [](const Term& term, Place key) { return term.place < key; });
    return at != terms.end() && at->place == place ? &*at : nullptr;
}

bool resolve_terms(const std::vector<Term>& a, const std::vector<Term>& b, Place pivot,
                   std::vector<Term>& result) {
    result.clear();
    auto x = a.begin();
    auto y = b.begin();
    while (x != a.end() || y != b.end()) {
        if (y == b.end() || (x != a.end() && x->place < y->place)) {
            result.push_back(*x++);
            continue;
        }
        if (x == a.end() || y->place < x->place) {
            result.push_back(*y++);
            continue;
        }
        Term term = *x++;
        if (term.place == pivot) {
            term.mask.unite(y->mask);
            if (term.mask.is_full()) {
                ++y;
                continue;
            }
        } else {
            term.mask.intersect(y->mask);
            if (term.mask.is_empty()) return false;
        }
        ++y;
        result.push_back(std::move(term));
    }
    return true;
}

namespace {

/// Rewrites the clauses of one failure.
class NogoodMaker {
public:
    NogoodMaker(const Universe& universe, const Clauses& clauses)
        : universe_(universe), clauses_(clauses) {}

    void add(const ProofClause& clause) {
        std::map<Place, Mask> terms;
        for (const Lit literal : clause.literals) {
            const VarMeaning& meaning = clauses_.meaning(var_of(literal));
            // Roots are asked for and truth is true: their negations say nothing.
            if (meaning.kind == VarKind::kTruth || meaning.kind == VarKind::kRoot) continue;
            Place place = kVariableBit | var_of(literal);
            std::uint32_t values = 2;
            std::uint32_t value = 1;
            if (meaning.kind == VarKind::kPackage) {
                place = universe_.package(meaning.a).slot;
                const Slot& slot = universe_.slot(place);
                values = slot.count + 1;
                value = meaning.a - slot.first + 1;
            }
            Mask mask(values);
            if (is_negative(literal)) {
                mask.set(value);
            } else {
                mask.set_all();
                mask.reset(value);
            }
            const auto [at, fresh] = terms.emplace(place, mask);
            if (!fresh) at->second.intersect(mask);
        }
        Nogood nogood;
        for (auto& [place, mask] : terms) {
            if (mask.is_empty()) return;
            nogood.terms.push_back({place, std::move(mask)});
        }
        nogood.origin.push_back(clauses_.fact(clause.tag));
        insert(std::move(nogood));
    }

    bool eliminate_variables(std::size_t count_max) {
        for (;;) {
            Place variable = 0;
            std::size_t fewest = 0;
            for (const auto& [place, uses] : variables_) {
                const auto pairs = static_cast<std::size_t>(uses.off * uses.on);
                if (uses.off + uses.on == 0 || (variable != 0 && pairs >= fewest)) continue;
                variable = place;
                fewest = pairs;
            }
            if (variable == 0) return true;
            if (static_cast<std::size_t>(alive_count_) + fewest > count_max) return false;
            eliminate(variable);
        }
    }

    std::vector<Nogood> take() {
        std::vector<Nogood> taken;
        for (std::size_t i = 0; i < nogoods_.size(); ++i) {
            if (alive_[i] != 0) taken.push_back(std::move(nogoods_[i]));
        }
        return taken;
    }

private:
    /// Where a variable occurs. `off` and `on` count living nogoods, `nogoods` has dead ones too.
    struct Uses {
        std::vector<std::uint32_t> nogoods;
        std::int64_t off = 0;
        std::int64_t on = 0;
    };

    void count(const Nogood& nogood, std::int64_t by) {
        for (const Term& term : nogood.terms) {
            if ((term.place & kVariableBit) == 0) continue;
            Uses& uses = variables_[term.place];
            (term.mask.has(0) ? uses.off : uses.on) += by;
        }
        alive_count_ += by;
    }

    void kill(std::uint32_t index) {
        alive_[index] = 0;
        count(nogoods_[index], -1);
    }

    void eliminate(Place variable) {
        std::vector<std::uint32_t> off;
        std::vector<std::uint32_t> on;
        for (const std::uint32_t index : std::exchange(variables_[variable].nogoods, {})) {
            if (alive_[index] == 0) continue;
            (nogoods_[index].find(variable)->mask.has(0) ? off : on).push_back(index);
        }
        std::vector<Nogood> results;
        for (const std::uint32_t a : off) {
            for (const std::uint32_t b : on) {
                Nogood result;
                if (!resolve_terms(nogoods_[a].terms, nogoods_[b].terms, variable, result.terms)) {
                    continue;
                }
                result.origin = nogoods_[a].origin;
                result.origin.insert(result.origin.end(), nogoods_[b].origin.begin(),
                                     nogoods_[b].origin.end());
                results.push_back(std::move(result));
            }
        }
        for (const std::uint32_t index : off) kill(index);
        for (const std::uint32_t index : on) kill(index);
        for (Nogood& result : results) insert(std::move(result));
    }

    /// Adds a nogood, or makes one of it and another that differs only in which versions of one
    /// package it is about, as long as there is such another.
    void insert(Nogood nogood) {
        if (std::optional<std::uint32_t> wider = widen_with(nogood, kNone)) {
            while (const auto next = widen_with(nogoods_[*wider], *wider)) {
                kill(*wider);
                wider = next;
            }
            note_keys(*wider);
            return;
        }
        const auto index = static_cast<std::uint32_t>(nogoods_.size());
        for (const Term& term : nogood.terms) {
            if ((term.place & kVariableBit) != 0) variables_[term.place].nogoods.push_back(index);
        }
        nogoods_.push_back(std::move(nogood));
        alive_.push_back(1);
        count(nogoods_.back(), 1);
        note_keys(index);
    }

    /// Widens a living nogood other than `self` by one that is about other versions of one package,
    /// and returns it.
    std::optional<std::uint32_t> widen_with(const Nogood& nogood, std::uint32_t self) {
        // "a needs b" and "a must not be with b" stay two sentences, so a term that "nothing"
        // meets is not widened.
        for (std::size_t t = 0; t < nogood.terms.size(); ++t) {
            if (nogood.terms[t].mask.has(0)) continue;
            const auto at = places_.find(key_without(nogood, t));
            if (at == places_.end() || at->second == self || alive_[at->second] == 0) continue;
            Nogood& other = nogoods_[at->second];
            if (!differ_only_in(nogood, other, t)) continue;
            other.terms[t].mask.unite(nogood.terms[t].mask);
            other.origin.insert(other.origin.end(), nogood.origin.begin(), nogood.origin.end());
            return at->second;
        }
        return std::nullopt;
    }

    void note_keys(std::uint32_t index) {
        const Nogood& nogood = nogoods_[index];
        for (std::size_t t = 0; t < nogood.terms.size(); ++t) {
            if (!nogood.terms[t].mask.has(0)) places_[key_without(nogood, t)] = index;
        }
    }

    static std::uint64_t key_without(const Nogood& nogood, std::size_t skipped) {
        std::uint64_t key = skipped;
        for (std::size_t t = 0; t < nogood.terms.size(); ++t) {
            key = mix(key, nogood.terms[t].place);
            if (t != skipped) key = nogood.terms[t].mask.hash(key);
        }
        return key;
    }

    static bool differ_only_in(const Nogood& a, const Nogood& b, std::size_t skipped) {
        if (a.terms.size() != b.terms.size()) return false;
        for (std::size_t t = 0; t < a.terms.size(); ++t) {
            if (a.terms[t].place != b.terms[t].place) return false;
            if (t != skipped && a.terms[t].mask != b.terms[t].mask) return false;
        }
        return !b.terms[skipped].mask.has(0);
    }

    const Universe& universe_;
    const Clauses& clauses_;
    std::vector<Nogood> nogoods_;
    std::vector<std::uint8_t> alive_;
    std::int64_t alive_count_ = 0;
    std::map<Place, Uses> variables_;
    std::unordered_map<std::uint64_t, std::uint32_t> places_;  ///< By hash; may be out of date.
};

}  // namespace

std::vector<Nogood> make_nogoods(const Universe& universe, const Clauses& clauses,
                                 const std::vector<ProofClause>& proof, std::size_t count_max) {
    if (proof.size() > count_max) return {};
    NogoodMaker maker(universe, clauses);
    for (const ProofClause& clause : proof) maker.add(clause);
    if (!maker.eliminate_variables(count_max)) return {};
    return maker.take();
}

}  // namespace catalog::resolve::engine
