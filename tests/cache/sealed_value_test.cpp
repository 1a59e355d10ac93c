#include "sealed_value.hpp"

#include <gtest/gtest.h>

#include "support/core/golden.hpp"

namespace catalog::cache {
namespace {

using std::chrono::microseconds;

ValueTimes some_times() {
    return {WallTime(microseconds(1'700'000'000'000'000)),
            WallTime(microseconds(1'700'000'001'000'000)),
            WallTime(microseconds(1'700'000'002'000'000))};
}

TEST(SealedValue, GivesBackWhatWasSealed) {
    for (const std::string& value : {std::string(), std::string("v"), std::string(5'000, 'x')}) {
        const std::string sealed =
            seal(as_bytes("secret"), as_bytes("key"), as_bytes(value), some_times());
        EXPECT_EQ(sealed.size(), kSealBytes + value.size());
        const auto unsealed = unseal(as_bytes("secret"), as_bytes("key"), as_bytes(sealed));
        ASSERT_TRUE(unsealed);
        EXPECT_EQ(as_text(unsealed->value), value);
        EXPECT_EQ(unsealed->times, some_times());
    }
}

TEST(SealedValue, IsOfOneKeyAndOneSecret) {
    const std::string sealed = seal(as_bytes("secret"), as_bytes("key"), as_bytes("value"), {});
    EXPECT_FALSE(unseal(as_bytes("secret"), as_bytes("kez"), as_bytes(sealed)));
    EXPECT_FALSE(unseal(as_bytes("secreu"), as_bytes("key"), as_bytes(sealed)));
    EXPECT_FALSE(unseal({}, as_bytes("key"), as_bytes(sealed)));
}

TEST(SealedValue, IsNothingWithAnyBitChangedOrAnyByteMissing) {
    const std::string sealed =
        seal(as_bytes("secret"), as_bytes("key"), as_bytes("value"), some_times());
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        std::string changed = sealed;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(unseal(as_bytes("secret"), as_bytes("key"), as_bytes(changed))) << bit;
    }
    for (std::size_t length = 0; length < sealed.size(); ++length)
        EXPECT_FALSE(unseal(as_bytes("secret"), as_bytes("key"),
                            as_bytes(std::string_view(sealed).substr(0, length))));
    EXPECT_FALSE(unseal(as_bytes("secret"), as_bytes("key"), as_bytes(sealed + "x")));
}

TEST(SealedValue, CodeDependsOnWhereThePartsEnd) {
    EXPECT_NE(keyed_digest({}, as_bytes("ab"), as_bytes("c"), as_bytes("d")),
              keyed_digest({}, as_bytes("a"), as_bytes("bc"), as_bytes("d")));
    EXPECT_NE(keyed_digest({}, as_bytes("a"), as_bytes("bc"), as_bytes("d")),
              keyed_digest({}, as_bytes("a"), as_bytes("b"), as_bytes("cd")));
    const std::string long_secret(100, 's');
    EXPECT_NE(keyed_digest(as_bytes(long_secret), {}, {}, {}), keyed_digest({}, {}, {}, {}));
}

TEST(SealedValue, HasTheRecordedForm) {
    const std::string sealed =
        seal(as_bytes("secret"), as_bytes("acme/blas@1.2.3"), as_bytes("a value"), some_times());
    golden::expect("cache/value_v1.bin", sealed);
    const std::string recorded = golden::read("cache/value_v1.bin");
    const auto unsealed =
        unseal(as_bytes("secret"), as_bytes("acme/blas@1.2.3"), as_bytes(recorded));
    ASSERT_TRUE(unsealed);
    EXPECT_EQ(as_text(unsealed->value), "a value");
}

}  // namespace
}  // namespace catalog::cache
