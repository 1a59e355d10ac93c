#include "index_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/internal/crc32c.hpp"
#include "index_format.hpp"
#include "index_page_cache.hpp"
#include "support/content/index_samples.hpp"
#include "support/content/page_cipher_contract.hpp"
#include "support/core/golden.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SeededRandom;
using testing::append_to;
using testing::crowded_id;
using testing::entry_of;
using testing::EntryMap;
using testing::make_run;
using testing::open_run;
using testing::random_id;
using testing::run_bytes;
using testing::sample_info;
using testing::ToyPageCipher;

// How ids are spread.
enum class Spread : std::uint8_t { kRandom, kCrowded, kLow, kHigh };

ChunkId spread_id(SeededRandom& random, Spread spread) {
    if (spread == Spread::kCrowded) return crowded_id(random);
    ChunkId id = random_id(random);
    // A guess by value is far off, and the way to the right place leads to an end of the run.
    if (spread == Spread::kLow) id.digest[0] &= std::byte{0x0f};
    if (spread == Spread::kHigh) id.digest[0] |= std::byte{0xf0};
    return id;
}

EntryMap sample_entries(std::size_t count, std::uint64_t seed, Spread spread = Spread::kRandom) {
    SeededRandom random(seed);
    EntryMap entries;
    while (entries.size() < count) {
        const ChunkId id = spread_id(random, spread);
        entries.emplace(
            id, entry_of(id, PackId{1 + static_cast<std::uint32_t>(random.below(9))}, random));
    }
    return entries;
}

std::optional<IndexEntry> expected_in(const EntryMap& entries, const ChunkId& id) {
    const auto at = entries.find(id);
    return at == entries.end() ? std::nullopt : std::optional(at->second);
}

// Ids that are there, ids that are not, and neighbours of both.
std::vector<ChunkId> questions(const EntryMap& entries, std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<ChunkId> ids;
    for (const auto& [id, entry] : entries) {
        ids.push_back(id);
        if (random.chance(70)) continue;
        ChunkId other = id;
        other.digest[random.below(32)] ^= std::byte{1} << random.below(8);
        ids.push_back(other);
    }
    for (int i = 0; i < 100; ++i) {
        ids.push_back(random_id(random));
        ids.push_back(crowded_id(random));
    }
    ChunkId end;
    ids.push_back(end);
    end.digest.fill(std::byte{0xff});
    ids.push_back(end);
    for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[random.below(i)]);
    return ids;
}

// Asks for every `stride`-th of them alone, for all of them together.
void expect_answers(const IndexRun& run, const EntryMap& entries, std::uint64_t seed,
                    std::size_t stride = 1) {
    std::vector<ChunkId> sorted;
    for (const auto& [id, entry] : entries) sorted.push_back(id);
    const std::vector<ChunkId> ids = questions(entries, seed);
    std::vector<std::optional<IndexEntry>> found(ids.size());
    must(run.find_many(ids, found));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto expected = expected_in(entries, ids[i]);
        ASSERT_EQ(found[i], expected) << ids[i].to_string();
        if (i % stride != 0) continue;
        ASSERT_EQ(must(run.find(ids[i])), expected) << ids[i].to_string();
        if (i % (stride * 8) != 0) continue;
        const auto place =
            static_cast<std::uint64_t>(std::ranges::lower_bound(sorted, ids[i]) - sorted.begin());
        ASSERT_EQ(must(run.lower_bound(ids[i])), place);
        ASSERT_EQ(must(run.ordinal_of(ids[i])), expected ? std::optional(place) : std::nullopt);
        if (expected) {
            ASSERT_EQ(must(run.entry(place)), expected);
        }
    }
}

void expect_walk(const IndexRun& run, const EntryMap& entries, std::uint64_t from) {
    IndexCursor cursor(run, from);
    auto expected =
        std::next(entries.begin(),
                  static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(from, entries.size())));
    for (std::uint64_t ordinal = from; must(cursor.next()); ++ordinal, ++expected) {
        ASSERT_NE(expected, entries.end());
        ASSERT_EQ(cursor.entry(), expected->second);
        ASSERT_EQ(cursor.ordinal(), ordinal);
    }
    EXPECT_EQ(expected, entries.end());
    EXPECT_FALSE(must(cursor.next()));
}

TEST(IndexRun, AnswersAsAMapDoesAtAnyLength) {
    constexpr std::size_t kGroup = std::size_t{84} * 22;
    std::uint64_t seed = 1;
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{83}, std::size_t{84}, std::size_t{85},
          kGroup - 1, kGroup, kGroup + 1, 2 * kGroup + 100})
        for (const Spread spread : {Spread::kRandom, Spread::kCrowded, Spread::kLow, Spread::kHigh})
            for (const bool sealed : {false, true}) {
                SCOPED_TRACE(std::to_string(count) + " entries, spread " +
                             std::to_string(static_cast<int>(spread)) +
                             (sealed ? " sealed" : " plain"));
                const EntryMap entries = sample_entries(count, ++seed, spread);
                ToyPageCipher cipher(seed);
                const auto run = make_run(entries, sealed ? &cipher : nullptr);
                ASSERT_EQ(run->size(), count);
                EXPECT_EQ(run->info(), sample_info());
                EXPECT_EQ(run->bytes().size(), index_run_bytes(count));
                must(run->verify());
                expect_answers(*run, entries, seed, sealed ? 16 : 1);
                for (const std::uint64_t from : {std::uint64_t{0}, count / 3, count, count + 5})
                    expect_walk(*run, entries, from);
            }
}

// Ids that all begin alike make every fence the same.
TEST(IndexRun, FindsIdsThatShareTheirFirstEightBytes) {
    EntryMap entries;
    SeededRandom random(5);
    while (entries.size() < 4000) {
        ChunkId id = random_id(random);
        std::fill_n(id.digest.begin(), 8, std::byte{0x77});
        entries.emplace(id, entry_of(id, PackId{1}, random));
    }
    const auto run = make_run(entries);
    must(run->verify());
    expect_answers(*run, entries, 6);
}

// More groups than the last page has room for.
TEST(IndexRun, FindsItsWayThroughPagesOfFences) {
    constexpr std::uint64_t kEntries = std::uint64_t{84} * 22 * 496 + 1;
    SeededRandom random(9);
    ToyPageCipher cipher(4);
    for (PageCipher* hidden :
         {static_cast<PageCipher*>(nullptr), static_cast<PageCipher*>(&cipher)}) {
        std::string bytes;
        IndexRunBuilder builder(sample_info(), append_to(bytes), hidden);
        std::vector<IndexEntry> sample;
        for (std::uint64_t i = 0; i < kEntries; ++i) {
            IndexEntry entry;
            entry.id.digest.fill(std::byte{0x11});
            // Three of four ids in the first half: no guess by value is right.
            const std::uint64_t prefix =
                i * (~std::uint64_t{0} / kEntries) / (i < kEntries / 4 * 3 ? 2 : 1);
            for (std::size_t at = 0; at < 8; ++at)
                entry.id.digest[at] = static_cast<std::byte>(prefix >> (8 * (7 - at)));
            entry.location = {PackId{1}, i * 8, 1, 1};
            must(builder.add(entry));
            if (random.below(kEntries) < 500 || i + 1 == kEntries) sample.push_back(entry);
        }
        must(builder.finish());
        const auto run = must(open_run(std::move(bytes), hidden));
        ASSERT_EQ(run->bytes().size() / kIndexPageBytes, 10913u + 497u + 1u + 1u);
        for (const IndexEntry& entry : sample) {
            ASSERT_EQ(must(run->find(entry.id)), entry);
            ChunkId absent = entry.id;
            absent.digest[20] ^= std::byte{1};
            ASSERT_EQ(must(run->find(absent)), std::nullopt);
        }
    }
}

TEST(IndexRun, DoesNotTakeUnusedBytesForTheIdOfZeros) {
    ChunkId id;
    id.digest[31] = std::byte{1};
    const auto run = make_run({{id, {id, {PackId{1}, 8, 1, 1}, Codec::kRaw}}});
    EXPECT_EQ(must(run->find(ChunkId())), std::nullopt);
    EXPECT_TRUE(must(run->find(id)));
}

// Counts how often pages are decrypted.
class CountingCipher final : public PageCipher {
public:
    Result<void> seal(std::uint64_t page_number, IndexPage page) override {
        return toy_.seal(page_number, page);
    }
    Result<void> open(std::uint64_t page_number, IndexPageView sealed,
                      IndexPage plain) const override {
        ++opened_[page_number];
        return toy_.open(page_number, sealed, plain);
    }
    std::uint64_t take_opened() {
        std::uint64_t sum = 0;
        for (const auto& [page, count] : opened_) sum += count;
        opened_.clear();
        return sum;
    }

private:
    ToyPageCipher toy_{5};
    mutable std::map<std::uint64_t, std::uint64_t> opened_;
};

TEST(IndexPageCache, SparesALookupThePageOfTheDirectory) {
    const EntryMap entries = sample_entries(2500, 31);
    const EntryMap others = sample_entries(2500, 32);
    CountingCipher cipher;
    const auto cache = std::make_shared<IndexPageCache>();
    const auto run = must(open_run(run_bytes(entries, &cipher), &cipher, cache));
    const auto other = must(open_run(run_bytes(others, &cipher), &cipher, cache));
    expect_answers(*run, entries, 1, 4);
    expect_answers(*other, others, 2, 4);
    (void)cipher.take_opened();
    std::uint64_t wrong = 0;
    for (const auto& [id, entry] : others) wrong += must(run->find(id)) ? 1 : 0;
    EXPECT_LE(cipher.take_opened(), 25u);
    for (const auto& [id, entry] : entries) wrong += must(run->find(id)) == entry ? 0 : 1;
    EXPECT_LE(cipher.take_opened(), 2500u + 25);
    EXPECT_EQ(wrong, 0u);
}

TEST(IndexPageCache, GivesRightAnswersWhenItIsTooSmall) {
    const auto cache = std::make_shared<IndexPageCache>(1);
    ToyPageCipher cipher(9);
    std::vector<EntryMap> contents;
    std::vector<std::shared_ptr<const IndexRun>> runs;
    for (std::uint64_t seed = 41; seed < 61; ++seed) {
        contents.push_back(sample_entries(2000, seed));
        runs.push_back(must(open_run(run_bytes(contents.back(), &cipher), &cipher, cache)));
    }
    std::uint64_t wrong = 0;
    for (int round = 0; round < 20; ++round)
        for (std::size_t i = 0; i < runs.size(); ++i) {
            auto at = contents[i].begin();
            std::advance(at, round * 100);
            wrong += must(runs[i]->find(at->first)) == at->second ? 0 : 1;
        }
    EXPECT_EQ(wrong, 0u);
}

TEST(IndexPageCache, KeepsNothingThatWasNotSealedSo) {
    const EntryMap entries = sample_entries(6000, 31);
    ToyPageCipher cipher(5);
    std::string bytes = run_bytes(entries, &cipher);
    bytes[22 * kIndexPageBytes] ^= 1;
    const auto run = must(open_run(bytes, &cipher, std::make_shared<IndexPageCache>()));
    for (int round = 0; round < 2; ++round)
        EXPECT_EQ(code_of(run->find(entries.begin()->first)), Errc::kContentCorrupted);
    EXPECT_EQ(must(run->find(entries.rbegin()->first)), entries.rbegin()->second);
}

TEST(IndexRun, LeavesSlotsThatAreFilledAlone) {
    const EntryMap entries = sample_entries(200, 3);
    const auto run = make_run(entries);
    std::vector<ChunkId> ids;
    for (const auto& [id, entry] : entries) ids.push_back(id);
    IndexEntry other;
    other.location.pack = PackId{99};
    std::vector<std::optional<IndexEntry>> found(ids.size());
    for (std::size_t i = 0; i < found.size(); i += 3) found[i] = other;
    must(run->find_many(ids, found));
    for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_EQ(found[i], i % 3 == 0 ? other : entries.at(ids[i]));
    found.pop_back();
    EXPECT_EQ(code_of(run->find_many(ids, found)), Errc::kInvalidArgument);
}

TEST(IndexRun, HoldsNoIdOfAnotherAlgorithm) {
    const EntryMap entries = sample_entries(10, 3);
    const auto run = make_run(entries);
    ChunkId id = entries.begin()->first;
    id.algorithm = HashAlgorithm::kBlake2b256;
    EXPECT_EQ(must(run->find(id)), std::nullopt);
    std::vector<std::optional<IndexEntry>> found(1);
    must(run->find_many(std::span(&id, 1), found));
    EXPECT_EQ(found[0], std::nullopt);
    EXPECT_EQ(code_of(run->entry(10)), Errc::kInvalidArgument);
}

TEST(IndexRun, HasTheBytesOfItsFormat) {
    const auto read = [](const std::string& name) { return golden::read("content/" + name); };
    SeededRandom random(11);
    EntryMap entries;
    for (std::uint32_t i = 0; i < 90; ++i) {
        ChunkId id;
        id.digest.fill(static_cast<std::byte>(i));
        id.digest[30] = static_cast<std::byte>(2 * i);
        IndexEntry entry{id, {PackId{i + 1}, 4096 + 64 * i, 8 * i + 1, 1000 * i + 1}, Codec::kZstd};
        entries.emplace(id, entry);
    }
    const std::string bytes = run_bytes(entries);
    golden::expect("content/index_run_v1.bin", bytes);
    const auto run = must(open_run(read("index_run_v1.bin")));
    must(run->verify());
    expect_walk(*run, entries, 0);
}

TEST(IndexRun, RefusesWhatIsNone) {
    const std::string whole = run_bytes(sample_entries(100, 1));
    const auto refused = [](std::string bytes) { return code_of(open_run(std::move(bytes))); };
    EXPECT_EQ(refused(""), Errc::kPackInvalid);
    EXPECT_EQ(refused(std::string(4096, '\0')), Errc::kPackInvalid);
    EXPECT_EQ(refused(whole.substr(0, whole.size() - 1)), Errc::kPackInvalid);
    EXPECT_EQ(refused(whole.substr(0, whole.size() - 4096)), Errc::kPackInvalid);
    EXPECT_EQ(refused(whole.substr(4096)), Errc::kPackInvalid);
    EXPECT_EQ(refused(std::string(4096, 'x') + whole), Errc::kPackInvalid);
    EXPECT_FALSE(refused(whole));
    std::string damaged = whole;
    damaged[whole.size() - kIndexPageBytes + kRunRootHeadBytes] ^= 1;
    EXPECT_EQ(refused(damaged), Errc::kPackInvalid);
}

// A right checksum is no promise: whoever can write the file can make one.
TEST(IndexRun, RefusesAnyOtherNumberOfEntriesThanItsLengthHas) {
    const std::string whole = run_bytes(sample_entries(100, 1));
    for (const std::uint64_t entries :
         {std::uint64_t{0}, std::uint64_t{84}, std::uint64_t{169}, std::uint64_t{100000},
          kIndexRunEntriesMax + 1, ~std::uint64_t{0}}) {
        std::string bytes = whole;
        auto* root = reinterpret_cast<std::byte*>(bytes.data() + bytes.size() - kIndexPageBytes);
        store_le(root + kRunEntriesAt, entries);
        store_le(root + kRunPageCrcAt, internal::crc32c(ByteView(root, kRunPageCrcAt)));
        EXPECT_EQ(code_of(open_run(bytes)), Errc::kPackInvalid) << entries;
    }
}

TEST(IndexRun, IsFoundOutInThePlaceOfAnother) {
    const EntryMap entries = sample_entries(300, 1);
    ToyPageCipher right(1);
    ToyPageCipher wrong(2);
    const std::string sealed = run_bytes(entries, &right);
    EXPECT_EQ(code_of(open_run(sealed, &wrong)), Errc::kContentCorrupted);
    EXPECT_EQ(code_of(open_run(sealed)), Errc::kPackInvalid);
    // Pages of one kind that change places, and pages of a run with another number or store.
    std::string swapped = run_bytes(entries);
    std::swap_ranges(swapped.begin(), swapped.begin() + 4096, swapped.begin() + 4096);
    const auto swapped_run = must(open_run(swapped));
    EXPECT_EQ(code_of(swapped_run->verify()), Errc::kPackInvalid);
    EXPECT_EQ(code_of(IndexCursor(*swapped_run, 84).next()), Errc::kPackInvalid);
    IndexRunInfo other_store = sample_info();
    other_store.store[2] = std::byte{1};
    IndexRunInfo other_origin = sample_info();
    other_origin.origin = RunOrigin::kPackFooter;
    for (const IndexRunInfo& info : {sample_info(8), other_store, other_origin}) {
        std::string mixed = run_bytes(entries);
        mixed.replace(0, 4096, run_bytes(entries, nullptr, info), 0, 4096);
        EXPECT_EQ(code_of(must(open_run(mixed))->verify()), Errc::kPackInvalid);
    }
}

TEST(IndexRunBuilder, RefusesWhatCannotBeStoredAndGoesOn) {
    SeededRandom random(1);
    ChunkId id;
    id.digest[0] = std::byte{5};
    const IndexEntry good{id, {PackId{1}, 8, 1, 1}, Codec::kRaw};
    std::string bytes;
    IndexRunBuilder builder(sample_info(), append_to(bytes));
    must(builder.add(good));
    EXPECT_EQ(code_of(builder.add(good)), Errc::kInvalidArgument);
    IndexEntry bad = good;
    bad.id.digest[0] = std::byte{4};
    EXPECT_EQ(code_of(builder.add(bad)), Errc::kInvalidArgument);
    bad.id.digest[0] = std::byte{6};
    bad.id.algorithm = HashAlgorithm::kBlake2b256;
    EXPECT_EQ(code_of(builder.add(bad)), Errc::kInvalidArgument);
    bad.id.algorithm = HashAlgorithm::kSha256;
    for (const ChunkLocation& location :
         {ChunkLocation{PackId{0}, 8, 1, 1}, ChunkLocation{PackId{1}, 12, 1, 1},
          ChunkLocation{PackId{1}, std::uint64_t{32} << 30, 1, 1},
          ChunkLocation{PackId{1}, 8, 1u << 24, 1}}) {
        bad.location = location;
        EXPECT_EQ(code_of(builder.add(bad)), Errc::kInvalidArgument);
    }
    bad.location = {PackId{0xffffffff}, (std::uint64_t{32} << 30) - 8, (1u << 24) - 1, 0xffffffff};
    bad.codec = static_cast<Codec>(255);
    must(builder.add(bad));
    must(builder.finish());
    EXPECT_EQ(code_of(builder.finish()), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(builder.add(good)), Errc::kFailedPrecondition);
    EXPECT_EQ(builder.size(), 2u);
    EXPECT_EQ(builder.bytes(), bytes.size());
    const auto run = must(open_run(bytes));
    EXPECT_EQ(must(run->entry(0)), good);
    EXPECT_EQ(must(run->entry(1)), bad);
}

TEST(IndexRunBuilder, IsLostWithItsSink) {
    const EntryMap entries = sample_entries(84 * 22 * 2, 1);
    std::size_t calls = 0;
    IndexRunBuilder builder(sample_info(), [&calls](ByteView) -> Result<void> {
        if (++calls == 2) return fail(Errc::kStorageFull, "no room");
        return {};
    });
    std::vector<std::optional<Errc>> codes;
    for (const auto& [id, entry] : entries) codes.push_back(code_of(builder.add(entry)));
    EXPECT_EQ(codes.back(), Errc::kStorageFull);
    EXPECT_EQ(std::ranges::count(codes, std::optional<Errc>()), 84 * 22 * 2 - 1);
    EXPECT_EQ(code_of(builder.finish()), Errc::kFailedPrecondition);
    EXPECT_EQ(calls, 2u);
}

TEST(MergeRuns, KeepsTheNewestOfEqualIdsThatIsKept) {
    SeededRandom random(21);
    for (int round = 0; round < 40; ++round) {
        ToyPageCipher cipher(random.next());
        PageCipher* hidden = random.chance(50) ? &cipher : nullptr;
        std::vector<ChunkId> world(1 + random.below(600));
        for (ChunkId& id : world) id = random.chance(50) ? crowded_id(random) : random_id(random);
        std::vector<EntryMap> contents(random.below(9));
        std::vector<std::shared_ptr<const IndexRun>> runs;
        std::vector<const IndexRun*> newest_first;
        for (EntryMap& entries : contents) {
            const std::uint64_t count = random.below(world.size() + 1);
            for (std::uint64_t i = 0; i < count; ++i) {
                const ChunkId& id = world[random.below(world.size())];
                const PackId pack{1 + static_cast<std::uint32_t>(random.below(6))};
                entries.emplace(id, entry_of(id, pack, random));
            }
            runs.push_back(make_run(entries, hidden));
            newest_first.push_back(runs.back().get());
        }
        const std::uint64_t dead = random.below(64);
        const auto keep = [dead](const IndexEntry& entry) {
            return ((dead >> static_cast<std::uint32_t>(entry.location.pack)) & 1) == 0;
        };
        EntryMap expected;
        for (const EntryMap& entries : contents)
            for (const auto& [id, entry] : entries)
                if (keep(entry)) expected.emplace(id, entry);

        std::string bytes;
        IndexRunBuilder builder(sample_info(), append_to(bytes), hidden);
        must(merge_runs(newest_first, keep, builder));
        must(builder.finish());
        EXPECT_EQ(bytes, run_bytes(expected, hidden)) << "round " << round;
    }
}

TEST(MergeRuns, DoesNotPassDamageOn) {
    const EntryMap entries = sample_entries(500, 1);
    std::string bytes = run_bytes(entries);
    bytes[4096 + 100] ^= 1;
    const auto damaged = must(open_run(bytes));
    const auto whole = make_run(sample_entries(500, 2));
    std::string out;
    IndexRunBuilder builder(sample_info(), append_to(out));
    const std::vector<const IndexRun*> runs{whole.get(), damaged.get()};
    EXPECT_EQ(code_of(merge_runs(runs, {}, builder)), Errc::kPackInvalid);
}

using testing::PageCipherContract;

INSTANTIATE_TEST_SUITE_P(Toy, PageCipherContract,
                         ::testing::Values(testing::PageCipherMaker{
                             "toy", [](std::uint32_t run) {
                                 return std::make_unique<ToyPageCipher>(run * 7919u);
                             }}));

}  // namespace
}  // namespace catalog::content
