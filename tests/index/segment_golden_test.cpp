// Segments must never change: fixed versions against recorded bytes, and recorded bytes against
// fixed values.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catalog/index/segment.hpp"
#include "support/core/golden.hpp"
#include "support/index/segment_samples.hpp"

namespace catalog::index {
namespace {

using io::testing::must;

constexpr const char* kGolden = "index/segment_v1.bin";

std::vector<SegmentRow> fixed_rows() {
    static constexpr std::string_view kAuthors[] = {"Ada <ada@example.org>"};
    static constexpr std::string_view kKeywords[] = {"Tensor", "math"};
    static constexpr std::string_view kTags[] = {"hpc"};
    static constexpr std::string_view kFeatures[] = {"cuda", "simd"};
    static const std::vector<SegmentRelation> relations = [] {
        SegmentRelation blas;
        blas.name = "acme/blas";
        blas.constraint = "^2.1";
        SegmentRelation gpu;
        gpu.name = "acme/gpu";
        gpu.constraint = "1.3.x";
        gpu.dialect = version::Dialect::kNpm;
        gpu.kind = DependencyKind::kOptional;
        gpu.default_features = false;
        gpu.is_alternative = true;
        gpu.platform = "linux-x86_64";
        gpu.features = kFeatures;
        SegmentRelation provided;
        provided.role = RelationRole::kProvide;
        provided.name = "tensor";
        provided.constraint = "1.0.0";
        return std::vector<SegmentRelation>{blas, gpu, provided};
    }();
    SegmentRow kit;
    kit.name = "acme/tensor-kit";
    kit.version = "1.4.2-rc.1+b7";
    for (std::size_t i = 0; i < kit.digest.digest.size(); ++i)
        kit.digest.digest[i] = static_cast<std::byte>(i);
    kit.state = package::PackageState::kDeprecated;
    kit.yanked = true;
    kit.type = package::PackageType::kModel;
    kit.file_count = 3;
    kit.file_bytes = 0x0102030405060708;
    kit.published_us = 1'700'000'000'000'001;
    kit.log_index = 9;
    kit.license = "Apache-2.0 OR MIT";
    kit.authors = kAuthors;
    kit.keywords = kKeywords;
    kit.tags = kTags;
    kit.relations = relations;
    kit.description = "f\xc3\xbcr people";
    kit.rest = "rest";
    SegmentRow blas;
    blas.name = "acme/blas";
    blas.version = "2.1.0";
    blas.digest.algorithm = HashAlgorithm::kBlake2b256;
    blas.imported = true;
    blas.published_us = -1;
    SegmentRow largest = blas;
    largest.version = "9007199254740991.0.0";
    // So many that a word has two blocks of postings and champions.
    std::vector<SegmentRow> rows{kit, blas, largest};
    static const std::vector<std::string> versions = [] {
        std::vector<std::string> texts;
        for (int i = 0; i < 140; ++i) texts.push_back("0." + std::to_string(i) + ".0");
        return texts;
    }();
    for (const std::string& text : versions) {
        SegmentRow row = blas;
        row.name = "common";
        row.version = text;
        rows.push_back(row);
    }
    return rows;
}

TEST(SegmentGolden, FixedVersionsHaveTheRecordedBytes) {
    golden::expect(kGolden, must(testing::build_segment(fixed_rows(), "universe")).bytes);
}

TEST(SegmentGolden, RecordedBytesHaveTheFixedValues) {
    const std::string bytes = golden::read(kGolden);
    const auto segment = testing::open_bytes(bytes);
    EXPECT_TRUE(segment->verify());
    EXPECT_EQ(segment->version_count(), 143U);
    EXPECT_EQ(as_text(segment->universe()), "universe");
    const auto kit = segment->find("acme/tensor-kit", "1.4.2-rc.1+b7");
    ASSERT_TRUE(kit);
    EXPECT_EQ(kit->doc(), DocId{2});
    EXPECT_EQ(kit->state(), package::PackageState::kDeprecated);
    EXPECT_TRUE(kit->is_yanked());
    EXPECT_EQ(kit->type(), package::PackageType::kModel);
    EXPECT_EQ(kit->file_count(), 3U);
    EXPECT_EQ(kit->file_bytes(), 0x0102030405060708U);
    EXPECT_EQ(kit->log_index(), 9U);
    EXPECT_EQ(kit->published_us(), 1'700'000'000'000'001);
    EXPECT_EQ(kit->digest().digest[31], std::byte{31});
    EXPECT_EQ(segment->text(kit->license()), "Apache-2.0 OR MIT");
    EXPECT_EQ(segment->text(kit->authors()[0]), "Ada <ada@example.org>");
    EXPECT_EQ(segment->text(kit->keywords()[0]), "Tensor");
    EXPECT_EQ(segment->text(kit->tags()[0]), "hpc");
    const RelationTerms gpu = segment->terms(kit->relations()[1]);
    EXPECT_EQ(segment->name_text(kit->relations()[1].name), "acme/gpu");
    EXPECT_EQ(gpu.constraint, "1.3.x");
    EXPECT_EQ(gpu.dialect, version::Dialect::kNpm);
    EXPECT_EQ(gpu.kind, DependencyKind::kOptional);
    EXPECT_FALSE(gpu.default_features);
    EXPECT_TRUE(gpu.is_alternative);
    EXPECT_EQ(gpu.platform, "linux-x86_64");
    EXPECT_EQ(gpu.features, std::string_view("cuda\0simd", 9));
    EXPECT_EQ(segment->dependents("acme/blas").size(), 1U);
    EXPECT_EQ(segment->count(Facet::kWord, "common"), 140U);
    EXPECT_EQ(segment->count(Facet::kKeyword, "tensor"), 1U);
    EXPECT_EQ(segment->count(Facet::kProvided, "tensor"), 1U);
    ColdReader cold(segment);
    const ColdText text = must(cold.read(kit->doc()));
    EXPECT_EQ(text.description, "f\xc3\xbcr people");
    EXPECT_EQ(text.rest, "rest");
}

}  // namespace
}  // namespace catalog::index
