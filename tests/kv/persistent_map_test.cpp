#include "persistent_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace catalog::kv {
namespace {

std::string key_of(std::uint64_t number) {
    std::string key = std::to_string(number);
    return std::string(6 - std::min<std::size_t>(6, key.size()), '0') + key;
}

/// Walks the map and compares every neighbour with the model.
void expect_equal(const PersistentMap& map, const std::map<std::string, std::string>& model) {
    const auto* at = map.first_after("", true);
    for (const auto& [key, value] : model) {
        ASSERT_NE(at, nullptr);
        ASSERT_EQ(at->key, key);
        ASSERT_EQ(at->value, value);
        ASSERT_EQ(map.find(key), at);
        at = map.first_after(at->key, false);
    }
    ASSERT_EQ(at, nullptr);
}

TEST(PersistentMap, AgreesWithAMapAndKeepsEveryOldVersion) {
    for (const std::uint64_t seed : {11u, 12u, 13u}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        PersistentMap map;
        std::map<std::string, std::string> model;
        std::vector<std::pair<PersistentMap, std::map<std::string, std::string>>> versions;
        for (int step = 0; step < 2000; ++step) {
            const std::string key = key_of(random() % 300);
            if (random() % 3 == 0) {
                map = map.without(key);
                model.erase(key);
            } else {
                map = map.with(key, std::to_string(step));
                model[key] = std::to_string(step);
            }
            if (step % 200 == 0) versions.emplace_back(map, model);
        }
        versions.emplace_back(map, model);
        for (const auto& [old_map, old_model] : versions)
            ASSERT_NO_FATAL_FAILURE(expect_equal(old_map, old_model));
    }
}

TEST(PersistentMap, FindsNeighboursOfAbsentAndPresentKeys) {
    const PersistentMap map = PersistentMap().with("b", "").with("d", "");
    EXPECT_EQ(map.first_after("b", true)->key, "b");
    EXPECT_EQ(map.first_after("b", false)->key, "d");
    EXPECT_EQ(map.first_after("c", true)->key, "d");
    EXPECT_EQ(map.first_after("d", false), nullptr);
    EXPECT_EQ(map.last_before("d", true)->key, "d");
    EXPECT_EQ(map.last_before("d", false)->key, "b");
    EXPECT_EQ(map.last_before("a", true), nullptr);
}

TEST(PersistentMap, StaysBalancedWhenKeysComeInOrder) {
    PersistentMap map;
    constexpr std::uint64_t kKeys = 4096;
    for (std::uint64_t i = 0; i < kKeys; ++i) map = map.with(key_of(i), "");
    EXPECT_LE(map.height(), 18);  // 1.44 log2(4096) is 17.3
    for (std::uint64_t i = 0; i < kKeys - 16; ++i) map = map.without(key_of(i));
    EXPECT_LE(map.height(), 6);
    EXPECT_EQ(map.first_after("", true)->key, key_of(kKeys - 16));
}

}  // namespace
}  // namespace catalog::kv
