#pragma once
// Hashes of a segment: SipHash-1-3 for what is stored, a quicker one for tables that live while a
// segment is built.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "segment_format.hpp"

namespace catalog::index {

/// SipHash with one round a word and three at the end (Aumasson and Bernstein, "SipHash: a fast
/// short-input PRF", 2012): nobody who does not know the secret can choose texts whose hashes meet.
class SipHash {
public:
    explicit SipHash(const std::array<std::byte, 16>& secret) noexcept
        : k0_(load_le<std::uint64_t>(secret.data())),
          k1_(load_le<std::uint64_t>(secret.data() + 8)) {}

    struct Value {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
    };

    /// Returns the 128-bit hash of an id, of which no copy is made: name and version, each with
    /// zeros up to a multiple of 8 bytes, then their lengths in 4 and 3 bytes.
    [[nodiscard]] Value of_id(std::string_view name, std::string_view version) const noexcept {
        State state{k0_ ^ 0x736f6d6570736575, k1_ ^ 0x646f72616e646f6d ^ 0xee,
                    k0_ ^ 0x6c7967656e657261, k1_ ^ 0x7465646279746573};
        const std::size_t words = take_padded(state, name) + take_padded(state, version);
        const std::uint64_t bytes = 8 * words + 7;
        state.take(std::uint64_t{name.size()} | std::uint64_t{version.size()} << 32 | bytes << 56);
        Value value;
        value.low = state.low();
        value.high = state.high();
        return value;
    }

private:
    struct State {
        std::uint64_t v0, v1, v2, v3;

        void round() noexcept {
            v0 += v1;
            v1 = std::rotl(v1, 13) ^ v0;
            v0 = std::rotl(v0, 32);
            v2 += v3;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v2 = std::rotl(v2, 32);
        }
        void take(std::uint64_t word) noexcept {
            v3 ^= word;
            round();
            v0 ^= word;
        }
        [[nodiscard]] std::uint64_t low() noexcept {
            v2 ^= 0xee;
            return three_rounds();
        }
        // After low().
        [[nodiscard]] std::uint64_t high() noexcept {
            v1 ^= 0xdd;
            return three_rounds();
        }
        [[nodiscard]] std::uint64_t three_rounds() noexcept {
            round();
            round();
            round();
            return v0 ^ v1 ^ v2 ^ v3;
        }
    };

    [[nodiscard]] static std::size_t take_padded(State& state, std::string_view text) noexcept {
        const auto* at = reinterpret_cast<const std::byte*>(text.data());
        std::size_t left = text.size();
        for (; left >= 8; left -= 8, at += 8) state.take(load_le<std::uint64_t>(at));
        if (left > 0) state.take(load_last(at, left, text.size() >= 8));
        return (text.size() + 7) / 8;
    }
    // The last 1 to 7 bytes of a text, zeros behind them; of a long one the bytes before may be
    // read, too.
    [[nodiscard]] static std::uint64_t load_last(const std::byte* at, std::size_t left,
                                                 bool is_long) noexcept {
        if (is_long) return load_le<std::uint64_t>(at + left - 8) >> (8 * (8 - left));
        if (left >= 4)
            return std::uint64_t{load_le<std::uint32_t>(at)} |
                   std::uint64_t{load_le<std::uint32_t>(at + left - 4)} << (8 * (left - 4));
        return static_cast<std::uint64_t>(at[0]) |
               static_cast<std::uint64_t>(at[left / 2]) << (8 * (left / 2)) |
               static_cast<std::uint64_t>(at[left - 1]) << (8 * (left - 1));
    }

    std::uint64_t k0_;
    std::uint64_t k1_;
};

/// A quick keyed hash of short texts (multiply and fold, 16 bytes a step). What it decides is never
/// stored.
class QuickHash {
public:
    explicit QuickHash(const std::array<std::byte, 16>& secret) noexcept
        : a_(load_le<std::uint64_t>(secret.data()) ^ 0x9e3779b97f4a7c15),
          b_(load_le<std::uint64_t>(secret.data() + 8) ^ 0xd1b54a32d192ed03) {}

    [[nodiscard]] std::uint64_t operator()(std::string_view text) const noexcept {
        const auto* at = reinterpret_cast<const std::byte*>(text.data());
        std::size_t left = text.size();
        std::uint64_t state = a_ ^ text.size();
        for (; left > 16; left -= 16, at += 16)
            state = fold(load_le<std::uint64_t>(at) ^ b_, load_le<std::uint64_t>(at + 8) ^ state);
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        if (left >= 8) {
            low = load_le<std::uint64_t>(at);
            high = load_le<std::uint64_t>(at + left - 8);
        } else if (left >= 4) {
            low = load_le<std::uint32_t>(at);
            high = load_le<std::uint32_t>(at + left - 4);
        } else if (left > 0) {
            low = static_cast<std::uint64_t>(at[0]) |
                  static_cast<std::uint64_t>(at[left / 2]) << 8 |
                  static_cast<std::uint64_t>(at[left - 1]) << 16;
        }
        return fold(fold(low ^ b_, high ^ state) ^ a_, state ^ b_);
    }
    /// The hash of 16 bytes.
    [[nodiscard]] std::uint64_t of_words(std::uint64_t low, std::uint64_t high) const noexcept {
        return fold(fold(low ^ b_, high ^ a_) ^ a_, b_);
    }

private:
    [[nodiscard]] static std::uint64_t fold(std::uint64_t x, std::uint64_t y) noexcept {
        __extension__ using Wide = unsigned __int128;
        const Wide product = Wide{x} * y;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t a_;
    std::uint64_t b_;
};

}  // namespace catalog::index
