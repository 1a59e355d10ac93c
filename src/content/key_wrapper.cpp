#include "catalog/content/key_wrapper.hpp"

#include <openssl/crypto.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <catalog/internal/hkdf.hpp>
#include <catalog/internal/try.hpp>
#include <utility>

#include "catalog/core/random.hpp"
#include "locked_bytes.hpp"

namespace catalog::content {
namespace {

// What is signed: no other text of this library begins so.
constexpr std::string_view kWrapperLabel = "catalog.key-wrapper.v1\n";
constexpr std::string_view kWrapperInfo = "catalog.key-wrapper.v1 key";
constexpr std::size_t kWrapperSaltBytes = 32;
constexpr std::size_t kWrapperNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kWrapperTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kWrapperHeadBytes = kWrapperSaltBytes + kWrapperNonceBytes;
constexpr std::size_t kWrapperSecretBytesMax = 256;

tl::unexpected<Error> not_unwrapped() {
    return fail(Errc::kPermissionDenied, "the key store's key does not open this");
}

/// What is wrapped: salt 32 | nonce 24 | ciphertext | tag 16.
class SigningKeyWrapper final : public KeyWrapper {
public:
    SigningKeyWrapper(std::shared_ptr<KeyStore> keys, std::shared_ptr<Random> random, KeyInfo key)
        : keys_(std::move(keys)), random_(std::move(random)), key_(std::move(key)) {}

    [[nodiscard]] std::string name() const override { return key_.id; }

    [[nodiscard]] Result<Bytes> wrap(ByteView secret, ByteView context) override {
        if (secret.size() > kWrapperSecretBytesMax)
            return fail(Errc::kInvalidArgument, "a wrapped secret has at most 256 bytes");
        Bytes wrapped(kWrapperHeadBytes + secret.size() + kWrapperTagBytes);
        CATALOG_TRY_VOID(random_->fill(std::span(wrapped).first(kWrapperHeadBytes)));
        const ByteView salt = ByteView(wrapped).first(kWrapperSaltBytes);
        CATALOG_TRY(const LockedBytes key, derive(salt));
        CATALOG_TRY(const LockedBytes again, derive(salt));
        if (!std::ranges::equal(key.bytes(), again.bytes()))
            return fail(Errc::kUnsupported,
                        "the key store signs the same text differently each time: it cannot wrap");
        ::crypto_aead_xchacha20poly1305_ietf_encrypt(
            octets(wrapped.data() + kWrapperHeadBytes), nullptr, octets(secret.data()),
            secret.size(), octets(context.data()), context.size(), nullptr,
            octets(wrapped.data() + kWrapperSaltBytes), octets(key.bytes().data()));
        return wrapped;
    }

    [[nodiscard]] Result<Bytes> unwrap(ByteView wrapped, ByteView context) override {
        if (wrapped.size() < kWrapperHeadBytes + kWrapperTagBytes ||
            wrapped.size() > kWrappedKeyBytesMax)
            return not_unwrapped();
        CATALOG_TRY(const LockedBytes key, derive(wrapped.first(kWrapperSaltBytes)));
        const ByteView sealed = wrapped.subspan(kWrapperHeadBytes);
        Bytes secret(sealed.size() - kWrapperTagBytes);
        if (::crypto_aead_xchacha20poly1305_ietf_decrypt(
                octets(secret.data()), nullptr, nullptr, octets(sealed.data()), sealed.size(),
                octets(context.data()), context.size(), octets(wrapped.data() + kWrapperSaltBytes),
                octets(key.bytes().data())) != 0)
            return not_unwrapped();
        return secret;
    }

private:
    [[nodiscard]] Result<LockedBytes> derive(ByteView salt) const {
        Bytes text = to_bytes(as_bytes(kWrapperLabel));
        text.insert(text.end(), salt.begin(), salt.end());
        CATALOG_TRY(LockedBytes key, LockedBytes::make(32));
        CATALOG_TRY(Signature signature, keys_->sign(key_.id, text));
        const bool derived =
            internal::hkdf_sha256(signature.bytes, salt, as_bytes(kWrapperInfo), key.bytes());
        ::OPENSSL_cleanse(signature.bytes.data(), signature.bytes.size());
        if (!derived) return fail(Errc::kOutOfMemory, "a wrapping key could not be derived");
        return key;
    }

    std::shared_ptr<KeyStore> keys_;
    std::shared_ptr<Random> random_;
    KeyInfo key_;
};

}  // namespace

Result<std::shared_ptr<KeyWrapper>> make_signing_key_wrapper(std::shared_ptr<KeyStore> keys,
                                                             std::shared_ptr<Random> random,
                                                             KeyPurpose purpose) {
    CATALOG_TRY(KeyInfo key, keys->default_key(purpose));
    return std::make_shared<SigningKeyWrapper>(std::move(keys), std::move(random), std::move(key));
}

}  // namespace catalog::content
