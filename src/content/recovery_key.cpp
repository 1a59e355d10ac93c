#include <openssl/crypto.h>

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <string>

#include "catalog/content/key_slots.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::content {
namespace {

// Crockford's base 32: no letter that looks like a digit, and no U.
constexpr std::string_view kBase32Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kRecoveryChecksumBytes = 3;
constexpr std::size_t kPrintedBytes = kStoreKeyBytes + kRecoveryChecksumBytes;
constexpr std::size_t kPrintedDigits = kPrintedBytes * 8 / 5;
constexpr std::size_t kGroupDigits = 4;
static_assert(kPrintedBytes * 8 % 5 == 0 && kPrintedDigits == 56);

using PrintedBytes = std::array<std::byte, kPrintedBytes>;

void append_checksum(PrintedBytes& bytes) {
    constexpr std::string_view kLabel = "catalog.recovery.v1";
    std::array<std::byte, kLabel.size() + kStoreKeyBytes> message{};
    std::copy_n(as_bytes(kLabel).begin(), kLabel.size(), message.begin());
    std::copy_n(bytes.begin(), kStoreKeyBytes, message.begin() + kLabel.size());
    const ContentHash digest = merkle::hash_of(message);
    ::OPENSSL_cleanse(message.data(), message.size());
    std::copy_n(digest.digest.begin(), kRecoveryChecksumBytes, bytes.begin() + kStoreKeyBytes);
}

/// Returns a digit's value, 32 for what separates groups, 33 for anything else.
unsigned digit_value(char c) noexcept {
    constexpr unsigned kSeparator = 32;
    constexpr unsigned kOther = 33;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r') return kSeparator;
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    const std::size_t at = kBase32Digits.find(c);
    return at == std::string_view::npos ? kOther : static_cast<unsigned>(at);
}

tl::unexpected<Error> mistyped(std::string message) {
    return fail(Error(Errc::kInvalidArgument, std::move(message))
                    .with_hint("compare it with what was written down, group by group"));
}

}  // namespace

Result<RecoveryKey> RecoveryKey::generate(Random& random) {
    RecoveryKey key;
    CATALOG_TRY_VOID(random.fill(key.bytes_));
    return key;
}

RecoveryKey::~RecoveryKey() { ::OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::string RecoveryKey::text() const {
    PrintedBytes bytes{};
    std::copy(bytes_.begin(), bytes_.end(), bytes.begin());
    append_checksum(bytes);
    std::string text;
    text.reserve(kPrintedDigits + kPrintedDigits / kGroupDigits);
    unsigned bits = 0;
    unsigned held = 0;
    for (const std::byte byte : bytes) {
        bits = (bits << 8) | std::to_integer<unsigned>(byte);
        for (held += 8; held >= 5; held -= 5) {
            if (text.size() % (kGroupDigits + 1) == kGroupDigits) text += '-';
            text += kBase32Digits[(bits >> (held - 5)) & 31];
        }
        bits &= 31;
    }
    ::OPENSSL_cleanse(bytes.data(), bytes.size());
    return text;
}

Result<RecoveryKey> RecoveryKey::parse(std::string_view text) {
    PrintedBytes bytes{};
    std::size_t count = 0;
    std::size_t digits = 0;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const unsigned value = digit_value(c);
        if (value == 32) continue;
        if (value > 32) return mistyped("a recovery key has digits and letters without U alone");
        if (++digits > kPrintedDigits) return mistyped("the recovery key is too long");
        bits = ((bits << 5) | value) & 0xfff;
        held += 5;
        if (held < 8) continue;
        held -= 8;
        bytes[count++] = static_cast<std::byte>((bits >> held) & 0xff);
    }
    if (digits != kPrintedDigits) return mistyped("the recovery key is too short");
    PrintedBytes right = bytes;
    append_checksum(right);
    RecoveryKey key;
    std::copy_n(bytes.begin(), kStoreKeyBytes, key.bytes_.begin());
    const bool same = right == bytes;
    ::OPENSSL_cleanse(bytes.data(), bytes.size());
    ::OPENSSL_cleanse(right.data(), right.size());
    if (!same) return mistyped("the recovery key is mistyped: its checksum is wrong");
    return key;
}

}  // namespace catalog::content
