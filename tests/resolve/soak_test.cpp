// Many random instances against what knows nothing of the engines: exhaustive search, other
// solvers, a checker of proofs. A few hundred of each by default; CATALOG_SOAK=100000 in the
// environment asks for that many, CATALOG_SOAK_SEED for others.

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "answer.hpp"
#include "proof_log.hpp"
#include "search.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/hard_world.hpp"
#include "support/resolve/plain_cnf.hpp"

namespace catalog::resolve {
namespace {

using testing::HardShape;
using testing::World;
using testing::WorldShape;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Seeds first to last - 1.
struct Seeds {
    std::uint64_t first;
    std::uint64_t last;
};

Seeds seeds(std::uint64_t base, std::uint64_t count) {
    const std::uint64_t first = number_from("CATALOG_SOAK_SEED", base);
    const Seeds found{first, first + number_from("CATALOG_SOAK", count)};
    std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(found.first),
                static_cast<unsigned long long>(found.last - 1));
    return found;
}

SatOptions with_engine(Engine engine, std::uint64_t domain_conflicts_max) {
    SatOptions options;
    options.engine = engine;
    options.domain_conflicts_max = domain_conflicts_max;
    return options;
}

TEST(Soak, EveryEngineAgreesWithExhaustiveSearch) {
    // The last hands over to clauses at the first conflict.
    const SatOptions ways[] = {with_engine(Engine::kDomains, 0), with_engine(Engine::kBoolean, 0),
                               with_engine(Engine::kAutomatic, 500),
                               with_engine(Engine::kAutomatic, 1)};
    testing::Tally tally;
    const Seeds range = seeds(30'000'000, 300);
    for (std::uint64_t seed = range.first; seed < range.last; ++seed) {
        WorldShape shape;
        if (seed % 3 == 0) shape.kinds = shape.features = shape.oddities = false;
        if (seed % 3 == 0) shape.dependencies_max = 5;
        World world = testing::make_world(shape, seed);
        const auto expected = testing::solve_by_brute_force(world.repo.entries(), world.request);
        auto universe = testing::freeze(world.repo.provider(), testing::letters());
        ASSERT_TRUE(universe) << universe.error().to_string();
        UniverseProvider frozen(*std::move(universe));
        for (std::size_t way = 0; way < std::size(ways); ++way) {
            for (const bool over_universe : {false, true}) {
                SatResolver resolver(make_system_clock(), ways[way]);
                DependencyProvider& provider = over_universe
                                                   ? static_cast<DependencyProvider&>(frozen)
                                                   : world.repo.provider();
                const auto actual = resolver.resolve(world.request, provider, CallContext());
                ASSERT_EQ(testing::disagreement(actual, expected, world, tally), "")
                    << "seed " << seed << " way " << way << " over "
                    << (over_universe ? "a universe" : "a provider") << "\n"
                    << world.to_text();
            }
        }
    }
    std::printf("%d satisfiable, %d unsatisfiable, %d unknown\n", tally.satisfiable,
                tally.unsatisfiable, tally.unknown);
    EXPECT_GT(tally.satisfiable, tally.unknown);
    EXPECT_GT(tally.unsatisfiable, tally.unknown);
}

/// Larger worlds of required dependencies: near the threshold, or with alternatives, conflicts and
/// provided names.
World make_larger_world(std::uint64_t seed) {
    if (seed % 2 == 0) {
        HardShape shape;
        shape.packages = 12 + static_cast<int>(seed / 2 % 16);
        shape.width = 0.45 + 0.05 * static_cast<double>(seed / 2 % 4);
        return testing::make_hard_world(shape, seed);
    }
    WorldShape shape;
    shape.kinds = shape.features = shape.oddities = shape.per_major = false;
    shape.names_max = 20;
    shape.versions_max = 5;
    shape.dependencies_max = 5;
    return testing::make_world(shape, seed);
}

/// Returns 10 or 20, as solvers do, or something else when it is not there.
int run_solver(const std::string& solver, const std::string& file) {
    const int status = std::system((solver + " " + file + " > /dev/null 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Soak, VerdictsAreThoseOfOtherSolvers) {
    const auto directory =
        std::filesystem::path(::testing::TempDir()) / ("catalog_soak_" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    const std::string file = (directory / "request.cnf").string();
    std::ofstream(file) << "p cnf 1 1\n1 0\n";
    std::vector<std::string> solvers;
    for (const char* solver : {"minisat", "cadical"}) {
        if (run_solver(solver, file) == 10) solvers.emplace_back(solver);
    }
    if (solvers.empty()) GTEST_SKIP() << "neither minisat nor cadical is installed";

    int satisfiable = 0;
    int unsatisfiable = 0;
    const Seeds range = seeds(31'000'000, 30);
    for (std::uint64_t seed = range.first; seed < range.last; ++seed) {
        World world = make_larger_world(seed);
        std::ofstream(file)
            << testing::make_plain_cnf(world.repo.entries(), world.request).to_dimacs();
        SatResolver resolver(make_system_clock(),
                             with_engine(Engine::kAutomatic, seed % 5 == 0 ? 1 : 500));
        const auto actual = resolver.resolve(world.request, world.repo.provider(), CallContext());
        if (actual) {
            ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), *actual), "")
                << "seed " << seed;
        } else {
            const Errc code = actual.error().code();
            ASSERT_TRUE(code == Errc::kUnsatisfiable || code == Errc::kUnknownPackage)
                << actual.error().to_string();
        }
        ++(actual ? satisfiable : unsatisfiable);
        for (const std::string& solver : solvers) {
            ASSERT_EQ(run_solver(solver, file), actual ? 10 : 20)
                << solver << ", seed " << seed << "\n"
                << world.to_text();
        }
    }
    std::filesystem::remove_all(directory);
    std::printf("%d satisfiable, %d unsatisfiable\n", satisfiable, unsatisfiable);
    EXPECT_GT(satisfiable, 0);
    EXPECT_GT(unsatisfiable, 0);
}

TEST(Soak, EveryProofIsAccepted) {
    std::size_t proofs = 0;
    std::size_t clauses = 0;
    const Seeds range = seeds(32'000'000, 100);
    const auto clock = make_system_clock();
    for (std::uint64_t seed = range.first; seed < range.last; ++seed) {
        World world =
            seed % 3 == 0 ? testing::make_world(WorldShape(), seed) : make_larger_world(seed);
        const CallContext context;
        engine::Universe universe(world.request, world.repo.provider(), context, *clock);
        engine::Requirements requirements(universe);
        const auto roots = engine::make_roots(universe, requirements);
        if (!roots) continue;
        engine::ProofLog log;
        engine::Search search(universe, requirements, *roots, false, &log);
        std::vector<engine::Lit> assumptions;
        for (std::size_t i = 0; i < roots->size(); ++i) assumptions.push_back(search.root(i));
        auto outcome = search.run(assumptions, engine::Order::kBreadthFirst, seed % 40);
        if (outcome && *outcome == engine::Outcome::kLimit) {
            outcome = search.run(assumptions, engine::Order::kActivity, ~std::uint64_t{0});
        }
        ASSERT_TRUE(outcome) << outcome.error().to_string();
        ASSERT_EQ(log.wrong(), 0u) << "seed " << seed << "\n" << world.to_text();
        clauses += log.checked();
        if (*outcome != engine::Outcome::kUnsat) continue;
        ASSERT_TRUE(log.refutes(search.failed())) << "seed " << seed << "\n" << world.to_text();
        ++proofs;
    }
    std::printf("%zu proofs, %zu learned clauses\n", proofs, clauses);
    EXPECT_GT(proofs, 0u);
}

}  // namespace
}  // namespace catalog::resolve
