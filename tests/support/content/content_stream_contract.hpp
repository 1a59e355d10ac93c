#pragma once
// What every ContentTransformer and every ContentValidator keeps to.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "catalog/content/content_transformer.hpp"
#include "catalog/content/content_validator.hpp"
#include "support/content/content_streams.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {

/// A kind of transformer, bytes that it takes, and what it makes of them.
struct TransformerCase {
    std::string name;
    std::function<std::unique_ptr<ContentTransformer>()> make;
    Bytes input;
    Bytes output;
    friend std::ostream& operator<<(std::ostream& out, const TransformerCase& each) {
        return out << each.name;
    }
};

class ContentTransformerContract : public ::testing::TestWithParam<TransformerCase> {};

TEST_P(ContentTransformerContract, MakesTheSameOfAnySlices) {
    const TransformerCase& each = GetParam();
    for (const std::size_t in : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}})
        for (const std::size_t out : {std::size_t{1}, std::size_t{13}, std::size_t{70'000}}) {
            const auto source = transformed(slices_of(each.input, in), each.make());
            ASSERT_EQ(io::testing::must(pull_all(source, out)), each.output) << in << ", " << out;
        }
}

TEST_P(ContentTransformerContract, PassesOnTheErrorOfItsSource) {
    const TransformerCase& each = GetParam();
    const auto source =
        transformed(failing_after(each.input, each.input.size() / 2, Errc::kNetwork), each.make());
    EXPECT_EQ(io::testing::code_of(pull_all(source, 1000)), Errc::kNetwork);
    Bytes room(10);
    EXPECT_EQ(io::testing::code_of(source(room)), Errc::kNetwork) << "again";
}

TEST_P(ContentTransformerContract, PullsNoMoreThanItNeeds) {
    const TransformerCase& each = GetParam();
    std::size_t pulled = 0;
    const ByteSource counted =
        [&, inner = slices_of(each.input, 1000)](std::span<std::byte> out) -> Result<std::size_t> {
        auto count = inner(out);
        if (count) pulled += *count;
        return count;
    };
    const auto source = transformed(counted, each.make());
    EXPECT_EQ(pulled, 0u);
    Bytes room(1);
    io::testing::must(source(room));
    EXPECT_LE(pulled, std::min<std::size_t>(each.input.size(), 300u << 10));
}

TEST_P(ContentTransformerContract, StaysAtItsEnd) {
    const TransformerCase& each = GetParam();
    const auto source = transformed(slices_of(each.input, 1000), each.make());
    (void)io::testing::must(pull_all(source, 1000));
    Bytes room(10);
    EXPECT_EQ(io::testing::must(source(room)), 0u);
    EXPECT_FALSE(each.make()->name().empty());
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ContentTransformerContract);

/// A kind of validator, bytes that it finds right, and bytes that it does not.
struct ValidatorCase {
    std::string name;
    std::function<std::unique_ptr<ContentValidator>()> make;
    Bytes right;
    Bytes wrong;
    Errc error{};
    friend std::ostream& operator<<(std::ostream& out, const ValidatorCase& each) {
        return out << each.name;
    }
};

class ContentValidatorContract : public ::testing::TestWithParam<ValidatorCase> {
protected:
    static ByteSource look_at(const Bytes& bytes, std::size_t slice) {
        std::vector<std::unique_ptr<ContentValidator>> validators;
        validators.push_back(GetParam().make());
        return validated(slices_of(bytes, slice), std::move(validators));
    }
};

TEST_P(ContentValidatorContract, LetsPassWhatIsRightInAnySlices) {
    for (const std::size_t slice : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}})
        EXPECT_EQ(io::testing::must(pull_all(look_at(GetParam().right, slice), 999)),
                  GetParam().right);
}

TEST_P(ContentValidatorContract, NamesItselfWhenSomethingIsWrong) {
    for (const std::size_t slice : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
        const auto source = look_at(GetParam().wrong, slice);
        const auto pulled = pull_all(source, 999);
        ASSERT_FALSE(pulled);
        EXPECT_EQ(pulled.error().code(), GetParam().error);
        EXPECT_EQ(pulled.error().input(), GetParam().make()->name());
        Bytes room(10);
        EXPECT_FALSE(source(room)) << "again";
    }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ContentValidatorContract);

}  // namespace catalog::content::testing
