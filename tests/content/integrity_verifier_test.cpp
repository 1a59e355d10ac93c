#include "catalog/content/integrity_verifier.hpp"

#include <gtest/gtest.h>

#include "support/content/sample_bytes.hpp"
#include "support/io/results.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using testing::id_of;
using testing::noise;
using testing::slices_of;

TEST(IntegrityVerifier, AcceptsTheRightBytesInAnySlices) {
    for (const std::size_t size : {0u, 1u, 65'536u, 65'537u, 200'000u}) {
        const Bytes bytes = noise(size, size);
        for (const std::size_t slice : {1000u, 65'536u, 1'000'000u})
            EXPECT_EQ(
                code_of(IntegrityVerifier::check(id_of(bytes), size, slices_of(bytes, slice))),
                std::nullopt);
    }
}

TEST(IntegrityVerifier, RefusesAnotherByte) {
    Bytes bytes = noise(70'000, 1);
    const ContentHash id = id_of(bytes);
    for (const std::size_t at : {std::size_t{0}, std::size_t{65'536}, bytes.size() - 1}) {
        bytes[at] ^= std::byte{1};
        const auto checked = IntegrityVerifier::check(id, bytes.size(), source_of(bytes));
        ASSERT_EQ(code_of(checked), Errc::kContentCorrupted);
        const auto* detail = checked.error().detail_as<CorruptionDetail>();
        ASSERT_NE(detail, nullptr);
        EXPECT_EQ(detail->expected, id.to_string());
        EXPECT_EQ(detail->actual, id_of(bytes).to_string());
        bytes[at] ^= std::byte{1};
    }
}

TEST(IntegrityVerifier, RefusesTooFewAndTooManyBytes) {
    const Bytes bytes = noise(1000, 1);
    EXPECT_EQ(code_of(IntegrityVerifier::check(id_of(bytes), 1001, source_of(bytes))),
              Errc::kContentCorrupted);
    EXPECT_EQ(code_of(IntegrityVerifier::check(id_of(bytes), 999, source_of(bytes))),
              Errc::kContentCorrupted);
    IntegrityVerifier verifier(id_of(bytes), 1000);
    EXPECT_EQ(code_of(verifier.update(noise(1001, 1))), Errc::kContentCorrupted);
    EXPECT_EQ(code_of(verifier.update(bytes)), std::nullopt);
    EXPECT_EQ(code_of(verifier.finish()), std::nullopt);
}

TEST(IntegrityVerifier, ReturnsTheSourcesError) {
    const ByteSource broken = [](std::span<std::byte>) -> Result<std::size_t> {
        return fail(Errc::kNetwork, "gone");
    };
    EXPECT_EQ(code_of(IntegrityVerifier::check(id_of({}), 0, broken)), Errc::kNetwork);
    EXPECT_EQ(code_of(identify(broken)), Errc::kNetwork);
}

TEST(Identify, NamesBytesWithoutStoringThem) {
    const Bytes bytes = noise(150'000, 3);
    const ObjectInfo info = must(identify(slices_of(bytes, 999)));
    EXPECT_EQ(info.id, id_of(bytes));
    EXPECT_EQ(info.size, bytes.size());
}

}  // namespace
}  // namespace catalog::content
