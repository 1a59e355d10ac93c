// One pack's cipher and one run's page cipher, used by more threads than they keep contexts for.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "encryption_bed.hpp"
#include "keyed_ids.hpp"
#include "page_cipher.hpp"
#include "record_cipher.hpp"

namespace catalog::content {
namespace {

using testing::noise;
using testing::ring_of;
using testing::store_id;

constexpr int kThreads = 12;
constexpr int kRounds = 60;

template <class Work>
void in_threads(const Work& work) {
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : threads) thread.join();
}

TEST(RecordCipher, SealsAndOpensInManyThreads) {
    const auto random = std::make_shared<fakes::SeededRandom>(1);
    const auto made = RecordCipher::create(ring_of(1), store_id(), PackId{1}, *random);
    ASSERT_TRUE(made);
    const RecordCipher& cipher = **made;
    std::atomic<int> right = 0;
    in_threads([&](int thread) {
        RecordSealer sealer(*made, random);
        const auto seed = static_cast<std::uint64_t>(thread);
        const Bytes header = noise(kRecordHeaderBytes, seed + 1);
        for (int round = 0; round < kRounds; ++round) {
            const Bytes payload = noise(static_cast<std::size_t>(1 + round * 37), seed + 2);
            const auto size = static_cast<std::uint32_t>(payload.size());
            const auto offset = static_cast<std::uint64_t>(thread * kRounds + round) * 8;
            Bytes record(sealed_record_bytes(size));
            Bytes opened_header(kRecordHeaderBytes);
            Bytes opened(payload.size());
            const bool done =
                sealer.seal(offset, std::span<const std::byte, kRecordHeaderBytes>(header), payload,
                            record) &&
                cipher.open_header(offset, record,
                                   std::span<std::byte, kRecordHeaderBytes>(opened_header)) &&
                cipher.open_payload(offset, ByteView(record).first(kSealedHeaderBytes),
                                    ByteView(record).subspan(kSealedHeaderBytes), opened);
            if (done && opened_header == header && opened == payload) ++right;
        }
    });
    EXPECT_EQ(right, kThreads * kRounds);
}

TEST(PageCipher, OpensInManyThreads) {
    IndexRunInfo info;
    info.store = store_id();
    const auto cipher =
        make_page_cipher(ring_of(1), info, std::make_shared<fakes::SeededRandom>(9));
    ASSERT_TRUE(cipher);
    Bytes page(kIndexPageBytes, std::byte{7});
    ASSERT_TRUE((*cipher)->seal(3, IndexPage(page.data(), kIndexPageBytes)));
    std::atomic<int> right = 0;
    in_threads([&](int) {
        for (int round = 0; round < kRounds; ++round) {
            Bytes out(kIndexPageBytes);
            if ((*cipher)->open(3, IndexPageView(page.data(), kIndexPageBytes),
                                IndexPage(out.data(), kIndexPageBytes)) &&
                out[100] == std::byte{7})
                ++right;
        }
    });
    EXPECT_EQ(right, kThreads * kRounds);
}

TEST(KeyedIds, AreTheSameInEveryThread) {
    const Bytes key = noise(32, 1);
    const KeyedIds ids(KeyView(key.data(), 32));
    const ChunkId expected = ids.of({});
    std::atomic<int> right = 0;
    in_threads([&](int) {
        for (int round = 0; round < kRounds; ++round)
            if (ids.of({}) == expected) ++right;
    });
    EXPECT_EQ(right, kThreads * kRounds);
}

}  // namespace
}  // namespace catalog::content
