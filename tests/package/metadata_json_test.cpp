#include <gtest/gtest.h>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/package/metadata.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"

namespace catalog::package {
namespace {

using testing::constraint;
using testing::dependency;
using testing::metadata;
using testing::name;
using testing::semver;

Result<PackageMetadata> read_line(std::string_view text) {
    return metadata_from_json(*must(json::read(text)).as_object(), "line 3");
}

/// A line of package a@1.0.0 with these further members.
Result<PackageMetadata> read_members(const std::string& members) {
    return read_line(R"({"name":"a","version":"1.0.0",)" + members + "}");
}

std::string written(const PackageMetadata& value) {
    return json::write_canonical(metadata_to_json(value));
}

TEST(MetadataJson, NameAndVersionAreEnough) {
    const PackageMetadata read = must(read_line(R"({"name":"a","version":"1.2.0"})"));
    EXPECT_EQ(read, metadata("a@1.2.0"));
    EXPECT_EQ(written(read), R"({"name":"a","version":"1.2.0"})");
    EXPECT_EQ(read.id().to_string(), "a@1.2.0");
}

TEST(MetadataJson, TheDocumentedLineIsRead) {
    const PackageMetadata read = must(read_line(
        R"({"name":"a","version":"1.2.0","description":"..","keywords":["x"],"type":"library","license":"MIT","author":"Ada",
         "dependencies":[{"name":"b","req":"^1.0","dialect":"cargo","kind":"required","platform":null,"features":[],"any_of":null}],
         "conflicts":[{"name":"c","req":"<2"}],"provides":[{"name":"virt","version":"1.0.0"}],"yanked":false})"));
    PackageMetadata wanted = metadata("a@1.2.0");
    wanted.description = "..";
    wanted.keywords = {"x"};
    wanted.license = "MIT";
    wanted.authors = {"Ada"};
    wanted.dependencies = {dependency("b", "^1.0")};
    wanted.conflicts = {{name("c"), constraint("<2")}};
    wanted.provides = {{name("virt"), semver("1.0.0")}};
    EXPECT_EQ(read, wanted);
    EXPECT_TRUE(read.extra.empty()) << "yanked is no metadata";
}

TEST(MetadataJson, EveryMemberIsReadAndWrittenBack) {
    const std::string line =
        R"({"authors":["Ada","Bob"],"binaries":["bin/b"],"conflicts":[{"dialect":"npm","name":"c","req":"1.x"}],)"
        R"("consensus":{"space":true,"space_bytes_min":1,"stake":true,"stake_min":2,"time":true,"work":true,"work_difficulty_min":3},)"
        R"("dependencies":[{"any_of":[{"name":"d","req":"*"},{"dialect":"npm","name":"e","req":"1 || 2"}],"default_features":false,)"
        R"("features":["f"],"kind":"optional","name":"b","note":{"x":[1]},"platform":"linux-x86_64","req":"^1"}],)"
        R"("description":"text","entry":"bin/b","features":{"default":["dep:b"],"none":[]},"homepage":"h","keywords":["k"],)"
        R"("license":"MIT","name":"a","provides":[{"name":"v","version":"2.0.0"}],"repository":"r",)"
        R"("requirements":{"cpu_cores":1.5,"gpu_count":1,"gpu_memory_bytes":2,"memory_bytes":3,"network":true,"storage_bytes":4},)"
        R"("resources":["r"],"tags":["t"],"templates":["t"],"type":"model","version":"1.0.0","zzz":[null]})";
    const PackageMetadata read = must(read_line(line));
    EXPECT_EQ(written(read), line);
    EXPECT_EQ(read.type, PackageType::kModel);
    EXPECT_EQ(read.requirements, (ResourceRequirements{1.5, 3, 4, 1, 2, true}));
    EXPECT_EQ(read.consensus, (ConsensusRequirements{true, true, true, true, 2, 1, 3}));
    ASSERT_EQ(read.dependencies.size(), 1U);
    EXPECT_FALSE(read.dependencies[0].default_features);
    EXPECT_EQ(read.dependencies[0].any_of[1].constraint,
              constraint("1 || 2", version::Dialect::kNpm));
    EXPECT_EQ(read.dependencies[0].extra.size(), 1U);
    EXPECT_EQ(read.extra.size(), 1U);
}

TEST(MetadataJson, NullMeansAbsent) {
    EXPECT_EQ(
        must(read_members(
            R"("description":null,"keywords":null,"type":null,"license":null,"author":null,"authors":null,
            "dependencies":null,"conflicts":null,"provides":null,"features":null,"tags":null,"entry":null,"binaries":null,
            "templates":null,"resources":null,"homepage":null,"repository":null,"requirements":null,"consensus":null,
            "yanked":null)")),
        metadata("a@1.0.0"));
}

TEST(MetadataJson, AuthorStandsBeforeAuthorsAndOnlyOnce) {
    EXPECT_EQ(must(read_members(R"("author":"A","authors":["B"])")).authors,
              (std::vector<std::string>{"A", "B"}));
    EXPECT_EQ(must(read_members(R"("author":"B","authors":["A","B"])")).authors,
              (std::vector<std::string>{"A", "B"}));
    EXPECT_TRUE(must(read_members(R"("author":"")")).authors.empty());
}

TEST(MetadataJson, DialectDefaultsToCargoAndAlternativesInheritIt) {
    const PackageMetadata read = must(read_members(
        R"("dependencies":[{"name":"b","req":"1.2.3","dialect":"npm","any_of":[{"name":"c","req":"1 || 2"},
           {"name":"d","req":"1.2","dialect":"cargo"}]},{"name":"e","req":"1.2.3"}])"));
    EXPECT_EQ(read.dependencies[0].target.constraint, constraint("=1.2.3"));
    EXPECT_EQ(read.dependencies[0].any_of[0].constraint,
              constraint("1 || 2", version::Dialect::kNpm));
    EXPECT_EQ(read.dependencies[0].any_of[1].constraint, constraint("1.2"));
    EXPECT_EQ(read.dependencies[1].target.constraint, constraint("1.2.3"));
    // Written, the exact version has no dialect any more, and the alternatives must not lose
    // theirs.
    EXPECT_EQ(must(metadata_from_json(metadata_to_json(read), {})), read);
}

TEST(MetadataJson, RequirementsOfEveryKindAreRead) {
    const PackageMetadata read = must(read_members(
        R"("dependencies":[{"name":"b","req":"latest"},{"name":"c","req":"git+https://example.org/c#v1"},
           {"name":"d","req":"path:../d"},{"name":"e"}])"));
    EXPECT_NE(read.dependencies[0].target.constraint.get_if<version::Latest>(), nullptr);
    EXPECT_NE(read.dependencies[1].target.constraint.get_if<version::Git>(), nullptr);
    EXPECT_NE(read.dependencies[2].target.constraint.get_if<version::Local>(), nullptr);
    EXPECT_EQ(read.dependencies[3].target.constraint, version::VersionConstraint());
    EXPECT_EQ(must(metadata_from_json(metadata_to_json(read), {})), read);
}

TEST(MetadataJson, PlatformIsAStringOrAnArray) {
    const auto platform = [](const std::string& value) {
        return must(read_members(R"("dependencies":[{"name":"b","platform":)" + value + "}]"))
            .dependencies[0]
            .platform.to_string();
    };
    EXPECT_EQ(platform(R"("linux-x86_64, darwin-*")"), "linux-x86_64,darwin-*");
    EXPECT_EQ(platform(R"(["linux-x86_64","darwin-*"])"), "linux-x86_64,darwin-*");
    EXPECT_EQ(platform("[]"), "");
    EXPECT_EQ(platform("\"\""), "");
}

TEST(MetadataJson, AProvidedNameWithoutVersionHasThePackagesOwn) {
    EXPECT_EQ(must(read_members(R"("provides":[{"name":"v"}])")).provides[0].version,
              semver("1.0.0"));
}

TEST(MetadataJson, YankedIsReadByItself) {
    const auto yanked = [](std::string_view text) {
        return yanked_in(*must(json::read(text)).as_object(), "line 9");
    };
    EXPECT_TRUE(must(yanked(R"({"yanked":true})")));
    EXPECT_FALSE(must(yanked(R"({"yanked":false})")));
    EXPECT_FALSE(must(yanked(R"({"yanked":null})")));
    EXPECT_FALSE(must(yanked(R"({})")));
    EXPECT_EQ(code_of(yanked(R"({"yanked":1})")), Errc::kJsonType);
}

TEST(MetadataJson, EachMistakeHasItsCode) {
    const std::pair<const char*, Errc> cases[] = {
        {R"({"version":"1.0.0"})", Errc::kJsonType},
        {R"({"name":"a"})", Errc::kJsonType},
        {R"({"name":1,"version":"1.0.0"})", Errc::kJsonType},
        {R"({"name":"a b","version":"1.0.0"})", Errc::kInvalidName},
        {R"({"name":"a","version":"1.0"})", Errc::kVersionSyntax},
        {R"({"name":"a","version":"1.0.0","type":"car"})", Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","description":[]})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","keywords":"x"})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","keywords":[1]})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","dependencies":{}})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","dependencies":["b"]})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"req":"*"}]})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","req":"x y"}]})",
         Errc::kRequirementSyntax},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","dialect":"gem"}]})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","kind":"weak"}]})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","platform":"linux"}]})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","platform":1}]})",
         Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","any_of":[{"name":"c","x":1}]}]})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","conflicts":[{"name":"c","kind":"required"}]})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","provides":[{"name":"c","version":"x"}]})",
         Errc::kVersionSyntax},
        {R"({"name":"a","version":"1.0.0","features":[]})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","features":{"f":"g"}})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","requirements":{"cpu_cores":-1}})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","requirements":{"memory_bytes":1.5}})", Errc::kJsonType},
        {R"({"name":"a","version":"1.0.0","requirements":{"gpu_count":4294967296}})",
         Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","requirements":{"gpus":1}})", Errc::kMetadataInvalid},
        {R"({"name":"a","version":"1.0.0","consensus":{"luck":true}})", Errc::kMetadataInvalid},
    };
    for (const auto& [line, code] : cases) {
        const auto refused = read_line(line);
        EXPECT_EQ(code_of(refused), code) << line;
        EXPECT_TRUE(text_of(refused).find("line 3: ") != std::string::npos) << line;
    }
}

TEST(MetadataJson, AMistakeNamesItsPlace) {
    EXPECT_EQ(read_members(R"("dependencies":[{"name":"b"},{"name":"c","req":"x y"}])")
                  .error()
                  .message()
                  .substr(0, 37),
              "line 3: dependencies[1]: req of c: no");
    EXPECT_EQ(read_members(R"("dependencies":[{"name":"b","any_of":[7]}])").error().message(),
              "line 3: dependencies[0]: any_of[0]: must be an object, not number");
}

TEST(MetadataJson, AMistakeNeverWritesTwice) {
    PackageMetadata value = metadata("a@1.0.0");
    value.extra.emplace("name", "other");
    value.extra.emplace("x", 1);
    EXPECT_EQ(written(value), R"({"name":"a","version":"1.0.0","x":1})");
}

}  // namespace
}  // namespace catalog::package
