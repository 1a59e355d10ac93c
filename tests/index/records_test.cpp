#include "records.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/io/results.hpp"
#include "support/version/generators.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;

RC_GTEST_PROP(OrderKey, OrdersAsPrecedenceDoes,
              (const version::SemVer& a, const version::SemVer& b)) {
    const auto order = compare_precedence(a, b);
    const int keys = order_key(a).compare(order_key(b));
    RC_ASSERT((order < 0) == (keys < 0));
    RC_ASSERT((order == 0) == (keys == 0));
}

TEST(OrderKey, OrdersTheExampleOfTheSpecification) {
    std::string last;
    for (const std::string_view text :
         {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
          "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"}) {
        const std::string key = order_key(must(version::SemVer::parse(text)));
        EXPECT_LT(last, key) << text;
        last = key;
    }
}

TEST(Entry, RoundTripsAndRefusesEveryTruncation) {
    IndexEntry entry(must(PackageId::parse("acme/kit@1.2.3-rc.1+b")),
                     must(version::SemVer::parse("1.2.3-rc.1+b")));
    entry.digest.hash.digest[3] = std::byte{7};
    entry.state = package::PackageState::kDeprecated;
    entry.yanked = true;
    entry.origin = Origin::kImported;
    entry.type = package::PackageType::kModel;
    entry.file_count = 3;
    entry.file_bytes = 1ull << 40;
    entry.published = WallTime(std::chrono::microseconds(123456789));
    entry.log_index = 9;
    entry.description = "text";
    entry.license = "MIT";
    const std::string bytes = encode_entry(entry);
    EXPECT_EQ(must(decode_entry(bytes)), entry);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(code_of(decode_entry(bytes.substr(0, size))), Errc::kIndexCorrupted);
    EXPECT_EQ(code_of(decode_entry(bytes + "x")), Errc::kIndexCorrupted);
}

TEST(Entry, RefusesValuesThatAreNotWritten) {
    const IndexEntry entry(must(PackageId::parse("kit@1.0.0")),
                           must(version::SemVer::parse("1.0.0")));
    const std::string bytes = encode_entry(entry);
    const std::size_t digest = 1 + 4 + 3 + 4 + 5;
    const std::size_t state = digest + 1 + 32;
    for (const auto& [at, value] : {std::pair(digest, '\x11'),
                                    {state, '\3'},
                                    {state, '\7'},
                                    {state + 1, '\2'},
                                    {state + 2, '\0'},
                                    {state + 2, '\3'},
                                    {state + 3, '\10'}}) {
        std::string changed = bytes;
        changed[at] = value;
        EXPECT_EQ(code_of(decode_entry(changed)), Errc::kIndexCorrupted) << at;
    }
}

TEST(Words, SplitsCompoundsAndKeepsThem) {
    EXPECT_EQ(words_of("Fast-JSON parser"),
              (std::vector<std::string>{"fast", "json", "fast-json", "parser"}));
    EXPECT_EQ(words_of("camelCase"), (std::vector<std::string>{"camel", "case", "camelcase"}));
    EXPECT_EQ(words_of("@scope/name.js"),
              (std::vector<std::string>{"scope", "name", "js", "name.js"}));
    EXPECT_EQ(words_of("  --  "), std::vector<std::string>());
    EXPECT_EQ(words_of("na\xc3\xafve"), (std::vector<std::string>{"na\xc3\xafve"}));
    EXPECT_EQ(words_of(std::string(500, 'x')).front().size(), 64u);
}

}  // namespace
}  // namespace catalog::index
