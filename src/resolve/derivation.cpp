#include "derivation.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr std::uint32_t kDecision = kNone;
constexpr std::uint64_t kEffortMax = 1'000'000;  ///< Lines looked at in one derivation.
constexpr std::uint32_t kFarAway = kNone;

/// One nogood while a derivation is looked for; its places are numbers from 0 on.
struct WorkLine {
    std::vector<Term> terms;
    std::vector<std::uint32_t> premises;  ///< None for a given nogood.
};

/// Orders what is given from the request outwards, so that a reader meets each package where
/// something asks for it.
class Depths {
public:
    Depths(const std::vector<WorkLine>& lines, std::size_t given, std::size_t places)
        : depths_(places, kFarAway) {
        for (bool again = true; again;) {
            again = false;
            for (std::size_t i = 0; i < given; ++i) again = spread(lines[i]) || again;
        }
    }

    [[nodiscard]] std::uint32_t of(const WorkLine& line) const {
        std::uint32_t depth = 0;
        for (const Term& term : line.terms) {
            if (!term.mask.has(0)) depth = std::max(depth, depths_[term.place]);
        }
        return depth;
    }

private:
    bool spread(const WorkLine& line) {
        const std::uint32_t depth = of(line);
        if (depth == kFarAway) return false;
        bool changed = false;
        for (const Term& term : line.terms) {
            if (!term.mask.has(0) || depths_[term.place] <= depth + 1) continue;
            depths_[term.place] = depth + 1;
            changed = true;
        }
        return changed;
    }

    std::vector<std::uint32_t> depths_;  ///< By place.
};

class Deriver {
public:
    /// Copies the terms of `nogoods`, one line each.
    explicit Deriver(const std::vector<const Nogood*>& nogoods) : given_(nogoods.size()) {
        for (const Nogood* nogood : nogoods) {
            for (const Term& term : nogood->terms) places_.push_back(term.place);
        }
        std::sort(places_.begin(), places_.end());
        places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
        domains_.resize(places_.size());
        newest_.assign(places_.size(), kNone);
        lines_at_.resize(places_.size());
        for (const Nogood* nogood : nogoods) {
            std::vector<Term> terms = nogood->terms;
            for (Term& term : terms) {
                const auto at = std::lower_bound(places_.begin(), places_.end(), term.place);
                term.place = static_cast<Place>(at - places_.begin());
                Mask& domain = domains_[term.place];
                if (domain.size() != 0) continue;
                domain = Mask(term.mask.size());
                domain.set_all();
            }
            add_line(std::move(terms), {});
        }
    }

    /// Finds the empty nogood and returns its line. Takes from `effort`, and gives up at 0.
    std::optional<std::uint32_t> run(std::uint32_t conflicts_max, std::uint64_t& effort) {
        for (std::uint32_t conflicts = 0; conflicts <= conflicts_max && effort > 0;) {
            const std::optional<std::uint32_t> violated = propagate(effort);
            if (!violated) {
                if (!decide()) return std::nullopt;
                continue;
            }
            ++conflicts;
            const std::uint32_t line = explain(*violated);
            if (lines_[line].terms.empty()) return line;
        }
        return std::nullopt;
    }

    /// Returns the lines that `last` rests on, itself included, in the order for a reader.
    [[nodiscard]] std::vector<std::uint32_t> lines_before(std::uint32_t last) const {
        std::vector<std::uint8_t> used(lines_.size(), 0);
        used[last] = 1;
        for (std::uint32_t i = last + 1; i-- > 0;) {
            if (used[i] == 0) continue;
            for (const std::uint32_t premise : lines_[i].premises) used[premise] = 1;
        }
        const Depths depths(lines_, given_, places_.size());
        std::vector<std::uint32_t> result;
        const auto take = [&](std::uint32_t i) {
            if (used[i] == kTaken) return;
            used[i] = kTaken;
            result.push_back(i);
        };
        for (std::uint32_t i = 0; i <= last; ++i) {
            if (used[i] == 0 || lines_[i].premises.empty()) continue;
            // What is given stands right before its first use.
            std::vector<std::uint32_t> premises = lines_[i].premises;
            sort_stably(premises, [&](std::uint32_t a, std::uint32_t b) {
                return depths.of(lines_[a]) < depths.of(lines_[b]);
            });
            for (const std::uint32_t premise : premises) take(premise);
            take(i);
        }
        if (result.empty()) take(last);
        return result;
    }

    [[nodiscard]] bool is_given(std::uint32_t line) const noexcept { return line < given_; }
    [[nodiscard]] const std::vector<std::uint32_t>& premises(std::uint32_t line) const noexcept {
        return lines_[line].premises;
    }
    /// The terms of a line, with the places that they came with.
    [[nodiscard]] std::vector<Term> terms(std::uint32_t line) const {
        std::vector<Term> terms = lines_[line].terms;
        for (Term& term : terms) term.place = places_[term.place];
        return terms;
    }

private:
    static constexpr std::uint8_t kTaken = 2;

    struct Entry {
        Place place;
        Mask before;
        Mask removed;
        std::uint32_t cause;
        std::uint32_t level;
        std::uint32_t previous;  ///< Entry of the same place, or kNone.
    };
    enum class Status : std::uint8_t { kHolds, kFails, kOpen };

    std::uint32_t add_line(std::vector<Term> terms, std::vector<std::uint32_t> premises) {
        const auto line = static_cast<std::uint32_t>(lines_.size());
        for (const Term& term : terms) lines_at_[term.place].push_back(line);
        lines_.push_back({std::move(terms), std::move(premises)});
        due_.push_back(1);
        return line;
    }

    [[nodiscard]] Status status(const Term& term) const {
        const Mask& domain = domains_[term.place];
        if (domain.is_subset_of(term.mask)) return Status::kHolds;
        return domain.intersects(term.mask) ? Status::kOpen : Status::kFails;
    }

    void narrow(Place place, const Mask& removed, std::uint32_t cause) {
        Mask& domain = domains_[place];
        trail_.push_back({place, domain, removed, cause, level_, newest_[place]});
        newest_[place] = static_cast<std::uint32_t>(trail_.size() - 1);
        domain.subtract(removed);
        for (const std::uint32_t line : lines_at_[place]) due_[line] = 1;
    }

    /// Returns a violated line, if any. Looks again only at lines of which a place was narrowed:
    /// the others say what they said, and what is undone is what they were looked at for.
    std::optional<std::uint32_t> propagate(std::uint64_t& effort) {
        for (bool again = true; again;) {
            again = false;
            for (std::uint32_t i = 0; i < lines_.size(); ++i) {
                if (due_[i] == 0) continue;
                due_[i] = 0;
                if (effort > 0) --effort;
                const Term* open = nullptr;
                std::size_t open_count = 0;
                bool fails = false;
                for (const Term& term : lines_[i].terms) {
                    const Status found = status(term);
                    fails = found == Status::kFails;
                    if (fails) break;
                    if (found == Status::kOpen) {
                        open = &term;
                        ++open_count;
                    }
                }
                if (fails || open_count > 1) continue;
                if (open == nullptr) return i;
                narrow(open->place, open->mask, i);
                again = true;
            }
        }
        return std::nullopt;
    }

    /// Chooses a version for a package that must be in and has several left.
    bool decide() {
        for (Place place = 0; place < domains_.size(); ++place) {
            const Mask& domain = domains_[place];
            if (domain.has(0) || domain.count() < 2) continue;
            Mask others = domain;
            for (std::uint32_t value = 1; value < domain.size(); ++value) {
                if (!domain.has(value)) continue;
                others.reset(value);
                break;
            }
            ++level_;
            narrow(place, others, kDecision);  // leaves the newest
            return true;
        }
        return false;
    }

    /// Returns the first trail position after which a term holds, as a count of entries.
    [[nodiscard]] std::size_t holds_after(const Term& term) const {
        for (std::uint32_t i = newest_[term.place]; i != kNone; i = trail_[i].previous) {
            if (!trail_[i].before.is_subset_of(term.mask)) return std::size_t{i} + 1;
        }
        return 0;
    }

    [[nodiscard]] std::uint32_t level_at(std::size_t position) const {
        return position == 0 ? 0 : trail_[position - 1].level;
    }

    /// Returns the level by which a term needed its place narrowed before the entry at
    /// `position - 1` completed it.
    [[nodiscard]] std::uint32_t level_without(const Term& term, std::size_t position) const {
        const Entry& entry = trail_[position - 1];
        for (std::uint32_t i = entry.previous; i != kNone; i = trail_[i].previous) {
            Mask left = trail_[i].before;
            left.subtract(entry.removed);
            if (!left.is_subset_of(term.mask)) return trail_[i].level;
        }
        return 0;
    }

    /// Combines a violated line until it acts at an earlier level; jumps there and returns it.
    std::uint32_t explain(std::uint32_t violated) {
        std::vector<Term> terms = lines_[violated].terms;
        std::vector<std::uint32_t> premises(1, violated);
        std::vector<Term> combined;
        while (!terms.empty()) {
            std::size_t last = 0;
            const Term* pivot = &terms.front();
            for (const Term& term : terms) {
                const std::size_t position = holds_after(term);
                if (position <= last) continue;
                last = position;
                pivot = &term;
            }
            const Entry& entry = trail_[last - 1];
            std::uint32_t earlier = level_without(*pivot, last);
            for (const Term& term : terms) {
                if (&term != pivot) earlier = std::max(earlier, level_at(holds_after(term)));
            }
            if (entry.cause == kDecision || earlier < entry.level) {
                return finish(std::move(terms), std::move(premises), earlier);
            }
            if (!resolve_terms(terms, lines_[entry.cause].terms, pivot->place, combined)) break;
            premises.push_back(entry.cause);
            std::swap(terms, combined);
        }
        return finish(std::move(terms), std::move(premises), 0);
    }

    std::uint32_t finish(std::vector<Term> terms, std::vector<std::uint32_t> premises,
                         std::uint32_t level) {
        undo(level);
        if (premises.size() == 1 && !terms.empty()) {
            due_[premises.front()] = 1;
            return premises.front();
        }
        std::reverse(premises.begin(), premises.end());
        return add_line(std::move(terms), std::move(premises));
    }

    void undo(std::uint32_t level) {
        while (!trail_.empty() && trail_.back().level > level) {
            Entry& entry = trail_.back();
            newest_[entry.place] = entry.previous;
            domains_[entry.place] = std::move(entry.before);
            trail_.pop_back();
        }
        level_ = std::min(level_, level);
    }

    std::size_t given_;
    std::vector<Place> places_;  ///< By number.
    std::vector<WorkLine> lines_;
    std::vector<std::uint8_t> due_;  ///< By line: to be looked at.
    std::vector<Mask> domains_;
    std::vector<std::uint32_t> newest_;  ///< By place: its newest trail entry.
    std::vector<std::vector<std::uint32_t>> lines_at_;
    std::vector<Entry> trail_;
    std::uint32_t level_ = 0;
};

}  // namespace

std::vector<Nogood> minimise_nogoods(std::vector<Nogood> nogoods, std::uint32_t conflicts_max,
                                     std::uint64_t effort) {
    std::vector<std::uint32_t> left(nogoods.size());
    std::iota(left.begin(), left.end(), 0);
    std::size_t needed = 0;  // at the end, those that have been found necessary
    std::vector<const Nogood*> trial;
    // The first attempt leaves nothing out: it finds what a derivation uses at all.
    for (bool first = true; needed < left.size() && effort > 0; first = false) {
        std::vector<std::uint32_t> tried = left;
        if (!first) tried.erase(tried.end() - static_cast<std::ptrdiff_t>(needed + 1));
        trial.clear();
        for (const std::uint32_t i : tried) trial.push_back(&nogoods[i]);
        Deriver deriver(trial);
        const auto last = deriver.run(conflicts_max, effort);
        if (!last) {
            if (first) break;
            ++needed;
            continue;
        }
        // Necessary ones are in every derivation; they stay at the end.
        const std::size_t others = tried.size() - needed;
        std::vector<std::uint32_t> used;
        for (const std::uint32_t line : deriver.lines_before(*last)) {
            if (deriver.is_given(line) && line < others) used.push_back(tried[line]);
        }
        used.insert(used.end(), tried.begin() + static_cast<std::ptrdiff_t>(others), tried.end());
        left = std::move(used);
    }
    std::vector<Nogood> result;
    result.reserve(left.size());
    for (const std::uint32_t i : left) result.push_back(std::move(nogoods[i]));
    return result;
}

std::vector<Line> derive(std::vector<Nogood> nogoods, std::uint32_t conflicts_max) {
    std::vector<const Nogood*> all;
    all.reserve(nogoods.size());
    for (const Nogood& nogood : nogoods) all.push_back(&nogood);
    Deriver deriver(all);
    std::uint64_t effort = kEffortMax;
    const auto last = deriver.run(conflicts_max, effort);
    if (!last) return {};
    const std::vector<std::uint32_t> order = deriver.lines_before(*last);
    std::vector<std::uint32_t> numbers(*last + 1, kNone);
    std::vector<Line> lines;
    for (const std::uint32_t from : order) {
        numbers[from] = static_cast<std::uint32_t>(lines.size());
        Line line;
        if (deriver.is_given(from)) {
            line.nogood = std::move(nogoods[from]);
        } else {
            line.nogood.terms = deriver.terms(from);
        }
        for (const std::uint32_t premise : deriver.premises(from)) {
            line.premises.push_back(numbers[premise]);
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace catalog::resolve::engine
