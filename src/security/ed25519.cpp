#include "catalog/security/ed25519.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "catalog/merkle/hash.hpp"

namespace catalog::security {

namespace {

// libsodium's secret key is seed || public key.
constexpr std::size_t kSecretBytes = crypto_sign_SECRETKEYBYTES;
static_assert(kSecretBytes == 64 && crypto_sign_SEEDBYTES == 32 && crypto_sign_BYTES == 64);

/// sodium_init is idempotent and thread safe; it only selects implementations.
bool sodium_is_ready() noexcept {
    static const bool ready = ::sodium_init() >= 0;
    return ready;
}

unsigned char* raw(std::byte* bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* raw(const std::byte* bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace

Result<SecretKey> SecretKey::generate(Random& random) {
    std::array<std::byte, crypto_sign_SEEDBYTES> seed{};
    if (Result<void> filled = random.fill(seed); !filled) return fail(filled.error());
    Result<SecretKey> key = from_seed(seed);
    ::sodium_memzero(seed.data(), seed.size());
    return key;
}

Result<SecretKey> SecretKey::from_seed(ByteView seed) {
    if (seed.size() != crypto_sign_SEEDBYTES)
        return fail(Errc::kKeyInvalid,
                    "an Ed25519 seed has 32 bytes, not " + std::to_string(seed.size()));
    if (!sodium_is_ready()) return fail(Errc::kInternal, "libsodium cannot be initialised");
    auto* memory = static_cast<std::byte*>(::sodium_malloc(kSecretBytes));
    if (memory == nullptr)
        return fail(Errc::kOutOfMemory, "no locked memory for a secret key (see RLIMIT_MEMLOCK)");
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> ignored{};
    ::crypto_sign_seed_keypair(ignored.data(), raw(memory), raw(seed.data()));
    ::sodium_mprotect_readonly(memory);
    return SecretKey(memory);
}

SecretKey::SecretKey(SecretKey&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
}

SecretKey::~SecretKey() { ::sodium_free(memory_); }

PublicKey SecretKey::public_key() const noexcept {
    PublicKey key;
    std::memcpy(key.bytes.data(), memory_ + crypto_sign_SEEDBYTES, key.bytes.size());
    return key;
}

ByteView SecretKey::seed() const noexcept { return {memory_, crypto_sign_SEEDBYTES}; }

Signature SecretKey::sign(ByteView message) const {
    Signature signature;
    ::crypto_sign_detached(raw(signature.bytes.data()), nullptr, raw(message.data()),
                           message.size(), raw(memory_));
    return signature;
}

bool verify_signature(const PublicKey& key, ByteView message, const Signature& signature) noexcept {
    return sodium_is_ready() &&
           ::crypto_sign_verify_detached(raw(signature.bytes.data()), raw(message.data()),
                                         message.size(), raw(key.bytes.data())) == 0;
}

std::string key_id(const PublicKey& key) {
    return "ed25519:" + to_hex(merkle::hash_of(key.bytes).bytes().first(8));
}

std::string public_key_text(const PublicKey& key) { return to_base64(key.bytes); }

Result<PublicKey> parse_public_key(std::string_view text) {
    const Result<Bytes> bytes = from_base64(text);
    PublicKey key;
    if (!bytes || bytes->size() != key.bytes.size())
        return fail(
            Error(Errc::kKeyInvalid, "not an Ed25519 public key: expected 44 base64 characters")
                .with_input(std::string(text.substr(0, 100))));
    std::ranges::copy(*bytes, key.bytes.begin());
    return key;
}

}  // namespace catalog::security
