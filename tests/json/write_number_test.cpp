// Numbers as ECMAScript prints them: RFC 8785 appendix B, and the published number sequence of its
// reference implementation.

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::json {
namespace {

std::string print(double value) { return write_canonical(Value(value)); }
std::string print_bits(std::uint64_t bits) { return print(std::bit_cast<double>(bits)); }

struct Sample {
    std::uint64_t bits;
    const char* text;
};

constexpr Sample kAppendixB[] = {
    {0x0000000000000000, "0"},
    {0x8000000000000000, "0"},
    {0x0000000000000001, "5e-324"},
    {0x8000000000000001, "-5e-324"},
    {0x7fefffffffffffff, "1.7976931348623157e+308"},
    {0xffefffffffffffff, "-1.7976931348623157e+308"},
    {0x4340000000000000, "9007199254740992"},
    {0xc340000000000000, "-9007199254740992"},
    {0x4430000000000000, "295147905179352830000"},
    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
    {0x44b52d02c7e14af6, "1e+23"},
    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
    {0x444b1ae4d6e2ef50, "1e+21"},
    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
    {0x3eb0c6f7a0b5ed8d, "0.000001"},
    {0x41b3de4355555553, "333333333.3333332"},
    {0x41b3de4355555554, "333333333.33333325"},
    {0x41b3de4355555555, "333333333.3333333"},
    {0x41b3de4355555556, "333333333.3333334"},
    {0x41b3de4355555557, "333333333.33333343"},
    {0xbecbf647612f3696, "-0.0000033333333333333333"},
    {0x43143ff3c1cb0959, "1424953923781206.2"},
};

TEST(CanonicalNumber, PrintsAppendixBOfRfc8785) {
    for (const Sample& sample : kAppendixB)
        EXPECT_EQ(print_bits(sample.bits), sample.text) << std::hex << sample.bits;
}

TEST(CanonicalNumber, HasNoInfinityAndNoNaN) {
    EXPECT_EQ(print_bits(0x7fffffffffffffff), "null");
    EXPECT_EQ(print_bits(0x7ff0000000000000), "null");
    EXPECT_EQ(print_bits(0xfff0000000000000), "null");
}

TEST(CanonicalNumber, SwitchesFormAtEcmaScriptsExponents) {
    EXPECT_EQ(print(1e20), "100000000000000000000");
    EXPECT_EQ(print(1e21), "1e+21");
    EXPECT_EQ(print(123456789e13), "1.23456789e+21");
    EXPECT_EQ(print(123456789e12), "123456789000000000000");
    EXPECT_EQ(print(1e-6), "0.000001");
    EXPECT_EQ(print(1e-7), "1e-7");
    EXPECT_EQ(print(1.5e-7), "1.5e-7");
    EXPECT_EQ(print(-1e-7), "-1e-7");
    EXPECT_EQ(print(0.1), "0.1");
    EXPECT_EQ(print(10), "10");
    EXPECT_EQ(print(1e100), "1e+100");
}

TEST(CanonicalNumber, PrintsIntegersUpTo2To53Exactly) {
    EXPECT_EQ(write_canonical(Value(std::int64_t{9007199254740992})), "9007199254740992");
    EXPECT_EQ(write_canonical(Value(std::int64_t{-9007199254740992})), "-9007199254740992");
    EXPECT_EQ(write_canonical(Value(-1)), "-1");
}

TEST(CanonicalNumber, RoundsLargerIntegersAsEcmaScriptDoes) {
    EXPECT_EQ(write_canonical(Value(std::int64_t{9007199254740993})), "9007199254740992");
    EXPECT_EQ(write_canonical(Value(std::int64_t{1152921504606846976})), "1152921504606847000");
    EXPECT_EQ(write_canonical(Value(INT64_MIN)), "-9223372036854776000");
    EXPECT_EQ(write_pretty(Value(std::int64_t{9007199254740993})), "9007199254740993\n");
}

/// The number sequence of testdata/README.md of github.com/cyberphone/json-canonicalization: listed
/// magnitudes, 2000 neighbours of the smallest normal number, then digests of digests read as
/// doubles. Its page publishes the SHA-256 of the lines "bits,text\n" for prefixes of it.
class NumberSequence {
public:
    std::uint64_t next() {
        const std::size_t index = index_++;
        if (index < listed().size()) return listed()[index];
        if (index < listed().size() + 2000) return 0x0010000000000000 + (index - listed().size());
        for (;;) {
            if (word_ == 4) {
                block_ = merkle::hash_of(block_).digest;
                word_ = 0;
            }
            const auto bits = load_le<std::uint64_t>(block_.data() + 8 * word_++);
            const auto value = std::bit_cast<double>(bits);
            if (value != 0 && std::isfinite(value)) return bits;
        }
    }

private:
    static const std::vector<std::uint64_t>& listed();

    std::size_t index_ = 0;
    std::array<std::byte, 32> block_{};
    std::size_t word_ = 4;
};

const std::vector<std::uint64_t>& NumberSequence::listed() {
    // Printed once with and once without the sign bit.
    static constexpr std::uint64_t kBothSigns[] = {
        0x446696695dbd1cc3, 0x443211ede4974a35, 0x43fce97ca0f21056, 0x43c7213080c1a6ac,
        0x439280f39a348556, 0x435d9b1f5d20d557, 0x4327af4c4a80aaac, 0x42f2f2a36ecd5556,
        0x42be51057e155558, 0x428840d131aaaaac, 0x4253670dc1555557, 0x421f0b4935555557,
        0x41e8d5d42aaaaaac, 0x41b3de4355555556, 0x417fca0555555556, 0x41496e6aaaaaaaab,
        0x4114585555555555, 0x40e046aaaaaaaaab, 0x40aa0aaaaaaaaaaa, 0x4074d55555555555,
        0x4040aaaaaaaaaaab, 0x400aaaaaaaaaaaab, 0x3fd5555555555555, 0x3fa1111111111111,
        0x3f6b4e81b4e81b4f, 0x3f35d867c3ece2a5, 0x3f0179ec9cbd821e, 0x3ecbf647612f3696,
        0x3e965e9f80f29212, 0x3e61e54c672874db, 0x3e2ca213d840baf8, 0x3df6e80fe033c8c6,
        0x3dc2533fe68fd3d2, 0x3d8d51ffd74c861c, 0x3d5774ccac3d3817, 0x3d22c3d6f030f9ac,
        0x3cee0624b3818f79, 0x3cb804ea293472c7, 0x3c833721ba905bd3, 0x3c4ebe9c5db3c61e,
        0x3c18987d17c304e5, 0x3be3ad30dfcf371d, 0x3baf7b816618582f, 0x3b792f9ab81379bf,
        0x3b442615600f9499, 0x3b101e77800c76e1, 0x3ad9ca58cce0be35, 0x3aa4a1e0a3e6fe90,
        0x3a708180831f320d, 0x3a3a68cd9e985016};
    static constexpr std::uint64_t kOnce[] = {
        0x4024000000000000, 0x4014000000000000, 0x3fe0000000000000, 0x3fa999999999999a,
        0x3f747ae147ae147b, 0x3f40624dd2f1a9fc, 0x3f0a36e2eb1c432d, 0x3ed4f8b588e368f1,
        0x3ea0c6f7a0b5ed8d, 0x3e6ad7f29abcaf48, 0x3e35798ee2308c3a, 0x3ed539223589fa95,
        0x3ed4ff26cd5a7781, 0x3ed4f95a762283ff, 0x3ed4f8c60703520c, 0x3ed4f8b72f19cd0d,
        0x3ed4f8b5b31c0c8d, 0x3ed4f8b58d1c461a, 0x3ed4f8b5894f7f0e, 0x3ed4f8b588ee37f3,
        0x3ed4f8b588e47da4, 0x3ed4f8b588e3849c, 0x3ed4f8b588e36bb5, 0x3ed4f8b588e36937,
        0x3ed4f8b588e368f8, 0x3ed4f8b588e368f1, 0x3ff0000000000000, 0xbff0000000000000,
        0xbfeffffffffffffa, 0xbfeffffffffffffb, 0x3feffffffffffffa, 0x3feffffffffffffb,
        0x3feffffffffffffc, 0x3feffffffffffffe, 0xbfefffffffffffff, 0xbfefffffffffffff,
        0x3fefffffffffffff, 0x3fefffffffffffff, 0x3fd3333333333332, 0x3fd3333333333333,
        0x3fd3333333333334, 0x0010000000000000, 0x000ffffffffffffd, 0x000fffffffffffff,
        0x7fefffffffffffff, 0xffefffffffffffff, 0x4340000000000000, 0xc340000000000000,
        0x4430000000000000, 0x44b52d02c7e14af5, 0x44b52d02c7e14af6, 0x44b52d02c7e14af7,
        0x444b1ae4d6e2ef4e, 0x444b1ae4d6e2ef4f, 0x444b1ae4d6e2ef50, 0x3eb0c6f7a0b5ed8c,
        0x3eb0c6f7a0b5ed8d, 0x41b3de4355555553, 0x41b3de4355555554, 0x41b3de4355555555,
        0x41b3de4355555556, 0x41b3de4355555557, 0xbecbf647612f3696, 0x43143ff3c1cb0959};
    static const std::vector<std::uint64_t> kAll = [] {
        constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
        std::vector<std::uint64_t> all{0, kSign, 1, kSign | 1};
        for (const std::uint64_t bits : kBothSigns) all.push_back(bits | kSign);
        for (const std::uint64_t bits : kBothSigns) all.push_back(bits);
        for (const std::uint64_t bits : kOnce) all.push_back(bits);
        return all;
    }();
    return kAll;
}

TEST(CanonicalNumber, PrintsThePublishedSequenceOf100000Numbers) {
    static_assert(sizeof(unsigned long) == sizeof(std::uint64_t));
    NumberSequence sequence;
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t bits = sequence.next();
        char hex[20];
        (void)std::snprintf(hex, sizeof hex, "%lx,", static_cast<unsigned long>(bits));
        text.append(hex).append(print_bits(bits)).append("\n");
    }
    EXPECT_EQ(text.size(), 4'031'728u);
    EXPECT_EQ(to_hex(merkle::hash_of(as_bytes(text)).bytes()),
              "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7");
}

TEST(CanonicalNumber, ReadsBackAsTheSameNumber) {
    NumberSequence sequence;
    for (int i = 0; i < 20'000; ++i) {
        const auto number = std::bit_cast<double>(sequence.next());
        const Value back = read(print(number)).value();
        const double read_back =
            back.as_int() != nullptr ? static_cast<double>(*back.as_int()) : *back.as_double();
        ASSERT_EQ(read_back, number) << "number " << i << ": " << print(number);
    }
}

}  // namespace
}  // namespace catalog::json
