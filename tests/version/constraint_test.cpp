#include "catalog/version/constraint.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

VersionConstraint constraint(std::string_view text, Dialect dialect = Dialect::kCargo) {
    return VersionConstraint::parse(text, dialect).value();
}

std::uint64_t refused_constraint_offset(std::string_view text, Dialect dialect = Dialect::kCargo) {
    const Result<VersionConstraint> parsed = VersionConstraint::parse(text, dialect);
    EXPECT_FALSE(parsed.has_value()) << text;
    if (parsed) return ~std::uint64_t{0};
    EXPECT_EQ(parsed.error().code(), Errc::kRequirementSyntax);
    const auto* where = parsed.error().detail_as<LocationDetail>();
    EXPECT_NE(where, nullptr);
    return where == nullptr ? ~std::uint64_t{0} : where->offset;
}

TEST(VersionConstraint, KindsAreTold) {
    EXPECT_EQ(constraint("=1.2.3").kind_name(), "exact");
    EXPECT_EQ(constraint("1.2.3").kind_name(), "range");
    EXPECT_EQ(constraint("git+https://example.org/tip#v1").kind_name(), "git");
    EXPECT_EQ(constraint("path:../dev").kind_name(), "local");
    EXPECT_EQ(constraint("latest").kind_name(), "latest");
    EXPECT_EQ(VersionConstraint().kind_name(), "range");
}

TEST(VersionConstraint, OneNamedVersionIsExactInItsDialect) {
    EXPECT_EQ(constraint("1.2.3", Dialect::kNpm), VersionConstraint(Exact{semver("1.2.3")}));
    EXPECT_EQ(constraint(" = v1.2.3-a ", Dialect::kNpm),
              VersionConstraint(Exact{semver("1.2.3-a")}));
    EXPECT_EQ(constraint("= 1.2.3+b"), VersionConstraint(Exact{semver("1.2.3+b")}));
    EXPECT_EQ(constraint("1.2.3").kind_name(), "range");
    EXPECT_EQ(constraint("=1.2").kind_name(), "range");
    EXPECT_EQ(constraint("1.2.3 || 1.2.4", Dialect::kNpm).kind_name(), "range");
}

TEST(VersionConstraint, ExactAdmitsItsPrereleaseAndNothingElse) {
    const VersionConstraint exact = constraint("=1.2.3-a");
    EXPECT_TRUE(exact.matches(semver("1.2.3-a")));
    EXPECT_TRUE(exact.matches(semver("1.2.3-a+build")));
    EXPECT_FALSE(exact.matches(semver("1.2.3-a.0")));
    EXPECT_FALSE(exact.matches(semver("1.2.3")));
    EXPECT_EQ(exact.set(), VersionSet::exactly(semver("1.2.3-a")));
}

TEST(VersionConstraint, RangeMatchesByItsDialect) {
    EXPECT_TRUE(constraint("1.2.3").matches(semver("1.9.0")));
    EXPECT_FALSE(constraint("1.2.3", Dialect::kNpm).matches(semver("1.9.0")));
    EXPECT_EQ(constraint("^1.2", Dialect::kNpm).dialect(), Dialect::kNpm);
    EXPECT_EQ(constraint("latest", Dialect::kNpm).dialect(), Dialect::kCargo);
}

TEST(VersionConstraint, LatestTakesReleasesOnly) {
    EXPECT_TRUE(constraint("latest").matches(semver("1.2.3")));
    EXPECT_FALSE(constraint("latest").matches(semver("1.2.3-a")));
    EXPECT_TRUE(constraint("latest").set().is_all());
}

TEST(VersionConstraint, SourcesMatchNoRegistryVersion) {
    for (const char* text : {"git+https://example.org/tip#v1", "path:../dev"}) {
        EXPECT_FALSE(constraint(text).matches(semver("1.2.3")));
        EXPECT_TRUE(constraint(text).set().is_empty());
    }
}

TEST(VersionConstraint, SourceIdIdentifiesGitAndLocalAlone) {
    EXPECT_EQ(constraint("git+https://example.org/tip#v1").source_id(),
              "git+https://example.org/tip#v1");
    EXPECT_EQ(constraint("path:../dev").source_id(), "path:../dev");
    EXPECT_EQ(constraint("=1.2.3").source_id(), "");
    EXPECT_EQ(constraint("latest").source_id(), "");
}

TEST(VersionConstraint, GitTextIsUrlAndRevision) {
    const VersionConstraint parsed = constraint("git+ssh://git@example.org/a b.git#feature#2");
    const Git* git = parsed.get_if<Git>();
    ASSERT_NE(git, nullptr);
    EXPECT_EQ(git->url, "ssh://git@example.org/a b.git");
    EXPECT_EQ(git->rev, "feature#2");
}

TEST(VersionConstraint, RefusalsSayWhere) {
    EXPECT_EQ(refused_constraint_offset("git+#v1"), 4u);
    EXPECT_EQ(refused_constraint_offset("git+https://example.org/tip"), 27u);
    EXPECT_EQ(refused_constraint_offset("git+https://example.org/tip#"), 28u);
    EXPECT_EQ(refused_constraint_offset("git+https://example.org/\n#v1"), 24u);
    EXPECT_EQ(refused_constraint_offset("path:"), 5u);
    EXPECT_EQ(refused_constraint_offset(std::string_view("path:a\0b", 8)), 6u);
    EXPECT_EQ(refused_constraint_offset("path:" + std::string(5000, 'a')), VersionReq::kBytesMax);
    EXPECT_EQ(refused_constraint_offset("newest"), 0u);
    EXPECT_EQ(refused_constraint_offset("Latest"), 0u);
    EXPECT_EQ(refused_constraint_offset("1.2.3.4", Dialect::kNpm), 5u);
}

TEST(VersionConstraint, TextIsReadBackEqual) {
    for (const char* text : {"=1.2.3", "=1.2.3-a+b", "^1.2, <1.9", "git+https://example.org/tip#v1",
                             "path:/srv/a b", "latest", "*"}) {
        EXPECT_EQ(constraint(text).to_string(), text);
        EXPECT_EQ(constraint(constraint(text).to_string()), constraint(text));
    }
    EXPECT_EQ(VersionConstraint().to_string(), "*");
}

RC_GTEST_PROP(VersionConstraintProperty, TextIsReadBackEqualInItsDialect, (const VersionReq& req)) {
    const VersionConstraint parsed = constraint(req.text(), req.dialect());
    RC_ASSERT(constraint(parsed.to_string(), parsed.dialect()) == parsed);
    const SemVer version = *small_version();
    RC_ASSERT(parsed.matches(version) == req.matches(version));
    RC_ASSERT(parsed.set() == req.set());
}

}  // namespace
}  // namespace catalog::version
