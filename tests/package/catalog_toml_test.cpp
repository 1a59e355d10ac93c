#include <gtest/gtest.h>

#include "catalog/package/constraint_places.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/package/project.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"

namespace catalog::package {
namespace {

using testing::constraint;
using testing::dependency;
using testing::metadata;
using testing::name;
using testing::semver;

constexpr std::string_view kHead = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";

/// Reads a project of package a@1.0.0 with these further lines.
Project read_lines(std::string_view lines) {
    return must(read_catalog_toml(std::string(kHead) + std::string(lines), "catalog.toml"));
}

Dependency read_one(std::string_view lines) {
    const Project project = read_lines(lines);
    if (project.metadata.dependencies.size() != 1) throw std::logic_error("not one dependency");
    return project.metadata.dependencies[0];
}

TEST(CatalogToml, NameAndVersionAreEnough) {
    const Project project = read_lines("");
    EXPECT_EQ(project.metadata, metadata("a@1.0.0"));
    EXPECT_TRUE(project.include.empty() && project.exclude.empty() && project.warnings.empty());
}

TEST(CatalogToml, EveryMemberOfPackageIsRead) {
    const Project project = read_lines(R"(type = "model"
description = """
Two
lines"""
license = "MIT"
homepage = "https://example.org"
repository = "https://example.org/git"
authors = ["Ada <ada@example.org>", "Bob"]
keywords = ["x", "a"]
tags = ["t"]
entry = "bin/x"
)");
    PackageMetadata wanted = metadata("a@1.0.0");
    wanted.type = PackageType::kModel;
    wanted.description = "Two\nlines";
    wanted.license = "MIT";
    wanted.homepage = "https://example.org";
    wanted.repository = "https://example.org/git";
    wanted.authors = {"Ada <ada@example.org>", "Bob"};
    wanted.keywords = {"x", "a"};
    wanted.tags = {"t"};
    wanted.entry = "bin/x";
    EXPECT_EQ(project.metadata, wanted);
    EXPECT_TRUE(project.warnings.empty());
}

TEST(CatalogToml, ADependencyIsAStringOrATable) {
    EXPECT_EQ(read_one("[dependencies]\n\"acme/blas\" = \"^2.1\""),
              dependency("acme/blas", "^2.1"));
    EXPECT_EQ(read_one("[dependencies]\nb = { version = \"^2.1\" }"), dependency("b", "^2.1"));
    EXPECT_EQ(read_one("[dependencies.b]\nversion = \"^2.1\""), dependency("b", "^2.1"));
    EXPECT_EQ(read_one("[dependencies]\nb = \"latest\""), dependency("b", "latest"));
    EXPECT_EQ(read_one("[dependencies]\nb = \"1.2.3\""), dependency("b", "1.2.3"))
        << "Cargo's syntax: not exact";
}

TEST(CatalogToml, EachSectionHasItsKind) {
    EXPECT_EQ(read_one("[optional-dependencies]\nb = \"*\"").kind, DependencyKind::kOptional);
    EXPECT_EQ(read_one("[dev-dependencies]\nb = \"*\"").kind, DependencyKind::kDevelopment);
    EXPECT_EQ(read_one("[build-dependencies]\nb = \"*\"").kind, DependencyKind::kBuild);
    EXPECT_EQ(read_one("[peer-dependencies]\nb = \"*\"").kind, DependencyKind::kPeer);
    EXPECT_EQ(read_one("[dependencies]\nb = { version = \"*\", optional = true }").kind,
              DependencyKind::kOptional);
    EXPECT_EQ(read_one("[dependencies]\nb = { version = \"*\", optional = false }").kind,
              DependencyKind::kRequired);
}

TEST(CatalogToml, EveryKeyOfADependencyIsRead) {
    const Dependency read = read_one(
        "[dependencies]\nb = { version = \"1 || 2\", dialect = \"npm\", platform = \"linux-*\", "
        "features = [\"y\", \"x\"], default-features = false, any-of = [\"acme/c 1.2.3\", \"d\", "
        "{ name = \"e\", version = \"^1\", dialect = \"cargo\" }, { name = \"f\", path = \"../f\" "
        "}] }");
    Dependency wanted = dependency("b", "*");
    wanted.target.constraint = constraint("1 || 2", version::Dialect::kNpm);
    wanted.platform = PlatformPredicate::parse("linux-*").value();
    wanted.features = {"x", "y"};
    wanted.default_features = false;
    wanted.any_of = {{name("acme/c"), constraint("=1.2.3")},
                     {name("d"), constraint("*", version::Dialect::kNpm)},
                     {name("e"), constraint("^1")},
                     {name("f"), constraint("path:../f")}};
    EXPECT_EQ(read, wanted);
}

TEST(CatalogToml, GitAndPathAreSources) {
    EXPECT_EQ(read_one("[dependencies]\nb = { git = \"https://example.org/b\", rev = \"v1\" }"),
              dependency("b", "git+https://example.org/b#v1"));
    EXPECT_EQ(read_one("[dependencies]\nb = { path = \"../b\" }"), dependency("b", "path:../b"));
}

TEST(CatalogToml, AnArrayHoldsOneDependencyForEachPlatform) {
    const Project project = read_lines(
        "[dependencies]\nb = [{ version = \"1\", platform = \"linux-*\" }, "
        "{ version = \"2\", platform = [\"darwin-*\", \"windows-*\"] }]");
    ASSERT_EQ(project.metadata.dependencies.size(), 2U);
    EXPECT_EQ(project.metadata.dependencies[0].platform.to_string(), "darwin-*,windows-*");
    EXPECT_EQ(project.metadata.dependencies[1].platform.to_string(), "linux-*");
}

TEST(CatalogToml, ConflictsAndProvidedNamesAreRead) {
    const Project project = read_lines(
        "[conflicts]\nb = \"<2\"\nc = { version = \"1 || 2\", dialect = \"npm\" }\n"
        "[provides]\nvirt = \"1.2.3\"");
    PackageMetadata wanted = metadata("a@1.0.0");
    wanted.conflicts = {{name("b"), constraint("<2")},
                        {name("c"), constraint("1 || 2", version::Dialect::kNpm)}};
    wanted.provides = {{name("virt"), semver("1.2.3")}};
    EXPECT_EQ(project.metadata, wanted);
}

TEST(CatalogToml, FeaturesMayStandBeforeWhatTheyName) {
    const Project project = read_lines(
        "[features]\ndefault = [\"fast\"]\nfast = [\"dep:acme/gpu\", \"acme/blas/simd\"]\n"
        "[dependencies]\n\"acme/blas\" = \"*\"\n"
        "\"acme/gpu\" = { version = \"*\", optional = true }");
    EXPECT_EQ(project.metadata.features.at("default"), std::vector<std::string>{"fast"});
    EXPECT_EQ(project.metadata.features.at("fast"),
              (std::vector<std::string>{"acme/blas/simd", "dep:acme/gpu"}));
}

TEST(CatalogToml, RequirementsTakeNumbersAndUnits) {
    EXPECT_EQ(read_lines("[requirements]\ncpu = 1.5\nmemory = \"4 GiB\"\nstorage = 1000\n"
                         "gpu = 2\ngpu-memory = \"1.5GB\"\nnetwork = true")
                  .metadata.requirements,
              (ResourceRequirements{1.5, std::uint64_t{4} << 30, 1000, 2, 1'500'000'000, true}));
    EXPECT_EQ(read_lines("[requirements]\ncpu = 8").metadata.requirements.cpu_cores, 8);
    EXPECT_EQ(read_lines("[requirements]\nmemory = \"7 B\"").metadata.requirements.memory_bytes,
              7U);
}

TEST(CatalogToml, ConsensusDemandsAreRead) {
    EXPECT_EQ(read_lines("[consensus]\nrequire = [\"stake\", \"work\"]\nstake-min = 5\n"
                         "space-min = \"1 kB\"\nwork-difficulty = 20")
                  .metadata.consensus,
              (ConsensusRequirements{true, false, false, true, 5, 1000, 20}));
}

TEST(CatalogToml, FilesAreGlobs) {
    const Project project = read_lines(
        "[files]\ninclude = [\"src/\"]\nexclude = [\"**/*.o\"]\nbinaries = [\"bin/*\"]\n"
        "templates = [\"t/**\"]\nresources = [\"*.png\"]");
    EXPECT_EQ(project.include, std::vector<std::string>{"src/"});
    EXPECT_EQ(project.exclude, std::vector<std::string>{"**/*.o"});
    EXPECT_EQ(project.metadata, metadata("a@1.0.0")) << "globs are no paths yet";
    PackageMetadata wanted = metadata("a@1.0.0");
    wanted.binaries = {"bin/x", "bin/y"};
    wanted.templates = {"t/a/b"};
    wanted.resources = {"i.png"};
    EXPECT_EQ(must(project.metadata_for({"README", "bin/x", "bin/y", "i.png", "t/a/b"})), wanted);
    const auto missing = project.metadata_for({"README", "i.png", "t/a/b"});
    ASSERT_EQ(code_of(missing), Errc::kMetadataInvalid);
    EXPECT_EQ(missing.error().message(), "binaries: no file of the package matches \"bin/*\"");
}

TEST(CatalogToml, UnknownKeysAreWarningsInTheOrderOfTheFile) {
    const Project project = read_lines(
        "readme = \"x\"\n[dependencies]\nb = { version = \"*\", features = [], branch = \"x\" }\n"
        "[profile.release]\nlto = true\n[files]\nskip = []\n[requirements]\nram = 1\n");
    EXPECT_EQ(project.warnings,
              (std::vector<std::string>{"line 4: unknown key \"readme\" in [package]",
                                        "line 6: unknown key \"branch\" in [dependencies.b]",
                                        "line 7: unknown section [profile]",
                                        "line 10: unknown key \"skip\" in [files]",
                                        "line 12: unknown key \"ram\" in [requirements]"}));
}

TEST(CatalogToml, TheDocumentedExampleIsReadWithoutAWarning) {
    const Project project = must(read_catalog_toml(R"([package]
name = "acme/tensor-kit"
version = "1.4.2"
type = "library"            # library application vm container dataset model template resource
description = "..."
license = "Apache-2.0 OR MIT"
authors = ["Ada <ada@example.org>"]
keywords = ["tensor", "math"]
entry = "bin/tensor"
[dependencies]              # also [optional-dependencies] [dev-dependencies] [build-dependencies] [peer-dependencies]
"acme/blas" = "^2.1"
"acme/gpu" = { version = "~1.3", platform = "linux-x86_64", features = ["cuda"], optional = true }
"acme/tip" = { git = "https://example.org/tip", rev = "..." }
"acme/dev" = { path = "../dev" }
"acme/any" = "latest"
[features]
default = ["fast"]
fast = ["dep:acme/gpu", "acme/blas/simd"]
[requirements]              # cpu cores, memory, storage, gpu, network
[consensus]                 # required proofs and thresholds
[files]                     # include / exclude globs; templates, resources
)",
                                                   "catalog.toml"));
    EXPECT_TRUE(project.warnings.empty());
    EXPECT_EQ(project.metadata.dependencies.size(), 5U);
    EXPECT_EQ(project.metadata.id().to_string(), "acme/tensor-kit@1.4.2");
}

TEST(CatalogToml, AByteOrderMarkAndWindowsLineEndsAreAccepted) {
    const auto project = read_catalog_toml(
        "\xef\xbb\xbf[package]\r\nname = \"a\"\r\nversion = \"1.0.0\"\r\n", "catalog.toml");
    EXPECT_EQ(text_of(project), "");
}

TEST(CatalogToml, OrderInTheFileDoesNotReachTheManifest) {
    const Project one =
        read_lines("[dependencies]\nb = \"1\"\nc = \"2\"\n[dev-dependencies]\nd = \"3\"");
    const Project other =
        read_lines("[dev-dependencies]\nd = \"3\"\n[dependencies]\nc = \"2\"\nb = \"1\"");
    EXPECT_EQ(must(Manifest(one.metadata).encode()), must(Manifest(other.metadata).encode()));
}

TEST(NewCatalogToml, IsReadBackForEveryTypeWithoutAWarning) {
    for (int i = 0; i < 8; ++i) {
        const auto type = static_cast<PackageType>(i);
        const Project project = must(read_catalog_toml(
            new_catalog_toml(name("@acme/x~1+c"), semver("0.1.0-rc.1+b"), type), "catalog.toml"));
        PackageMetadata wanted = metadata("@acme/x~1+c@0.1.0-rc.1+b");
        wanted.type = type;
        EXPECT_EQ(project.metadata, wanted);
        EXPECT_TRUE(project.warnings.empty());
        EXPECT_EQ(text_of(validate(project.metadata, {}, true)), "");
    }
}

TEST(NewCatalogToml, ItsExamplesAreReadOnceTheyAreNoCommentsAnyMore) {
    const std::string text =
        new_catalog_toml(name("a"), semver("1.0.0"), PackageType::kApplication);
    std::string uncommented;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        std::string line = text.substr(at, end - at);
        if (line.starts_with("# ") && line.find(" = ") != std::string::npos) line = line.substr(2);
        uncommented += line + "\n";
        at = end + 1;
    }
    const auto project = read_catalog_toml(uncommented, "catalog.toml");
    ASSERT_EQ(text_of(project), "") << uncommented;
    EXPECT_TRUE(project->warnings.empty());
    EXPECT_EQ(project->metadata.dependencies.size(), 4U);
    EXPECT_EQ(project->metadata.requirements.gpu_count, 1U);
    EXPECT_EQ(project->templates, std::vector<std::string>{"templates/"});
}

TEST(CatalogToml, PlacesOfConstraintsAreKnown) {
    const std::string text = std::string(kHead) +
                             "[dependencies]\n"
                             "b = \"^1\"\n"
                             "c = { features = [\"x\"], version = '~2' }\n"
                             "d = \"\\u005e3\"\n"
                             "e = { git = \"https://example.org/e\", rev = \"main\" }\n"
                             "f = { version = \"1\", any-of = [\"g ^4\", { name = \"h\", version = "
                             "\"5\" }, \"i\"] }\n"
                             "[peer-dependencies]\n"
                             "b = [{ version = \"6\", platform = \"linux-*\" }]\n";
    std::string told;
    for (const ConstraintPlace& place : must(constraint_places(text, "catalog.toml"))) {
        const std::string requirement = place.target.constraint.to_string();
        told += place.target.name.str() + " " + requirement + " " + std::to_string(place.line) +
                ":" + std::to_string(place.column) + (place.conditional ? " conditional" : "") +
                (place.alternative ? " alternative" : "") +
                (place.kind == DependencyKind::kPeer ? " peer" : "") + "\n";
        const bool stands_there =
            std::string_view(text).substr(place.offset).starts_with(requirement);
        EXPECT_EQ(place.verbatim, stands_there) << requirement;
    }
    EXPECT_EQ(told,
              "b ^1 5:6\n"
              "c ~2 6:36\n"
              "d ^3 7:5\n"
              "e git+https://example.org/e#main 8:5\n"
              "f 1 9:18 alternative\n"
              "g ^4 9:35 alternative\n"
              "h 5 9:65 alternative\n"
              "i * 9:71 alternative\n"
              "b 6 11:19 conditional peer\n");
    EXPECT_FALSE(constraint_places("[package]", "catalog.toml"));
}

}  // namespace
}  // namespace catalog::package
