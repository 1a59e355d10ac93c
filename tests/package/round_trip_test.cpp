// Properties of writers and readers together, over random packages.

#include <gtest/gtest.h>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/package/manifest.hpp"
#include "results.hpp"
#include "support/package/random_package.hpp"

namespace catalog::package {
namespace {

using testing::RandomEngine;

constexpr std::uint64_t kPackages = 1000;

TEST(RoundTrip, MetadataReadsBackFromJsonText) {
    for (std::uint64_t seed = 1; seed <= kPackages; ++seed) {
        RandomEngine random(seed);
        const PackageMetadata value = testing::random_metadata(random);
        const std::string text = json::write_canonical(metadata_to_json(value));
        const auto back = metadata_from_json(*must(json::read(text)).as_object(), "line 1");
        ASSERT_EQ(text_of(back), "") << "seed " << seed << ": " << text;
        ASSERT_EQ(*back, value) << "seed " << seed << ": " << text;
    }
}

TEST(RoundTrip, ManifestsReadBackInCanonicalForm) {
    for (std::uint64_t seed = 1; seed <= kPackages; ++seed) {
        RandomEngine random(seed);
        Manifest manifest = testing::random_manifest(random);
        const std::string bytes = must(manifest.encode());
        const auto back = Manifest::decode(bytes);
        ASSERT_EQ(text_of(back), "") << "seed " << seed << ": " << bytes;
        canonicalise(manifest.metadata);
        ASSERT_EQ(*back, manifest) << "seed " << seed << ": " << bytes;
        ASSERT_EQ(must(back->encode()), bytes) << "seed " << seed;
    }
}

TEST(RoundTrip, FileTablesReadBack) {
    for (std::uint64_t seed = 1; seed <= kPackages; ++seed) {
        RandomEngine random(seed);
        const FileTable files = testing::random_file_table(random);
        const Bytes bytes = files.encode();
        const auto back = FileTable::decode(bytes);
        ASSERT_EQ(text_of(back), "") << "seed " << seed;
        ASSERT_EQ(*back, files) << "seed " << seed;
        ASSERT_EQ(back->files_root(), files.files_root()) << "seed " << seed;
        ASSERT_EQ(back->total_bytes(), files.total_bytes()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace catalog::package
