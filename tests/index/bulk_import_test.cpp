// Versions that are imported into segments are there as if they had been added one by one.

#include "catalog/index/bulk_import.hpp"

#include <gtest/gtest.h>

#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;

struct Read {
    IndexEntry entry;
    package::PackageMetadata metadata;
    std::string manifest;
};

Read read_line(std::string_view text) {
    const json::Value value = must(json::read(text));
    package::PackageMetadata metadata =
        must(package::metadata_from_json(*value.as_object(), "test"));
    package::canonicalise(metadata);
    package::Manifest manifest(metadata);
    manifest.files_root = merkle::empty_root();
    std::string bytes = must(manifest.encode());
    IndexEntry entry(metadata.id(), metadata.version);
    entry.digest = package::digest_of_manifest(bytes);
    entry.origin = Origin::kImported;
    entry.type = metadata.type;
    entry.description = metadata.description;
    entry.license = metadata.license;
    return {std::move(entry), std::move(metadata), std::move(bytes)};
}

std::string line_of(int number, int version = 0, std::string_view word = "word") {
    return R"({"name":"p)" + std::to_string(number) + R"(","version":"1.)" +
           std::to_string(version) + R"(.0","description":")" + std::string(word) +
           R"(","dependencies":[{"name":"p0","req":"^1"}]})";
}

struct ImportBed : IndexBed {
    ImportBed() : IndexBed(IndexForm::kDelta) {}

    using IndexBed::add;
    BulkImport begin() { return must(BulkImport::begin(*index, queue, *random)); }
    static Result<BulkVerdict> add(BulkImport& import, std::string_view text,
                                   std::uint64_t tag = 0) {
        const Read read = read_line(text);
        return import.add(read.entry, read.metadata, read.manifest, tag);
    }
    void import_one(std::string_view text) {
        BulkImport import = begin();
        must(add(import, text));
        must(import.commit());
    }
    void expect_sound(std::uint64_t versions, std::uint64_t names) const {
        EXPECT_EQ(must(index->verify()), std::vector<std::string>());
        EXPECT_EQ(must(index->counts()).versions, versions);
        EXPECT_EQ(must(index->counts()).names, names);
    }
};

TEST(BulkImport, MakesVisibleWhatItCommits) {
    ImportBed bed;
    BulkImport import = bed.begin();
    for (int number = 0; number < 100; ++number)
        EXPECT_EQ(must(ImportBed::add(import, line_of(number % 40, number))), BulkVerdict::kAdded);
    bed.expect_sound(0, 0);
    EXPECT_EQ(must(import.commit()).versions, 100u);
    bed.expect_sound(100, 40);
    EXPECT_EQ(must(bed.index->dependents(must(PackageName::parse("p0")), true)).size(), 100u);
    EXPECT_EQ(must(bed.index->counts()).imported, 100u);
    EXPECT_EQ(must(import.commit()).versions, 0u) << "nothing was added since";
}

TEST(BulkImport, TakesVersionsOfNamesThatThereAre) {
    ImportBed bed;
    bed.add(line_of(1));
    bed.add(line_of(2));
    bed.import_one(line_of(1, 1));
    bed.expect_sound(3, 2);
    bed.import_one(line_of(1, 2));
    bed.expect_sound(4, 2);
    bed.import_one(line_of(3));
    bed.add(line_of(3, 1));
    bed.expect_sound(6, 3);
}

TEST(BulkImport, TellsWhatIsThereAlready) {
    ImportBed bed;
    bed.add(line_of(1));
    bed.import_one(line_of(2));
    BulkImport import = bed.begin();
    must(ImportBed::add(import, line_of(3)));
    for (int number = 1; number <= 3; ++number) {
        EXPECT_EQ(must(ImportBed::add(import, line_of(number))), BulkVerdict::kAlreadyThere);
        EXPECT_EQ(code_of(ImportBed::add(import, line_of(number, 0, "other"))),
                  Errc::kPackageExists);
    }
    const auto build = ImportBed::add(import, R"({"name":"p3","version":"1.0.0+b"})");
    EXPECT_EQ(code_of(build), Errc::kPackageExists);
    EXPECT_NE(build.error().message().find("build metadata"), std::string_view::npos);
    EXPECT_EQ(must(import.commit()).versions, 1u);
    bed.expect_sound(3, 3);
}

TEST(BulkImport, LeavesOutWhatIsPublishedBeforeItsCommit) {
    ImportBed bed;
    bed.add(line_of(9));
    BulkImport import = bed.begin();
    must(ImportBed::add(import, line_of(1), 11));
    must(ImportBed::add(import, line_of(2), 12));
    must(ImportBed::add(import, line_of(3), 13));
    bed.add(line_of(1));
    // Published by somebody else, whose entry says something else of the same name and version.
    bed.add(line_of(2, 0, "other"));
    bed.add(line_of(3, 7));
    const BulkCommit done = must(import.commit());
    EXPECT_EQ(done.versions, 1u);
    ASSERT_EQ(done.clashes.size(), 2u);
    for (const BulkClash& clash : done.clashes) {
        EXPECT_EQ(clash.same, clash.tag == 11) << clash.tag;
        EXPECT_EQ(clash.error.code(), Errc::kPackageExists);
    }
    bed.expect_sound(5, 4);
    EXPECT_EQ(must(bed.index->find(must(PackageId::parse("p2@1.0.0")))).description, "other");
}

TEST(BulkImport, LeavesToTheDeltaWhatNoSegmentHolds) {
    ImportBed bed;
    std::string line = R"({"name":"many","version":"1.0.0","keywords":["k0")";
    for (int keyword = 1; keyword < 300; ++keyword) line += ",\"k" + std::to_string(keyword) + '"';
    line += "]}";
    BulkImport import = bed.begin();
    EXPECT_EQ(must(ImportBed::add(import, line)), BulkVerdict::kUnfit);
    EXPECT_EQ(must(ImportBed::add(import, line)), BulkVerdict::kAlreadyThere);
    must(ImportBed::add(import, line_of(1)));
    must(import.commit());
    bed.add(line);
    bed.expect_sound(2, 2);
}

TEST(BulkImport, KeepsSealsAway) {
    ImportBed bed;
    bed.add(line_of(1));
    {
        BulkImport import = bed.begin();
        EXPECT_EQ(code_of(bed.index->seal(bed.queue, *bed.random, {}, IndexBed::go_on)),
                  Errc::kBusy);
        EXPECT_EQ(code_of(BulkImport::begin(*bed.index, bed.queue, *bed.random)), Errc::kBusy);
        must(ImportBed::add(import, line_of(2)));
    }
    bed.expect_sound(1, 1);
    EXPECT_EQ(bed.seal().versions, 1u);
    ImportBed plain;
    PackageIndex without(*plain.store, plain.families(), nullptr);
    EXPECT_EQ(code_of(BulkImport::begin(without, plain.queue, *plain.random)),
              Errc::kFailedPrecondition);
}

TEST(BulkImport, IsFullWhenItsSegmentIs) {
    ImportBed bed;
    BulkImportOptions options;
    options.versions_max = 2;
    {
        BulkImport import = must(BulkImport::begin(*bed.index, bed.queue, *bed.random, options));
        must(ImportBed::add(import, line_of(1)));
        EXPECT_FALSE(import.is_full());
        must(ImportBed::add(import, line_of(2)));
        EXPECT_TRUE(import.is_full());
        must(import.commit());
        EXPECT_FALSE(import.is_full());
        must(ImportBed::add(import, line_of(3)));
        must(import.commit());
    }
    bed.expect_sound(3, 3);
    bed.merge(2, true);
    bed.expect_sound(3, 3);
}

}  // namespace
}  // namespace catalog::index
