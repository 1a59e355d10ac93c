#include "catalog/index/index_provider.hpp"

#include <gtest/gtest.h>

#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;

TEST(IndexProvider, ListsWhatMayBeChosenAndArchivedVersionsOnlyForALock) {
    IndexBed bed;
    for (const char* version : {"1.0.0", "1.1.0", "1.2.0"})
        bed.add(std::string(R"({"name":"kit","version":")") + version +
                R"(","dependencies":[{"name":"base","req":"^1","kind":"optional"}]})");
    bed.change("kit@1.1.0", std::nullopt, true);
    bed.change("kit@1.2.0", package::PackageState::kArchived, std::nullopt);
    IndexProvider provider(*bed.index, {});
    const auto candidates = must(provider.versions("kit"));
    ASSERT_EQ(candidates.size(), 2u);
    EXPECT_TRUE(candidates[0].yanked);
    EXPECT_FALSE(candidates[1].yanked);
    const resolve::PackageRecord record = must(provider.record("kit", candidates[1]));
    ASSERT_EQ(record.dependencies.size(), 1u);
    EXPECT_EQ(record.dependencies[0].kind, DependencyKind::kOptional);
    IndexProvider locked(*bed.index, {{"kit", must(version::SemVer::parse("1.2.0")), ""}});
    EXPECT_EQ(must(locked.versions("kit")).size(), 3u);
    EXPECT_TRUE(must(provider.versions("nothing")).empty());
    EXPECT_TRUE(must(provider.versions("not a name")).empty());
    EXPECT_EQ(code_of(provider.record("kit", {must(version::SemVer::parse("9.0.0")), false, ""})),
              Errc::kProviderFailed);
}

TEST(IndexProvider, FindsWhoProvidesAVirtualName) {
    IndexBed bed;
    bed.add(R"({"name":"kit","version":"1.0.0","provides":[{"name":"virt","version":"2.0.0"}]})");
    IndexProvider provider(*bed.index, {});
    const auto providers = must(provider.providers("virt"));
    ASSERT_EQ(providers.size(), 1u);
    EXPECT_EQ(providers[0].package, "kit");
    EXPECT_EQ(providers[0].provided.to_string(), "2.0.0");
    EXPECT_EQ(must(provider.record("kit", providers[0].candidate)).provides.size(), 1u);
}

}  // namespace
}  // namespace catalog::index
