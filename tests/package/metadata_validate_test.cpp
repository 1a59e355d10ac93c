#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "catalog/package/metadata.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"
#include "support/package/random_package.hpp"

namespace catalog::package {
namespace {

using testing::constraint;
using testing::dependency;
using testing::metadata;
using testing::name;
using testing::semver;

/// Validates a@1.0.0 after `change`, for publishing.
template <class Change>
Result<void> validate_changed(Change change, const Limits& limits = {}) {
    PackageMetadata value = metadata("a@1.0.0");
    change(value);
    return validate(value, limits, true);
}

template <class Change>
std::optional<Errc> code_after(Change change, const Limits& limits = {}) {
    return code_of(validate_changed(change, limits));
}

/// Validates features over an optional dependency "opt" and a required one "acme/req".
Result<void> validate_feature(std::string feature, std::vector<std::string> switched_on) {
    return validate_changed([&](PackageMetadata& m) {
        m.dependencies = {dependency("opt", "*", DependencyKind::kOptional),
                          dependency("acme/req", "*")};
        m.features["other"];
        m.features[feature] = switched_on;
    });
}

TEST(Validate, MetadataWithNothingButItsIdIsValid) {
    EXPECT_EQ(text_of(validate_changed([](PackageMetadata&) {})), "");
}

TEST(Validate, RandomMetadataIsValid) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        testing::RandomEngine random(seed);
        EXPECT_EQ(text_of(validate(testing::random_metadata(random), {}, true)), "")
            << "seed " << seed;
    }
}

TEST(Validate, TextMustBeUtf8WithoutControlCharacters) {
    EXPECT_EQ(code_after([](auto& m) { m.description = "a\nb\tc\r\n"; }), std::nullopt);
    EXPECT_EQ(code_after([](auto& m) { m.description = "a\x1b[2J"; }), Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.description = "\xff"; }), Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.license = "MIT\n"; }), Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.homepage = std::string(1, '\0'); }),
              Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.repository = "\x7f"; }), Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.authors = {"Ada\n"}; }), Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.keywords = {""}; }), Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.tags = {"\xc2\x9b"}; }), Errc::kMetadataInvalid);
}

TEST(Validate, LimitsAreKeptAndNamed) {
    Limits limits;
    limits.text_bytes_max = 4;
    limits.keywords_max = 1;
    limits.dependencies_max = 2;
    EXPECT_EQ(code_after([](auto& m) { m.description = "1234"; }, limits), std::nullopt);
    const auto refused = validate_changed([](auto& m) { m.description = "12345"; }, limits);
    ASSERT_EQ(code_of(refused), Errc::kLimitExceeded);
    const auto* detail = refused.error().detail_as<LimitDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->limit, "text_bytes_max");
    EXPECT_EQ(detail->allowed, 4U);
    EXPECT_EQ(detail->actual, 5U);
    EXPECT_EQ(code_after([](auto& m) { m.keywords = {"a", "b"}; }, limits), Errc::kLimitExceeded);
    EXPECT_EQ(code_after([](auto& m) { m.tags = {"a", "b"}; }, limits), Errc::kLimitExceeded);
    EXPECT_EQ(code_after(
                  [](auto& m) {
                      m.dependencies = {dependency("b", "*"), dependency("c", "*"),
                                        dependency("d", "*")};
                  },
                  limits),
              Errc::kLimitExceeded);
    EXPECT_EQ(code_after(
                  [](auto& m) {
                      m.dependencies = {dependency("b", "*")};
                      m.dependencies[0].any_of = {{name("c"), constraint("*")},
                                                  {name("d"), constraint("*")}};
                  },
                  limits),
              Errc::kLimitExceeded)
        << "alternatives count";
}

TEST(Validate, PathsMustBeSafe) {
    EXPECT_EQ(code_after([](auto& m) { m.entry = "../x"; }), Errc::kPathUnsafe);
    EXPECT_EQ(code_after([](auto& m) { m.binaries = {"/bin/sh"}; }), Errc::kPathUnsafe);
    EXPECT_EQ(code_after([](auto& m) { m.templates = {"a//b"}; }), Errc::kPathUnsafe);
    EXPECT_EQ(code_after([](auto& m) { m.resources = {".catalog/x"}; }), Errc::kPathUnsafe);
    EXPECT_EQ(text_of(validate_changed([](auto& m) { m.entry = ".."; })),
              "entry: path \"..\" has a . or .. component");
}

TEST(Validate, ADependencyStandsOnceForAKindAndAPlatform) {
    EXPECT_EQ(
        code_after([](auto& m) { m.dependencies = {dependency("b", "1"), dependency("b", "2")}; }),
        Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) {
                  m.dependencies = {dependency("b", "1"),
                                    dependency("b", "1", DependencyKind::kDevelopment),
                                    dependency("b", "2")};
                  m.dependencies[2].platform = PlatformPredicate::parse("linux-*").value();
              }),
              std::nullopt);
}

TEST(Validate, ConflictsAndProvidedNamesDoNotRepeat) {
    EXPECT_EQ(code_after([](auto& m) {
                  m.conflicts = {{name("b"), constraint("<1")}, {name("b"), constraint(">2")}};
                  m.provides = {{name("v"), semver("1.0.0")}, {name("v"), semver("2.0.0")}};
              }),
              std::nullopt);
    EXPECT_EQ(code_after([](auto& m) {
                  m.conflicts = {{name("b"), constraint("<1")}, {name("b"), constraint("<1")}};
              }),
              Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) {
                  m.provides = {{name("v"), semver("1.0.0")}, {name("v"), semver("1.0.0")}};
              }),
              Errc::kMetadataInvalid);
}

TEST(Validate, AFolderOfThisMachineCannotBePublished) {
    PackageMetadata value = metadata("a@1.0.0");
    value.dependencies = {dependency("b", "path:../b")};
    EXPECT_EQ(code_of(validate(value, {}, true)), Errc::kMetadataInvalid);
    EXPECT_EQ(code_of(validate(value, {}, false)), std::nullopt);
    value.dependencies = {dependency("b", "*")};
    value.dependencies[0].any_of = {{name("c"), constraint("path:../c")}};
    EXPECT_EQ(code_of(validate(value, {}, true)), Errc::kMetadataInvalid);
    value.dependencies.clear();
    value.conflicts = {{name("c"), constraint("path:../c")}};
    EXPECT_EQ(code_of(validate(value, {}, true)), Errc::kMetadataInvalid);
}

TEST(Validate, FeatureNamesHaveAGrammar) {
    for (const char* good : {"default", "a", "2d", "_x", "a.b+c-d", "F16C"})
        EXPECT_EQ(text_of(validate_feature(good, {})), "") << good;
    for (const std::string& bad :
         {std::string(), std::string("-a"), std::string("+a"), std::string(".a"),
          std::string("a/b"), std::string("dep:a"), std::string("a b"), std::string("\xc3\xa4"),
          std::string(kFeatureNameBytesMax + 1, 'a')})
        EXPECT_EQ(code_of(validate_feature(bad, {})), Errc::kMetadataInvalid) << bad;
    EXPECT_EQ(code_of(validate_feature(std::string(kFeatureNameBytesMax, 'a'), {})), std::nullopt);
    EXPECT_EQ(code_after([](auto& m) {
                  m.dependencies = {dependency("b", "*")};
                  m.dependencies[0].features = {"-x"};
              }),
              Errc::kMetadataInvalid);
}

TEST(Validate, FeaturesSwitchOnOnlyWhatThereIs) {
    for (const char* good :
         {"dep:opt", "other", "f", "default", "acme/req/simd", "opt/x", "opt?/x"})
        EXPECT_EQ(text_of(validate_feature("f", {good})), "") << good;
    for (const char* bad :
         {"dep:acme/req", "dep:nothing", "nothing", "opt", "opt?b/x", "?/x", "nothing/x",
          "acme/req", "acme/req/", "acme/req/-x", "", "dep:", "/", "/x"})
        EXPECT_EQ(code_of(validate_feature("f", {bad})), Errc::kMetadataInvalid) << bad;
    EXPECT_EQ(text_of(validate_feature("f", {"dep:nothing"})),
              "feature \"f\" switches on \"dep:nothing\", which is not an optional dependency");
}

TEST(Validate, ADependencyIsKnownToFeaturesByItsFirstNameOnly) {
    EXPECT_EQ(code_after([](auto& m) {
                  m.dependencies = {dependency("b", "*")};
                  m.dependencies[0].any_of = {{name("c"), constraint("*")}};
                  m.features["f"] = {"c/simd"};
              }),
              Errc::kMetadataInvalid);
}

TEST(Validate, NumbersMustFitAManifest) {
    EXPECT_EQ(code_after([](auto& m) { m.requirements.memory_bytes = kExactIntegerMax; }),
              std::nullopt);
    EXPECT_EQ(code_after([](auto& m) { m.requirements.memory_bytes = kExactIntegerMax + 1; }),
              Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.consensus.stake_min = ~std::uint64_t{0}; }),
              Errc::kMetadataInvalid);
    for (const double cores : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()})
        EXPECT_EQ(code_after([cores](auto& m) { m.requirements.cpu_cores = cores; }),
                  Errc::kMetadataInvalid)
            << cores;
}

TEST(Validate, ExtraMembersCannotPoseAsKnownOnes) {
    EXPECT_EQ(code_after([](auto& m) { m.extra.emplace("license", "MIT"); }),
              Errc::kMetadataInvalid);
    EXPECT_EQ(code_after([](auto& m) { m.extra.emplace("licence", "MIT"); }), std::nullopt);
    EXPECT_EQ(code_after([](auto& m) {
                  m.dependencies = {dependency("b", "*")};
                  m.dependencies[0].extra.emplace("req", "^2");
              }),
              Errc::kMetadataInvalid);
}

TEST(PackageType, EveryNameReadsBack) {
    for (int i = 0; i < 8; ++i) {
        const auto type = static_cast<PackageType>(i);
        EXPECT_EQ(must(parse_package_type(package_type_name(type))), type);
    }
    EXPECT_EQ(code_of(parse_package_type("Library")), Errc::kMetadataInvalid);
    EXPECT_EQ(package_type_name(static_cast<PackageType>(8)), "unknown");
}

}  // namespace
}  // namespace catalog::package
