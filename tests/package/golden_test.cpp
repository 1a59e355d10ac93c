// One fixed package whose bytes and digests must never change.

#include <gtest/gtest.h>

#include "catalog/json/write.hpp"
#include "catalog/package/manifest.hpp"
#include "results.hpp"
#include "support/core/golden.hpp"
#include "support/package/builders.hpp"

namespace catalog::package {
namespace {

using testing::constraint;
using testing::dependency;

FileTable golden_files() {
    return testing::table({
        testing::file("README.md", "# Tensor kit\n"),
        testing::file("bin/tensor", "#!/bin/sh\necho tensor\n", true),
        testing::file("data/blocks", std::string(200'000, 'x')),
        testing::file("data/empty", ""),
        testing::file("share/gr\xc3\xbc\xc3\x9f"
                      "e.txt",
                      "hallo\n"),
        testing::link("lib/latest", "../bin/tensor"),
        testing::empty_folder("var/cache"),
    });
}

PackageMetadata golden_metadata() {
    PackageMetadata out = testing::metadata("acme/tensor-kit@1.4.2-rc.1+build.7");
    out.type = PackageType::kApplication;
    out.description = "Tensors,\nand what goes with them \xe2\x82\xac";
    out.license = "Apache-2.0 OR MIT";
    out.authors = {"Ada <ada@example.org>"};
    out.keywords = {"tensor", "math"};
    out.tags = {"stable"};
    out.homepage = "https://example.org";
    out.repository = "https://example.org/git";
    out.entry = "bin/tensor";
    out.binaries = {"bin/tensor"};
    out.resources = {"data/blocks"};
    out.dependencies = {dependency("acme/blas", "^2.1"),
                        dependency("acme/gpu", "~1.3", DependencyKind::kOptional),
                        dependency("acme/tip", "git+https://example.org/tip#v3"),
                        dependency("acme/any", "latest", DependencyKind::kPeer)};
    out.dependencies[1].platform = PlatformPredicate::parse("linux-x86_64").value();
    out.dependencies[1].features = {"cuda"};
    out.dependencies[0].any_of = {
        {testing::name("openblas"), constraint("1.x || 2", version::Dialect::kNpm)}};
    out.conflicts = {{testing::name("acme/old"), constraint("<1")}};
    out.provides = {{testing::name("tensors"), testing::semver("1.0.0")}};
    out.features = {{"default", {"fast"}}, {"fast", {"dep:acme/gpu", "acme/blas/simd"}}};
    out.requirements = {1.5, std::uint64_t{4} << 30, 0, 1, 0, true};
    out.consensus.stake = true;
    out.consensus.stake_min = 100;
    out.extra.emplace("x-note", json::Array{1, 0.25, nullptr, "\xc3\xa4"});
    return out;
}

Manifest golden_manifest() {
    const FileTable files = golden_files();
    Manifest manifest(golden_metadata());
    manifest.file_count = files.entries().size();
    manifest.file_bytes = files.total_bytes();
    manifest.files_root = files.files_root();
    manifest.foreign_digests = {{"npm-integrity", "sha512-AAAA"}};
    return manifest;
}

TEST(Golden, FileTable) {
    std::string hex = to_hex(golden_files().encode());
    for (std::size_t at = 64; at < hex.size(); at += 65) hex.insert(at, "\n");
    golden::expect("package/file-table.hex", hex + "\n");
}

TEST(Golden, Manifest) {
    golden::expect("package/manifest.json", must(golden_manifest().encode()));
}

TEST(Golden, Digests) {
    golden::expect("package/digests.txt",
                   "files_root " + golden_files().files_root().to_string() + "\nmanifest " +
                       digest_of_manifest(must(golden_manifest().encode())).to_string() + "\n");
}

TEST(Golden, TheFixedPackageIsValid) {
    EXPECT_EQ(text_of(validate(golden_metadata(), {}, true)), "");
}

}  // namespace
}  // namespace catalog::package
