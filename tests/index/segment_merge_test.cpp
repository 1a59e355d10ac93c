// Merged segments against segments that are built of the same versions.

#include "catalog/index/segment_merge.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "support/index/segment_samples.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::index {
namespace {

using io::testing::must;
using testing::SampleRows;

// Random rows, each id once.
SampleRows distinct_rows(std::mt19937_64& random, std::size_t count) {
    SampleRows sample;
    std::set<std::string> ids;
    while (sample.rows.size() < count) {
        testing::add_random_row(random, sample);
        const SegmentRow& row = sample.rows.back();
        const std::string_view version = row.version.substr(0, row.version.find('+'));
        if (!ids.insert(std::string(row.name) + "@" + std::string(version)).second)
            sample.rows.pop_back();
    }
    return sample;
}

std::string merged(std::span<const MergeSource> sources) {
    std::string bytes;
    SegmentOptions options;
    options.secret = testing::sample_secret();
    must(merge_segments(
        sources,
        [&bytes](ByteView part) -> Result<void> {
            bytes.append(as_text(part));
            return {};
        },
        options));
    return bytes;
}

class SegmentMerge : public ::testing::TestWithParam<unsigned> {
protected:
    // Deals the rows to some segments.
    void deal(std::mt19937_64& random, std::span<const SegmentRow> rows) {
        std::vector<std::vector<SegmentRow>> hands(testing::below(random, 5) + 1);
        for (const SegmentRow& row : rows)
            hands[testing::below(random, hands.size())].push_back(row);
        for (const auto& hand : hands)
            sources_.emplace_back(
                testing::open_bytes(bytes_.emplace_back(must(testing::build_segment(hand)).bytes)));
    }

    std::deque<std::string> bytes_;
    std::vector<MergeSource> sources_;
};

TEST_P(SegmentMerge, HasTheBytesOfASegmentThatIsBuiltOfAllVersions) {
    std::mt19937_64 random(GetParam());
    const SampleRows sample = distinct_rows(random, testing::below(random, 700));
    deal(random, sample.rows);
    EXPECT_TRUE(merged(sources_) == must(testing::build_segment(sample.rows)).bytes);
}

TEST_P(SegmentMerge, LeavesRemovedVersionsOutAndWritesNewStates) {
    std::mt19937_64 random(GetParam() + 500);
    const SampleRows sample = distinct_rows(random, testing::below(random, 700));
    deal(random, sample.rows);
    // What becomes of a version follows from its digest, which is random.
    const auto verdict_of = [](const ContentHash& digest) {
        MergeVerdict verdict;
        const auto dice = std::to_integer<unsigned>(digest.digest[0]) % 8;
        verdict.is_live = dice > 2;
        if (dice == 3) verdict.state = package::PackageState::kArchived;
        if (dice == 4) verdict.yanked = true;
        if (dice == 5) verdict.yanked = false;
        return verdict;
    };
    for (MergeSource& source : sources_)
        source.verdict = [&source, &verdict_of](DocId doc) {
            return verdict_of(source.segment->record(doc)->digest());
        };
    std::vector<SegmentRow> left;
    for (SegmentRow row : sample.rows) {
        const MergeVerdict verdict = verdict_of(row.digest);
        if (!verdict.is_live) continue;
        row.state = verdict.state.value_or(row.state);
        row.yanked = verdict.yanked.value_or(row.yanked);
        left.push_back(row);
    }
    EXPECT_TRUE(merged(sources_) == must(testing::build_segment(left)).bytes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SegmentMerge, ::testing::Range(0U, 30U));

TEST(SegmentMergeErrors, AnIdThatIsAliveTwiceIsRefused) {
    std::mt19937_64 random(1);
    const SampleRows sample = distinct_rows(random, 20);
    const std::string bytes = must(testing::build_segment(sample.rows)).bytes;
    const MergeSource sources[] = {MergeSource(testing::open_bytes(bytes)),
                                   MergeSource(testing::open_bytes(bytes))};
    const auto summary = merge_segments(sources, [](ByteView) -> Result<void> { return {}; });
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().code(), Errc::kPackageExists);
}

TEST(SegmentMergeErrors, WhatTheSinkSaysIsHandedOn) {
    std::mt19937_64 random(2);
    const SampleRows sample = distinct_rows(random, 20);
    const std::string bytes = must(testing::build_segment(sample.rows)).bytes;
    const MergeSource sources[] = {MergeSource(testing::open_bytes(bytes))};
    const auto summary = merge_segments(
        sources, [](ByteView) -> Result<void> { return fail(Errc::kStorageFull, "no space"); });
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().code(), Errc::kStorageFull);
}

TEST(SegmentMergeStore, WritesAFileThatIsNamedByItsContent) {
    std::mt19937_64 random(3);
    const SampleRows sample = distinct_rows(random, 20);
    const std::string bytes = must(testing::build_segment(sample.rows)).bytes;
    const auto fs = io::testing::SimulatedFileSystem::make();
    must(fs->make_directories("segments"));
    const MergeSource sources[] = {MergeSource(testing::open_bytes(bytes))};
    const SegmentSummary summary = must(write_merged_segment(*fs, "segments", sources));
    const auto entries = must(fs->list("segments"));
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].name, segment_file_name(summary.name));
}

}  // namespace
}  // namespace catalog::index
