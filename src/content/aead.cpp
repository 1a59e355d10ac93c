#include "aead.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "locked_bytes.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kAeadZerosMax = 16;

const EVP_CIPHER* cipher_of(CipherAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case CipherAlgorithm::kAes256Gcm:
            return ::EVP_aes_256_gcm();
        case CipherAlgorithm::kChaCha20Poly1305:
            return ::EVP_chacha20_poly1305();
    }
    return nullptr;
}

int length_of(ByteView bytes) noexcept { return static_cast<int>(bytes.size()); }

bool is_zero(ByteView bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(),
                       [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

/// A context for one call. It has the key already: a message sets the nonce alone.
class Aead::Borrowed {
public:
    Borrowed(const Aead& owner, Pool& pool, Context* first) noexcept
        : pool_(pool), context_(take(owner, pool, first)) {}
    ~Borrowed() {
        if (context_ == nullptr) return;
        for (auto& slot : pool_.free) {
            Context* none = nullptr;
            if (slot.compare_exchange_strong(none, context_, std::memory_order_release,
                                             std::memory_order_relaxed))
                return;
        }
        ::EVP_CIPHER_CTX_free(context_);
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    [[nodiscard]] Context* get() const noexcept { return context_; }

private:
    static Context* take(const Aead& owner, Pool& pool, Context* first) noexcept {
        for (auto& slot : pool.free) {
            Context* const context = slot.exchange(nullptr, std::memory_order_acquire);
            if (context != nullptr) return context;
        }
        return owner.copy_of(first);
    }

    Pool& pool_;
    Context* context_;
};

Result<std::unique_ptr<const Aead>> Aead::make(CipherAlgorithm algorithm, KeyView key) {
    const EVP_CIPHER* const cipher = cipher_of(algorithm);
    if (cipher == nullptr)
        return fail(Errc::kUnsupported,
                    "unknown cipher " + std::to_string(static_cast<unsigned>(algorithm)));
    std::unique_ptr<Aead> made(new Aead());
    made->sealing_ = ::EVP_CIPHER_CTX_new();
    made->opening_ = ::EVP_CIPHER_CTX_new();
    if (made->sealing_ == nullptr || made->opening_ == nullptr ||
        ::EVP_EncryptInit_ex2(made->sealing_, cipher, octets(key.data()), nullptr, nullptr) != 1 ||
        ::EVP_DecryptInit_ex2(made->opening_, cipher, octets(key.data()), nullptr, nullptr) != 1)
        return fail(Errc::kOutOfMemory, "OpenSSL gives no context for a cipher");
    return std::unique_ptr<const Aead>(std::move(made));
}

Aead::~Aead() {
    for (Pool* const pool : {&sealers_, &openers_})
        for (auto& slot : pool->free) ::EVP_CIPHER_CTX_free(slot.load(std::memory_order_acquire));
    ::EVP_CIPHER_CTX_free(sealing_);
    ::EVP_CIPHER_CTX_free(opening_);
}

Aead::Context* Aead::copy_of(Context* first) const noexcept {
    Context* const copy = ::EVP_CIPHER_CTX_new();
    if (copy != nullptr && ::EVP_CIPHER_CTX_copy(copy, first) == 1) return copy;
    ::EVP_CIPHER_CTX_free(copy);
    return nullptr;
}

bool Aead::seal(const AeadFrame& frame, ByteView plain, std::size_t zeros,
                std::span<std::byte> out) const noexcept {
    static constexpr std::array<std::byte, kAeadZerosMax> kZeros{};
    if (zeros > kAeadZerosMax || out.size() != plain.size() + zeros + kCipherTagBytes) return false;
    const Borrowed borrowed(*this, sealers_, sealing_);
    Context* const context = borrowed.get();
    unsigned char* const to = octets(out.data());
    const auto zeros_length = static_cast<int>(zeros);
    int length = 0;
    return context != nullptr &&
           ::EVP_EncryptInit_ex2(context, nullptr, nullptr, octets(frame.nonce.data()), nullptr) ==
               1 &&
           ::EVP_EncryptUpdate(context, nullptr, &length, octets(frame.associated.data()),
                               length_of(frame.associated)) == 1 &&
           ::EVP_EncryptUpdate(context, to, &length, octets(plain.data()), length_of(plain)) == 1 &&
           (zeros == 0 || ::EVP_EncryptUpdate(context, to + plain.size(), &length,
                                              octets(kZeros.data()), zeros_length) == 1) &&
           ::EVP_EncryptFinal_ex(context, to + plain.size() + zeros, &length) == 1 &&
           ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kCipherTagBytes,
                                 to + plain.size() + zeros) == 1;
}

bool Aead::open(const AeadFrame& frame, ByteView sealed, std::span<std::byte> out) const noexcept {
    const std::size_t rest = sealed.size() - out.size() - kCipherTagBytes;
    if (sealed.size() < out.size() + kCipherTagBytes || rest > kAeadZerosMax) return false;
    // Taken before anything is written: `out` may lie over them.
    std::array<std::byte, kAeadZerosMax + kCipherTagBytes> tail{};
    std::memcpy(tail.data(), sealed.data() + out.size(), rest + kCipherTagBytes);
    std::array<std::byte, kAeadZerosMax> zeros{};
    const Borrowed borrowed(*this, openers_, opening_);
    Context* const context = borrowed.get();
    int length = 0;
    const bool opened =
        context != nullptr &&
        ::EVP_DecryptInit_ex2(context, nullptr, nullptr, octets(frame.nonce.data()), nullptr) ==
            1 &&
        ::EVP_DecryptUpdate(context, nullptr, &length, octets(frame.associated.data()),
                            length_of(frame.associated)) == 1 &&
        ::EVP_DecryptUpdate(context, octets(out.data()), &length, octets(sealed.data()),
                            length_of(out)) == 1 &&
        (rest == 0 || ::EVP_DecryptUpdate(context, octets(zeros.data()), &length,
                                          octets(tail.data()), static_cast<int>(rest)) == 1) &&
        ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kCipherTagBytes,
                              tail.data() + rest) == 1 &&
        ::EVP_DecryptFinal_ex(context, octets(zeros.data()) + rest, &length) == 1 && is_zero(zeros);
    // Bytes that nobody vouches for are not given away.
    if (!opened) ::OPENSSL_cleanse(out.data(), out.size());
    return opened;
}

}  // namespace catalog::content
