#pragma once
// What every RemoteCache must do. Instantiate for one with
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, RemoteCacheContract, MyCacheMaker);
//
// where a default-made MyCacheMaker has `std::shared_ptr<RemoteCache> make()`, which gives another
// view of the same, at first empty, cache each time, and `static bool is_there()`.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "catalog/cache/remote_cache.hpp"

namespace catalog::cache::testing {

template <class Maker>
class RemoteCacheContract : public ::testing::Test {
protected:
    void SetUp() override {
        if (!Maker::is_there()) GTEST_SKIP() << "the other side is not installed";
        maker_.emplace();
    }
    std::shared_ptr<RemoteCache> make() { return maker_->make(); }

    static std::optional<std::string> get(RemoteCache& cache, std::string_view name) {
        const auto got = cache.get(name);
        EXPECT_TRUE(got) << got.error().to_string();
        if (!got || !*got) return std::nullopt;
        return std::string(as_text(**got));
    }
    static void put(RemoteCache& cache, std::string_view name, std::string_view value) {
        const auto done = cache.put(name, as_bytes(value), std::chrono::hours(1));
        ASSERT_TRUE(done) << done.error().to_string();
    }
    static void erase(RemoteCache& cache, std::string_view name) {
        const auto done = cache.erase(name);
        ASSERT_TRUE(done) << done.error().to_string();
    }

private:
    std::optional<Maker> maker_;
};

TYPED_TEST_SUITE_P(RemoteCacheContract);

TYPED_TEST_P(RemoteCacheContract, FindsNothingAtFirst) {
    const auto cache = this->make();
    EXPECT_EQ(this->get(*cache, "a"), std::nullopt);
    this->erase(*cache, "a");
    EXPECT_EQ(this->get(*cache, "a"), std::nullopt);
}

TYPED_TEST_P(RemoteCacheContract, ReturnsWhatWasPutLast) {
    const auto cache = this->make();
    this->put(*cache, "a", "first, and longer than the second");
    this->put(*cache, "a", "second");
    this->put(*cache, "b", "");
    EXPECT_EQ(this->get(*cache, "a"), "second");
    EXPECT_EQ(this->get(*cache, "b"), "");
    this->erase(*cache, "a");
    EXPECT_EQ(this->get(*cache, "a"), std::nullopt);
    EXPECT_EQ(this->get(*cache, "b"), "");
}

TYPED_TEST_P(RemoteCacheContract, TakesNamesAndValuesOfAnyBytes) {
    const auto cache = this->make();
    const std::string name("a\0\r\n$5\xff", 8);
    std::string value(300'000, '\0');
    for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 31);
    this->put(*cache, name, value);
    EXPECT_EQ(this->get(*cache, name), value);
}

TYPED_TEST_P(RemoteCacheContract, TakesALifetimeOfZeroAsNone) {
    const auto cache = this->make();
    ASSERT_TRUE(cache->put("a", as_bytes("value"), std::chrono::milliseconds(0)));
    EXPECT_EQ(this->get(*cache, "a"), "value");
}

TYPED_TEST_P(RemoteCacheContract, ShowsOthersWhatOneHasPut) {
    const auto one = this->make();
    const auto other = this->make();
    this->put(*one, "a", "value");
    EXPECT_EQ(this->get(*other, "a"), "value");
    this->erase(*other, "a");
    EXPECT_EQ(this->get(*one, "a"), std::nullopt);
}

TYPED_TEST_P(RemoteCacheContract, HoldsWhatAMapHoldsAfterAnyCalls) {
    const auto cache = this->make();
    std::map<std::string, std::string> model;
    const unsigned seed = 20'261'123;
    std::mt19937 random(seed);
    for (int round = 0; round < 300; ++round) {
        const std::string name = std::to_string(random() % 10);
        if (random() % 3 == 0) {
            this->erase(*cache, name);
            model.erase(name);
        } else {
            model[name] = std::string(random() % 2'000, 'v') + std::to_string(round);
            this->put(*cache, name, model[name]);
        }
        const std::string asked = std::to_string(random() % 10);
        const auto found = model.find(asked);
        const auto expected = found == model.end() ? std::nullopt : std::optional(found->second);
        ASSERT_EQ(this->get(*cache, asked), expected) << "seed " << seed << ", round " << round;
    }
}

REGISTER_TYPED_TEST_SUITE_P(RemoteCacheContract, FindsNothingAtFirst, ReturnsWhatWasPutLast,
                            TakesNamesAndValuesOfAnyBytes, TakesALifetimeOfZeroAsNone,
                            ShowsOthersWhatOneHasPut, HoldsWhatAMapHoldsAfterAnyCalls);

}  // namespace catalog::cache::testing
