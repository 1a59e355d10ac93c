// Recovery keys on paper, and the wrappers of hosts' keys.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "catalog/content/key_slots.hpp"
#include "support/content/key_wrapper_contract.hpp"
#include "support/content/key_wrappers.hpp"
#include "support/core/golden.hpp"
#include "support/core/key_stores.hpp"
#include "support/core/randoms.hpp"
#include "support/io/results.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using testing::FaultyKeyWrapper;
using testing::MemoryKeyWrapper;

RecoveryKey recovery_key(std::uint64_t seed) {
    fakes::SeededRandom random(seed);
    return must(RecoveryKey::generate(random));
}

TEST(RecoveryKey, IsReadAsItWasPrinted) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const RecoveryKey key = recovery_key(seed);
        const std::string text = key.text();
        EXPECT_EQ(text.size(), 69u);
        EXPECT_TRUE(std::ranges::equal(must(RecoveryKey::parse(text)).bytes(), key.bytes()));
    }
}

TEST(RecoveryKey, HasTheGoldenForm) {
    const RecoveryKey key = recovery_key(1);
    golden::expect("content/recovery_key.txt", to_hex(key.bytes()) + "\n" + key.text() + "\n");
}

TEST(RecoveryKey, IsReadAsPeopleTypeIt) {
    std::string text = recovery_key(1).text();
    const RecoveryKey key = must(RecoveryKey::parse(text));
    std::string typed = "  ";
    for (const char c : text) {
        if (c == '-') continue;
        typed += c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
        typed += ' ';
    }
    EXPECT_TRUE(std::ranges::equal(must(RecoveryKey::parse(typed)).bytes(), key.bytes()));
}

TEST(RecoveryKey, NoticesEveryWrongCharacter) {
    const std::string text = recovery_key(1).text();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '-') continue;
        std::string wrong = text;
        for (const char c : std::string_view("0123456789ABCDEFGHJKMNPQRSTVWXYZU*\0\xff", 36)) {
            wrong[at] = c;
            if (c != text[at]) {
                EXPECT_EQ(code_of(RecoveryKey::parse(wrong)), Errc::kInvalidArgument) << wrong;
            }
        }
    }
    EXPECT_EQ(code_of(RecoveryKey::parse("")), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(RecoveryKey::parse(text.substr(1))), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(RecoveryKey::parse(text + "0")), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(RecoveryKey::parse(std::string(1'000'000, 'A'))), Errc::kInvalidArgument);
}

/// A key store whose signatures differ each time.
class FreshSignatures final : public KeyStore {
public:
    [[nodiscard]] Result<KeyInfo> default_key(KeyPurpose purpose) override {
        return base_.default_key(purpose);
    }
    [[nodiscard]] Result<Signature> sign(std::string_view id, ByteView message) override {
        auto signature = base_.sign(id, message);
        if (signature) signature->bytes[0] ^= static_cast<std::byte>(++signatures_);
        return signature;
    }

private:
    fakes::MemoryKeyStore base_{1};
    unsigned signatures_ = 0;
};

std::shared_ptr<KeyWrapper> signing_wrapper(std::uint64_t seed) {
    return must(make_signing_key_wrapper(std::make_shared<fakes::MemoryKeyStore>(seed),
                                         std::make_shared<fakes::SeededRandom>(seed)));
}

TEST(SigningKeyWrapper, RefusesAStoreThatSignsDifferentlyEachTime) {
    const auto wrapper = must(make_signing_key_wrapper(std::make_shared<FreshSignatures>(),
                                                       std::make_shared<fakes::SeededRandom>(1)));
    EXPECT_EQ(code_of(wrapper->wrap(as_bytes("secret"), {})), Errc::kUnsupported);
}

TEST(SigningKeyWrapper, PassesOnWhatTheStoreSays) {
    const auto keys = std::make_shared<fakes::MemoryKeyStore>(1);
    const auto random = std::make_shared<fakes::SeededRandom>(1);
    const Error gone(Errc::kKeyNotFound, "the key is gone");
    for (std::size_t call = 0; call < 3; ++call) {
        const auto faulty = std::make_shared<fakes::FaultyKeyStore>(keys, call, gone);
        const auto wrapper = make_signing_key_wrapper(faulty, random);
        ASSERT_EQ(wrapper.has_value(), call > 0);
        if (wrapper) {
            EXPECT_EQ(code_of((*wrapper)->wrap(as_bytes("s"), {})), Errc::kKeyNotFound);
        }
    }
    const auto wrapper = must(make_signing_key_wrapper(keys, random));
    EXPECT_EQ(code_of(wrapper->wrap(Bytes(257), {})), Errc::kInvalidArgument);
}

}  // namespace

namespace testing {
namespace {

std::string wrapper_name(const ::testing::TestParamInfo<KeyWrapperMaker>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    , KeyWrapperContract,
    ::testing::Values(KeyWrapperMaker{"Memory",
                                      [](std::uint64_t seed) -> std::shared_ptr<KeyWrapper> {
                                          return std::make_shared<MemoryKeyWrapper>(seed);
                                      }},
                      KeyWrapperMaker{"FaultyWithoutFaults",
                                      [](std::uint64_t seed) -> std::shared_ptr<KeyWrapper> {
                                          return std::make_shared<FaultyKeyWrapper>(
                                              std::make_shared<MemoryKeyWrapper>(seed), 1u << 30,
                                              Error(Errc::kIo, "never"));
                                      }},
                      KeyWrapperMaker{"Signing", signing_wrapper}),
    wrapper_name);

}  // namespace
}  // namespace testing
}  // namespace catalog::content
