#include "catalog/content/content_records.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalog/merkle/hash.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;

ContentHash hash_number(std::uint64_t number) { return merkle::hash_of(testing::noise(8, number)); }

ObjectRecord sample_object() {
    return {300'000,
            {{hash_number(1), 100'000}, {hash_number(2), 65'536}, {hash_number(1), 134'464}}};
}

RunMark sample_run() { return {RunId{7}, 0x123456789a, {PackId{1}, PackId{2}, PackId{300}}}; }

FormatRecord sample_format() {
    FormatRecord format;
    for (std::size_t i = 0; i < format.store.size(); ++i)
        format.store[i] = static_cast<std::byte>(0xf0 + i);
    format.profile.algorithm = ChunkAlgorithm::kFastCdc2020;
    format.profile.seed = 42;
    return format;
}

TEST(ContentRecords, WritesTheGoldenRecords) {
    const ContentHash id = hash_number(9);
    golden::HexLines lines;
    const auto line = [&](const char* name, const std::string& bytes) { lines.add(name, bytes); };
    line("hash_key", hash_key(id));
    line("object", encode_object(id, sample_object()));
    line("empty_object", encode_object(id, {}));
    line("owner_key", owner_key("acme", id));
    line("referrer_key", referrer_key(id, "acme"));
    line("list_key", list_key("acme", id));
    line("pack_key", pack_key(PackId{7}));
    line("pack_mark", encode_pack_mark({PackId{7}, 0x123456789a, true, 0x123456000}));
    line("run_key", run_key(RunId{7}));
    line("run_mark", encode_run_mark(sample_run()));
    line("format_key", format_key());
    line("format", encode_format(sample_format()));
    golden::expect("content/records_v6.txt", lines.text());
}

// Only the format record differs, and there were no lists.
TEST(ContentRecords, ReadsTheRecordsOfVersion4) {
    const auto lines = golden::HexLines::read("content/records_v4.txt");
    const ContentHash id = hash_number(9);
    EXPECT_EQ(must(decode_object(id, lines.at("object"))), sample_object());
    EXPECT_EQ(must(decode_reference_key(lines.at("list_key"))), (Reference{"acme", id, true}));
    FormatRecord format = sample_format();
    format.version = 4;
    EXPECT_EQ(must(decode_format(lines.at("format"))), format);
}

TEST(ContentRecords, ReadsTheRecordsOfVersion2) {
    const auto lines = golden::HexLines::read("content/records_v2.txt");
    const ContentHash id = hash_number(9);
    EXPECT_EQ(must(decode_object(id, lines.at("object"))), sample_object());
    EXPECT_EQ(must(decode_object(id, lines.at("empty_object"))), ObjectRecord());
    EXPECT_EQ(must(decode_reference_key(lines.at("owner_key"))), (Reference{"acme", id, false}));
    EXPECT_EQ(must(decode_reference_key(lines.at("referrer_key"))), (Reference{"acme", id, false}));
    EXPECT_EQ(must(decode_pack_mark(lines.at("pack_key"), lines.at("pack_mark"))),
              (PackMark{PackId{7}, 0x123456789a, true, 0x123456000}));
    FormatRecord format = sample_format();
    format.version = 2;
    EXPECT_EQ(must(decode_format(lines.at("format"))), format);
}

TEST(ContentRecords, ReadsTheRecordsOfVersion1) {
    const auto lines = golden::HexLines::read("content/records_v1.txt");
    const ContentHash id = hash_number(9);
    EXPECT_EQ(must(decode_object(id, lines.at("object"))), sample_object());
    EXPECT_EQ(must(decode_object(id, lines.at("empty_object"))), ObjectRecord());
    EXPECT_EQ(must(decode_pack_mark(lines.at("pack_key"), lines.at("pack_mark"))),
              (PackMark{PackId{7}, 0x123456789a, true, 0}));
    FormatRecord format = sample_format();
    format.version = 1;
    EXPECT_EQ(must(decode_format(lines.at("format"))), format);
}

TEST(ContentRecords, ReadsWhatItWrote) {
    const ContentHash id = hash_number(9);
    EXPECT_EQ(must(decode_hash_key(hash_key(id))), id);
    EXPECT_EQ(must(decode_run_mark(run_key(RunId{7}), encode_run_mark(sample_run()))),
              sample_run());
    EXPECT_EQ(must(decode_object(id, encode_object(id, sample_object()))), sample_object());
    EXPECT_EQ(must(decode_object(id, encode_object(id, {}))), ObjectRecord());
    EXPECT_EQ(must(decode_format(encode_format(sample_format()))), sample_format());
    for (const bool sealed : {false, true}) {
        const PackMark mark{PackId{7}, 8192, sealed, sealed ? 4096u : 0u};
        EXPECT_EQ(must(decode_pack_mark(pack_key(mark.pack), encode_pack_mark(mark))), mark);
    }
}

TEST(ContentRecords, AnOnlyChunkThatIsNamedAsItsObjectIsNotNamedAgain) {
    const ContentHash id = hash_number(9);
    const ObjectRecord same{500, {{id, 500}}};
    const ObjectRecord other{500, {{hash_number(1), 500}}};
    EXPECT_EQ(encode_object(id, same).size() + ContentHash::kDigestBytes,
              encode_object(id, other).size());
    EXPECT_EQ(must(decode_object(id, encode_object(id, same))), same);
    EXPECT_EQ(must(decode_object(id, encode_object(id, other))), other);
    EXPECT_EQ(code_of(decode_object(id, encode_object(id, {kChunkBytesMax + 1, {{id, 1}}}))),
              Errc::kContentCorrupted);
}

TEST(ContentRecords, EveryFlippedBitOfAnObjectIsFound) {
    const ContentHash id = hash_number(9);
    std::string value = encode_object(id, sample_object());
    for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
        value[bit / 8] = static_cast<char>(value[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_EQ(code_of(decode_object(id, value)), Errc::kContentCorrupted) << bit;
        value[bit / 8] = static_cast<char>(value[bit / 8] ^ (1 << (bit % 8)));
    }
}

TEST(ContentRecords, AnObjectsRecordBelongsToItsId) {
    const std::string value = encode_object(hash_number(9), sample_object());
    EXPECT_EQ(code_of(decode_object(hash_number(8), value)), Errc::kContentCorrupted);
}

TEST(ContentRecords, RefusesObjectsThatDoNotAddUp) {
    const ContentHash id = hash_number(9);
    ObjectRecord object = sample_object();
    object.size = 150'000;
    EXPECT_EQ(code_of(decode_object(id, encode_object(id, object))), Errc::kContentCorrupted);
    object = {0, {{hash_number(1), 0}}};
    EXPECT_EQ(code_of(decode_object(id, encode_object(id, object))), Errc::kContentCorrupted);
    object = {kChunkBytesMax + 1, {{hash_number(1), kChunkBytesMax + 1}}};
    EXPECT_EQ(code_of(decode_object(id, encode_object(id, object))), Errc::kContentCorrupted);
}

TEST(ContentRecords, RefusesEveryTruncation) {
    const ContentHash id = hash_number(9);
    const std::string object = encode_object(id, sample_object());
    for (std::size_t size = 0; size < object.size(); ++size)
        ASSERT_EQ(code_of(decode_object(id, object.substr(0, size))), Errc::kContentCorrupted);
    const std::string format = encode_format(sample_format());
    for (std::size_t size = 0; size < format.size(); ++size)
        ASSERT_EQ(code_of(decode_format(format.substr(0, size))), Errc::kDatabaseCorrupt);
}

TEST(ContentRecords, RefusesOtherRunRecords) {
    const std::string value = encode_run_mark(sample_run());
    EXPECT_EQ(code_of(decode_run_mark(run_key(RunId{0}), value)), Errc::kDatabaseCorrupt);
    EXPECT_EQ(code_of(decode_run_mark(pack_key(PackId{1}), value)), Errc::kDatabaseCorrupt);
    EXPECT_EQ(code_of(decode_run_mark(run_key(RunId{1}), value + "x")), Errc::kDatabaseCorrupt);
    EXPECT_EQ(code_of(decode_run_mark(run_key(RunId{1}), "")), Errc::kDatabaseCorrupt);
    for (const auto& packs : {std::vector{PackId{2}, PackId{2}}, std::vector{PackId{2}, PackId{1}},
                              std::vector{PackId{0}}})
        EXPECT_EQ(
            code_of(decode_run_mark(run_key(RunId{1}), encode_run_mark({RunId{1}, 4096, packs}))),
            Errc::kDatabaseCorrupt);
}

TEST(ContentRecords, SaysWhenAFormatIsTooNew) {
    std::string value = encode_format(sample_format());
    value[0] = static_cast<char>(kContentFormatVersionSealed + 1);
    const auto decoded = decode_format(value);
    ASSERT_EQ(code_of(decoded), Errc::kLibraryFormat);
    EXPECT_FALSE(decoded.error().hint().empty());
}

TEST(ContentRecords, PackKeysSortByNumber) {
    EXPECT_LT(pack_key(PackId{1}), pack_key(PackId{2}));
    EXPECT_LT(pack_key(PackId{255}), pack_key(PackId{256}));
    EXPECT_LT(pack_key(PackId{0xfffffffe}), pack_key(PackId{0xffffffff}));
}

TEST(ContentRecords, RefusesOtherPackRecords) {
    const std::string value = encode_pack_mark({PackId{1}, 4096, false, 0});
    EXPECT_EQ(code_of(decode_pack_mark(pack_key(PackId{0}), value)), Errc::kDatabaseCorrupt);
    EXPECT_EQ(code_of(decode_pack_mark("p", value)), Errc::kDatabaseCorrupt);
    EXPECT_EQ(code_of(decode_pack_mark(pack_key(PackId{1}), value + "x")), Errc::kDatabaseCorrupt);
    for (const PackMark& mark :
         {PackMark{PackId{1}, 4095, false, 0}, PackMark{PackId{1}, 9000, false, 4096},
          PackMark{PackId{1}, 9000, true, 4097}, PackMark{PackId{1}, 9000, true, 12'288}})
        EXPECT_EQ(code_of(decode_pack_mark(pack_key(mark.pack), encode_pack_mark(mark))),
                  Errc::kDatabaseCorrupt);
}

RC_GTEST_PROP(ContentRecords, ReferenceKeysKeepOwnersApart, ()) {
    const auto owner = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
    const auto other = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
    const ContentHash id = hash_number(*rc::gen::arbitrary<std::uint8_t>());
    const Reference reference{owner, id, false};
    RC_ASSERT(must(decode_reference_key(list_key(owner, id))) == (Reference{owner, id, true}));
    RC_ASSERT(list_key(owner, id).starts_with(list_prefix(owner)));
    RC_ASSERT(list_prefix(owner).starts_with(lists_prefix()));
    RC_ASSERT(must(decode_reference_key(owner_key(owner, id))) == reference);
    RC_ASSERT(must(decode_reference_key(referrer_key(id, owner))) == reference);
    RC_ASSERT((owner == other) == (owner_key(owner, id) == owner_key(other, id)));
    RC_ASSERT(owner == other || !owner_key(owner, id).starts_with(owner_prefix(other)));
}

TEST(ContentRecords, RefusesOtherReferenceKeys) {
    const ContentHash id = hash_number(1);
    const std::string owner = owner_key("ab", id);
    const std::string referrer = referrer_key(id, "ab");
    const std::string list = list_key("ab", id);
    for (const std::string& key :
         {std::string(), std::string("o"), owner.substr(0, owner.size() - 1), owner + "x",
          list.substr(0, list.size() - 1), list + "x", list_key("", id), referrer_prefix(id),
          "x" + referrer.substr(1), owner_key("", id), owner_key(std::string(1025, 'a'), id),
          referrer_key(id, std::string(1025, 'a'))})
        EXPECT_EQ(code_of(decode_reference_key(key)), Errc::kDatabaseCorrupt)
            << to_hex(as_bytes(key));
}

}  // namespace
}  // namespace catalog::content
