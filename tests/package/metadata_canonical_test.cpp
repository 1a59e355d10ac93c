#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "catalog/json/write.hpp"
#include "catalog/package/metadata.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"
#include "support/package/random_package.hpp"

namespace catalog::package {
namespace {

using testing::dependency;
using testing::metadata;

constexpr std::uint64_t kPackages = 1000;

PackageMetadata canonical(PackageMetadata value) {
    canonicalise(value);
    return value;
}

/// The same package written in another order.
PackageMetadata shuffled(PackageMetadata value, testing::RandomEngine& random) {
    std::ranges::shuffle(value.dependencies, random);
    std::ranges::shuffle(value.conflicts, random);
    std::ranges::shuffle(value.provides, random);
    std::ranges::shuffle(value.binaries, random);
    std::ranges::shuffle(value.templates, random);
    std::ranges::shuffle(value.resources, random);
    for (auto& [feature, switched_on] : value.features) {
        std::ranges::shuffle(switched_on, random);
        if (!switched_on.empty()) switched_on.push_back(switched_on.front());
    }
    for (Dependency& dependency : value.dependencies)
        std::ranges::shuffle(dependency.features, random);
    return value;
}

TEST(Canonicalise, IsIdempotent) {
    for (std::uint64_t seed = 1; seed <= kPackages; ++seed) {
        testing::RandomEngine random(seed);
        const PackageMetadata once = canonical(testing::random_metadata(random));
        ASSERT_EQ(canonical(once), once) << "seed " << seed;
    }
}

TEST(Canonicalise, DoesNotDependOnTheOrderOfTheInput) {
    for (std::uint64_t seed = 1; seed <= kPackages; ++seed) {
        testing::RandomEngine random(seed);
        const PackageMetadata value = testing::random_metadata(random);
        ASSERT_EQ(canonical(shuffled(value, random)), canonical(value)) << "seed " << seed;
    }
}

TEST(Canonicalise, DependenciesThatDifferOnlyInDetailHaveAnOrderToo) {
    PackageMetadata value = metadata("a@1.0.0");
    value.dependencies = {dependency("b", "^2"), dependency("b", "^1"), dependency("b", "^2")};
    PackageMetadata other = value;
    std::ranges::reverse(other.dependencies);
    canonicalise(value);
    canonicalise(other);
    EXPECT_EQ(value, other);
    EXPECT_EQ(value.dependencies.size(), 2U) << "a repetition is no second dependency";
}

TEST(Canonicalise, OrdersDependenciesByKindNameAndPlatform) {
    PackageMetadata value = metadata("a@1.0.0");
    value.dependencies = {dependency("b", "*", DependencyKind::kPeer), dependency("c", "*"),
                          dependency("b", "*", DependencyKind::kOptional), dependency("b", "*")};
    value.dependencies[1].platform = PlatformPredicate::parse("windows-*,linux-*").value();
    canonicalise(value);
    EXPECT_EQ(
        json::write_canonical(*metadata_to_json(value).find("dependencies")->second.as_array()),
        R"([{"name":"b","req":"*"},{"name":"c","platform":"linux-*,windows-*","req":"*"},)"
        R"({"kind":"optional","name":"b","req":"*"},{"kind":"peer","name":"b","req":"*"}])");
}

TEST(Canonicalise, KeepsTheAuthorsOrderWhereItMeansSomething) {
    PackageMetadata value = metadata("a@1.0.0");
    value.authors = {"b", "a"};
    value.keywords = {"y", "x"};
    value.tags = {"t", "s"};
    value.dependencies = {dependency("z", "*")};
    value.dependencies[0].any_of = {dependency("y", "*").target, dependency("x", "*").target};
    const PackageMetadata before = value;
    canonicalise(value);
    EXPECT_EQ(value, before);
}

TEST(Canonicalise, NumbersOfExtraMembersBecomeWhatAReaderReads) {
    const std::int64_t beyond = (std::int64_t{1} << 53) + 2;
    PackageMetadata value = metadata("a@1.0.0");
    value.extra.emplace("whole", 2.0);
    value.extra.emplace("beyond", beyond);
    value.extra.emplace("list", json::Array{-0.0, std::nan(""), json::Object{{"x", 1e15}}, 0.5});
    value.extra.emplace("far", std::numeric_limits<double>::infinity());
    value.extra.emplace("rounds back", (std::int64_t{1} << 53) + 1);
    canonicalise(value);
    EXPECT_EQ(value.extra.at("whole"), json::Value(std::int64_t{2}));
    EXPECT_EQ(value.extra.at("beyond"), json::Value(static_cast<double>(beyond)));
    EXPECT_EQ(value.extra.at("list"),
              json::Value(json::Array{
                  0, nullptr, json::Object{{"x", std::int64_t{1'000'000'000'000'000}}}, 0.5}));
    EXPECT_TRUE(value.extra.at("far").is_null());
    EXPECT_EQ(value.extra.at("rounds back"), json::Value(std::int64_t{1} << 53));
}

}  // namespace
}  // namespace catalog::package
