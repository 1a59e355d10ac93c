#include "catalog/package/manifest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "catalog/merkle/hash.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"
#include "support/package/random_package.hpp"

namespace catalog::package {
namespace {

using testing::dependency;
using testing::metadata;

constexpr std::string_view kZeroRoot =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

Manifest small() { return Manifest(metadata("a@1.0.0")); }

/// The document of `small` with another text in the place of one of its parts.
std::string replaced(std::string_view part, std::string_view by) {
    std::string text = must(small().encode());
    const std::size_t at = text.find(part);
    if (at == std::string::npos) throw std::invalid_argument("no such part");
    return text.replace(at, part.size(), by);
}

std::optional<Errc> decode_code(std::string_view text) { return code_of(Manifest::decode(text)); }

/// Encodes after `change`.
template <class Change>
std::optional<Errc> encode_code(Change change, const Limits& limits = {}) {
    Manifest manifest = small();
    change(manifest);
    return code_of(manifest.encode(limits));
}

TEST(Manifest, IsCanonicalJsonWithASchema) {
    EXPECT_EQ(must(small().encode()),
              R"({"files":{"bytes":0,"count":0,"root":")" + std::string(kZeroRoot) +
                  R"("},"package":{"name":"a","version":"1.0.0"},"schema":"catalog.manifest.v1"})");
}

TEST(Manifest, EveryMemberReadsBack) {
    Manifest manifest = small();
    manifest.file_count = 3;
    manifest.file_bytes = kExactIntegerMax;
    manifest.files_root = merkle::hash_of(as_bytes("x"));
    manifest.foreign_digests = {{"npm-integrity", "sha512-x"}, {"oci", "sha256:1"}};
    manifest.metadata.dependencies = {dependency("b", "^1")};
    EXPECT_EQ(must(Manifest::decode(must(manifest.encode()))), manifest);
}

TEST(Manifest, OrderOfTheInputDoesNotReachTheDigest) {
    Manifest one = small();
    one.metadata.dependencies = {dependency("b", "^1"), dependency("c", "^1")};
    Manifest other = small();
    other.metadata.dependencies = {dependency("c", "^1"), dependency("b", "^1")};
    EXPECT_EQ(must(one.encode()), must(other.encode()));
}

TEST(Manifest, WhatIsNotCanonicalIsRefused) {
    EXPECT_EQ(decode_code(" " + must(small().encode())), Errc::kJsonNotCanonical);
    EXPECT_EQ(decode_code(must(small().encode()) + "\n"), Errc::kJsonNotCanonical);
    EXPECT_EQ(decode_code(replaced(R"("count":0)", R"("count":0.0)")), Errc::kJsonNotCanonical);
    EXPECT_EQ(decode_code(replaced("1.0.0", "\\u0031.0.0")), Errc::kJsonNotCanonical);
    EXPECT_EQ(decode_code(""), Errc::kJsonSyntax);
    EXPECT_EQ(decode_code("[]"), Errc::kManifestInvalid);
}

TEST(Manifest, WhatEncodeWouldNotWriteIsRefused) {
    const std::pair<const char*, const char*> cases[] = {
        {"catalog.manifest.v1", "catalog.manifest.v2"},
        {R"("schema":"catalog.manifest.v1")", R"("schema":1)"},
        {R"("count":0)", R"("count":0,"more":1)"},
        {R"("package":)", R"("other":1,"package":)"},
        {R"("package":)", R"("foreign_digests":{},"package":)"},
        {R"("package":)", R"("foreign_digests":{"x":1},"package":)"},
        {R"("package":)", R"("foreign_digests":1,"package":)"},
        {R"("package":{"name")", R"("package":{"description":"","name")"},
        {R"("package":{"name")", R"("package":{"keywords":null,"name")"},
        {R"("package":{"name")", R"("package":{"author":"x","name")"},
        {R"(,"version":"1.0.0")", R"(,"type":"library","version":"1.0.0")"},
        {R"(,"version":"1.0.0")", R"(,"version":"1.0.0","yanked":false)"},
        {R"("package":{"name")", R"("package":{"dependencies":[{"name":"b"}],"name")"},
        {R"("package":{"name")",
         R"("package":{"dependencies":[{"dialect":"cargo","name":"b","req":"*"}],"name")"},
        {R"("package":{"name")",
         R"("package":{"dependencies":[{"name":"c","req":"*"},{"name":"b","req":"*"}],"name")"},
        {R"("package":{"name")",
         R"("package":{"dependencies":[{"name":"b","req":"*"},{"name":"b","req":"*"}],"name")"},
        {R"("package":{"name")", R"("package":{"features":{"f":["y","x"]},"name")"},
        {R"("package":{"name")", R"("package":{"binaries":["b","a"],"name")"},
        {R"("version":"1.0.0")", R"("requirements":{"memory_bytes":0},"version":"1.0.0")"},
        {R"("package":{"name":"a","version":"1.0.0"})", R"("package":[])"},
        {R"("root":"sha256:0)", R"("root":"sha256:)"},
        {R"("root":"sha256:)", R"("root":"blake2b-256:)"},
    };
    for (const auto& [part, by] : cases)
        EXPECT_EQ(decode_code(replaced(part, by)), Errc::kManifestInvalid) << by;
}

TEST(Manifest, MembersOfAnotherTypeAreRefused) {
    EXPECT_EQ(decode_code(replaced(R"("count":0)", R"("count":"0")")), Errc::kJsonType);
    EXPECT_EQ(decode_code(replaced(R"("bytes":0)", R"("bytes":-1)")), Errc::kJsonType);
    EXPECT_EQ(decode_code(replaced(R"("bytes":0)", R"("bytes":0.5)")), Errc::kJsonType);
    EXPECT_EQ(decode_code(replaced(R"("name":"a")", R"("name":1)")), Errc::kJsonType);
    EXPECT_EQ(decode_code(replaced(R"("name":"a")", R"("name":"a b")")), Errc::kInvalidName);
}

TEST(Manifest, UnknownMembersOfThePackageSurvive) {
    const std::string text =
        replaced(R"("version":"1.0.0")", R"("version":"1.0.0","x-new":{"deep":[1,null,"t"]})");
    const Manifest manifest = must(Manifest::decode(text));
    EXPECT_EQ(manifest.metadata.extra.size(), 1U);
    EXPECT_EQ(must(manifest.encode()), text);
}

TEST(Manifest, ForeignMembersCannotCollideWithOurs) {
    Manifest manifest = small();
    for (const char* member : {"schema", "package", "files", "foreign_digests"})
        manifest.metadata.extra.emplace(member, "mine");
    EXPECT_EQ(must(Manifest::decode(must(manifest.encode()))), manifest);
}

TEST(Manifest, WhatWouldNotReadBackIsNotWritten) {
    EXPECT_EQ(encode_code([](Manifest& m) { m.file_bytes = kExactIntegerMax + 1; }),
              Errc::kManifestInvalid);
    EXPECT_EQ(encode_code([](Manifest& m) { m.metadata.consensus.stake_min = ~0ULL; }),
              Errc::kManifestInvalid);
    EXPECT_EQ(encode_code([](Manifest& m) { m.metadata.requirements.cpu_cores = std::nan(""); }),
              Errc::kManifestInvalid);
    EXPECT_EQ(encode_code([](Manifest& m) { m.files_root.algorithm = HashAlgorithm::kBlake2b256; }),
              Errc::kManifestInvalid);
    EXPECT_EQ(encode_code([](Manifest& m) { m.metadata.description = "\xff"; }),
              Errc::kManifestInvalid);
    EXPECT_EQ(encode_code([](Manifest& m) { m.metadata.extra.emplace("\xff", 1); }),
              Errc::kManifestInvalid);
    EXPECT_EQ(encode_code([](Manifest& m) { m.foreign_digests["x"] = "\xc3"; }),
              Errc::kManifestInvalid);
}

TEST(Manifest, NestingEndsAtTheLimit) {
    const auto nested = [](int levels) {
        json::Value value = 1;
        for (int i = 0; i < levels; ++i) value = json::Array{std::move(value)};
        return value;
    };
    Manifest manifest = small();
    // The document and "package" are two levels.
    manifest.metadata.extra["x"] = nested(62);
    EXPECT_EQ(text_of(Manifest::decode(must(manifest.encode()))), "");
    manifest.metadata.extra["x"] = nested(63);
    EXPECT_EQ(code_of(manifest.encode()), Errc::kManifestInvalid);
}

TEST(Manifest, TheLimitOfBytesHoldsBothWays) {
    const std::string text = must(small().encode());
    Limits limits;
    limits.manifest_bytes_max = text.size();
    EXPECT_EQ(code_of(small().encode(limits)), std::nullopt);
    EXPECT_EQ(code_of(Manifest::decode(text, limits)), std::nullopt);
    limits.manifest_bytes_max = text.size() - 1;
    const auto refused = small().encode(limits);
    ASSERT_EQ(code_of(refused), Errc::kLimitExceeded);
    ASSERT_NE(refused.error().detail_as<LimitDetail>(), nullptr);
    EXPECT_EQ(refused.error().detail_as<LimitDetail>()->limit, "manifest_bytes_max");
    EXPECT_EQ(code_of(Manifest::decode(text, limits)), Errc::kLimitExceeded);
}

TEST(Manifest, TheDigestIsSha256OfTheBytes) {
    EXPECT_EQ(digest_of_manifest("abc").to_string(),
              "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Manifest, DifferentMetadataHasDifferentBytes) {
    std::set<std::string> texts;
    std::vector<PackageMetadata> values;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        testing::RandomEngine random(seed);
        PackageMetadata value = testing::random_metadata(random);
        canonicalise(value);
        if (std::ranges::find(values, value) != values.end()) continue;
        values.push_back(value);
        EXPECT_TRUE(texts.insert(must(Manifest(value).encode())).second) << "seed " << seed;
    }
}

}  // namespace
}  // namespace catalog::package
