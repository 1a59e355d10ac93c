// The macros with which the library's sources hand errors on.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "catalog/core/result.hpp"
#include "catalog/internal/check.hpp"
#include "catalog/internal/try.hpp"

namespace catalog {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return fail(Errc::kInvalidArgument, "odd");
    return number / 2;
}

Result<void> require_even(int number) {
    CATALOG_TRY_VOID(half(number));
    return {};
}

Result<std::string> quarter(int number) {
    CATALOG_TRY(const int once, half(number));
    CATALOG_TRY(const int twice, half(once));
    return std::to_string(twice);
}

Result<std::unique_ptr<int>> boxed(int number) {
    CATALOG_TRY(auto box, Result<std::unique_ptr<int>>(std::make_unique<int>(number)));
    return box;
}

Result<int> checked(int number) {
    CATALOG_CHECK(number != 13);
    return number;
}

TEST(Try, BindsTheValueOrHandsTheErrorOn) {
    EXPECT_EQ(quarter(8).value(), "2");
    EXPECT_EQ(quarter(6).error().message(), "odd");
    EXPECT_EQ(quarter(3).error().code(), Errc::kInvalidArgument);
}

TEST(Try, MovesTheValue) { EXPECT_EQ(*boxed(5).value(), 5); }

TEST(TryVoid, HandsOnlyTheErrorOn) {
    EXPECT_TRUE(require_even(2));
    EXPECT_EQ(require_even(1).error().message(), "odd");
}

TEST(Check, ABrokenInvariantIsAnErrorThatNamesItself) {
    EXPECT_EQ(checked(1).value(), 1);
    const auto broken = checked(13);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code(), Errc::kInternal);
    EXPECT_EQ(broken.error().message().find("broken invariant number != 13 at "), 0u);
    EXPECT_NE(broken.error().message().find("internal_test.cpp:"), std::string::npos);
}

}  // namespace
}  // namespace catalog
