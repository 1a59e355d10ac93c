#include "catalog/resolve/versioning_system.hpp"

#include <gtest/gtest.h>

#include "support/resolve/faulty_provider.hpp"
#include "support/resolve/repo.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;
using testing::target;

TEST(VersioningSystem, AnswersEveryQuestionOverOneProvider) {
    Repo repo(
        "app 1.0.0 ; needs lib ^1\napp 2.0.0 ; needs lib ^2\nlib 1.0.0\nlib 2.0.0 yanked\n"
        "lib 2.1.0");
    testing::FaultyProvider counting(repo.provider());
    VersioningSystem system(counting, std::make_shared<MemorySolutionCache>(), "first");
    const CallContext context;

    const auto history = system.history("lib");
    ASSERT_TRUE(history.has_value());
    EXPECT_EQ(history->latest()->version, testing::ver("2.1.0"));
    EXPECT_TRUE(history->entries()[1].yanked);
    EXPECT_EQ(system.history("nobody").error().code(), Errc::kUnknownPackage);

    const auto first = system.resolve(ask("app *"), context);
    ASSERT_TRUE(first.has_value());
    const std::uint64_t calls = counting.calls();
    EXPECT_EQ(testing::to_text(*system.resolve(ask("app *"), context)), "app 2.0.0, lib 2.1.0");
    EXPECT_EQ(counting.calls(), calls);
    EXPECT_EQ(system.cache_stats().hits, 1u);

    const auto explanation = system.explain(ask("app ^2, lib ^1"), context);
    ASSERT_TRUE(explanation.has_value());
    EXPECT_EQ(explanation->repairs.front().to_string(), "change app to ^1.0.0");
    EXPECT_EQ(system.explain(ask("app *"), context).error().code(), Errc::kInvalidArgument);
    EXPECT_EQ(system.why_not(ask("app ^2"), target("lib ^1"), context)->kind,
              WhyNot::Kind::kConflict);
    EXPECT_EQ(system.validate(ask("app ^9"))->front().kind,
              ConstraintFinding::Kind::kUnsatisfiable);
    EXPECT_EQ(system.conflicts(ask("app ^2, lib ^1"), context)->size(), 1u);
    EXPECT_EQ(system.matrix({"app", "lib"}, context)->at(0, 0, 1, 0),
              CompatibilityMatrix::Cell::kYes);

    LockFile older = *system.lock(ask("app ^1"), LockFile(), context);
    older.other["//"] = "\"kept\"";
    const auto locked = system.lock(ask("app *"), older, context);
    ASSERT_TRUE(locked.has_value());
    EXPECT_EQ(locked->packages[0].version, testing::ver("1.0.0"));
    EXPECT_EQ(locked->other.count("//"), 1u);

    repo.add({"app", {testing::ver("3.0.0"), false, ""}, {}});
    EXPECT_EQ(testing::to_text(*system.resolve(ask("app *"), context)), "app 2.0.0, lib 2.1.0");
    system.set_universe("second");
    EXPECT_EQ(testing::to_text(*system.resolve(ask("app *"), context)), "app 3.0.0");
}

}  // namespace
}  // namespace catalog::resolve
