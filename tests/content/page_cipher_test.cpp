// Pages of an encrypted index run.

#include "page_cipher.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "encryption_bed.hpp"

namespace catalog::content {
namespace {

using testing::noise;
using testing::ring_of;
using testing::store_id;

constexpr std::size_t kPlain = kIndexPageBytes - PageCipher::kReservedBytes;

IndexRunInfo run_info(std::uint32_t number = 3, RunOrigin origin = RunOrigin::kFile) {
    IndexRunInfo info;
    info.store = store_id();
    info.origin = origin;
    info.number = number;
    return info;
}

Bytes plain_page(std::uint64_t seed) {
    Bytes page = noise(kIndexPageBytes, seed);
    std::fill(page.begin() + kPlain, page.end(), std::byte{0});
    return page;
}

IndexPage page_of(Bytes& bytes) { return IndexPage(bytes.data(), kIndexPageBytes); }
IndexPageView view_of(const Bytes& bytes) { return IndexPageView(bytes.data(), kIndexPageBytes); }

std::unique_ptr<PageCipher> sealer(const IndexRunInfo& info,
                                   CipherAlgorithm algorithm = CipherAlgorithm::kAes256Gcm,
                                   std::uint32_t generations = 1) {
    auto made = make_page_cipher(ring_of(1, generations), info,
                                 std::make_shared<fakes::SeededRandom>(9), algorithm);
    EXPECT_TRUE(made);
    return *std::move(made);
}

TEST(PageCipher, OpensWhatItSealedAlsoLaterAndInPlace) {
    for (const CipherAlgorithm algorithm :
         {CipherAlgorithm::kAes256Gcm, CipherAlgorithm::kChaCha20Poly1305}) {
        const auto cipher = sealer(run_info(), algorithm, 2);
        const Bytes plain = plain_page(1);
        Bytes sealed = plain;
        ASSERT_TRUE(cipher->seal(7, page_of(sealed)));
        EXPECT_TRUE(std::search(sealed.begin(), sealed.end(), plain.begin(), plain.begin() + 8) ==
                    sealed.end());
        Bytes opened(kIndexPageBytes, std::byte{0xee});
        ASSERT_TRUE(cipher->open(7, view_of(sealed), page_of(opened)));
        EXPECT_EQ(opened, plain);
        // With nothing but the keys, the run's name and a page of it.
        const auto later = open_page_cipher(ring_of(1, 3), run_info(), view_of(sealed));
        ASSERT_TRUE(later);
        ASSERT_TRUE((*later)->open(7, view_of(sealed), page_of(sealed)));
        EXPECT_EQ(sealed, plain);
    }
}

TEST(PageCipher, NoticesEveryFlippedBit) {
    const auto cipher = sealer(run_info());
    Bytes sealed = plain_page(1);
    ASSERT_TRUE(cipher->seal(7, page_of(sealed)));
    Bytes out(kIndexPageBytes);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        if (bit < kPlain * 8 && bit % 5 != 0) continue;
        sealed[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        const auto opened = cipher->open(7, view_of(sealed), page_of(out));
        ASSERT_FALSE(opened) << "bit " << bit;
        EXPECT_EQ(opened.error().code(), Errc::kPackInvalid);
        EXPECT_EQ(out, Bytes(kIndexPageBytes));
        sealed[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    }
    EXPECT_TRUE(cipher->open(7, view_of(sealed), page_of(out)));
}

TEST(PageCipher, TakesNoPageForAnother) {
    const auto cipher = sealer(run_info());
    Bytes sealed = plain_page(1);
    ASSERT_TRUE(cipher->seal(7, page_of(sealed)));
    Bytes out(kIndexPageBytes);
    EXPECT_FALSE(cipher->open(8, view_of(sealed), page_of(out)));
    IndexRunInfo other_store = run_info();
    other_store.store = store_id(50);
    for (const IndexRunInfo& other :
         {run_info(4), run_info(3, RunOrigin::kPackFooter), other_store})
        EXPECT_FALSE(sealer(other)->open(7, view_of(sealed), page_of(out)));
    EXPECT_FALSE(
        sealer(run_info(), CipherAlgorithm::kAes256Gcm, 2)->open(7, view_of(sealed), page_of(out)))
        << "another generation";
}

TEST(PageCipher, NeverUsesANonceTwice) {
    const auto cipher = sealer(run_info());
    Bytes first = plain_page(1);
    Bytes second = plain_page(1);
    ASSERT_TRUE(cipher->seal(7, page_of(first)));
    ASSERT_TRUE(cipher->seal(7, page_of(second)));
    EXPECT_FALSE(std::equal(first.begin() + 4080, first.begin() + 4092, second.begin() + 4080));
}

TEST(PageCipher, SaysWhatItCannotDo) {
    const auto cipher = sealer(run_info());
    Bytes sealed = plain_page(1);
    ASSERT_TRUE(cipher->seal(7, page_of(sealed)));
    const auto reader = open_page_cipher(ring_of(1), run_info(), view_of(sealed));
    ASSERT_TRUE(reader);
    Bytes page = plain_page(2);
    const auto written = (*reader)->seal(8, page_of(page));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code(), Errc::kUnsupported);

    const auto code = [&](const StoreKeyRing& ring, std::byte algorithm) {
        Bytes other = sealed;
        other[4092] = algorithm;
        const auto opened = open_page_cipher(ring, run_info(), view_of(other));
        return opened ? Errc{} : opened.error().code();
    };
    EXPECT_EQ(code({}, std::byte{1}), Errc::kKeyNotFound);
    EXPECT_EQ(code(ring_of(1), std::byte{9}), Errc::kUnsupported);

    auto faulty = make_page_cipher(
        ring_of(1), run_info(),
        std::make_shared<fakes::FaultyRandom>(std::make_shared<fakes::SeededRandom>(9), 0));
    ASSERT_TRUE(faulty);
    const auto unsealed = (*faulty)->seal(1, page_of(page));
    ASSERT_FALSE(unsealed);
    EXPECT_EQ(unsealed.error().code(), Errc::kRandomUnavailable);
}

}  // namespace
}  // namespace catalog::content
