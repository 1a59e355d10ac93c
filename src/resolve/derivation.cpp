#include "derivation.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr std::uint32_t kDecision = kNone;

/// Orders what is given from the request outwards, so that a reader meets each package where
/// something asks for it.
class Depths {
public:
    explicit Depths(const std::vector<Line>& lines) {
        for (bool again = true; again;) {
            again = false;
            for (const Line& line : lines) {
                if (line.premises.empty()) again = spread(line.nogood) || again;
            }
        }
    }

    [[nodiscard]] std::uint32_t of(const Nogood& nogood) const {
        std::uint32_t depth = 0;
        for (const Term& term : nogood.terms) {
            if (term.mask.has(0)) continue;
            const auto at = depths_.find(term.place);
            depth = std::max(depth, at == depths_.end() ? kNone : at->second);
        }
        return depth;
    }

private:
    bool spread(const Nogood& nogood) {
        const std::uint32_t depth = of(nogood);
        bool changed = false;
        for (const Term& term : nogood.terms) {
            if (depth == kNone || !term.mask.has(0)) continue;
            const auto [at, fresh] = depths_.emplace(term.place, depth + 1);
            if (!fresh && at->second <= depth + 1) continue;
            at->second = depth + 1;
            changed = true;
        }
        return changed;
    }

    std::unordered_map<Place, std::uint32_t> depths_;
};

class Deriver {
public:
    explicit Deriver(std::vector<Nogood> nogoods) {
        for (Nogood& nogood : nogoods) lines_.push_back({std::move(nogood), {}});
        for (const Line& line : lines_) {
            for (const Term& term : line.nogood.terms) {
                const auto [at, fresh] = domains_.emplace(term.place, Mask());
                if (!fresh) continue;
                at->second = Mask(term.mask.size());
                at->second.set_all();
                places_.push_back(term.place);
            }
        }
        std::sort(places_.begin(), places_.end());
    }

    /// Finds the empty nogood and returns its line.
    std::optional<std::uint32_t> run(std::uint32_t conflicts_max) {
        for (std::uint32_t conflicts = 0; conflicts <= conflicts_max;) {
            const std::optional<std::uint32_t> violated = propagate();
            if (!violated) {
                if (!decide()) return std::nullopt;
                continue;
            }
            ++conflicts;
            const std::uint32_t line = explain(*violated);
            if (lines_[line].nogood.terms.empty()) return line;
        }
        return std::nullopt;
    }

    std::vector<Line> lines_before(std::uint32_t last) {
        std::vector<std::uint8_t> used(lines_.size(), 0);
        used[last] = 1;
        for (std::uint32_t i = last + 1; i-- > 0;) {
            if (used[i] == 0) continue;
            for (const std::uint32_t premise : lines_[i].premises) used[premise] = 1;
        }
        const Depths depths(lines_);
        std::vector<Line> result;
        std::vector<std::uint32_t> renumbered(lines_.size(), kNone);
        const auto take = [&](std::uint32_t i) {
            if (renumbered[i] != kNone) return;
            renumbered[i] = static_cast<std::uint32_t>(result.size());
            Line line = std::move(lines_[i]);
            for (std::uint32_t& premise : line.premises) premise = renumbered[premise];
            result.push_back(std::move(line));
        };
        for (std::uint32_t i = 0; i <= last; ++i) {
            if (used[i] == 0 || lines_[i].premises.empty()) continue;
            // What is given stands right before its first use.
            std::vector<std::uint32_t> premises = lines_[i].premises;
            sort_stably(premises, [&](std::uint32_t a, std::uint32_t b) {
                return depths.of(lines_[a].nogood) < depths.of(lines_[b].nogood);
            });
            for (const std::uint32_t premise : premises) take(premise);
            take(i);
        }
        if (result.empty()) take(last);
        return result;
    }

private:
    struct Entry {
        Place place;
        Mask before;
        Mask removed;
        std::uint32_t cause;
        std::uint32_t level;
    };
    enum class Status : std::uint8_t { kHolds, kFails, kOpen };

    [[nodiscard]] Status status(const Term& term) const {
        const Mask& domain = domains_.at(term.place);
        if (domain.is_subset_of(term.mask)) return Status::kHolds;
        return domain.intersects(term.mask) ? Status::kOpen : Status::kFails;
    }

    void narrow(Place place, const Mask& removed, std::uint32_t cause) {
        Mask& domain = domains_.at(place);
        trail_.push_back({place, domain, removed, cause, level_});
        domain.subtract(removed);
    }

    /// Returns a violated line, if any.
    std::optional<std::uint32_t> propagate() {
        for (bool again = true; again;) {
            again = false;
            for (std::uint32_t i = 0; i < lines_.size(); ++i) {
                const Term* open = nullptr;
                std::size_t open_count = 0;
                bool fails = false;
                for (const Term& term : lines_[i].nogood.terms) {
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
        for (const Place place : places_) {
            Mask& domain = domains_.at(place);
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
        std::size_t position = 0;
        for (std::size_t i = trail_.size(); i-- > 0;) {
            if (trail_[i].place != term.place) continue;
            if (trail_[i].before.is_subset_of(term.mask)) continue;
            position = i + 1;
            break;
        }
        return position;
    }

    [[nodiscard]] std::uint32_t level_at(std::size_t position) const {
        return position == 0 ? 0 : trail_[position - 1].level;
    }

    /// Returns the level by which a term needed its place narrowed before the entry at
    /// `position - 1` completed it.
    [[nodiscard]] std::uint32_t level_without(const Term& term, std::size_t position) const {
        const Entry& entry = trail_[position - 1];
        std::size_t needed = 0;
        for (std::size_t i = position - 1; i-- > 0;) {
            if (trail_[i].place != term.place) continue;
            Mask left = trail_[i].before;
            left.subtract(entry.removed);
            if (left.is_subset_of(term.mask)) continue;
            needed = i + 1;
            break;
        }
        return level_at(needed);
    }

    /// Combines a violated line until it acts at an earlier level; jumps there and returns it.
    std::uint32_t explain(std::uint32_t violated) {
        Nogood nogood = lines_[violated].nogood;
        std::vector<std::uint32_t> premises(1, violated);
        while (!nogood.terms.empty()) {
            std::size_t last = 0;
            const Term* pivot = &nogood.terms.front();
            for (const Term& term : nogood.terms) {
                const std::size_t position = holds_after(term);
                if (position <= last) continue;
                last = position;
                pivot = &term;
            }
            const Entry& entry = trail_[last - 1];
            std::uint32_t earlier = level_without(*pivot, last);
            for (const Term& term : nogood.terms) {
                if (&term != pivot) earlier = std::max(earlier, level_at(holds_after(term)));
            }
            if (entry.cause == kDecision || earlier < entry.level) {
                return finish(std::move(nogood), std::move(premises), earlier);
            }
            Nogood combined;
            if (!resolve_nogoods(nogood, lines_[entry.cause].nogood, pivot->place, combined)) break;
            premises.push_back(entry.cause);
            nogood = std::move(combined);
        }
        return finish(std::move(nogood), std::move(premises), 0);
    }

    std::uint32_t finish(Nogood nogood, std::vector<std::uint32_t> premises, std::uint32_t level) {
        undo(level);
        if (premises.size() == 1 && !nogood.terms.empty()) return premises.front();
        std::reverse(premises.begin(), premises.end());
        nogood.origin.clear();
        lines_.push_back({std::move(nogood), std::move(premises)});
        return static_cast<std::uint32_t>(lines_.size() - 1);
    }

    void undo(std::uint32_t level) {
        while (!trail_.empty() && trail_.back().level > level) {
            domains_.at(trail_.back().place) = std::move(trail_.back().before);
            trail_.pop_back();
        }
        level_ = std::min(level_, level);
    }

    std::vector<Line> lines_;
    std::unordered_map<Place, Mask> domains_;
    std::vector<Place> places_;
    std::vector<Entry> trail_;
    std::uint32_t level_ = 0;
};

}  // namespace

std::vector<Nogood> minimise_nogoods(std::vector<Nogood> nogoods, std::uint32_t conflicts_max,
                                     std::uint32_t attempts_max) {
    std::size_t needed = 0;  // nogoods at the end that have been found necessary
    for (std::uint32_t attempt = 0; attempt <= attempts_max && needed < nogoods.size(); ++attempt) {
        // The first attempt leaves nothing out: it finds what a derivation uses at all.
        std::vector<Nogood> trial = nogoods;
        if (attempt > 0) trial.erase(trial.end() - static_cast<std::ptrdiff_t>(needed + 1));
        std::vector<Nogood> used;
        for (Line& line : derive(std::move(trial), conflicts_max)) {
            if (line.premises.empty()) used.push_back(std::move(line.nogood));
        }
        if (used.empty()) {
            if (attempt == 0) break;
            ++needed;
            continue;
        }
        // Necessary ones are in every derivation; they go back to the end.
        const std::vector<Nogood> kept(nogoods.end() - static_cast<std::ptrdiff_t>(needed),
                                       nogoods.end());
        const auto is_kept = [&](const Nogood& nogood) {
            return std::any_of(kept.begin(), kept.end(),
                               [&](const Nogood& other) { return other.terms == nogood.terms; });
        };
        used.erase(std::remove_if(used.begin(), used.end(), is_kept), used.end());
        used.insert(used.end(), kept.begin(), kept.end());
        nogoods = std::move(used);
    }
    return nogoods;
}

std::vector<Line> derive(std::vector<Nogood> nogoods, std::uint32_t conflicts_max) {
    Deriver deriver(std::move(nogoods));
    const auto last = deriver.run(conflicts_max);
    if (!last) return {};
    return deriver.lines_before(*last);
}

}  // namespace catalog::resolve::engine
