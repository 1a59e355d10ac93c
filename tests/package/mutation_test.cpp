// Every change of one byte, and every cut, of an encoded table or manifest is refused or is itself
// exactly what would be written: no two byte strings mean the same.

#include <gtest/gtest.h>

#include "catalog/package/manifest.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"
#include "support/package/random_package.hpp"

namespace catalog::package {
namespace {

using testing::RandomEngine;

/// Fails when `bytes` is accepted as a table without being what the table encodes to.
void expect_table_exact(const Bytes& bytes, const std::string& what) {
    const auto decoded = FileTable::decode(bytes);
    if (!decoded) return;
    ASSERT_EQ(to_hex(decoded->encode()), to_hex(bytes)) << what;
}

void expect_manifest_exact(const std::string& bytes, const std::string& what) {
    const auto decoded = Manifest::decode(bytes);
    if (!decoded) return;
    ASSERT_EQ(must(decoded->encode()), bytes) << what;
}

TEST(Mutation, EveryByteOfATableTakesEveryValue) {
    const FileTable files =
        testing::table({testing::file("a/b", "xyz", true), testing::file("a/c", ""),
                        testing::link("l", "a/b"), testing::empty_folder("z")});
    const Bytes original = files.encode();
    for (std::size_t at = 0; at < original.size(); ++at)
        for (int value = 0; value < 256; ++value) {
            Bytes bytes = original;
            bytes[at] = static_cast<std::byte>(value);
            expect_table_exact(bytes,
                               "byte " + std::to_string(at) + " value " + std::to_string(value));
        }
}

TEST(Mutation, EveryCutOfATableIsRefused) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        RandomEngine random(seed);
        const Bytes original = testing::random_file_table(random).encode();
        for (std::size_t size = 0; size < original.size(); ++size)
            ASSERT_FALSE(FileTable::decode(ByteView(original).first(size)))
                << "seed " << seed << " size " << size;
    }
}

TEST(Mutation, EveryByteOfAManifestTakesEveryValue) {
    Manifest manifest(testing::metadata("a@1.0.0"));
    manifest.metadata.dependencies = {testing::dependency("b", "^1", DependencyKind::kOptional)};
    manifest.metadata.features["f"] = {"dep:b"};
    manifest.metadata.extra.emplace("x", 0.5);
    manifest.file_count = 10;
    const std::string original = must(manifest.encode());
    for (std::size_t at = 0; at < original.size(); ++at)
        for (int value = 0; value < 256; ++value) {
            std::string bytes = original;
            bytes[at] = static_cast<char>(value);
            expect_manifest_exact(bytes,
                                  "byte " + std::to_string(at) + " value " + std::to_string(value));
        }
}

TEST(Mutation, EveryCutOfAManifestIsRefused) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        RandomEngine random(seed);
        const std::string original = must(testing::random_manifest(random).encode());
        for (std::size_t size = 0; size < original.size(); ++size)
            ASSERT_FALSE(Manifest::decode(std::string_view(original).substr(0, size)))
                << "seed " << seed << " size " << size;
    }
}

TEST(Mutation, RandomChangesOfRandomManifestsAndTables) {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        RandomEngine random(seed);
        std::string manifest = must(testing::random_manifest(random).encode());
        Bytes table = testing::random_file_table(random).encode();
        for (std::size_t i = 1 + testing::below(random, 3); i > 0; --i) {
            manifest[testing::below(random, manifest.size())] =
                manifest[testing::below(random, manifest.size())];
            table[testing::below(random, table.size())] = static_cast<std::byte>(random());
        }
        expect_manifest_exact(manifest, "seed " + std::to_string(seed));
        expect_table_exact(table, "seed " + std::to_string(seed));
    }
}

}  // namespace
}  // namespace catalog::package
