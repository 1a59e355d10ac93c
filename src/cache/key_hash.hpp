#pragma once
// KeyHash: a seeded 64-bit hash of byte strings for tables in memory, never stored.

#include <cstdint>
#include <cstring>

#include "catalog/core/bytes.hpp"

namespace catalog::cache {

/// Multiplies 64-bit words to 128 bits and folds the halves, 16 bytes a step, as wyhash does (Wang
/// Yi, public domain). Without the seeds nobody can choose keys that collide more than by chance.
class KeyHash {
public:
    KeyHash(std::uint64_t first, std::uint64_t second) noexcept
        : first_(mixed(first)), second_(mixed(second)) {}

    /// Returns the hash, never 0. Cost: about 3 ns and a tenth of a nanosecond a byte.
    [[nodiscard]] std::uint64_t operator()(ByteView key) const noexcept {
        const std::byte* at = key.data();
        std::size_t left = key.size();
        std::uint64_t state = first_ ^ key.size();
        for (; left > 16; at += 16, left -= 16)
            state = fold(word(at) ^ second_, word(at + 8) ^ state);
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        if (left >= 8) {
            a = word(at);
            b = word(at + left - 8);
        } else if (left >= 4) {
            a = half(at);
            b = half(at + left - 4);
        } else if (left > 0) {
            a = std::to_integer<std::uint64_t>(at[0]) << 16 |
                std::to_integer<std::uint64_t>(at[left >> 1]) << 8 |
                std::to_integer<std::uint64_t>(at[left - 1]);
        }
        const std::uint64_t hash =
            fold(fold(a ^ second_, b ^ state) ^ first_, key.size() ^ kOddConstant);
        return hash == 0 ? 1 : hash;
    }

private:
    __extension__ using Wide = unsigned __int128;
    static constexpr std::uint64_t kOddConstant = 0x9e37'79b9'7f4a'7c15;  // 2^64 / golden ratio

    // Also small and similar seeds become words with bits everywhere (the finalizer of SplitMix64).
    static std::uint64_t mixed(std::uint64_t seed) noexcept {
        seed += kOddConstant;
        seed = (seed ^ seed >> 30) * 0xbf58'476d'1ce4'e5b9;
        seed = (seed ^ seed >> 27) * 0x94d0'49bb'1331'11eb;
        return seed ^ seed >> 31;
    }
    static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }
    static std::uint64_t word(const std::byte* at) noexcept {
        std::uint64_t value = 0;
        std::memcpy(&value, at, sizeof value);
        return value;
    }
    static std::uint64_t half(const std::byte* at) noexcept {
        std::uint32_t value = 0;
        std::memcpy(&value, at, sizeof value);
        return value;
    }

    std::uint64_t first_;
    std::uint64_t second_;
};

}  // namespace catalog::cache
