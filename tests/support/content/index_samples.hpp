#pragma once
// Entries, runs and a page cipher for tests of the chunk index. Whoever includes this has
// src/content among its include folders.

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "index_run.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {

using EntryMap = std::map<ChunkId, IndexEntry>;

/// An id of random bytes.
[[nodiscard]] inline ChunkId random_id(io::testing::SeededRandom& random) {
    ChunkId id;
    for (std::size_t at = 0; at < id.digest.size(); at += 8) {
        const std::uint64_t word = random.next();
        std::memcpy(&id.digest[at], &word, 8);
    }
    return id;
}

/// An id from a small world: many begin alike, and many end alike.
[[nodiscard]] inline ChunkId crowded_id(io::testing::SeededRandom& random) {
    ChunkId id;
    id.digest[3] = static_cast<std::byte>(random.below(3));
    id.digest[7] = static_cast<std::byte>(random.below(2));
    for (std::size_t at = 20; at < 24; ++at) id.digest[at] = static_cast<std::byte>(random.next());
    id.digest[31] = static_cast<std::byte>(random.below(2));
    return id;
}

/// Places and lengths of any size that can be stored.
[[nodiscard]] inline IndexEntry entry_of(const ChunkId& id, PackId pack,
                                         io::testing::SeededRandom& random) {
    IndexEntry entry;
    entry.id = id;
    entry.location = {pack, random.below(std::uint64_t{1} << 32) * 8,
                      static_cast<std::uint32_t>(random.below(1u << 24)),
                      static_cast<std::uint32_t>(random.next())};
    entry.codec = static_cast<Codec>(random.below(2));
    return entry;
}

[[nodiscard]] inline IndexRunInfo sample_info(std::uint32_t number = 7) {
    IndexRunInfo info;
    for (std::size_t i = 0; i < info.store.size(); ++i)
        info.store[i] = static_cast<std::byte>(0xa0 + i);
    info.number = number;
    return info;
}

/// Appends what a builder writes to `out`.
[[nodiscard]] inline ByteSink append_to(std::string& out) {
    return [&out](ByteView bytes) -> Result<void> {
        out.append(as_text(bytes));
        return {};
    };
}

[[nodiscard]] inline std::string run_bytes(const EntryMap& entries, PageCipher* cipher = nullptr,
                                           const IndexRunInfo& info = sample_info()) {
    std::string out;
    IndexRunBuilder builder(info, append_to(out), cipher);
    for (const auto& [id, entry] : entries) io::testing::must(builder.add(entry));
    io::testing::must(builder.finish());
    return out;
}

/// Opens a run that keeps its bytes itself.
[[nodiscard]] inline Result<std::shared_ptr<const IndexRun>> open_run(
    std::string bytes, const PageCipher* cipher = nullptr,
    std::shared_ptr<IndexPageCache> cache = nullptr) {
    auto kept = std::make_shared<const std::string>(std::move(bytes));
    return IndexRun::open(as_bytes(*kept), kept, cipher, std::move(cache));
}

[[nodiscard]] inline std::shared_ptr<const IndexRun> make_run(
    const EntryMap& entries, PageCipher* cipher = nullptr,
    const IndexRunInfo& info = sample_info()) {
    return io::testing::must(open_run(run_bytes(entries, cipher, info), cipher));
}

/// Hides pages behind a key stream and finds changes by a sum: what a page cipher does, without
/// being one.
class ToyPageCipher final : public PageCipher {
public:
    explicit ToyPageCipher(std::uint64_t key) : key_(key) {}

    Result<void> seal(std::uint64_t page_number, IndexPage page) override {
        mask(page_number, page);
        const std::uint64_t sum = sum_of(page_number, page);
        std::memcpy(&page[kHiddenBytes], &sum, sizeof sum);
        return {};
    }
    Result<void> open(std::uint64_t page_number, IndexPageView sealed,
                      IndexPage plain) const override {
        std::uint64_t sum = 0;
        std::memcpy(&sum, &sealed[kHiddenBytes], sizeof sum);
        const auto spare = sealed.subspan(kHiddenBytes + sizeof sum);
        if (sum != sum_of(page_number, sealed) ||
            std::ranges::any_of(spare, [](std::byte byte) { return byte != std::byte{}; }))
            return fail(Errc::kContentCorrupted, "toy page was changed");
        std::ranges::copy(sealed, plain.begin());
        mask(page_number, plain);
        std::ranges::fill(plain.subspan(kHiddenBytes), std::byte{});
        return {};
    }

private:
    static constexpr std::size_t kHiddenBytes = kIndexPageBytes - kReservedBytes;

    void mask(std::uint64_t page_number, IndexPage page) const {
        io::testing::SeededRandom stream(key_ ^ (page_number * 0x10001));
        for (std::size_t at = 0; at < kHiddenBytes; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, &page[at], 8);
            word ^= stream.next();
            std::memcpy(&page[at], &word, 8);
        }
    }
    // Odd factors keep every bit: one flip always changes the sum.
    std::uint64_t sum_of(std::uint64_t page_number, IndexPageView page) const {
        std::uint64_t sum = key_ + page_number * 0x9e3779b97f4a7c15u;
        for (std::size_t at = 0; at < kHiddenBytes; at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, &page[at], 8);
            sum = (sum ^ word) * 0xff51afd7ed558ccdu;
            sum ^= sum >> 29;
        }
        return sum;
    }

    std::uint64_t key_;
};

}  // namespace catalog::content::testing
