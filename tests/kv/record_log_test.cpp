#include "record_log.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "log_builder.hpp"
#include "support/io/results.hpp"

namespace catalog::kv {
namespace {

using testing::BytesFile;
using testing::LogBuilder;

struct Seen {
    LogExtent extent;
    std::vector<std::string> intact;
    std::vector<std::string> strays;
};

Seen read_all(const std::string& bytes) {
    Seen seen;
    LogVisitor visitor;
    visitor.intact = [&](std::string_view head) {
        seen.intact.emplace_back(head);
        return true;
    };
    visitor.stray = [&](std::string_view head) { seen.strays.emplace_back(head); };
    seen.extent = io::testing::must(read_record_log(BytesFile(bytes), visitor));
    return seen;
}

TEST(RecordLog, MasksChecksumsByRotatingAndAdding) {
    EXPECT_EQ(masked_crc32c(0), 0xa282ead8u);
    EXPECT_EQ(masked_crc32c(0x8000u), 0xa282ead9u);
}

TEST(RecordLog, ReadsRecordsOfOneBlock) {
    const auto seen = read_all(LogBuilder().record("one").record("").record("three").bytes());
    EXPECT_EQ(seen.intact, (std::vector<std::string>{"one", "", "three"}));
    EXPECT_EQ(seen.extent.intact_bytes, 7u * 3 + 8);
    EXPECT_FALSE(seen.extent.damaged());
}

TEST(RecordLog, FindsNothingInAnEmptyFile) {
    const auto seen = read_all("");
    EXPECT_EQ(seen.extent.intact_bytes, 0u);
    EXPECT_FALSE(seen.extent.damaged());
}

TEST(RecordLog, JoinsFragmentsAndCutsTheHead) {
    const std::string large(100'000, 'x');
    const auto log = LogBuilder().record("before").record("head" + large).record("after").bytes();
    const auto seen = read_all(log);
    ASSERT_EQ(seen.intact.size(), 3u);
    EXPECT_EQ(seen.intact[1], "head" + std::string(kRecordHeadBytes - 4, 'x'));
    EXPECT_EQ(seen.intact[2], "after");
    EXPECT_EQ(seen.extent.intact_bytes, log.size());
}

TEST(RecordLog, JoinsAHeadThatABlockBorderCuts) {
    for (std::size_t left = 0; left < 40; ++left) {
        LogBuilder log;
        log.record(std::string(LogBuilder::kBlock - 7 - left, 'a'));
        log.record("a head that is longer than what is left");
        const auto seen = read_all(log.bytes());
        ASSERT_EQ(seen.intact.size(), 2u) << left;
        ASSERT_EQ(seen.intact[1], "a head that is longer than what is left") << left;
        ASSERT_EQ(seen.extent.intact_bytes, log.size()) << left;
    }
}

TEST(RecordLog, CutsATornTailAtEveryLength) {
    const std::size_t first = LogBuilder().record("the first one").size();
    const auto log = LogBuilder().record("the first one").record(std::string(40'000, 'b')).bytes();
    for (std::size_t length = first; length < log.size(); length += length < 100 ? 1 : 997) {
        const auto seen = read_all(log.substr(0, length));
        ASSERT_EQ(seen.extent.intact_bytes, first) << length;
        ASSERT_EQ(seen.extent.damaged(), length > first) << length;
        ASSERT_EQ(seen.intact.size(), 1u);
    }
}

TEST(RecordLog, ShowsWhatStandsBehindAFlippedByte) {
    const auto log = LogBuilder().record("first").record("second").record("third").bytes();
    const std::size_t second = 12;
    for (std::size_t at = second; at < second + 13; ++at) {
        std::string flipped = log;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
        const auto seen = read_all(flipped);
        ASSERT_EQ(seen.extent.intact_bytes, second) << at;
        ASSERT_EQ(seen.strays, std::vector<std::string>{"third"}) << at;
    }
}

TEST(RecordLog, FindsStraysInLaterBlocks) {
    LogBuilder log;
    log.record("first");
    log.raw(std::string(LogBuilder::kBlock - log.size(), '\0'));
    log.record("in the second block");
    const auto seen = read_all(log.bytes());
    EXPECT_EQ(seen.intact, std::vector<std::string>{"first"});
    EXPECT_EQ(seen.strays, std::vector<std::string>{"in the second block"});
}

TEST(RecordLog, RefusesFragmentsThatDoNotBelongTogether) {
    for (const char type : {char{3}, char{4}}) {
        const auto seen = read_all(LogBuilder().record("ok").fragment(type, "lost head").bytes());
        EXPECT_EQ(seen.extent.intact_bytes, 9u);
        EXPECT_TRUE(seen.strays.empty());
    }
    const auto seen =
        read_all(LogBuilder().record("ok").fragment(2, "begun").record("another").bytes());
    EXPECT_EQ(seen.extent.intact_bytes, 9u);
    EXPECT_EQ(seen.strays, std::vector<std::string>{"another"});
}

TEST(RecordLog, RefusesTypesThatAreNotWritten) {
    for (const char type : std::string("\0\5\6\7\10\11\177", 7))
        EXPECT_EQ(
            read_all(LogBuilder().record("ok").fragment(type, "new").bytes()).extent.intact_bytes,
            9u);
}

TEST(RecordLog, AVisitorMayDeclareARecordDamaged) {
    std::vector<std::string> strays;
    LogVisitor visitor;
    visitor.intact = [](std::string_view head) { return head != "bad"; };
    visitor.stray = [&](std::string_view head) { strays.emplace_back(head); };
    visitor.plausible = [](std::string_view payload) { return payload != "implausible"; };
    const auto log =
        LogBuilder().record("good").record("bad").record("implausible").record("good").bytes();
    const auto extent = io::testing::must(read_record_log(BytesFile(log), visitor));
    EXPECT_EQ(extent.intact_bytes, 11u);
    EXPECT_EQ(strays, (std::vector<std::string>{"bad", "good"}));
}

TEST(RecordLog, ReadsBackWhatWasBuiltAtRandom) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::mt19937_64 random(seed);
        LogBuilder log;
        std::vector<std::string> heads;
        std::vector<std::size_t> ends;
        for (int i = 0; i < 40; ++i) {
            const std::size_t size = random() % 3 == 0 ? random() % 70'000 : random() % 200;
            const std::string payload(size, static_cast<char>('a' + i % 26));
            log.record(payload);
            heads.push_back(payload.substr(0, kRecordHeadBytes));
            ends.push_back(log.size());
        }
        const auto seen = read_all(log.bytes());
        ASSERT_EQ(seen.intact, heads) << "seed " << seed;
        // Cut anywhere: exactly the records that end before the cut are there.
        const std::size_t cut = random() % log.size();
        const auto torn = read_all(log.bytes().substr(0, cut));
        const auto whole = static_cast<std::size_t>(
            std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin());
        ASSERT_EQ(torn.intact.size(), whole) << "seed " << seed << " cut " << cut;
        ASSERT_EQ(torn.extent.intact_bytes, whole == 0 ? 0 : ends[whole - 1]);
    }
}

TEST(LostRecords, ARecordWithoutItsMiddleIsNotIntact) {
    // One record over three blocks and one over two, so that hiding a block joins pieces that do
    // not belong together.
    const std::string first(2 * LogBuilder::kBlock, 'a');
    const std::string second(LogBuilder::kBlock, 'b');
    std::string log = LogBuilder().record(first).record(second).record("end").bytes();
    log[LogBuilder::kBlock + 6] = '\x7f';  // the type of the fragment that fills the second block
    std::vector<std::size_t> intact;
    io::testing::must(
        read_lost_records(BytesFile(log), 0, 1u << 20, [&](std::string_view record, bool whole) {
            if (whole) intact.push_back(record.size());
        }));
    EXPECT_EQ(intact, (std::vector<std::size_t>{second.size(), 3}));
}

}  // namespace
}  // namespace catalog::kv
