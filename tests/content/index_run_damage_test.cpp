// What a run does when its bytes are not what was written: all of it is found by open or verify,
// and no lookup reads outside or goes on for ever.

#include <gtest/gtest.h>

#include "catalog/internal/crc32c.hpp"
#include "index_format.hpp"
#include "support/content/index_samples.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using testing::entry_of;
using testing::EntryMap;
using testing::open_run;
using testing::random_id;
using testing::run_bytes;
using testing::ToyPageCipher;

EntryMap some_entries(std::size_t count, std::uint64_t seed) {
    SeededRandom random(seed);
    EntryMap entries;
    while (entries.size() < count) {
        const ChunkId id = random_id(random);
        entries.emplace(id, entry_of(id, PackId{1}, random));
    }
    return entries;
}

// Asks everything there is to ask; answers may be wrong, but are about what was asked.
void ask(const IndexRun& run, std::span<const ChunkId> ids) {
    std::vector<std::optional<IndexEntry>> found(ids.size());
    (void)run.find_many(ids, found);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(found[i].value_or(IndexEntry{ids[i], {}, {}}).id, ids[i]);
        const auto alone = run.find(ids[i]).value_or(std::nullopt);
        EXPECT_EQ(alone.value_or(IndexEntry{ids[i], {}, {}}).id, ids[i]);
        const auto ordinal = run.ordinal_of(ids[i]).value_or(std::nullopt);
        EXPECT_LT(ordinal.value_or(0), run.size());
        EXPECT_LE(run.lower_bound(ids[i]).value_or(0), run.size());
    }
    for (std::uint64_t ordinal = 0; ordinal < run.size(); ordinal += 50) (void)run.entry(ordinal);
}

TEST(IndexRunDamage, EverySingleBitThatFlipsIsFound) {
    const EntryMap entries = some_entries(5, 1);
    std::string bytes = run_bytes(entries);
    ASSERT_EQ(bytes.size(), 3 * kIndexPageBytes);
    std::uint64_t unnoticed = 0;
    const std::vector<ChunkId> ids{entries.begin()->first};
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const char flip = static_cast<char>(1 << (bit % 8));
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ flip);
        const auto run = IndexRun::open(as_bytes(bytes), nullptr);
        if (run) {
            if (bit % 64 == 0) ask(**run, ids);
            const auto verified = (*run)->verify();
            unnoticed += verified ? 1 : 0;
            if (!verified) {
                ASSERT_EQ(verified.error().code(), Errc::kPackInvalid);
            }
        }
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ flip);
    }
    EXPECT_EQ(unnoticed, 0u);
    must(must(IndexRun::open(as_bytes(bytes), nullptr))->verify());
}

TEST(IndexRunDamage, AFlipInASealedRunIsFoundByWhoeverMeetsIt) {
    const EntryMap entries = some_entries(200, 2);
    std::vector<ChunkId> ids;
    ids.reserve(entries.size());
    for (const auto& [id, entry] : entries) ids.push_back(id);
    ToyPageCipher cipher(3);
    std::string bytes = run_bytes(entries, &cipher);
    SeededRandom random(4);
    for (std::size_t at = 0; at < bytes.size(); at += 1 + random.below(40)) {
        const char flip = static_cast<char>(1 << random.below(8));
        bytes[at] = static_cast<char>(bytes[at] ^ flip);
        const auto run = IndexRun::open(as_bytes(bytes), nullptr, &cipher);
        if (run) {
            EXPECT_EQ(code_of((*run)->verify()), Errc::kContentCorrupted);
            std::uint64_t wrong = 0;
            for (std::size_t i = random.below(16); i < ids.size(); i += 16) {
                const auto found = (*run)->find(ids[i]);
                wrong += found && *found != entries.at(ids[i]) ? 1 : 0;
            }
            EXPECT_EQ(wrong, 0u) << "byte " << at;
        } else {
            EXPECT_GE(at, bytes.size() - kIndexPageBytes);
        }
        bytes[at] = static_cast<char>(bytes[at] ^ flip);
    }
}

// Fences, tags, entries and tops of any value under a right last page.
TEST(IndexRunDamage, HostilePagesEndEveryLookup) {
    SeededRandom random(7);
    for (int round = 0; round < 60; ++round) {
        const std::size_t count = random.chance(50) ? 1 + random.below(200) : 6000;
        const EntryMap entries = some_entries(count, random.next());
        std::string bytes = run_bytes(entries);
        const std::size_t data = bytes.size() - kIndexPageBytes;
        std::vector<ChunkId> ids;
        ids.reserve(80);
        for (int i = 0; i < 40; ++i) ids.push_back(random_id(random));
        for (auto at = entries.begin(); ids.size() < 80 && at != entries.end(); ++at)
            ids.push_back(at->first);
        switch (random.below(4)) {
            case 0:
                for (std::size_t at = 0; at < data; ++at)
                    bytes[at] = static_cast<char>(random.next());
                break;
            case 1:
                std::fill_n(bytes.begin(), data, static_cast<char>(random.next()));
                break;
            case 2:
                // Every page in the place of another.
                for (std::size_t page = data / kIndexPageBytes; page > 1; --page) {
                    const auto first =
                        bytes.begin() + static_cast<std::ptrdiff_t>((page - 1) * kIndexPageBytes);
                    const auto second = bytes.begin() + static_cast<std::ptrdiff_t>(
                                                            random.below(page) * kIndexPageBytes);
                    if (first != second) std::swap_ranges(first, first + kIndexPageBytes, second);
                }
                break;
            default:
                for (int i = 0; i < 300; ++i)
                    bytes[random.below(data)] = static_cast<char>(random.next());
        }
        // The fences of groups are in the last page: any, with a checksum that fits.
        auto* root = reinterpret_cast<std::byte*>(bytes.data() + data);
        if (random.chance(70)) {
            for (std::size_t at = kRunRootHeadBytes; at < kRunPageDataBytes; ++at)
                root[at] = static_cast<std::byte>(random.next());
            store_le(root + kRunPageCrcAt, internal::crc32c(ByteView(root, kRunPageCrcAt)));
        }
        const auto run = must(open_run(bytes));
        ask(*run, ids);
        EXPECT_EQ(code_of(run->verify()), Errc::kPackInvalid);
        IndexCursor cursor(*run);
        std::uint64_t steps = 0;
        for (auto more = cursor.next(); more && *more; more = cursor.next()) ++steps;
        EXPECT_LE(steps, run->size());
    }
}

}  // namespace
}  // namespace catalog::content
