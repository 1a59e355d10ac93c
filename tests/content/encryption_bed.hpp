#pragma once
// What the tests of encryption share: keys and ids that are the same in every run.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "catalog/content/pack_format.hpp"
#include "catalog/content/store_key.hpp"
#include "support/core/randoms.hpp"

namespace catalog::content::testing {

/// Returns bytes of hexadecimal text.
inline Bytes hex(std::string_view text) {
    const Result<Bytes> bytes = from_hex(text);
    EXPECT_TRUE(bytes) << text;
    return bytes ? *bytes : Bytes();
}

inline StoreId store_id(unsigned char seed = 7) {
    StoreId id{};
    for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(seed + i);
    return id;
}

/// Returns a ring with generations 1 to `generations`.
inline StoreKeyRing ring_of(std::uint64_t seed, std::uint32_t generations = 1) {
    fakes::SeededRandom random(seed);
    StoreKeyRing ring;
    for (std::uint32_t i = 1; i <= generations; ++i) {
        auto key = StoreKey::generate(random);
        EXPECT_TRUE(key);
        ring.add(KeyGeneration{i}, *key);
    }
    return ring;
}

/// Returns `size` bytes of which no run of eight is likely to appear by chance.
inline Bytes noise(std::size_t size, std::uint64_t seed) {
    Bytes bytes(size);
    EXPECT_TRUE(fakes::SeededRandom(seed).fill(bytes));
    return bytes;
}

}  // namespace catalog::content::testing
