// What a request means, rule by rule. Every answer is checked by the independent checker too.

#include <gtest/gtest.h>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/repo.hpp"

namespace catalog::resolve {
namespace {

using testing::answer;
using testing::ask;
using testing::locked;
using testing::provided;
using testing::Repo;
using testing::target;

TEST(Versions, TheNewestThatFitsIsTaken) {
    Repo repo("a 1.0.0\na 1.2.0\na 2.0.0");
    EXPECT_EQ(answer(repo, ask("a *")), "a 2.0.0");
    EXPECT_EQ(answer(repo, ask("a ^1")), "a 1.2.0");
    EXPECT_EQ(answer(repo, ask("a =1.0.0")), "a 1.0.0");
}

TEST(Versions, MinimalPreferenceTakesTheOldestThatFits) {
    Repo repo("a 1.0.0\na 1.2.0 ; needs b ^1\na 2.0.0\nb 1.0.0\nb 1.1.0");
    Request request = ask("a >=1.1, b *");
    request.preference = Preference::kMinimal;
    EXPECT_EQ(answer(repo, request), "a 1.2.0, b 1.0.0");
}

TEST(Versions, EarlierRootsAreServedFirst) {
    Repo repo(R"(
        a 1.0.0 ; needs b ^2
        a 2.0.0 ; needs b ^1
        b 1.0.0
        b 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *, b *")), "a 2.0.0, b 1.0.0");
    EXPECT_EQ(answer(repo, ask("b *, a *")), "a 1.0.0, b 2.0.0");
}

TEST(Versions, DependenciesNearerToTheRootsAreServedFirst) {
    Repo repo(R"(
        root 1.0.0 ; needs near *, middle *
        middle 1.0.0 ; needs far *
        near 1.0.0 ; needs shared ^1
        near 2.0.0 ; needs shared ^1
        far 1.0.0 ; needs shared *
        far 2.0.0 ; needs shared ^2
        shared 1.0.0
        shared 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("root *")),
              "far 1.0.0, middle 1.0.0, near 2.0.0, root 1.0.0, shared 1.0.0");
}

TEST(Versions, AnOldVersionIsTakenBackToWhereItFits) {
    Repo repo(R"(
        a 2.0.0 ; needs b ^2, c ^1
        a 1.0.0 ; needs b ^1
        b 2.0.0 ; needs c ^2
        b 1.0.0
        c 1.0.0
        c 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, b 1.0.0");
}

TEST(Versions, NothingSuperfluousStaysInTheAnswer) {
    Repo repo(R"(
        a 2.0.0 ; needs gone ^1, b ^2
        a 1.0.0
        gone 1.0.0 ; needs b ^1
        b 1.0.0
        b 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0");
}

TEST(Prereleases, AreTakenOnlyWhenTheRangeNamesOne) {
    Repo repo("a 1.0.0\na 2.0.0-rc.1");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0");
    EXPECT_EQ(answer(repo, ask("a >=2.0.0-rc")), "a 2.0.0-rc.1");
    EXPECT_EQ(answer(repo, ask("a =2.0.0-rc.1")), "a 2.0.0-rc.1");
}

TEST(Prereleases, AreAdmittedOnRequest) {
    Repo repo("a 1.0.0\na 2.0.0-rc.1");
    Request request = ask("a *");
    request.include_prereleases = true;
    EXPECT_EQ(answer(repo, request), "a 2.0.0-rc.1");
}

TEST(Latest, MeansExactlyTheNewestRelease) {
    Repo repo("a 1.0.0\na 2.0.0\na 2.1.0-rc.1\na 3.0.0 yanked\nb 1.0.0 ; needs a ^1");
    EXPECT_EQ(answer(repo, ask("a latest")), "a 2.0.0");
    EXPECT_EQ(answer(repo, ask("a latest, b *")).substr(0, 13), "unsatisfiable");
}

TEST(Yanked, IsNeverTakenWithoutALock) {
    Repo repo("a 1.0.0\na 2.0.0 yanked");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0");
    EXPECT_EQ(answer(repo, ask("a =2.0.0")).substr(0, 13), "unsatisfiable");
    Request request = ask("a *");
    request.locked = {locked("a 2.0.0")};
    EXPECT_EQ(answer(repo, request), "a 2.0.0");
}

TEST(Locks, AreTriedFirstAndGiveWay) {
    Repo repo("a 1.0.0\na 1.1.0\na 2.0.0\nb 1.0.0 ; needs a ^1.1");
    Request request = ask("a *");
    request.locked = {locked("a 1.0.0")};
    EXPECT_EQ(answer(repo, request), "a 1.0.0");
    request = ask("b *, a *");
    request.locked = {locked("a 1.0.0")};
    EXPECT_EQ(answer(repo, request), "a 1.1.0, b 1.0.0");
}

TEST(Locks, AdmitAPrereleaseWithinTheBounds) {
    Repo repo("a 1.0.0\na 1.1.0-beta.1\na 2.0.0-rc.1");
    Request request = ask("a ^1");
    request.locked = {locked("a 1.1.0-beta.1"), locked("a 2.0.0-rc.1")};
    EXPECT_EQ(answer(repo, request), "a 1.1.0-beta.1");
}

TEST(Locks, DoNotBringPackagesIn) {
    Repo repo("a 1.0.0\nb 1.0.0");
    Request request = ask("a *");
    request.locked = {locked("b 1.0.0"), locked("unknown 1.0.0")};
    EXPECT_EQ(answer(repo, request), "a 1.0.0");
}

TEST(Constraints, HoldOnlyWhenThePackageIsIn) {
    Repo repo("a 1.0.0 ; needs b *\nb 1.0.0\nb 2.0.0\nc 1.0.0");
    Request request = ask("a *");
    request.constraints = {target("b <2"), target("c >=9")};
    EXPECT_EQ(answer(repo, request), "a 1.0.0, b 1.0.0");
}

TEST(Sources, GitIsMetOnlyByItsOwnSource) {
    Repo repo(R"(
        tip 1.0.0
        tip 1.1.0 ; source git+https://example.org/tip#main
        tip 1.2.0 ; source git+https://example.org/tip#other
    )");
    EXPECT_EQ(answer(repo, ask("tip git+https://example.org/tip#main")), "tip 1.1.0");
    EXPECT_EQ(answer(repo, ask("tip *")), "tip 1.0.0");
    EXPECT_EQ(answer(repo, ask("tip git+https://example.org/tip#none")).substr(0, 13),
              "unsatisfiable");
}

TEST(Sources, TwoOfOneNameExcludeEachOther) {
    Repo repo(R"(
        tip 1.0.0
        tip 2.0.0 ; source git+https://example.org/tip#main
        user 1.0.0 ; needs tip ^1
    )");
    Request request = ask("user *, tip git+https://example.org/tip#main");
    EXPECT_EQ(answer(repo, request).substr(0, 13), "unsatisfiable");
    request.policy = VersionPolicy::kPerMajor;
    EXPECT_EQ(answer(repo, request), "tip 1.0.0, tip 2.0.0, user 1.0.0");
}

TEST(PerMajor, IncompatibleVersionsStandSideBySide) {
    Repo repo(R"(
        a 1.0.0 ; needs x ^1
        b 1.0.0 ; needs x ^2
        c 1.0.0 ; needs x >=1.1
        x 1.0.0
        x 1.1.0
        x 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *, b *")).substr(0, 13), "unsatisfiable");
    Request request = ask("a *, b *");
    request.policy = VersionPolicy::kPerMajor;
    EXPECT_EQ(answer(repo, request), "a 1.0.0, b 1.0.0, x 1.1.0, x 2.0.0");
    request = ask("a *, c *");
    request.policy = VersionPolicy::kPerMajor;
    EXPECT_EQ(answer(repo, request), "a 1.0.0, c 1.0.0, x 1.1.0") << "a line that is in is reused";
}

TEST(PerMajor, EdgesTellWhichLineServes) {
    Repo repo("a 1.0.0 ; needs x ^1\nb 1.0.0 ; needs x ^2\nx 1.0.0\nx 2.0.0");
    Request request = ask("a *, b *");
    request.policy = VersionPolicy::kPerMajor;
    SatResolver resolver;
    const auto solution = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_TRUE(solution) << solution.error().to_string();
    ASSERT_EQ(solution->edges.size(), 2u);
    EXPECT_EQ(solution->packages[solution->edges[0].to].candidate.version, testing::ver("1.0.0"));
    EXPECT_EQ(solution->packages[solution->edges[1].to].candidate.version, testing::ver("2.0.0"));
}

TEST(Kinds, OptionalIsOutUntilAFeatureSwitchesItOn) {
    Repo repo(R"(
        a 1.0.0 ; needs optional gpu ^1 ; feature fast = dep:gpu
        b 1.0.0 ; needs gpu ^2
        gpu 1.0.0
        gpu 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0");
    EXPECT_EQ(answer(repo, ask("a *, b *")), "a 1.0.0, b 1.0.0, gpu 2.0.0")
        << "while it is out it constrains nothing";
    EXPECT_EQ(answer(repo, ask("a * [fast]")), "a 1.0.0 +fast, gpu 1.0.0");
    EXPECT_EQ(answer(repo, ask("a * [fast], b *")).substr(0, 13), "unsatisfiable");
}

TEST(Kinds, OptionalIsInWhenAskedForByName) {
    Repo repo("a 1.0.0 ; needs optional gpu ^1\ngpu 1.0.0");
    Request request = ask("a *");
    request.optional = {"gpu"};
    EXPECT_EQ(answer(repo, request), "a 1.0.0, gpu 1.0.0");
}

TEST(Kinds, DevelopmentAndBuildCountForRootsOnlyAndOnRequest) {
    Repo repo(R"(
        a 1.0.0 ; needs b *, dev test *, build tool *
        b 1.0.0 ; needs dev other *, build gadget *
        test 1.0.0
        tool 1.0.0
        other 1.0.0
        gadget 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, b 1.0.0");
    Request request = ask("a *");
    request.development = true;
    EXPECT_EQ(answer(repo, request), "a 1.0.0, b 1.0.0, test 1.0.0");
    request.build = true;
    EXPECT_EQ(answer(repo, request), "a 1.0.0, b 1.0.0, test 1.0.0, tool 1.0.0");
}

TEST(Peers, AreSuppliedByAnotherRoot) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 1.1.0\ncore 2.0.0");
    EXPECT_EQ(answer(repo, ask("plugin *")).substr(0, 13), "unsatisfiable");
    EXPECT_EQ(answer(repo, ask("plugin *, core *")), "core 1.1.0, plugin 1.0.0");
    EXPECT_EQ(answer(repo, ask("core *, plugin *")), "core 1.1.0, plugin 1.0.0");
}

TEST(Peers, AreSuppliedByTheClosureOfARoot) {
    Repo repo(R"(
        app 1.0.0 ; needs plugin *, core *
        plugin 1.0.0 ; needs peer core ^1
        core 1.0.0
        core 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("app *")), "app 1.0.0, core 1.0.0, plugin 1.0.0");
}

TEST(Peers, AreSuppliedByTheLock) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 1.1.0");
    Request request = ask("plugin *");
    request.locked = {locked("core 1.0.0")};
    EXPECT_EQ(answer(repo, request), "core 1.0.0, plugin 1.0.0");
}

TEST(Peers, AreSuppliedByTheHost) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 2.0.0");
    Request request = ask("plugin *");
    request.host_provides = {provided("core 1.4.0")};
    EXPECT_EQ(answer(repo, request), "plugin 1.0.0");
    request.host_provides = {provided("core 2.0.0")};
    EXPECT_EQ(answer(repo, request).substr(0, 13), "unsatisfiable");
}

TEST(Peers, ConstrainEvenWhenTheHostSupplies) {
    Repo repo("plugin 1.0.0 ; needs peer core ^1\ncore 1.0.0\ncore 2.0.0");
    Request request = ask("plugin *, core *");
    request.host_provides = {provided("core 1.4.0")};
    EXPECT_EQ(answer(repo, request), "core 1.0.0, plugin 1.0.0");
}

TEST(Peers, DoNotHoldEachOtherUp) {
    Repo repo(R"(
        a 1.0.0 ; needs peer x *
        x 1.0.0 ; needs y *
        y 1.0.0 ; needs x *
    )");
    EXPECT_EQ(answer(repo, ask("a *")).substr(0, 13), "unsatisfiable");
}

TEST(Peers, MakeAFurtherAlternativeComeIn) {
    Repo repo(R"(
        app 1.0.0 ; needs x * | y *, plugin *
        plugin 1.0.0 ; needs peer y *
        x 1.0.0
        y 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("app *")), "app 1.0.0, plugin 1.0.0, y 1.0.0");
}

TEST(Peers, MayBeSuppliedThroughAFeature) {
    Repo repo(R"(
        app 1.0.0 ; needs plugin *, tool * [full]
        tool 1.0.0 ; needs optional core ^1 ; feature full = dep:core
        tool 2.0.0 ; feature full =
        plugin 1.0.0 ; needs peer core ^1
        core 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("app *")), "app 1.0.0, core 1.0.0, plugin 1.0.0, tool 1.0.0 +full");
}

TEST(Alternatives, AreTakenInOrderUnlessOneIsThere) {
    Repo repo(R"(
        a 1.0.0 ; needs x ^1 | y ^1
        b 1.0.0 ; needs y *
        x 1.0.0
        y 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, x 1.0.0");
    EXPECT_EQ(answer(repo, ask("a *, b *")), "a 1.0.0, b 1.0.0, y 1.0.0");
    EXPECT_EQ(answer(repo, ask("a *, y *")), "a 1.0.0, y 1.0.0");
}

TEST(Alternatives, TheNextIsTakenWhenTheFirstCannotBe) {
    Repo repo("a 1.0.0 ; needs x ^2 | gone * | y ^1\nx 1.0.0\ny 1.0.0");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, y 1.0.0");
}

TEST(Alternatives, TheLockedOneIsTriedFirst) {
    Repo repo("a 1.0.0 ; needs x * | y *\nx 1.0.0\ny 1.0.0");
    Request request = ask("a *");
    request.locked = {locked("y 1.0.0")};
    EXPECT_EQ(answer(repo, request), "a 1.0.0, y 1.0.0");
}

TEST(VirtualNames, AreMetByWhatProvidesThem) {
    Repo repo(R"(
        a 1.0.0 ; needs blas ^3
        openblas 0.3.0 ; provides blas 3.1.0
        atlas 1.0.0 ; provides blas 2.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, openblas 0.3.0");
    EXPECT_EQ(answer(repo, ask("blas ^2")), "atlas 1.0.0");
    EXPECT_EQ(answer(repo, ask("blas latest")), "openblas 0.3.0");
}

TEST(VirtualNames, ARealPackageComesFirst) {
    Repo repo("blas 3.0.0\nopenblas 0.3.0 ; provides blas 3.1.0");
    EXPECT_EQ(answer(repo, ask("blas ^3")), "blas 3.0.0");
    EXPECT_EQ(answer(repo, ask("openblas *, blas ^3")), "blas 3.0.0, openblas 0.3.0");
    EXPECT_EQ(answer(repo, ask("blas ^3.1")), "openblas 0.3.0");
    EXPECT_EQ(answer(repo, ask("blas latest")), "blas 3.0.0");
}

TEST(VirtualNames, EdgesKeepTheNameThatWasAskedFor) {
    Repo repo("a 1.0.0 ; needs blas ^3\nopenblas 0.3.0 ; provides blas 3.1.0");
    SatResolver resolver;
    const auto solution = resolver.resolve(ask("a *"), repo.provider(), CallContext());
    ASSERT_TRUE(solution) << solution.error().to_string();
    ASSERT_EQ(solution->edges.size(), 1u);
    EXPECT_EQ(solution->edges[0].as, "blas");
    EXPECT_EQ(solution->packages[solution->edges[0].to].name, "openblas");
}

TEST(VirtualNames, ARootPrefersAProviderThatAnEarlierRootTook) {
    Repo repo("m 1.0.0 ; provides v 1.0.0\nz 1.0.0 ; provides v 1.0.0");
    EXPECT_EQ(answer(repo, ask("v *")), "m 1.0.0");
    EXPECT_EQ(answer(repo, ask("z *, v *")), "z 1.0.0");
}

TEST(Conflicts, KeepVersionsApart) {
    Repo repo("a 1.0.0\na 2.0.0 ; conflicts b <2\nb 1.0.0\nb 2.0.0\nc 1.0.0 ; needs b ^1");
    EXPECT_EQ(answer(repo, ask("a *, b *")), "a 2.0.0, b 2.0.0");
    EXPECT_EQ(answer(repo, ask("a *, c *")), "a 1.0.0, b 1.0.0, c 1.0.0");
    EXPECT_EQ(answer(repo, ask("a ^2, c *")).substr(0, 13), "unsatisfiable");
}

TEST(Conflicts, ReachVirtualNamesButNotTheirOwn) {
    Repo repo(R"(
        postfix 1.0.0 ; conflicts mta * ; provides mta 1.0.0
        exim 1.0.0 ; conflicts mta * ; provides mta 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("postfix *")), "postfix 1.0.0");
    EXPECT_EQ(answer(repo, ask("postfix *, exim *")).substr(0, 13), "unsatisfiable");
}

TEST(Conflicts, HitPrereleasesWithinTheBounds) {
    Repo repo("a 1.0.0 ; conflicts b <2\nb 1.5.0-beta.1");
    EXPECT_EQ(answer(repo, ask("a *, b =1.5.0-beta.1")).substr(0, 13), "unsatisfiable");
}

TEST(Features, DefaultIsOnUnlessNobodyWantsIt) {
    Repo repo(R"(
        a 1.0.0 ; needs x ^1 -default
        b 1.0.0 ; needs x ^1
        x 1.0.0 ; needs optional fast * ; feature default = dep:fast
        fast 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, x 1.0.0");
    EXPECT_EQ(answer(repo, ask("a *, b *")), "a 1.0.0, b 1.0.0, fast 1.0.0, x 1.0.0 +default");
    EXPECT_EQ(answer(repo, ask("x * -default")), "x 1.0.0");
}

TEST(Features, AddUpOverAllDependents) {
    Repo repo(R"(
        a 1.0.0 ; needs x * [one]
        b 1.0.0 ; needs x * [two]
        x 1.0.0 ; feature one = ; feature two = three ; feature three =
    )");
    EXPECT_EQ(answer(repo, ask("a *, b *")), "a 1.0.0, b 1.0.0, x 1.0.0 +one +three +two");
}

TEST(Features, AskADependencyForAFeature) {
    Repo repo(R"(
        a 1.0.0 ; needs b *, optional c * ; feature simd = b/avx c/avx ; feature weak = c?/avx
        b 1.0.0 ; feature avx =
        c 1.0.0 ; feature avx =
    )");
    EXPECT_EQ(answer(repo, ask("a *")), "a 1.0.0, b 1.0.0");
    EXPECT_EQ(answer(repo, ask("a * [simd]")), "a 1.0.0 +simd, b 1.0.0 +avx, c 1.0.0 +avx");
    EXPECT_EQ(answer(repo, ask("a * [weak]")), "a 1.0.0 +weak, b 1.0.0");
    EXPECT_EQ(answer(repo, ask("a * [weak simd]")),
              "a 1.0.0 +simd +weak, b 1.0.0 +avx, c 1.0.0 +avx");
}

TEST(Features, AVersionWithoutTheFeatureIsPassedOver) {
    Repo repo("a 1.0.0 ; feature fast =\na 2.0.0\nb 1.0.0 ; needs a * [fast]");
    EXPECT_EQ(answer(repo, ask("b *")), "a 1.0.0 +fast, b 1.0.0");
    EXPECT_EQ(answer(repo, ask("a ^2 [fast]")).substr(0, 13), "unsatisfiable");
}

TEST(Features, OneThatNamesNothingCannotBeOn) {
    Repo repo(R"(
        a 2.0.0 ; feature all = broken ; feature broken = dep:nobody
        a 1.0.0 ; feature all = broken ; feature broken = missing
        a 0.1.0 ; feature all =
    )");
    EXPECT_EQ(answer(repo, ask("a * [all]")), "a 0.1.0 +all");
    EXPECT_EQ(answer(repo, ask("a *")), "a 2.0.0");
}

TEST(Features, MaySwitchEachOtherOn) {
    Repo repo("a 1.0.0 ; feature x = y ; feature y = x");
    EXPECT_EQ(answer(repo, ask("a * [x]")), "a 1.0.0 +x +y");
}

TEST(Platforms, DependenciesForOthersVanish) {
    Repo repo(R"(
        a 1.0.0 ; needs epoll * @linux-*, kqueue * @darwin-* ; feature q = dep:kqueue
        epoll 1.0.0
    )");
    EXPECT_EQ(answer(repo, ask("a * [q]")), "a 1.0.0 +q, epoll 1.0.0");
    Request request = ask("a *");
    request.platform = *Platform::parse("darwin-arm64");
    EXPECT_EQ(answer(repo, request).substr(0, 13), "unsatisfiable");
}

TEST(Cycles, AreLegalUnlessRefused) {
    Repo repo("a 1.0.0 ; needs b *\nb 1.0.0 ; needs c *\nc 1.0.0 ; needs a *");
    EXPECT_EQ(answer(repo, ask("b *")), "a 1.0.0, b 1.0.0, c 1.0.0");
    Request request = ask("b *");
    request.refuse_cycles = true;
    SatResolver resolver;
    const auto refused = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kDependencyCycle);
    const auto* detail = refused.error().detail_as<CycleDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->path, (std::vector<std::string>{"a", "b", "c", "a"}));
}

TEST(Requests, WithoutRootsHaveAnEmptyAnswer) {
    Repo repo("a 1.0.0");
    EXPECT_EQ(answer(repo, ask("")), "");
}

TEST(Requests, MayNameARootTwice) {
    Repo repo("a 1.0.0\na 1.1.0\na 2.0.0");
    EXPECT_EQ(answer(repo, ask("a *, a ^1")), "a 1.1.0");
    EXPECT_EQ(answer(repo, ask("a ^1, a ^2")).substr(0, 13), "unsatisfiable");
}

TEST(Requests, OrderPutsDependenciesFirst) {
    Repo repo("a 1.0.0 ; needs c *\nb 1.0.0\nc 1.0.0 ; needs d *\nd 1.0.0 ; needs c *");
    SatResolver resolver;
    const auto solution = resolver.resolve(ask("a *, b *"), repo.provider(), CallContext());
    ASSERT_TRUE(solution) << solution.error().to_string();
    EXPECT_EQ(solution->order, (std::vector<std::vector<std::size_t>>{{1}, {2, 3}, {0}}));
    EXPECT_EQ(solution->roots, (std::vector<std::size_t>{0, 1}));
}

}  // namespace
}  // namespace catalog::resolve
