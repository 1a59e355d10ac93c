#pragma once
// What every SolutionCache must do. Instantiate for a store with
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, SolutionCacheContract, MyStoreMaker);
//
// where `std::shared_ptr<SolutionCache> MyStoreMaker::make()` makes an empty store with room for
// 200 entries and 1 MiB.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "catalog/resolve/resolution_cache.hpp"

namespace catalog::resolve::testing {

template <class Maker>
class SolutionCacheContract : public ::testing::Test {
protected:
    static std::shared_ptr<SolutionCache> make() { return Maker::make(); }
};

TYPED_TEST_SUITE_P(SolutionCacheContract);

TYPED_TEST_P(SolutionCacheContract, NothingIsFoundInAnEmptyStore) {
    const auto store = this->make();
    EXPECT_EQ(store->get("a"), std::nullopt);
    EXPECT_EQ(store->get(""), std::nullopt);
    store->erase("a");
    EXPECT_EQ(store->get("a"), std::nullopt);
}

TYPED_TEST_P(SolutionCacheContract, WhatFitsIsFoundAgain) {
    const auto store = this->make();
    for (int i = 0; i < 200; ++i) store->put("key-" + std::to_string(i), std::to_string(i * i));
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(store->get("key-" + std::to_string(i)), std::to_string(i * i)) << i;
}

TYPED_TEST_P(SolutionCacheContract, TheLastValueCounts) {
    const auto store = this->make();
    store->put("a", "first, and longer than the second");
    store->put("a", "second");
    EXPECT_EQ(store->get("a"), "second");
    store->erase("a");
    EXPECT_EQ(store->get("a"), std::nullopt);
    store->put("a", "third");
    EXPECT_EQ(store->get("a"), "third");
}

TYPED_TEST_P(SolutionCacheContract, KeysAndValuesAreAnyBytes) {
    const auto store = this->make();
    const std::vector<std::string> texts = {
        "",         std::string(1, '\0'),     std::string("a\0b", 3), "a", "a/../b\n\"\\",
        "\xff\xfe", std::string(100'000, 'x')};
    for (std::size_t i = 0; i < texts.size(); ++i)
        store->put(texts[i], texts[texts.size() - 1 - i]);
    for (std::size_t i = 0; i < texts.size(); ++i)
        EXPECT_EQ(store->get(texts[i]), texts[texts.size() - 1 - i]) << i;
}

TYPED_TEST_P(SolutionCacheContract, ReturnsWhatAMapDoesOrNothing) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(seed);
        const auto store = this->make();
        std::map<std::string, std::string> model;
        std::mt19937_64 random(seed);
        for (int step = 0; step < 1'000; ++step) {
            const std::string key = std::to_string(random() % 20);
            switch (random() % 4) {
                case 0:
                    model[key] = std::string(random() % 30, static_cast<char>(random() % 256));
                    store->put(key, model[key]);
                    break;
                case 1:
                    model.erase(key);
                    store->erase(key);
                    break;
                default:
                    // A store may forget at any time, but what it returns is what was put.
                    if (const auto found = store->get(key)) {
                        ASSERT_TRUE(model.contains(key)) << step;
                        ASSERT_EQ(*found, model[key]) << step;
                    }
            }
        }
    }
}

TYPED_TEST_P(SolutionCacheContract, AnyThreadMayUseIt) {
    const auto store = this->make();
    const auto work = [&store](int thread) {
        for (int i = 0; i < 500; ++i) {
            // A key of its own, and one that all of them write.
            const std::string own = "own-" + std::to_string(thread);
            store->put(own, std::to_string(i));
            EXPECT_EQ(store->get(own).value_or(std::to_string(i)), std::to_string(i));
            store->put("shared", std::string(64, static_cast<char>('a' + thread)));
            if (const auto found = store->get("shared")) {
                ASSERT_EQ(found->size(), 64u);
                EXPECT_EQ(*found, std::string(64, found->front()));
            }
            if (i % 7 == 0) store->erase("shared");
        }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) threads.emplace_back(work, thread);
    for (std::thread& thread : threads) thread.join();
}

REGISTER_TYPED_TEST_SUITE_P(SolutionCacheContract, NothingIsFoundInAnEmptyStore,
                            WhatFitsIsFoundAgain, TheLastValueCounts, KeysAndValuesAreAnyBytes,
                            ReturnsWhatAMapDoesOrNothing, AnyThreadMayUseIt);

}  // namespace catalog::resolve::testing
