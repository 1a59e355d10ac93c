#include "support/resolve/agreement.hpp"

#include <gtest/gtest.h>

#include "catalog/resolve/check.hpp"
#include "catalog/resolve/sat_resolver.hpp"

namespace catalog::resolve::testing {

std::string check_text(const Request& request, DependencyProvider& provider,
                       const Solution& solution) {
    const auto problems = check_solution(request, provider, solution);
    if (!problems) return "the check failed: " + problems.error().to_string();
    std::string text;
    for (const std::string& problem : *problems) text += problem + "\n";
    return text;
}

std::string answer(Resolver& resolver, Repo& repo, const Request& request) {
    const auto solution = resolver.resolve(request, repo.provider(), CallContext());
    if (!solution) {
        return std::string(errc_name(solution.error().code())) + ": " +
               std::string(solution.error().message());
    }
    EXPECT_EQ(check_text(request, repo.provider(), *solution), "") << to_text(*solution);
    return to_text(*solution);
}

std::string answer(Repo& repo, const Request& request) {
    SatResolver resolver;
    return answer(resolver, repo, request);
}

std::string derivation(Repo& repo, const Request& request) {
    SatResolver resolver;
    const auto solution = resolver.resolve(request, repo.provider(), CallContext());
    if (solution) return "satisfiable: " + to_text(*solution);
    const auto* detail = solution.error().detail_as<ResolutionDetail>();
    if (detail == nullptr) return solution.error().to_string();
    std::string text;
    for (const std::string& step : detail->steps) text += step + "\n";
    return text;
}

std::string disagreement(Resolver& resolver, World& world, Tally& tally) {
    const BruteForceAnswer expected = solve_by_brute_force(world.repo.entries(), world.request);
    const auto actual = resolver.resolve(world.request, world.repo.provider(), CallContext());
    return disagreement(actual, expected, world, tally);
}

std::string disagreement(const Result<Solution>& actual, const BruteForceAnswer& expected,
                         World& world, Tally& tally) {
    if (!actual) {
        const Errc code = actual.error().code();
        if (code != Errc::kUnsatisfiable && code != Errc::kUnknownPackage) {
            return "failed: " + actual.error().to_string();
        }
        ++(expected.gave_up ? tally.unknown : tally.unsatisfiable);
        if (expected.gave_up || !expected.satisfiable) return {};
        return "says unsatisfiable: " + actual.error().to_string();
    }
    const std::string problems = check_text(world.request, world.repo.provider(), *actual);
    if (!problems.empty()) return to_text(*actual) + " is wrong:\n" + problems;
    ++(expected.gave_up ? tally.unknown : tally.satisfiable);
    if (expected.gave_up) return {};
    if (!expected.satisfiable) return "finds " + to_text(*actual) + " where nothing was found";
    for (std::size_t i = 0; i < expected.roots.size(); ++i) {
        const RepoEntry& best = world.repo.entries()[expected.roots[i]];
        const Resolved& found = actual->packages[actual->roots[i]];
        if (best.name != found.name || best.candidate != found.candidate) {
            return "root " + std::to_string(i) + " could be " + best.name + " " +
                   best.candidate.version.to_string() + " in " + to_text(*actual);
        }
    }
    return {};
}

void expect_agreement(Resolver& resolver, const WorldShape& shape, std::uint64_t seed, int count) {
    Tally tally;
    for (int i = 0; i < count; ++i) {
        World world = make_world(shape, seed + static_cast<std::uint64_t>(i));
        const std::string wrong = disagreement(resolver, world, tally);
        ASSERT_EQ(wrong, "") << "seed " << seed + static_cast<std::uint64_t>(i) << "\n"
                             << world.to_text();
    }
    // A generator that only makes one kind of world would prove little.
    EXPECT_GT(tally.satisfiable, count / 20);
    EXPECT_GT(tally.unsatisfiable, count / 20);
    EXPECT_LT(tally.unknown, count / 50 + 1);
}

}  // namespace catalog::resolve::testing
