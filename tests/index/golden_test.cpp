// Records of the index must never change: fixed input against recorded bytes, and recorded bytes
// against fixed values.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "index_manifest.hpp"
#include "records.hpp"
#include "support/core/golden.hpp"
#include "support/index/index_bed.hpp"
#include "support/io/results.hpp"

namespace catalog::index {
namespace {

using io::testing::must;

constexpr const char* kRecords = "index/records_v1.txt";

version::SemVer version_of(std::string_view text) { return must(version::SemVer::parse(text)); }

IndexEntry fixed_entry() {
    IndexEntry entry(must(PackageId::parse("acme/kit@1.2.3-rc.1+b")), version_of("1.2.3-rc.1+b"));
    for (std::size_t i = 0; i < entry.digest.hash.digest.size(); ++i)
        entry.digest.hash.digest[i] = static_cast<std::byte>(i);
    entry.state = package::PackageState::kDeprecated;
    entry.yanked = true;
    entry.origin = Origin::kPublished;
    entry.type = package::PackageType::kModel;
    entry.file_count = 3;
    entry.file_bytes = 0x0102030405060708;
    entry.published = WallTime(std::chrono::microseconds(1'700'000'000'000'001));
    entry.log_index = 9;
    entry.description = "f\xc3\xbcr people";
    entry.license = "MIT";
    return entry;
}

IndexEntry fixed_imported_entry() {
    IndexEntry entry(must(PackageId::parse("@scope/a@0.0.0")), version_of("0.0.0"));
    entry.digest.hash.algorithm = HashAlgorithm::kBlake2b256;
    entry.origin = Origin::kImported;
    entry.published = WallTime(std::chrono::microseconds(-1));
    return entry;
}

PackageIndex::Counts fixed_counts() {
    PackageIndex::Counts counts;
    counts.names = 1;
    counts.versions = 0x0102030405060708;
    counts.published = 3;
    counts.imported = 4;
    counts.yanked = 5;
    return counts;
}

const std::vector<std::string> kVersions = {
    "0.0.0", "1.2.3", "1.2.3-0", "1.2.3-rc.1+b", "1.2.3-alpha.beta-2.10", "9007199254740991.1.0"};

constexpr TermKind kKinds[] = {TermKind::kAuthor,  TermKind::kDependency, TermKind::kTag,
                               TermKind::kKeyword, TermKind::kLicense,    TermKind::kType,
                               TermKind::kVirtual, TermKind::kWord};

TEST(GoldenIndex, RecordsAreWritten) {
    golden::HexLines lines;
    lines.add("entry", encode_entry(fixed_entry()));
    lines.add("imported_entry", encode_entry(fixed_imported_entry()));
    lines.add("counts_key", kCountsKey);
    lines.add("counts", encode_counts(fixed_counts()));
    lines.add("weight", encode_weight(258));
    lines.add("greatest_weight", encode_weight(1'000'000));
    lines.add("name_prefix", name_prefix("acme/kit"));
    for (const std::string& text : kVersions) {
        lines.add("order_key:" + text, order_key(version_of(text)));
        lines.add("entry_key:" + text, entry_key("acme/kit", version_of(text)));
    }
    for (const TermKind kind : kKinds)
        lines.add(std::string("posting_key:") + static_cast<char>(kind),
                  posting_key({kind, "term"}, "acme/kit", version_of("1.2.3")));
    golden::expect(kRecords, lines.text());
}

/// Writes every record of a package: family, key and value.
std::string stored_records(IndexBed& bed) {
    golden::HexLines lines;
    for (const std::uint32_t family : {1u, 2u}) {
        const auto at = bed.store->iterate(kv::Family{family});
        for (at->seek(""); at->valid(); at->next())
            lines.add((family == 1 ? "packages:" : "postings:") + to_hex(as_bytes(at->key())),
                      at->value());
    }
    return lines.text();
}

constexpr const char* kStored = "index/stored_v1.txt";
constexpr const char* kPackage =
    R"({"name":"acme/fast-kit","version":"1.2.3-rc.1","description":"A kit, f\u00fcr people",)"
    R"("keywords":["Tensor"],"tags":["stable"],"type":"model","license":"MIT",)"
    R"("author":"Ada <ada@example.org>","dependencies":[{"name":"acme/blas","req":"^2.1"}],)"
    R"("provides":[{"name":"kits","version":"1.0.0"}]})";

TEST(GoldenIndex, APackageIsStored) {
    IndexBed bed;
    bed.add(kPackage);
    golden::expect(kStored, stored_records(bed));
}

TEST(GoldenIndex, AStoredPackageIsFound) {
    IndexBed made;
    const IndexEntry entry = made.add(kPackage);
    IndexBed bed;
    kv::WriteBatch batch;
    for (const auto& [key, value] : golden::HexLines::read(kStored)) {
        const kv::Family family{key.starts_with("packages:") ? 1u : 2u};
        batch.put(family, std::string(as_text(must(from_hex(key.substr(9))))), value);
    }
    must(bed.store->write(batch, kv::Durability::kSync));
    EXPECT_EQ(must(bed.index->find(entry.id)), entry);
    const auto found = must(bed.index->search("tensor fast people", Filter(), 10));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].entry, entry);
}

constexpr const char* kManifests = "index/manifest_v1.txt";

IndexManifest fixed_manifest() {
    IndexManifest manifest;
    manifest.epoch = 0x0102030405060708;
    for (std::size_t i = 0; i < manifest.secret.size(); ++i)
        manifest.secret[i] = static_cast<std::byte>(i);
    for (std::uint8_t number = 1; number <= 2; ++number) {
        ManifestSegment& segment = manifest.segments.emplace_back();
        segment.name.digest.fill(static_cast<std::byte>(number));
        segment.bytes = 1'000'000'007;
        segment.versions = 70'000;
        segment.level = number;
    }
    manifest.segments[1].dead = {0, 66'000, 69'999};
    return manifest;
}

TEST(GoldenIndex, AListOfSegmentsIsWritten) {
    golden::HexLines lines;
    lines.add("key", kManifestKey);
    lines.add("empty", encode_manifest(IndexManifest()));
    lines.add("list", encode_manifest(fixed_manifest()));
    lines.add("changed_key", changed_key("acme/kit", version_of("1.2.3")));
    golden::expect(kManifests, lines.text());
}

TEST(GoldenIndex, AListOfSegmentsIsRead) {
    const std::map<std::string, std::string> lines = golden::HexLines::read(kManifests);
    EXPECT_EQ(must(decode_manifest(lines.at("empty"))), IndexManifest());
    EXPECT_EQ(must(decode_manifest(lines.at("list"))), fixed_manifest());
}

TEST(GoldenIndex, RecordsAreRead) {
    const std::map<std::string, std::string> lines = golden::HexLines::read(kRecords);
    EXPECT_EQ(must(decode_entry(lines.at("entry"))), fixed_entry());
    EXPECT_EQ(must(decode_entry(lines.at("imported_entry"))), fixed_imported_entry());
    const PackageIndex::Counts counts = must(decode_counts(lines.at("counts")));
    EXPECT_EQ(counts.names, fixed_counts().names);
    EXPECT_EQ(counts.versions, fixed_counts().versions);
    EXPECT_EQ(counts.published, fixed_counts().published);
    EXPECT_EQ(counts.imported, fixed_counts().imported);
    EXPECT_EQ(counts.yanked, fixed_counts().yanked);
    EXPECT_EQ(decode_weight(lines.at("weight")), 258u);
    EXPECT_EQ(decode_weight(lines.at("greatest_weight")), 65'535u);
    for (const std::string& text : kVersions) {
        const std::string& key = lines.at("entry_key:" + text);
        const NameAndOrder parts = must(split_name(std::string_view(key).substr(1)));
        EXPECT_EQ(parts.name, "acme/kit");
        EXPECT_EQ(parts.order, lines.at("order_key:" + text));
    }
    for (const TermKind kind : kKinds) {
        const std::string& key = lines.at(std::string("posting_key:") + static_cast<char>(kind));
        const std::string prefix = posting_prefix(kind, "term");
        ASSERT_TRUE(key.starts_with(prefix));
        const NameAndOrder parts = must(split_name(std::string_view(key).substr(prefix.size())));
        EXPECT_EQ(parts.name, "acme/kit");
        EXPECT_EQ(parts.order, lines.at("order_key:1.2.3"));
    }
}

}  // namespace
}  // namespace catalog::index
