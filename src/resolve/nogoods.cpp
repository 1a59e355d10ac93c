#include "nogoods.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace catalog::resolve::engine {

void Mask::set_all() {
    for (std::uint32_t value = 0; value < values_; ++value) set(value);
}

std::uint32_t Mask::count() const {
    std::uint32_t count = 0;
    for (const std::uint64_t word : words_)
        count += static_cast<std::uint32_t>(std::popcount(word));
    return count;
}

bool Mask::is_empty() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
}

bool Mask::is_subset_of(const Mask& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if ((words_[i] & ~other.words_[i]) != 0) return false;
    }
    return true;
}

bool Mask::intersects(const Mask& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
        if ((words_[i] & other.words_[i]) != 0) return true;
    }
    return false;
}

void Mask::unite(const Mask& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
}

void Mask::intersect(const Mask& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
}

void Mask::subtract(const Mask& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
}

const Term* Nogood::find(Place place) const noexcept {
    const auto at = std::lower_bound(terms.begin(), terms.end(), place,
                                     [](const Term& term, Place key) { return term.place < key; });
    return at != terms.end() && at->place == place ? &*at : nullptr;
}

bool resolve_nogoods(const Nogood& a, const Nogood& b, Place pivot, Nogood& result) {
    result.terms.clear();
    auto x = a.terms.begin();
    auto y = b.terms.begin();
    while (x != a.terms.end() || y != b.terms.end()) {
        if (y == b.terms.end() || (x != a.terms.end() && x->place < y->place)) {
            result.terms.push_back(*x++);
            continue;
        }
        if (x == a.terms.end() || y->place < x->place) {
            result.terms.push_back(*y++);
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
        result.terms.push_back(std::move(term));
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
        nogoods_.push_back(std::move(nogood));
    }

    bool eliminate_variables(std::size_t count_max) {
        merge();
        for (;;) {
            Place variable = 0;
            std::size_t fewest = 0;
            for (const auto& [place, pairs] : count_pairs()) {
                if (variable != 0 && pairs >= fewest) continue;
                variable = place;
                fewest = pairs;
            }
            if (variable == 0) return true;
            if (nogoods_.size() + fewest > count_max) return false;
            eliminate(variable);
            merge();
        }
    }

    std::vector<Nogood> take() { return std::move(nogoods_); }

private:
    /// For each variable how many nogoods its elimination makes.
    [[nodiscard]] std::map<Place, std::size_t> count_pairs() const {
        std::map<Place, std::pair<std::size_t, std::size_t>> counts;
        for (const Nogood& nogood : nogoods_) {
            for (const Term& term : nogood.terms) {
                if ((term.place & kVariableBit) == 0) continue;
                auto& [off, on] = counts[term.place];
                ++(term.mask.has(0) ? off : on);
            }
        }
        std::map<Place, std::size_t> pairs;
        for (const auto& [place, count] : counts) pairs[place] = count.first * count.second;
        return pairs;
    }

    void eliminate(Place variable) {
        std::vector<Nogood> kept;
        std::vector<Nogood> off;
        std::vector<Nogood> on;
        for (Nogood& nogood : nogoods_) {
            const Term* term = nogood.find(variable);
            auto& list = term == nullptr ? kept : term->mask.has(0) ? off : on;
            list.push_back(std::move(nogood));
        }
        for (const Nogood& a : off) {
            for (const Nogood& b : on) {
                Nogood result;
                if (!resolve_nogoods(a, b, variable, result)) continue;
                result.origin = a.origin;
                result.origin.insert(result.origin.end(), b.origin.begin(), b.origin.end());
                kept.push_back(std::move(result));
            }
        }
        nogoods_ = std::move(kept);
    }

    /// Makes one of nogoods that differ only in which versions of one package they are about, as
    /// long as there are any.
    void merge() {
        for (bool again = true; again;) {
            again = false;
            std::unordered_map<std::string, std::size_t> places;
            std::vector<Nogood> kept;
            for (Nogood& nogood : nogoods_) {
                again = !keep_or_merge(nogood, places, kept) || again;
            }
            nogoods_ = std::move(kept);
        }
    }

    /// False when it was merged into one of `kept`.
    static bool keep_or_merge(Nogood& nogood, std::unordered_map<std::string, std::size_t>& places,
                              std::vector<Nogood>& kept) {
        // "a needs b" and "a must not be with b" stay two sentences, so a term that "nothing"
        // meets is not widened.
        for (std::size_t t = 0; t < nogood.terms.size(); ++t) {
            if (nogood.terms[t].mask.has(0)) continue;
            const auto [at, fresh] = places.emplace(key_without(nogood, t), kept.size());
            if (fresh) continue;
            Nogood& other = kept[at->second];
            const Term* term = other.find(nogood.terms[t].place);
            // The key may be that of an earlier form, before the other was widened elsewhere.
            if (term == nullptr || key_without(other, t) != at->first) continue;
            other.terms[t].mask.unite(nogood.terms[t].mask);
            other.origin.insert(other.origin.end(), nogood.origin.begin(), nogood.origin.end());
            return false;
        }
        kept.push_back(std::move(nogood));
        return true;
    }

    static std::string key_without(const Nogood& nogood, std::size_t skipped) {
        std::string key;
        const auto append = [&key](std::uint64_t number) {
            for (int shift = 0; shift < 64; shift += 8) {
                key.push_back(static_cast<char>((number >> shift) & 0xff));
            }
        };
        append(skipped);
        for (std::size_t t = 0; t < nogood.terms.size(); ++t) {
            append(nogood.terms[t].place);
            if (t == skipped) continue;
            for (const std::uint64_t word : nogood.terms[t].mask.words()) append(word);
        }
        return key;
    }

    const Universe& universe_;
    const Clauses& clauses_;
    std::vector<Nogood> nogoods_;
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
