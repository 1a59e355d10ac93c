// Why, why not, what is wrong with constraints and sets, and matrices.

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/json/read.hpp"
#include "catalog/resolve/compatibility_matrix.hpp"
#include "catalog/resolve/conflict_detector.hpp"
#include "catalog/resolve/constraint_validator.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/why.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/brute_force.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;
using testing::target;

Solution solved(Repo& repo, const Request& request) {
    SatResolver resolver;
    auto solution = resolver.resolve(request, repo.provider(), CallContext());
    EXPECT_TRUE(solution.has_value());
    return solution ? *std::move(solution) : Solution();
}

TEST(Explanation, StepsNameTheirPremises) {
    Repo repo(
        "menu 1.0.0 ; needs dropdown >=2\nmenu 1.1.0 ; needs dropdown >=2\n"
        "dropdown 2.0.0 ; needs icons ^2\ndropdown 2.1.0 ; needs icons ^2\n"
        "icons 1.0.0\nicons 2.0.0");
    SatResolver resolver;
    const Request request = ask("menu *, icons ^1");
    const auto failed = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_FALSE(failed.has_value());
    const auto explanation =
        explain(request, failed.error(), repo.provider(), resolver, CallContext());
    ASSERT_TRUE(explanation.has_value());
    ASSERT_EQ(explanation->steps.size(), 5u);
    EXPECT_TRUE(explanation->steps[0].premises.empty());
    EXPECT_EQ(explanation->steps[4].premises, (std::vector<std::size_t>{0, 1, 2, 3}));
    EXPECT_EQ(explanation->roots, (std::vector<std::string>{"menu *", "icons ^1"}));
    EXPECT_NE(explanation->to_text().find("what would help:\n  - raise icons to ^2.0.0\n"),
              std::string::npos)
        << explanation->to_text();
    const auto document = json::read(explanation->to_json());
    ASSERT_TRUE(document.has_value());
    const json::Array& steps = *document->find("steps")->as_array();
    ASSERT_EQ(steps.size(), 5u);
    EXPECT_EQ(*(*steps[4].find("because")->as_array())[3].as_int(), 4);
    const json::Value& edit =
        (*(*document->find("repairs")->as_array())[0].find("edits")->as_array())[0];
    EXPECT_EQ(*edit.find("kind")->as_string(), "change_root");
    EXPECT_EQ(*edit.find("to")->as_string(), "^2.0.0");
}

TEST(Why, FollowsAShortestChain) {
    Repo repo(
        "app 1.0.0 ; needs a *, b *\na 1.0.0 ; needs c *\nc 1.0.0 ; needs deep *\n"
        "b 1.0.0 ; needs deep *\ndeep 1.0.0");
    const Solution solution = solved(repo, ask("app *"));
    const auto chains = why(solution, "deep");
    ASSERT_EQ(chains.size(), 1u);
    EXPECT_EQ(to_text(solution, chains[0]), "app 1.0.0 -> b 1.0.0 -> deep 1.0.0");
    EXPECT_EQ(to_text(solution, why(solution, "app")[0]), "app 1.0.0");
    EXPECT_TRUE(why(solution, "nobody").empty());
}

TEST(Why, TenThousandDeepNeedNoRecursion) {
    Solution solution;
    for (std::size_t i = 0; i < 10'000; ++i) {
        solution.packages.push_back({"p" + std::to_string(i), {}, {}});
        if (i > 0) solution.edges.push_back({i - 1, i, DependencyKind::kRequired, ""});
    }
    solution.roots = {0};
    const auto chains = why(solution, "p9999");
    ASSERT_EQ(chains.size(), 1u);
    EXPECT_EQ(chains[0].packages.size(), 10'000u);
}

WhyNot not_in(Repo& repo, const char* request, const char* wanted) {
    SatResolver resolver;
    auto answer = why_not(ask(request), target(wanted), repo.provider(), resolver, CallContext());
    EXPECT_TRUE(answer.has_value());
    return answer ? *std::move(answer) : WhyNot();
}

TEST(WhyNot, TellsTheCasesApart) {
    Repo repo(
        "app 1.0.0 ; needs lib ^1\napp 2.0.0 ; needs lib ^2\nlib 1.0.0\nlib 2.0.0\nlib 2.1.0\n"
        "other 1.0.0\nfixed 1.0.0 ; needs lib ^2");
    EXPECT_EQ(not_in(repo, "app *", "lib ^2").kind, WhyNot::Kind::kIsIn);
    EXPECT_EQ(not_in(repo, "app *", "other *").kind, WhyNot::Kind::kNotNeeded);
    EXPECT_EQ(not_in(repo, "app *", "lib =2.0.0").kind, WhyNot::Kind::kPassedOver);
    const WhyNot less = not_in(repo, "app *", "lib ^1");
    EXPECT_EQ(less.kind, WhyNot::Kind::kLessWanted);
    EXPECT_EQ(less.changes, (std::vector<std::string>{"app 2.0.0 would become 1.0.0"}));
    const WhyNot conflict = not_in(repo, "fixed *", "lib ^1");
    EXPECT_EQ(conflict.kind, WhyNot::Kind::kConflict);
    ASSERT_TRUE(conflict.explanation.has_value());
    ASSERT_EQ(conflict.explanation->repairs.size(), 1u);
    EXPECT_EQ(conflict.explanation->repairs[0].to_string(), "drop fixed");
    EXPECT_EQ(not_in(repo, "fixed *", "lib ^9").kind, WhyNot::Kind::kUnknown);
    EXPECT_EQ(not_in(repo, "fixed *", "nobody *").kind, WhyNot::Kind::kUnknown);
    EXPECT_EQ(why_not_kind_name(WhyNot::Kind::kLessWanted), "less-wanted");
}

std::vector<std::string> findings(Repo& repo, const std::vector<Target>& constraints) {
    ConstraintValidator validator(repo.provider());
    const auto found = validator.validate(constraints);
    EXPECT_TRUE(found.has_value());
    std::vector<std::string> texts;
    for (const ConstraintFinding& one : *found)
        texts.push_back(std::to_string(one.index) + " " + std::string(finding_kind_name(one.kind)) +
                        ": " + one.message);
    return texts;
}

TEST(ConstraintValidator, FindsWhatNothingCanMeet) {
    Repo repo(
        "a 1.0.0\na 1.1.0\na 2.0.0\na 3.0.0\ny 1.0.0 yanked\np 2.0.0-rc.1\nv 1.0.0 ; provides w "
        "1.0.0");
    EXPECT_EQ(
        findings(repo, {target("a ^1"), target("gone *"), target("a ^9"), target("y *"),
                        target("p ^2"), target("w ^1"), target("w ^2")}),
        (std::vector<std::string>{
            "1 unknown-package: gone *: no package is called gone and none provides it",
            "2 unsatisfiable: a ^9: no version matches; newest are 3.0.0, 2.0.0, 1.1.0 and 1 more",
            "2 contradiction: a ^1 and a ^9 have no version in common",
            "3 only-yanked: y *: only yanked versions match",
            "4 only-prereleases: p ^2: only pre-releases lie within its bounds",
            "6 unsatisfiable: w ^2: no version matches",
            "6 contradiction: w ^1 and w ^2 have no version in common"}));
}

TEST(ConstraintValidator, FindsWhatSaysNothing) {
    Repo repo("a 1.0.0\na 1.5.0\na 2.0.0");
    EXPECT_EQ(findings(repo, {target("a ^1"), target("a >=1.2 & <2")}),
              (std::vector<std::string>{"0 redundant: a ^1 is implied by a >=1.2 , <2"}));
    const Target shadowed{
        "a", version::VersionConstraint::parse("^1.5.0 || ^1.0.0", version::Dialect::kNpm).value()};
    ConstraintValidator validator(repo.provider());
    const auto found = validator.validate({shadowed});
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->size(), 1u);
    EXPECT_EQ((*found)[0].kind, ConstraintFinding::Kind::kShadowed);
    EXPECT_EQ((*found)[0].offset, 0u);
    EXPECT_EQ((*found)[0].length, 6u);
    EXPECT_FALSE((*found)[0].is_error());
}

TEST(ConflictDetector, FindsEveryConflictOfARequest) {
    Repo repo(
        "a 1.0.0 ; needs x ^1\nb 1.0.0 ; needs x ^2\nc 1.0.0 ; needs y ^1\nd 1.0.0 ; needs y ^2\n"
        "x 1.0.0\nx 2.0.0\ny 1.0.0\ny 2.0.0\nfine 1.0.0");
    SatResolver resolver;
    ConflictDetector detector(repo.provider(), resolver);
    const auto conflicts = detector.detect(ask("a *, b *, fine *, c *, d *"), CallContext());
    ASSERT_TRUE(conflicts.has_value());
    std::vector<std::vector<std::size_t>> sets;
    for (const RootConflict& conflict : *conflicts) sets.push_back(conflict.roots);
    std::sort(sets.begin(), sets.end());
    EXPECT_EQ(sets, (std::vector<std::vector<std::size_t>>{{0, 1}, {3, 4}}));
    EXPECT_TRUE(detector.detect(ask("a *, fine *"), CallContext())->empty());
}

TEST(ConflictDetector, JudgesASetThatSomebodyElseMade) {
    Repo repo(
        "a 1.0.0 ; needs x ^1, gone *, v ^1 ; conflicts b <2\nb 1.0.0 ; provides v 1.0.0\nx 2.0.0");
    SatResolver resolver;
    ConflictDetector detector(repo.provider(), resolver);
    const auto make = [](const char* name, const char* version) {
        Resolved package;
        package.name = name;
        package.candidate.version = testing::ver(version);
        return package;
    };
    const auto conflicts =
        detector.detect_between({make("a", "1.0.0"), make("b", "1.0.0"), make("x", "2.0.0")});
    ASSERT_TRUE(conflicts.has_value());
    std::vector<std::string> texts;
    for (const PackageConflict& conflict : *conflicts) texts.push_back(conflict.message);
    EXPECT_EQ(texts, (std::vector<std::string>{"a 1.0.0 needs x ^1, but x 2.0.0 is there",
                                               "a 1.0.0 needs gone *, which is not there",
                                               "a 1.0.0 conflicts with b 1.0.0"}));
}

TEST(CompatibilityMatrix, ShowsWhichVersionsStandTogether) {
    Repo repo(
        "app 1.0.0 ; needs lib ^1\napp 2.0.0 ; needs lib ^2\nlib 1.0.0\nlib 2.0.0\n"
        "lib 3.0.0-rc.1");
    SatResolver resolver;
    const auto matrix =
        CompatibilityMatrix::compute({"app", "lib"}, repo.provider(), resolver, CallContext());
    ASSERT_TRUE(matrix.has_value());
    EXPECT_EQ(matrix->to_text(),
              "app down, lib across\n"
              "       2.0.0  1.0.0\n"
              "2.0.0  +      .\n"
              "1.0.0  .      +\n");
    const std::string svg = matrix->to_svg();
    EXPECT_TRUE(svg.starts_with("<svg "));
    EXPECT_EQ(std::count(svg.begin(), svg.end(), '+'), 3);  // two cells, and the title
    EXPECT_EQ(matrix->at(0, 0, 1, 0), CompatibilityMatrix::Cell::kYes);
    EXPECT_EQ(CompatibilityMatrix::compute({"app"}, repo.provider(), resolver, CallContext())
                  .error()
                  .code(),
              Errc::kInvalidArgument);
    EXPECT_EQ(CompatibilityMatrix::compute({"app", "no"}, repo.provider(), resolver, CallContext())
                  .error()
                  .code(),
              Errc::kUnknownPackage);
    MatrixOptions options;
    options.cells_max = 3;
    EXPECT_EQ(CompatibilityMatrix::compute({"app", "lib"}, repo.provider(), resolver, CallContext(),
                                           options)
                  .error()
                  .code(),
              Errc::kLimitExceeded);
}

TEST(CompatibilityMatrix, AgreesWithBruteForce) {
    testing::WorldShape shape;
    shape.oddities = shape.per_major = false;
    SatResolver resolver;
    int cells = 0;
    int yes = 0;
    for (std::uint64_t seed = 8'000'000; seed < 8'000'060; ++seed) {
        testing::World world = testing::make_world(shape, seed);
        std::vector<std::string> names;
        for (const auto& entry : world.repo.entries())
            if (std::find(names.begin(), names.end(), entry.name) == names.end())
                names.push_back(entry.name);
        if (names.size() < 2) continue;
        names.resize(2);
        MatrixOptions options;
        options.base = world.request;
        options.base.roots.clear();
        const auto matrix = CompatibilityMatrix::compute(names, world.repo.provider(), resolver,
                                                         CallContext(), options);
        if (!matrix) continue;
        for (std::size_t i = 0; i < matrix->axes()[0].versions.size(); ++i) {
            for (std::size_t j = 0; j < matrix->axes()[1].versions.size(); ++j) {
                Request request = options.base;
                for (const auto& [axis, at] : {std::pair{0U, i}, std::pair{1U, j}}) {
                    Root root;
                    root.target = {names[axis], version::VersionConstraint(version::Exact{
                                                    matrix->axes()[axis].versions[at]})};
                    request.roots.push_back(root);
                }
                const auto answer = testing::solve_by_brute_force(world.repo.entries(), request);
                if (answer.gave_up) continue;
                const bool together = matrix->at(0, i, 1, j) == CompatibilityMatrix::Cell::kYes;
                ASSERT_EQ(together, answer.satisfiable) << "seed " << seed << world.to_text();
                ++cells;
                yes += together;
            }
        }
    }
    EXPECT_GE(cells, 100);
    EXPECT_GE(yes, 20);
}

}  // namespace
}  // namespace catalog::resolve
