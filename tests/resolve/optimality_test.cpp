// Which of the answers is given, for every Optimality, against all answers there are.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/hard_world.hpp"
#include "support/resolve/plain_cnf.hpp"

namespace catalog::resolve {
namespace {

using testing::RepoEntry;
using testing::World;

/// Smaller is better, place by place.
using Key = std::vector<int>;

World make_small_world(std::uint64_t seed) {
    testing::WorldShape shape;
    shape.kinds = shape.features = shape.virtuals = shape.oddities = shape.per_major = false;
    shape.names_max = 5;
    shape.versions_max = 3;
    World world = testing::make_world(shape, seed);
    std::mt19937_64 random(seed);
    std::set<std::string> locked;
    for (const RepoEntry& entry : world.repo.entries()) {
        if (random() % 4 != 0 || !locked.insert(entry.name).second) continue;
        world.request.locked.push_back({entry.name, entry.candidate.version, ""});
    }
    return world;
}

/// Everything about one world that an order of answers needs.
class Judge {
public:
    explicit Judge(const World& world) : world_(world), entries_(world.repo.entries()) {
        for (std::size_t i = 0; i < entries_.size(); ++i) names_[entries_[i].name].push_back(i);
        for (auto& [name, versions] : names_) {
            std::sort(versions.begin(), versions.end(), [this](std::size_t a, std::size_t b) {
                if (is_locked(a) != is_locked(b)) return is_locked(a);
                const bool newer = entries_[a].candidate.version > entries_[b].candidate.version;
                return newer == (world_.request.preference == Preference::kNewest);
            });
        }
    }

    [[nodiscard]] Key key(const std::set<std::size_t>& in) const {
        Key key;
        if (world_.request.optimality == Optimality::kMinChange) {
            key.push_back(static_cast<int>(std::count_if(
                in.begin(), in.end(), [this](std::size_t i) { return !is_locked(i); })));
        }
        for (const Root& root : world_.request.roots) key.push_back(rank(root.target.name, in));
        if (world_.request.optimality != Optimality::kLexAll) return key;
        for (const auto& [name, versions] : names_) key.push_back(rank(name, in));
        return key;
    }

    [[nodiscard]] std::set<std::size_t> read(const Solution& solution) const {
        std::set<std::size_t> in;
        for (const Resolved& package : solution.packages) {
            for (const std::size_t i : names_.at(package.name)) {
                if (entries_[i].candidate == package.candidate) in.insert(i);
            }
        }
        return in;
    }

    /// Tries every set of packages with one version of a name.
    [[nodiscard]] std::optional<Key> best() const {
        const auto cnf = testing::make_plain_cnf(entries_, world_.request);
        std::optional<Key> best;
        std::vector<std::size_t> digits(names_.size(), 0);
        for (;;) {
            std::set<std::size_t> in;
            std::size_t place = 0;
            for (const auto& [name, versions] : names_) {
                if (digits[place] > 0) in.insert(versions[digits[place] - 1]);
                ++place;
            }
            if (holds(cnf, in) && (!best || key(in) < *best)) best = key(in);
            place = 0;
            for (const auto& [name, versions] : names_) {
                if (++digits[place] <= versions.size()) break;
                digits[place++] = 0;
            }
            if (place == digits.size()) return best;
        }
    }

private:
    [[nodiscard]] bool is_locked(std::size_t i) const {
        return std::any_of(world_.request.locked.begin(), world_.request.locked.end(),
                           [&](const Locked& locked) {
                               return locked.name == entries_[i].name &&
                                      locked.version == entries_[i].candidate.version;
                           });
    }

    /// 0 for a name that is not in, else how far its version is from the most wanted one, from 1.
    [[nodiscard]] int rank(const std::string& name, const std::set<std::size_t>& in) const {
        const auto at = names_.find(name);
        if (at == names_.end()) return 0;
        for (std::size_t i = 0; i < at->second.size(); ++i) {
            if (in.contains(at->second[i])) return static_cast<int>(i) + 1;
        }
        return 0;
    }

    static bool holds(const testing::PlainCnf& cnf, const std::set<std::size_t>& in) {
        return std::all_of(cnf.clauses.begin(), cnf.clauses.end(), [&](const auto& clause) {
            return std::any_of(clause.begin(), clause.end(), [&](int literal) {
                const auto entry = static_cast<std::size_t>(std::abs(literal) - 1);
                return in.contains(entry) == (literal > 0);
            });
        });
    }

    const World& world_;
    const std::vector<RepoEntry>& entries_;
    std::map<std::string, std::vector<std::size_t>> names_;
};

void expect_best(Optimality optimality, Resolver& resolver, std::uint64_t first) {
    int satisfiable = 0;
    int unsatisfiable = 0;
    for (std::uint64_t seed = first; seed < first + 400; ++seed) {
        World world = make_small_world(seed);
        world.request.optimality = optimality;
        const Judge judge(world);
        const std::optional<Key> best = judge.best();
        const auto actual = resolver.resolve(world.request, world.repo.provider(), CallContext());
        ++(best ? satisfiable : unsatisfiable);
        ASSERT_EQ(actual.has_value(), best.has_value()) << "seed " << seed << "\n"
                                                        << world.to_text();
        if (!actual) continue;
        ASSERT_EQ(testing::check_text(world.request, world.repo.provider(), *actual), "")
            << "seed " << seed << "\n"
            << world.to_text();
        if (optimality == Optimality::kGreedy) continue;
        ASSERT_EQ(judge.key(judge.read(*actual)), *best)
            << "seed " << seed << "\n"
            << world.to_text() << testing::to_text(*actual);
    }
    EXPECT_GT(satisfiable, 50);
    EXPECT_GT(unsatisfiable, 50);
}

class EveryOptimality : public ::testing::TestWithParam<Optimality> {};

TEST_P(EveryOptimality, GivesTheBestOfAllAnswers) {
    SatResolver resolver;
    expect_best(GetParam(), resolver, 40'000'000);
}

TEST_P(EveryOptimality, GivesTheBestOfAllAnswersOverAUniverse) {
    testing::FreezingResolver resolver;
    expect_best(GetParam(), resolver, 41'000'000);
}

INSTANTIATE_TEST_SUITE_P(Optimality, EveryOptimality,
                         ::testing::Values(Optimality::kGreedy, Optimality::kLexRoots,
                                           Optimality::kLexAll, Optimality::kMinChange));

TEST(Optimality, FewestChangesLeavesWhatIsInstalledAlone) {
    testing::Repo repo(R"(
        app 1.0.0 ; needs lib ^1
        app 2.0.0 ; needs lib ^2, new ^1
        lib 1.0.0
        lib 2.0.0
        new 1.0.0
    )");
    Request request = testing::ask("app *");
    request.locked = {testing::locked("lib 1.0.0")};
    EXPECT_EQ(testing::answer(repo, request), "app 2.0.0, lib 2.0.0, new 1.0.0");
    request.optimality = Optimality::kMinChange;
    EXPECT_EQ(testing::answer(repo, request), "app 1.0.0, lib 1.0.0");
}

TEST(Budget, BytesOfClausesEndASearch) {
    testing::HardShape shape;
    World world = testing::make_hard_world(shape, 1);
    world.request.clause_bytes_max = 1'000;
    SatOptions options;
    options.engine = Engine::kBoolean;
    SatResolver resolver(make_system_clock(), options);
    const auto answer = resolver.resolve(world.request, world.repo.provider(), CallContext());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Errc::kBudgetExhausted);
    const auto* detail = answer.error().detail_as<LimitDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->limit, "resolve_clause_bytes_max");
    world.request.clause_bytes_max = Request().clause_bytes_max;
    const auto enough = resolver.resolve(world.request, world.repo.provider(), CallContext());
    EXPECT_TRUE(enough || enough.error().code() == Errc::kUnsatisfiable);
}

}  // namespace
}  // namespace catalog::resolve
