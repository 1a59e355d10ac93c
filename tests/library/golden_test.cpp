// library.toml and the records of assets must never change: fixed input against recorded bytes, and
// recorded bytes against fixed values.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "asset_records.hpp"
#include "library_file.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"

namespace catalog::library {
namespace {

using io::testing::must;

template <std::size_t kSize>
void number_bytes(std::array<std::byte, kSize>& bytes, std::size_t from) {
    for (std::size_t i = 0; i < kSize; ++i) bytes[i] = static_cast<std::byte>(from + i);
}

LibraryFile fixed_library_file() {
    LibraryFile file;
    number_bytes(file.id.bytes, 0);
    file.created = WallTime(std::chrono::microseconds(1'700'000'000'000'001));
    file.chunk_bytes_average = 32u << 10;
    file.compression_level = 7;
    number_bytes(file.library_key.bytes, 0x20);
    number_bytes(file.publishers.emplace_back().bytes, 0x40);
    number_bytes(file.publishers.emplace_back().bytes, 0x60);
    return file;
}

AssetRecord fixed_record(std::uint32_t type) {
    AssetRecord record;
    record.type = type;
    record.type_name = std::string(kInstallationAsset);
    number_bytes(record.uuid, 0x80);
    record.created = WallTime(std::chrono::microseconds(1'700'000'000'000'001));
    record.chain_hash = asset_chain_hash(record.type, record.uuid, record.created);
    return record;
}

constexpr const char* kPackageKey = "acme/kit@1.2.3";
constexpr const char* kInstallationKey = "/prefix#acme/kit@1.2.3";

std::vector<RegisteredAsset> fixed_assets() {
    return {{fixed_record(kNamedAssetType), true}, {fixed_record(7), false}};
}

std::vector<PendingAsset> fixed_marks() {
    PendingAsset registration;
    registration.spec.key = kPackageKey;
    registration.spec.kind = std::string(kPackageAsset);
    registration.spec.name = kPackageKey;
    registration.spec.description = "a \"kit\"";
    registration.spec.size_bytes = 1ull << 40;
    number_bytes(registration.spec.digest.digest, 0);
    registration.spec.metadata = {{"type", "library"}, {"license", "MIT"}};
    PendingAsset removal;
    removal.remove = true;
    removal.spec.key = kInstallationKey;
    removal.spec.kind = std::string(kInstallationAsset);
    removal.spec.name = kPackageKey;
    return {registration, removal};
}

TEST(GoldenLibraryFile, IsWritten) {
    golden::expect("library/library.toml", fixed_library_file().encode());
}

TEST(GoldenLibraryFile, IsRead) {
    const LibraryFile wanted = fixed_library_file();
    const LibraryFile file =
        must(LibraryFile::decode(golden::read("library/library.toml"), "library.toml"));
    EXPECT_EQ(file.format, 1u);
    EXPECT_EQ(file.id, wanted.id);
    EXPECT_EQ(file.created, wanted.created);
    EXPECT_EQ(file.chunk_bytes_average, wanted.chunk_bytes_average);
    EXPECT_EQ(file.compression_level, wanted.compression_level);
    EXPECT_EQ(file.library_key, wanted.library_key);
    EXPECT_EQ(file.publishers, wanted.publishers);
}

TEST(GoldenAssets, KeysAndRecordsAreWritten) {
    // One record a line: key, a space, value.
    std::string lines;
    const auto id = must(PackageId::parse(kPackageKey));
    const std::vector<RegisteredAsset> assets = fixed_assets();
    const std::vector<PendingAsset> marks = fixed_marks();
    lines += asset_record_key(package_asset_key(id)) + " " + encode_asset(assets[0]) + "\n";
    lines += asset_record_key(installation_asset_key("/prefix", id)) + " " +
             encode_asset(assets[1]) + "\n";
    for (const PendingAsset& mark : marks)
        lines += asset_mark_key(mark.spec.key) + " " + encode_pending(mark) + "\n";
    golden::expect("library/assets.txt", lines);
}

TEST(GoldenAssets, RecordsAreRead) {
    std::istringstream lines(golden::read("library/assets.txt"));
    std::vector<std::string> keys;
    std::vector<std::string> values;
    for (std::string line; std::getline(lines, line);) {
        keys.push_back(line.substr(0, line.find(' ')));
        values.push_back(line.substr(line.find(' ') + 1));
    }
    ASSERT_EQ(keys, (std::vector<std::string>{
                        std::string("a") + kPackageKey, std::string("a") + kInstallationKey,
                        std::string("w") + kPackageKey, std::string("w") + kInstallationKey}));
    for (std::size_t i = 0; i < 2; ++i) {
        const RegisteredAsset asset = must(decode_asset(keys[i].substr(1), values[i]));
        EXPECT_EQ(asset.record, fixed_assets()[i].record);
        EXPECT_EQ(asset.local, fixed_assets()[i].local);
        const PendingAsset mark = must(decode_pending(keys[i + 2].substr(1), values[i + 2]));
        EXPECT_EQ(mark.remove, fixed_marks()[i].remove);
        EXPECT_EQ(mark.spec, fixed_marks()[i].spec);
    }
}

}  // namespace
}  // namespace catalog::library
