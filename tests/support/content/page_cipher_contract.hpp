#pragma once
// The contract suite of PageCipher: what every implementation must do, real and fake alike.
// Whoever includes this has src/content among its include folders.
//
//   INSTANTIATE_TEST_SUITE_P(Toy, PageCipherContract, testing::Values(PageCipherMaker{...}));

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "index_run.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {

/// Makes the cipher of a run: the same for the same number, another one for another.
struct PageCipherMaker {
    std::string name;
    std::function<std::unique_ptr<PageCipher>(std::uint32_t run)> make;
    friend std::ostream& operator<<(std::ostream& out, const PageCipherMaker& maker) {
        return out << maker.name;
    }
};

class PageCipherContract : public ::testing::TestWithParam<PageCipherMaker> {
protected:
    using PageBytes = std::vector<std::byte>;

    static PageBytes sample_page() {
        PageBytes page(kIndexPageBytes);
        io::testing::SeededRandom random(1);
        for (std::size_t at = 0; at < kIndexPageBytes - PageCipher::kReservedBytes; at += 2)
            page[at] = static_cast<std::byte>(random.next());
        return page;
    }
    static PageBytes sealed(PageCipher& cipher, std::uint64_t number) {
        PageBytes page = sample_page();
        io::testing::must(cipher.seal(number, IndexPage(page.data(), kIndexPageBytes)));
        return page;
    }
    static Result<PageBytes> opened(const PageCipher& cipher, std::uint64_t number,
                                    const PageBytes& page) {
        PageBytes plain(kIndexPageBytes, std::byte{0x5a});
        const auto result = cipher.open(number, IndexPageView(page.data(), kIndexPageBytes),
                                        IndexPage(plain.data(), kIndexPageBytes));
        if (!result) return fail(result.error());
        return plain;
    }
    static void expect_refused(const Result<PageBytes>& result) {
        const auto code = io::testing::code_of(result);
        EXPECT_TRUE(code == Errc::kPackInvalid || code == Errc::kContentCorrupted);
    }
};

TEST_P(PageCipherContract, OpensWhatItSealedWithZerosInItsPlace) {
    const auto writer = GetParam().make(1);
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{6700000}})
        EXPECT_EQ(io::testing::must(opened(*GetParam().make(1), number, sealed(*writer, number))),
                  sample_page());
}

TEST_P(PageCipherContract, LeavesNoBytesOfAPageInSight) {
    const auto cipher = GetParam().make(1);
    const PageBytes page = sealed(*cipher, 3);
    const PageBytes plain = sample_page();
    std::size_t same = 0;
    for (std::size_t at = 0; at < kIndexPageBytes; ++at) same += page[at] == plain[at] ? 1 : 0;
    EXPECT_LT(same, kIndexPageBytes / 16);
}

TEST_P(PageCipherContract, RefusesAPageInThePlaceOfAnother) {
    const auto cipher = GetParam().make(1);
    const PageBytes page = sealed(*cipher, 3);
    expect_refused(opened(*cipher, 4, page));
    expect_refused(opened(*cipher, 3 + (std::uint64_t{1} << 32), page));
}

TEST_P(PageCipherContract, RefusesAPageOfAnotherRun) {
    expect_refused(opened(*GetParam().make(2), 3, sealed(*GetParam().make(1), 3)));
}

TEST_P(PageCipherContract, RefusesAPageWithAnyByteChanged) {
    const auto cipher = GetParam().make(1);
    PageBytes page = sealed(*cipher, 3);
    for (std::size_t at = 0; at < kIndexPageBytes; ++at) {
        const std::byte flip = std::byte{1} << (at % 8);
        page[at] ^= flip;
        EXPECT_FALSE(opened(*cipher, 3, page)) << "byte " << at;
        page[at] ^= flip;
    }
    EXPECT_TRUE(opened(*cipher, 3, page));
}

}  // namespace catalog::content::testing
