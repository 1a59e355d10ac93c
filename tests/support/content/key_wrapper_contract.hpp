#pragma once
// What every KeyWrapper does.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "catalog/content/key_wrapper.hpp"

namespace catalog::content::testing {

/// Makes a wrapper; the same seed gives one with the same key, another seed one with another.
struct KeyWrapperMaker {
    std::string name;
    std::function<std::shared_ptr<KeyWrapper>(std::uint64_t seed)> make;
};

class KeyWrapperContract : public ::testing::TestWithParam<KeyWrapperMaker> {
protected:
    [[nodiscard]] static std::shared_ptr<KeyWrapper> make(std::uint64_t seed) {
        return GetParam().make(seed);
    }
    static constexpr std::string_view kSecret = "thirty-two bytes of some secret.";
};

TEST_P(KeyWrapperContract, UnwrapsWhatItWrapped) {
    const auto wrapper = make(1);
    const auto wrapped = wrapper->wrap(as_bytes(kSecret), as_bytes("context"));
    ASSERT_TRUE(wrapped) << wrapped.error().to_string();
    EXPECT_LE(wrapped->size(), kWrappedKeyBytesMax);
    EXPECT_EQ(as_text(*wrapped).find(kSecret), std::string_view::npos);
    // Another object with the same key does too: after a restart.
    const auto secret = make(1)->unwrap(*wrapped, as_bytes("context"));
    ASSERT_TRUE(secret) << secret.error().to_string();
    EXPECT_EQ(as_text(*secret), kSecret);
}

TEST_P(KeyWrapperContract, TellsItsKeyFromOthersByAShortName) {
    EXPECT_EQ(make(1)->name(), make(1)->name());
    EXPECT_NE(make(1)->name(), make(2)->name());
    EXPECT_FALSE(make(1)->name().empty());
    EXPECT_LE(make(1)->name().size(), kWrapperNameBytesMax);
}

TEST_P(KeyWrapperContract, RefusesAnotherKeyAndAnotherContext) {
    const auto wrapped = make(1)->wrap(as_bytes(kSecret), as_bytes("context"));
    ASSERT_TRUE(wrapped);
    for (const auto& refused :
         {make(2)->unwrap(*wrapped, as_bytes("context")),
          make(1)->unwrap(*wrapped, as_bytes("contexT")), make(1)->unwrap(*wrapped, {})}) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), Errc::kPermissionDenied);
    }
}

TEST_P(KeyWrapperContract, RefusesWhatWasAltered) {
    const auto wrapper = make(1);
    const auto wrapped = wrapper->wrap(as_bytes(kSecret), as_bytes("context"));
    ASSERT_TRUE(wrapped);
    for (std::size_t bit = 0; bit < wrapped->size() * 8; bit += 3) {
        Bytes flipped = *wrapped;
        flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        const auto refused = wrapper->unwrap(flipped, as_bytes("context"));
        ASSERT_FALSE(refused) << "bit " << bit;
        EXPECT_EQ(refused.error().code(), Errc::kPermissionDenied);
    }
    for (std::size_t size = 0; size < wrapped->size(); ++size)
        EXPECT_FALSE(wrapper->unwrap(ByteView(*wrapped).first(size), as_bytes("context")));
}

TEST_P(KeyWrapperContract, WrapsTheSameSecretDifferentlyEachTime) {
    const auto wrapper = make(1);
    const auto first = wrapper->wrap(as_bytes(kSecret), {});
    const auto second = wrapper->wrap(as_bytes(kSecret), {});
    ASSERT_TRUE(first && second);
    EXPECT_NE(*first, *second);
}

}  // namespace catalog::content::testing
