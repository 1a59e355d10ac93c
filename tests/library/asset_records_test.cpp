#include "asset_records.hpp"

#include <gtest/gtest.h>

#include "support/io/results.hpp"

namespace catalog::library {
namespace {

using io::testing::code_of;
using io::testing::must;

std::string replaced(std::string text, std::string_view piece, std::string_view instead) {
    const std::size_t at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    return text.replace(at, piece.size(), instead);
}

std::string stored_asset() {
    RegisteredAsset asset;
    asset.record.type_name = std::string(kPackageAsset);
    asset.record.uuid.fill(std::byte{0xab});
    return encode_asset(asset);
}

std::string stored_mark() {
    PendingAsset pending;
    pending.spec.kind = std::string(kPackageAsset);
    pending.spec.name = "kit@1.0.0";
    pending.spec.size_bytes = 1234;
    return encode_pending(pending);
}

TEST(AssetRecords, ReadNothingThatIsNotWritten) {
    const std::string stored = stored_asset();
    must(decode_asset("key", stored));
    for (const std::string& text :
         {replaced(stored, "abab", "ABAB"), replaced(stored, ",", ", "),
          replaced(stored, "\"type\":65536", "\"type\":4295032832"),
          replaced(stored, "\"local\":false", "\"local\":null"),
          replaced(stored, "}", ",\"zzz\":1}"), stored + " ", std::string("{}"), std::string()})
        EXPECT_EQ(code_of(decode_asset("key", text)), Errc::kDatabaseCorrupt) << text;
}

TEST(AssetRecords, ReadNoMarkThatIsNotWritten) {
    const std::string stored = stored_mark();
    must(decode_pending("key", stored));
    for (const std::string& text :
         {replaced(stored, ",", ", "), replaced(stored, "\"remove\":false", "\"remove\":null"),
          replaced(stored, "\"remove\":false", "\"remove\":true"),
          replaced(stored, "1234", "1234.0"), stored + "\n", std::string("[]")})
        EXPECT_EQ(code_of(decode_pending("key", text)), Errc::kDatabaseCorrupt) << text;
}

}  // namespace
}  // namespace catalog::library
