// Segments: what is refused, what damage is found, and what a crash leaves.

#include "catalog/index/segment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "catalog/index/segment_builder.hpp"
#include "catalog/internal/crc32c.hpp"
#include "records.hpp"
#include "segment_format.hpp"
#include "support/index/segment_samples.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/faulty_file_system.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/package/random_package.hpp"

namespace catalog::index {
namespace {

using io::testing::must;
using testing::SampleRows;

// Different names, so that every version is there once.
SampleRows sample_rows(std::size_t count, std::uint64_t seed) {
    SampleRows sample;
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < count; ++i) {
        testing::add_random_row(random, sample);
        sample.rows.back().name =
            sample.keep(std::string(sample.rows.back().name) + "." + std::to_string(i));
    }
    return sample;
}

std::string sample_bytes(std::size_t count, std::uint64_t seed) {
    const SampleRows sample = sample_rows(count, seed);
    return must(testing::build_segment(sample.rows)).bytes;
}

SegmentRow plain_row(std::string_view name, std::string_view version) {
    SegmentRow row;
    row.name = name;
    row.version = version;
    return row;
}

bool is_sound(const std::string& bytes) {
    const auto segment = Segment::open(as_bytes(bytes), nullptr);
    return segment && (*segment)->verify();
}

Errc code_of_building(std::vector<SegmentRow> rows) {
    const auto built = testing::build_segment(rows);
    return built ? Errc::kInternal : built.error().code();
}

TEST(Segment, WithoutVersionsAnswersNothing) {
    const testing::BuiltSegment built = must(testing::build_segment({}));
    const auto segment = testing::open_bytes(built.bytes);
    EXPECT_TRUE(segment->verify());
    EXPECT_FALSE(segment->find("a", "1.0.0"));
    EXPECT_FALSE(segment->find_name("a"));
    EXPECT_EQ(segment->names_with_prefix("").size(), 0U);
    EXPECT_EQ(segment->count(Facet::kWord, "a"), 0U);
}

TEST(Segment, EveryFlippedBitIsFound) {
    std::string bytes = sample_bytes(40, 1);
    ASSERT_TRUE(is_sound(bytes));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const char mask = static_cast<char>(1U << (at % 8));
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
        ASSERT_FALSE(is_sound(bytes)) << "byte " << at;
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
    }
}

TEST(Segment, EveryFlippedBitOfTheLastPageIsRefusedWhenOpening) {
    std::string bytes = sample_bytes(5, 2);
    for (std::size_t bit = (bytes.size() - kSegmentRootBytes) * 8; bit < bytes.size() * 8; ++bit) {
        const char mask = static_cast<char>(1U << (bit % 8));
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
        const auto segment = Segment::open(as_bytes(bytes), nullptr);
        ASSERT_FALSE(segment) << "bit " << bit;
        ASSERT_EQ(segment.error().code(), Errc::kIndexCorrupted);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    }
}

TEST(Segment, CutShortIsRefusedWhereverItWasCut) {
    const std::string bytes = sample_bytes(30, 3);
    for (std::size_t size = 0; size < bytes.size(); size += 13) {
        const std::string cut = bytes.substr(0, size);
        EXPECT_FALSE(Segment::open(as_bytes(cut), nullptr)) << size;
    }
}

TEST(Segment, OfAnotherFormatVersionIsRefusedByItsNumber) {
    std::string bytes = sample_bytes(3, 4);
    auto* const root =
        reinterpret_cast<std::byte*>(bytes.data() + bytes.size() - kSegmentRootBytes);
    store_le(root + kRootVersionAt, std::uint32_t{2});
    store_le(root + kRootCrcAt, internal::crc32c(ByteView(root, kRootCrcAt)));
    const auto segment = Segment::open(as_bytes(bytes), nullptr);
    ASSERT_FALSE(segment);
    EXPECT_NE(segment.error().message().find("version 2"), std::string::npos);
}

TEST(Segment, CarriesTheUniverseAsItIs) {
    const SampleRows sample = sample_rows(3, 5);
    const testing::BuiltSegment built =
        must(testing::build_segment(sample.rows, "frozen universe"));
    const auto segment = testing::open_bytes(built.bytes);
    EXPECT_EQ(as_text(segment->universe()), "frozen universe");
    EXPECT_EQ((segment->universe().data() - segment->bytes().data()) % 8, 0);
}

TEST(SegmentBuilder, RefusesAnIdTwice) {
    EXPECT_EQ(code_of_building(
                  {plain_row("a", "1.0.0"), plain_row("b", "1.0.0"), plain_row("a", "1.0.0")}),
              Errc::kPackageExists);
}

TEST(SegmentBuilder, RefusesIdsThatDifferInBuildMetadataAlone) {
    EXPECT_EQ(code_of_building({plain_row("a", "1.0.0-rc.1+x"), plain_row("a", "1.0.0-rc.1+y")}),
              Errc::kPackageExists);
}

TEST(SegmentBuilder, RefusesWhatIsNoNameOrVersion) {
    EXPECT_EQ(code_of_building({plain_row("a b", "1.0.0")}), Errc::kInvalidName);
    EXPECT_EQ(code_of_building({plain_row("a", "1.0")}), Errc::kVersionSyntax);
    SegmentRelation relation;
    relation.name = "..";
    const SegmentRelation relations[] = {relation};
    SegmentRow row = plain_row("a", "1.0.0");
    row.relations = relations;
    EXPECT_EQ(code_of_building({row}), Errc::kInvalidName);
}

TEST(SegmentBuilder, RefusesListsAndTextsAboveTheirBounds) {
    const std::vector<std::string_view> many(256, "x");
    SegmentRow row = plain_row("a", "1.0.0");
    row.keywords = many;
    EXPECT_EQ(code_of_building({row}), Errc::kLimitExceeded);
    row.keywords = {};
    const std::string text((1u << 20) + 1, 'x');
    row.description = text;
    EXPECT_EQ(code_of_building({row}), Errc::kLimitExceeded);
}

TEST(SegmentBuilder, RefusesFeaturesThatItCouldNotReadBack) {
    const std::string_view features[] = {std::string_view("a\0b", 3)};
    SegmentRelation relation;
    relation.name = "b";
    relation.features = features;
    const SegmentRelation relations[] = {relation};
    SegmentRow row = plain_row("a", "1.0.0");
    row.relations = relations;
    EXPECT_EQ(code_of_building({row}), Errc::kInvalidArgument);
}

TEST(SegmentBuilder, StopsAtItsBoundOfMemory) {
    SegmentOptions options;
    options.memory_bytes_max = 4u << 20;
    SegmentBuilder builder(options);
    const std::string text(1000, 'x');
    Result<void> added;
    std::size_t rows = 0;
    for (; added && rows < 20'000; ++rows) {
        const std::string name = "name" + std::to_string(rows);
        SegmentRow row = plain_row(name, "1.0.0");
        row.description = text;
        added = builder.add(row);
    }
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code(), Errc::kLimitExceeded);
    EXPECT_LT(rows, 6000U);
}

TEST(SegmentBuilder, HandsOnWhatTheSinkSays) {
    const SampleRows sample = sample_rows(20, 6);
    SegmentBuilder builder;
    must(builder.add(sample.rows));
    const auto summary = builder.finish(
        [](ByteView) -> Result<void> { return fail(Errc::kStorageFull, "no space"); });
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().code(), Errc::kStorageFull);
}

TEST(SegmentBuilder, TakesTextsOfAnyBytesInAndOut) {
    const std::string odd("\0\xff\x01 \n", 5);
    const std::string_view authors[] = {odd, ""};
    SegmentRow row = plain_row("a", "1.0.0");
    row.authors = authors;
    row.tags = authors;
    row.description = odd;
    const testing::BuiltSegment built = must(testing::build_segment(std::span(&row, 1)));
    const auto segment = testing::open_bytes(built.bytes);
    EXPECT_TRUE(segment->verify());
    EXPECT_EQ(segment->text(segment->record(DocId{0})->authors()[0]), odd);
    EXPECT_EQ(segment->count(Facet::kTag, odd), 1U);
}

TEST(SegmentBuilder, KeepsTermsOfMoreVersionsThanItSortsAtATime) {
    constexpr std::uint32_t kVersions = 66'000;
    constexpr std::uint32_t kWords = 997;
    std::vector<std::string> names;
    std::vector<std::string> descriptions;
    std::vector<SegmentRow> rows;
    for (std::uint32_t i = 0; i < kVersions; ++i) {
        // Names in byte order are those in order of numbers.
        names.push_back("n" + std::to_string(100'000 + i));
        descriptions.push_back("common w" + std::to_string(i % kWords));
    }
    for (std::uint32_t i = 0; i < kVersions; ++i) {
        rows.push_back(plain_row(names[i], "1.0.0"));
        rows.back().description = descriptions[i];
    }
    const testing::BuiltSegment built = must(testing::build_segment(rows));
    const auto segment = testing::open_bytes(built.bytes);
    EXPECT_TRUE(segment->verify());
    EXPECT_EQ(segment->count(Facet::kWord, "common"), kVersions);
    std::vector<DocId> found;
    segment->list(Facet::kWord, "w7", DocId{0}, kVersions, found);
    std::vector<DocId> expected;
    for (std::uint32_t i = 7; i < kVersions; i += kWords) expected.push_back(DocId{i});
    EXPECT_EQ(found, expected);
}

TEST(SegmentBuilder, KeepsValuesThatShareMoreThanTheDictionaryCounts) {
    const std::string shared(255, 'x');
    const std::string texts[] = {shared, shared + "a", shared + "b", std::string(127, 'x'),
                                 std::string(128, 'x')};
    const std::vector<std::string_view> tags(std::begin(texts), std::end(texts));
    SegmentRow row = plain_row("a", "1.0.0");
    row.tags = tags;
    const testing::BuiltSegment built = must(testing::build_segment(std::span(&row, 1)));
    const auto segment = testing::open_bytes(built.bytes);
    EXPECT_TRUE(segment->verify());
    std::vector<std::pair<std::string, std::uint32_t>> values;
    segment->values(Facet::kTag, "x", 10, values);
    ASSERT_EQ(values.size(), 5U);
    EXPECT_EQ(values[0].first, texts[3]);
    EXPECT_EQ(values[2].first, shared);
    EXPECT_EQ(values[4].first, texts[2]);
    for (const std::string& text : texts) EXPECT_EQ(segment->count(Facet::kTag, text), 1U);
}

Facet facet_of(TermKind kind) { return static_cast<Facet>(static_cast<char>(kind)); }

TEST(SegmentBuilder, FindsMetadataByTheTermsOfTheIndexInTheStore) {
    package::testing::RandomEngine random(7);
    for (int round = 0; round < 200; ++round) {
        const package::PackageMetadata metadata = package::testing::random_metadata(random);
        IndexEntry entry(metadata.id(), metadata.version);
        entry.description = metadata.description;
        entry.license = metadata.license;
        entry.type = metadata.type;
        SegmentBuilder builder;
        must(builder.add(entry, metadata));
        std::string bytes;
        must(builder.finish([&bytes](ByteView part) -> Result<void> {
            bytes.append(as_text(part));
            return {};
        }));
        const auto segment = testing::open_bytes(bytes);
        ASSERT_TRUE(segment->verify());
        ASSERT_TRUE(segment->find(metadata.name.view(), entry.id.version()));
        std::size_t words_and_facets = 1;  // the state, which the store has elsewhere
        for (const Term& term : terms_of(metadata)) {
            if (term.kind == TermKind::kDependency) {
                EXPECT_EQ(segment->dependents(term.text).size(), 1U) << term.text;
                continue;
            }
            ++words_and_facets;
            EXPECT_EQ(segment->count(facet_of(term.kind), term.text), 1U) << term.text;
        }
        EXPECT_EQ(segment->term_count(), words_and_facets);
    }
}

TEST(SegmentStore, WritesAFileThatIsNamedByItsContent) {
    const io::testing::TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    SegmentBuilder builder;
    const SampleRows sample = sample_rows(100, 8);
    must(builder.add(sample.rows));
    const SegmentSummary summary = must(write_segment(*fs, folder.path(), builder));
    const std::string name = segment_file_name(summary.name);
    const auto entries = must(fs->list(folder.path()));
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].name, name);
    const auto segment = must(open_segment(*fs, folder / name));
    EXPECT_TRUE(segment->verify());
    EXPECT_EQ(segment->name(), summary.name);
    EXPECT_EQ(segment->version_count(), 100U);
}

TEST(SegmentStore, LeavesNothingWhenACallFails) {
    const SampleRows sample = sample_rows(10, 9);
    const auto base = io::testing::SimulatedFileSystem::make();
    must(base->make_directories("segments"));
    io::testing::FaultyFileSystem fs(base);
    for (std::uint64_t call = 1;; ++call) {
        SegmentBuilder builder;
        must(builder.add(sample.rows));
        fs.fail_nth(fs.calls() + call, {});
        const std::uint64_t before = fs.calls();
        const auto summary = write_segment(fs, "segments", builder);
        fs.clear_faults();
        if (summary) {
            EXPECT_GT(call, 5U);
            break;
        }
        ASSERT_LE(fs.calls() - before, 10U);
        for (const io::DirectoryEntry& entry : must(base->list("segments")))
            EXPECT_TRUE(io::is_temporary_name(entry.name) ||
                        is_sound(must(io::read_file(*base, "segments/" + entry.name, 1u << 20))))
                << entry.name << " after call " << call;
    }
}

TEST(SegmentStore, HoldsAWholeSegmentOrNoneAfterACrash) {
    const SampleRows sample = sample_rows(10, 10);
    std::string acknowledged;
    io::testing::for_each_crash(
        [&acknowledged] {
            acknowledged.clear();
            auto fs = io::testing::SimulatedFileSystem::make();
            must(io::make_directories_durably(*fs, "segments"));
            return fs;
        },
        [&](const std::shared_ptr<io::testing::SimulatedFileSystem>& fs) {
            SegmentBuilder builder;
            must(builder.add(sample.rows));
            const auto summary = write_segment(*fs, "segments", builder);
            if (summary) acknowledged = segment_file_name(summary->name);
        },
        [&](const std::shared_ptr<io::testing::SimulatedFileSystem>& fs,
            const io::testing::CrashPoint& point) {
            bool there = acknowledged.empty();
            for (const io::DirectoryEntry& entry : must(fs->list("segments"))) {
                if (io::is_temporary_name(entry.name)) continue;
                there |= entry.name == acknowledged;
                const std::string bytes =
                    must(io::read_file(*fs, "segments/" + entry.name, 1u << 20));
                EXPECT_TRUE(is_sound(bytes)) << to_text(point);
                EXPECT_EQ(segment_file_name(testing::open_bytes(bytes)->name()), entry.name);
            }
            EXPECT_TRUE(there) << to_text(point);
        });
}

}  // namespace
}  // namespace catalog::index
