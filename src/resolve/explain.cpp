#include "explain.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "derivation.hpp"
#include "phrases.hpp"

namespace catalog::resolve::engine {

std::string root_text(const Root& root) {
    std::string text = root.target.name + " " + root.target.constraint.to_string();
    for (std::size_t i = 0; i < root.features.size(); ++i) {
        text += (i == 0 ? " with " : ", ") + root.features[i];
    }
    return text;
}

namespace {

constexpr std::uint64_t kConflictsPerSubset = 2'000;
/// For all subsets of roots that are tried, and for the proof: twice what the failure took, but not
/// less than this.
constexpr std::uint64_t kConflictsAtLeast = 1'000;
constexpr std::size_t kNogoodsMax = 2'000;
constexpr std::size_t kSentencesMax = 300;
constexpr std::uint32_t kDerivationConflictsMax = 200;
constexpr std::uint64_t kLinesLookedAt = 30'000;
constexpr std::size_t kMinimisedMax = 200;
constexpr std::size_t kLinesMax = 60;
constexpr std::size_t kFactsMax = 20;

std::vector<Lit> assume_only(const Search& search, const std::vector<std::size_t>& wanted) {
    std::vector<Lit> literals;
    std::vector<Lit> others;
    std::size_t next = 0;
    for (std::size_t i = 0; i < search.root_count(); ++i) {
        if (next < wanted.size() && wanted[next] == i) {
            literals.push_back(search.root(i));
            ++next;
        } else {
            others.push_back(negated(search.root(i)));
        }
    }
    literals.insert(literals.begin(), others.begin(), others.end());
    return literals;
}

std::vector<std::size_t> failed_roots(const Search& search) {
    std::vector<std::size_t> roots;
    for (std::size_t i = 0; i < search.root_count(); ++i) {
        const auto& failed = search.failed();
        if (std::find(failed.begin(), failed.end(), search.root(i)) != failed.end()) {
            roots.push_back(i);
        }
    }
    return roots;
}

/// Drops roots without which the others still cannot stand together: first many at once, the last
/// ones first, then fewer, then one by one.
std::vector<std::size_t> minimise_roots(Search& search) {
    std::vector<std::size_t> core = failed_roots(search);
    const std::uint64_t start = search.conflicts();
    const std::uint64_t allowed = std::max(kConflictsAtLeast, 2 * start);
    std::size_t chunk = std::max<std::size_t>(core.size() / 2, 1);
    // The last `kept` roots have been found necessary.
    for (std::size_t kept = 0; core.size() > 1 && kept < core.size();) {
        const std::uint64_t spent = search.conflicts() - start;
        if (spent >= allowed) break;
        chunk = std::min(chunk, core.size() - kept);
        std::vector<std::size_t> subset = core;
        const auto end = subset.end() - static_cast<std::ptrdiff_t>(kept);
        subset.erase(end - static_cast<std::ptrdiff_t>(chunk), end);
        const auto outcome = search.run(assume_only(search, subset), Order::kActivity,
                                        std::min(kConflictsPerSubset, allowed - spent));
        if (!outcome) break;
        if (*outcome == Outcome::kUnsat) {
            core = failed_roots(search);
        } else if (chunk > 1) {
            chunk /= 2;
        } else {
            ++kept;
        }
    }
    return core;
}

void number(std::vector<std::string>& steps, std::string text) {
    steps.push_back(std::to_string(steps.size() + 1) + ". " + std::move(text));
}

/// Facts one by one, for failures that are too large to be derived in sentences.
std::vector<std::string> list_facts(const Phrases& phrases, const Clauses& clauses,
                                    const std::vector<ProofClause>& proof) {
    std::vector<std::string> steps;
    std::size_t left_out = 0;
    for (const ProofClause& clause : proof) {
        std::string text = phrases.fact(clauses.fact(clause.tag));
        if (text.empty()) continue;
        if (steps.size() == kFactsMax) {
            ++left_out;
        } else {
            number(steps, std::move(text));
        }
    }
    if (left_out > 0) number(steps, "and " + std::to_string(left_out) + " more facts");
    number(steps, "together these leave no choice that meets the request");
    return steps;
}

/// Writes 1, 2, 3 and 5 of line numbers counted from 0 as `1 to 3 and 5`.
std::string numbers_text(const std::vector<std::uint32_t>& numbers) {
    std::vector<std::string> runs;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::size_t first = i;
        while (i + 1 < numbers.size() && numbers[i + 1] == numbers[i] + 1) ++i;
        const std::string begin = std::to_string(numbers[first] + 1);
        const std::string end = std::to_string(numbers[i] + 1);
        if (i >= first + 2) {
            runs.push_back(begin);
            runs.back() += " to " + end;
            continue;
        }
        runs.push_back(begin);
        if (i > first) runs.push_back(end);
    }
    std::string text;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (i > 0) text += i + 1 == runs.size() ? " and " : ", ";
        text += runs[i];
    }
    return text;
}

std::vector<std::string> write_lines(const Phrases& phrases, const std::vector<Line>& lines) {
    std::vector<std::string> steps;
    for (const Line& line : lines) {
        if (line.premises.empty()) {
            number(steps, phrases.given(line.nogood));
            continue;
        }
        // One sentence that says it all needs no conclusion.
        if (lines.size() == 2) break;
        std::vector<std::uint32_t> premises = line.premises;
        std::sort(premises.begin(), premises.end());
        premises.erase(std::unique(premises.begin(), premises.end()), premises.end());
        const std::string because = numbers_text(premises);
        number(steps, "by " + because + ", " + phrases.derived(line.nogood));
    }
    return steps;
}

/// A bound from below for the sentences that a proof's facts make: versions of one package that
/// need the same become one.
std::size_t count_sentences(const Universe& universe, const Clauses& clauses,
                            const std::vector<ProofClause>& proof) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> distinct;
    for (const ProofClause& clause : proof) {
        const Fact& fact = clauses.fact(clause.tag);
        if (fact.kind != FactKind::kDependency) continue;
        const Package& package = universe.package(fact.a);
        distinct.emplace(package.slot, package.record->dependencies[fact.b].requirement);
    }
    return distinct.size();
}

/// Returns nothing when there is an answer after all, and no steps when time or conflicts ran out.
std::optional<std::vector<std::string>> derive_steps(Universe& universe, Requirements& requirements,
                                                     const std::vector<RequirementId>& demands,
                                                     std::uint64_t conflicts_max) {
    Search search(universe, requirements, demands, true);
    std::vector<Lit> assumptions;
    assumptions.reserve(demands.size());
    for (std::size_t i = 0; i < demands.size(); ++i) assumptions.push_back(search.root(i));
    const auto outcome = search.run(assumptions, Order::kBreadthFirst, conflicts_max);
    if (outcome && *outcome == Outcome::kSat) return std::nullopt;
    if (!outcome || *outcome != Outcome::kUnsat) return std::vector<std::string>();
    const std::vector<ProofClause> proof = search.core().proof_clauses();
    const Phrases phrases(universe, requirements);
    // What could not be written in `kLinesMax` lines is not worth deriving.
    if (count_sentences(universe, search.clauses(), proof) > kSentencesMax) {
        return list_facts(phrases, search.clauses(), proof);
    }
    std::vector<Nogood> nogoods = make_nogoods(universe, search.clauses(), proof, kNogoodsMax);
    if (nogoods.size() <= kMinimisedMax) {
        nogoods = minimise_nogoods(std::move(nogoods), kDerivationConflictsMax, kLinesLookedAt);
    }
    const std::vector<Line> lines = derive(std::move(nogoods), kDerivationConflictsMax);
    if (lines.empty() || lines.size() > kLinesMax) {
        return list_facts(phrases, search.clauses(), proof);
    }
    return write_lines(phrases, lines);
}

Error account_of(const Universe& universe, const std::vector<std::size_t>& core,
                 std::vector<std::string> steps) {
    ResolutionDetail detail;
    std::string list;
    for (const std::size_t root : core) {
        detail.roots.push_back(root_text(universe.request().roots[root]));
        list += (list.empty() ? "" : " and ") + detail.roots.back();
    }
    detail.steps = std::move(steps);
    std::string message =
        core.size() == 1 ? list + " cannot be met" : list + " cannot be met together";
    // Time or conflicts ran out while the account was put together.
    if (detail.steps.empty()) number(detail.steps, message);
    // Where one fact is to blame, the message says it.
    if (detail.steps.size() == 1) message = detail.steps.front().substr(3);
    if (detail.steps.size() == 3 && core.size() == 1) message += ": " + detail.steps[1].substr(3);
    return Error(Errc::kUnsatisfiable, std::move(message), std::move(detail));
}

}  // namespace

Error explain_failure(Universe& universe, Requirements& requirements, Search& search,
                      const std::vector<RequirementId>& roots) {
    const std::uint64_t allowed = std::max(kConflictsAtLeast, 2 * search.conflicts());
    const std::vector<std::size_t> core = minimise_roots(search);
    std::vector<RequirementId> demands;
    demands.reserve(core.size());
    for (const std::size_t root : core) demands.push_back(roots[root]);
    return account_of(universe, core,
                      derive_steps(universe, requirements, demands, allowed)
                          .value_or(std::vector<std::string>()));
}

std::optional<Error> explain_contradiction(Universe& universe, Requirements& requirements,
                                           const std::vector<RequirementId>& roots,
                                           std::uint64_t conflicts) {
    const std::uint64_t conflicts_max = std::max(kConflictsAtLeast, 2 * conflicts);
    std::optional<std::vector<std::string>> steps =
        derive_steps(universe, requirements, roots, conflicts_max);
    if (!steps) return std::nullopt;
    std::vector<std::size_t> all(roots.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return account_of(universe, all, *std::move(steps));
}

}  // namespace catalog::resolve::engine
