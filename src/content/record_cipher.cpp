#include "record_cipher.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <catalog/internal/hkdf.hpp>
#include <catalog/internal/try.hpp>
#include <cstring>
#include <string>
#include <string_view>

#include "aead.hpp"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace catalog::content {
namespace {

constexpr std::string_view kPackKeyLabel = "catalog.pack.v1 key";
constexpr std::string_view kPackCommitmentLabel = "catalog.pack.v1 commitment";
constexpr std::string_view kRecordLabel = "CATREC1\n";

enum class RecordPart : std::uint8_t { kHeader = 1, kPayload = 2 };

/// What a part of a record is bound to: label 8 | store 16 | pack 4 | part 1 | zeros 3 | offset 8.
class PartContext {
public:
    PartContext(const StoreId& store, PackId pack, std::uint64_t offset, RecordPart part) noexcept {
        std::memcpy(bytes_.data(), kRecordLabel.data(), kRecordLabel.size());
        std::memcpy(bytes_.data() + 8, store.data(), store.size());
        put_le(24, static_cast<std::uint32_t>(pack), 4);
        bytes_[28] = static_cast<std::byte>(part);
        put_le(32, offset, 8);
    }
    [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

private:
    void put_le(std::size_t at, std::uint64_t value, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i)
            bytes_[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
    }
    std::array<std::byte, 40> bytes_{};
};

using Nonce = std::array<std::byte, kCipherNonceBytes>;
constexpr std::byte kPayloadBit{1};

Nonce payload_nonce(ByteView header_nonce) noexcept {
    Nonce nonce{};
    std::copy_n(header_nonce.begin(), nonce.size(), nonce.begin());
    nonce.back() ^= kPayloadBit;
    return nonce;
}

Result<void> derive_for_pack(const StoreKey& key, const StoreId& store, PackId pack,
                             const PackCipherHeader& header, std::string_view label,
                             std::span<std::byte> out) {
    std::string info(label);
    info += as_text(store);
    append_le(info, static_cast<std::uint32_t>(pack));
    append_le(info, static_cast<std::uint32_t>(header.generation));
    append_le(info, static_cast<std::uint8_t>(header.algorithm));
    if (internal::hkdf_sha256(key.data_key(), header.salt, as_bytes(info), out)) return {};
    return fail(Errc::kOutOfMemory, "the pack's key could not be derived");
}

bool processor_has_aes() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0;
#elif defined(__aarch64__)
    constexpr unsigned long kAesAndPmull = (1UL << 3) | (1UL << 4);  // HWCAP_AES, HWCAP_PMULL
    return (::getauxval(AT_HWCAP) & kAesAndPmull) == kAesAndPmull;
#else
    return false;
#endif
}

}  // namespace

CipherAlgorithm preferred_algorithm() noexcept {
    return processor_has_aes() ? CipherAlgorithm::kAes256Gcm : CipherAlgorithm::kChaCha20Poly1305;
}

struct RecordCipher::Impl {
    StoreId store{};
    PackId pack{};
    PackCipherHeader header;
    std::unique_ptr<const Aead> aead;

    Result<void> make_aead(const StoreKey& key) {
        std::array<std::byte, kStoreKeyBytes> pack_key{};
        CATALOG_TRY_VOID(derive_for_pack(key, store, pack, header, kPackKeyLabel, pack_key));
        auto made = Aead::make(header.algorithm, pack_key);
        ::OPENSSL_cleanse(pack_key.data(), pack_key.size());
        if (!made) return fail(made.error());
        aead = *std::move(made);
        return {};
    }
    [[nodiscard]] std::string pack_name() const { return pack_file_name(pack); }
};

RecordCipher::RecordCipher(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RecordCipher::~RecordCipher() = default;

const PackCipherHeader& RecordCipher::header() const noexcept { return impl_->header; }

Result<std::shared_ptr<const RecordCipher>> RecordCipher::create(const StoreKeyRing& keys,
                                                                 const StoreId& store, PackId pack,
                                                                 Random& random,
                                                                 CipherAlgorithm algorithm) {
    auto impl = std::make_unique<Impl>();
    impl->store = store;
    impl->pack = pack;
    impl->header.algorithm = algorithm;
    impl->header.generation = keys.newest();
    CATALOG_TRY_VOID(random.fill(impl->header.salt));
    CATALOG_TRY(const auto key, keys.of(impl->header.generation));
    CATALOG_TRY_VOID(derive_for_pack(*key, store, pack, impl->header, kPackCommitmentLabel,
                                     impl->header.commitment));
    CATALOG_TRY_VOID(impl->make_aead(*key));
    return std::shared_ptr<const RecordCipher>(new RecordCipher(std::move(impl)));
}

Result<std::shared_ptr<const RecordCipher>> RecordCipher::open(const StoreKeyRing& keys,
                                                               const StoreId& store, PackId pack,
                                                               const PackCipherHeader& header) {
    auto impl = std::make_unique<Impl>();
    impl->store = store;
    impl->pack = pack;
    impl->header = header;
    CATALOG_TRY(const auto key, keys.of(header.generation));
    std::array<std::byte, 32> commitment{};
    CATALOG_TRY_VOID(derive_for_pack(*key, store, pack, header, kPackCommitmentLabel, commitment));
    if (::CRYPTO_memcmp(commitment.data(), header.commitment.data(), commitment.size()) != 0)
        return fail(Error(Errc::kKeyInvalid,
                          "the pack was sealed with another key, or its header "
                          "is altered")
                        .with_input(impl->pack_name())
                        .with_hint("open the store with the key slots that belong to it"));
    CATALOG_TRY_VOID(impl->make_aead(*key));
    return std::shared_ptr<const RecordCipher>(new RecordCipher(std::move(impl)));
}

Result<void> RecordCipher::open_header(std::uint64_t offset, ByteView sealed,
                                       std::span<std::byte, kRecordHeaderBytes> out) const {
    const PartContext context(impl_->store, impl_->pack, offset, RecordPart::kHeader);
    if (sealed.size() >= kSealedHeaderBytes) {
        const ByteView header = sealed.first(kSealedHeaderBytes);
        // A nonce with the other bit would serve a header of one record and a payload of another.
        const bool proper = (header[kCipherNonceBytes - 1] & kPayloadBit) == std::byte{0};
        const AeadFrame frame{header.first<kCipherNonceBytes>(), context.bytes()};
        if (proper && impl_->aead->open(frame, header.subspan(kCipherNonceBytes), out)) return {};
    }
    std::fill(out.begin(), out.end(), std::byte{0});
    return fail(Error(Errc::kPackInvalid, "there is no sealed record at byte " +
                                              std::to_string(offset) + ", or it is damaged")
                    .with_input(impl_->pack_name()));
}

Result<void> RecordCipher::open_payload(std::uint64_t offset, ByteView sealed_header,
                                        ByteView sealed, std::span<std::byte> out) const {
    if (out.size() > kChunkBytesMax || sealed_header.size() < kSealedHeaderBytes ||
        sealed.size() != sealed_payload_bytes(static_cast<std::uint32_t>(out.size()))) {
        std::fill(out.begin(), out.end(), std::byte{0});
        return fail(Errc::kInvalidArgument, "the lengths are not those of one sealed record");
    }
    const PartContext context(impl_->store, impl_->pack, offset, RecordPart::kPayload);
    const Nonce nonce = payload_nonce(sealed_header);
    if (impl_->aead->open({nonce, context.bytes()}, sealed, out)) return {};
    return fail(Error(Errc::kContentCorrupted,
                      "the sealed record at byte " + std::to_string(offset) + " is damaged")
                    .with_input(impl_->pack_name()));
}

struct RecordSealer::Impl {
    static constexpr std::size_t kNoncesAtOnce = 340;

    std::shared_ptr<const RecordCipher> cipher;
    std::shared_ptr<Random> random;
    std::array<std::byte, kNoncesAtOnce * kCipherNonceBytes> nonces{};
    std::size_t used = kNoncesAtOnce;

    Result<Nonce> next_nonce() {
        if (used == kNoncesAtOnce) {
            CATALOG_TRY_VOID(random->fill(nonces));
            used = 0;
        }
        Nonce nonce{};
        std::memcpy(nonce.data(), nonces.data() + used * nonce.size(), nonce.size());
        ++used;
        nonce.back() &= ~kPayloadBit;
        return nonce;
    }
};

RecordSealer::RecordSealer(std::shared_ptr<const RecordCipher> cipher,
                           std::shared_ptr<Random> random)
    : impl_(std::make_unique<Impl>()) {
    impl_->cipher = std::move(cipher);
    impl_->random = std::move(random);
}
RecordSealer::~RecordSealer() = default;
RecordSealer::RecordSealer(RecordSealer&&) noexcept = default;
RecordSealer& RecordSealer::operator=(RecordSealer&&) noexcept = default;

Result<void> RecordSealer::seal(std::uint64_t offset,
                                std::span<const std::byte, kRecordHeaderBytes> header,
                                ByteView payload, std::span<std::byte> out) {
    if (payload.empty() || payload.size() > kChunkBytesMax ||
        out.size() != sealed_record_bytes(static_cast<std::uint32_t>(payload.size())))
        return fail(Errc::kInvalidArgument, "the lengths are not those of one sealed record");
    CATALOG_TRY_VOID(seal_header(offset, header, out.first<kSealedHeaderBytes>()));
    const RecordCipher::Impl& pack = *impl_->cipher->impl_;
    const PartContext context(pack.store, pack.pack, offset, RecordPart::kPayload);
    const std::span<std::byte> sealed = out.subspan(kSealedHeaderBytes);
    const std::size_t zeros = sealed.size() - payload.size() - kCipherTagBytes;
    if (pack.aead->seal({payload_nonce(out), context.bytes()}, payload, zeros, sealed)) return {};
    return fail(Errc::kInternal, "OpenSSL could not seal a record");
}

Result<void> RecordSealer::seal_header(std::uint64_t offset,
                                       std::span<const std::byte, kRecordHeaderBytes> header,
                                       std::span<std::byte, kSealedHeaderBytes> out) {
    const RecordCipher::Impl& pack = *impl_->cipher->impl_;
    CATALOG_TRY(const Nonce nonce, impl_->next_nonce());
    const PartContext context(pack.store, pack.pack, offset, RecordPart::kHeader);
    std::copy(nonce.begin(), nonce.end(), out.begin());
    if (pack.aead->seal({nonce, context.bytes()}, header, 0, out.subspan(kCipherNonceBytes)))
        return {};
    return fail(Errc::kInternal, "OpenSSL could not seal a record");
}

}  // namespace catalog::content
