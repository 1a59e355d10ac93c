#include "preparing_record.hpp"

#include <gtest/gtest.h>

#include "catalog/merkle/hash.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;

/// A record whose bytes must never change.
PreparingRecord sample_record() {
    package::PackageMetadata metadata(must(PackageName::parse("acme/kit")),
                                      must(version::SemVer::parse("1.2.0-rc.1")));
    metadata.consensus.stake = true;
    metadata.consensus.stake_min = 100;
    package::Manifest manifest(std::move(metadata));
    manifest.file_count = 1;
    manifest.file_bytes = 6;
    manifest.files_root = merkle::hash_of(as_bytes("files"));
    std::string bytes = must(manifest.encode());
    PreparingRecord record(Publication(std::move(manifest)));
    record.publication.digest = package::digest_of_manifest(bytes);
    record.publication.manifest_bytes = std::move(bytes);
    record.publication.table_object = merkle::hash_of(as_bytes("table"));
    record.publication.principal = "ada";
    record.publication.envelope.payload_type = std::string(security::kPackagePayloadType);
    record.publication.envelope.payload = record.publication.digest.to_string();
    record.publication.envelope.signatures.push_back({"ed25519:0011223344556677", {}});
    record.since = WallTime(std::chrono::microseconds(1'700'000'000'000'000));
    return record;
}

constexpr const char* kSampleKey = "acme/kit@1.2.0-rc.1";

TEST(PreparingRecord, ReadsBackWhatWasWritten) {
    const PreparingRecord record = sample_record();
    const std::string bytes = encode_preparing(record);
    const PreparingRecord read = must(decode_preparing(kSampleKey, bytes));
    EXPECT_EQ(read.publication.manifest, record.publication.manifest);
    EXPECT_EQ(read.publication.manifest_bytes, record.publication.manifest_bytes);
    EXPECT_EQ(read.publication.digest, record.publication.digest);
    EXPECT_EQ(read.publication.table_object, record.publication.table_object);
    EXPECT_EQ(read.publication.principal, "ada");
    EXPECT_EQ(read.publication.envelope.encode(), record.publication.envelope.encode());
    EXPECT_EQ(read.since, record.since);
    EXPECT_EQ(encode_preparing(read), bytes);
}

TEST(PreparingRecord, HasTheBytesOfItsFormatPage) {
    golden::expect("lifecycle/preparing.hex",
                   to_hex(as_bytes(encode_preparing(sample_record()))) + "\n");
}

TEST(PreparingRecord, EveryFlippedBitIsFound) {
    const std::string bytes = encode_preparing(sample_record());
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        std::string damaged = bytes;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(code_of(decode_preparing(kSampleKey, damaged)), Errc::kDatabaseCorrupt) << bit;
    }
}

TEST(PreparingRecord, EveryCutIsFound) {
    const std::string bytes = encode_preparing(sample_record());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(code_of(decode_preparing(kSampleKey, bytes.substr(0, size))),
                  Errc::kDatabaseCorrupt)
            << size;
    EXPECT_EQ(code_of(decode_preparing(kSampleKey, bytes + '\0')), Errc::kDatabaseCorrupt);
}

TEST(PreparingRecord, ARecordUnderAnotherKeyIsDamage) {
    const auto read = decode_preparing("acme/kit@1.2.0", encode_preparing(sample_record()));
    ASSERT_EQ(code_of(read), Errc::kDatabaseCorrupt);
    EXPECT_EQ(read.error().input(), "acme/kit@1.2.0");
    EXPECT_FALSE(read.error().hint().empty());
}

}  // namespace
}  // namespace catalog::lifecycle
