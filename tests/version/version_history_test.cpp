#include "catalog/version/version_history.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

VersionHistory::Entry entry(std::string_view version, std::int64_t published = 0) {
    VersionHistory::Entry result;
    result.version = semver(version);
    result.published_unix_ms = published;
    return result;
}

VersionHistory history(const std::vector<std::string>& versions) {
    VersionHistory result;
    std::int64_t time = 1000;
    for (const std::string& version : versions)
        EXPECT_TRUE(result.add(entry(version, time++)).has_value()) << version;
    return result;
}

TEST(VersionHistory, KeepsVersionsInOrderWhateverTheOrderOfArrival) {
    const VersionHistory all = history({"2.0.0", "1.0.0", "1.0.0-rc.1", "1.5.0"});
    std::vector<std::string> texts;
    for (const auto& one : all.entries()) texts.push_back(one.version.to_string());
    EXPECT_EQ(texts, (std::vector<std::string>{"1.0.0-rc.1", "1.0.0", "1.5.0", "2.0.0"}));
    EXPECT_EQ(all.by_time(), (std::vector<std::uint32_t>{3, 1, 0, 2}));
    EXPECT_EQ(all.rank_of(semver("1.5.0")), 2u);
    EXPECT_EQ(all.rank_of(semver("1.5.1")), std::nullopt);
}

TEST(VersionHistory, RefusesWhatDiffersInBuildMetadataAlone) {
    VersionHistory all = history({"1.0.0+a"});
    const auto added = all.add(entry("1.0.0+b"));
    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().code(), Errc::kAlreadyExists);
    EXPECT_EQ(all.entries().size(), 1u);
}

TEST(VersionHistory, LatestIsNeitherPreReleaseNorYanked) {
    VersionHistory all = history({"1.0.0", "1.1.0", "2.0.0-rc.1"});
    EXPECT_EQ(all.latest()->version, semver("1.1.0"));
    ASSERT_TRUE(all.set_yanked(semver("1.1.0"), true, "broken build").has_value());
    EXPECT_EQ(all.latest()->version, semver("1.0.0"));
    EXPECT_EQ(all.entries()[1].note, "broken build");
    ASSERT_TRUE(all.set_yanked(semver("1.0.0"), true, "").has_value());
    EXPECT_EQ(all.latest(), nullptr);
    ASSERT_TRUE(all.set_yanked(semver("1.0.0"), false, "").has_value());
    EXPECT_EQ(all.latest()->version, semver("1.0.0"));
    EXPECT_EQ(all.set_yanked(semver("9.0.0"), true, "").error().code(), Errc::kNotFound);
    ASSERT_TRUE(all.set_deprecated(semver("1.0.0"), true, "use 2").has_value());
    EXPECT_TRUE(all.entries()[0].deprecated);
}

TEST(VersionHistory, NewestFollowsTheRangeAndTheTime) {
    const VersionHistory all = history({"1.0.0", "2.0.0", "1.1.0", "2.1.0-beta"});
    EXPECT_EQ(all.newest(req("^1"))->version, semver("1.1.0"));
    EXPECT_EQ(all.newest(req("*"))->version, semver("2.0.0"));
    EXPECT_EQ(all.newest(req("*"), PrereleaseRule::kInclude)->version, semver("2.1.0-beta"));
    EXPECT_EQ(all.newest(req("^3")), nullptr);
    EXPECT_EQ(all.newest_at(1001, req("^1"))->version, semver("1.0.0"));
    EXPECT_EQ(all.newest_at(999, req("*")), nullptr);
}

TEST(VersionHistory, DescribesRunsAsOne) {
    const VersionHistory all = history({"1.0.0", "1.1.0", "1.2.0", "1.3.0", "2.0.0"});
    EXPECT_EQ(all.describe(all.matching(req("<1.3"))), "1.0.0 to 1.2.0");
    EXPECT_EQ(all.describe(all.matching(req("<1.2"))), "1.0.0, 1.1.0");
    EXPECT_EQ(all.describe(all.matching(req("*"))), "all versions");
    EXPECT_EQ(all.describe(all.matching(req("^7"))), "no version");
    RankSet two(5);
    two.insert(0);
    two.insert(4);
    EXPECT_EQ(all.describe(two), "1.0.0, 2.0.0");
}

TEST(VersionHistory, FindsTheShortestRangeForItsVersions) {
    const VersionHistory all = history({"1.0.0", "1.1.0", "1.2.0", "2.0.0", "3.0.0"});
    const auto range = [&](const char* text) {
        const auto found = all.range_for(all.matching(req(text)), Dialect::kCargo);
        return found ? found->text() : std::string("none");
    };
    EXPECT_EQ(range("=2.0.0"), "=2.0.0");
    EXPECT_EQ(range("^1.0"), "^1.0.0");
    EXPECT_EQ(range(">=2"), ">=2.0.0");
    EXPECT_EQ(range(">=1.1, <3"), ">=1.1.0, <3.0.0");
    EXPECT_EQ(range("<3"), "<3.0.0");
    RankSet holes(5);
    holes.insert(0);
    holes.insert(2);
    EXPECT_FALSE(all.range_for(holes, Dialect::kCargo).has_value());
    EXPECT_EQ(all.range_for(all.matching(req(">=1.1, <3")), Dialect::kNpm)->text(),
              ">=1.1.0 <3.0.0");
}

TEST(ChangeKind, IsNamedAfterTheFirstNumberThatDiffers) {
    const auto name = [](const char* a, const char* b) {
        return change_kind_name(change_between(semver(a), semver(b)));
    };
    EXPECT_EQ(name("1.2.3", "2.2.3"), "major");
    EXPECT_EQ(name("1.2.3", "1.0.4"), "minor");
    EXPECT_EQ(name("1.2.3", "1.2.4-a"), "patch");
    EXPECT_EQ(name("1.2.3", "1.2.3-a"), "prerelease");
    EXPECT_EQ(name("1.2.3", "1.2.3+a"), "build");
    EXPECT_EQ(name("1.2.3", "1.2.3"), "none");
}

RC_GTEST_PROP(VersionHistoryProperty, RanksAnswerAsTheRangeDoes, (const VersionReq& req)) {
    VersionHistory all;
    for (const SemVer& version : version_grid(3)) {
        VersionHistory::Entry one;
        one.version = version;
        RC_ASSERT(all.add(one).has_value());
    }
    for (const PrereleaseRule rule : {PrereleaseRule::kDialect, PrereleaseRule::kInclude}) {
        const RankSet ranks = all.matching(req, rule);
        std::size_t count = 0;
        for (std::uint32_t rank = 0; rank < all.entries().size(); ++rank) {
            const bool matches = req.matches(all.entries()[rank].version, rule);
            RC_ASSERT(ranks.contains(rank) == matches);
            count += matches;
        }
        RC_ASSERT(ranks.size() == count);
        RC_ASSERT(ranks.ranks().size() == count);
        if (rule == PrereleaseRule::kInclude) continue;
        if (const auto range = all.range_for(ranks, req.dialect()))
            for (const auto& one : all.entries())
                if (!one.version.is_prerelease())
                    RC_ASSERT(range->matches(one.version) == req.matches(one.version));
    }
}

}  // namespace
}  // namespace catalog::version
