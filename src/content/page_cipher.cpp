#include "page_cipher.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <catalog/internal/hkdf.hpp>
#include <catalog/internal/try.hpp>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "aead.hpp"

namespace catalog::content {
namespace {

constexpr std::string_view kRunKeyLabel = "catalog.run.v1 key";
constexpr std::size_t kPlainPageBytes = kIndexPageBytes - PageCipher::kReservedBytes;
// A page ends with: tag 16 | nonce 12 | algorithm 1 | generation 3.
constexpr std::size_t kPageNonceAt = kPlainPageBytes + kCipherTagBytes;
constexpr std::size_t kPageAlgorithmAt = kPageNonceAt + kCipherNonceBytes;
constexpr std::uint32_t kPageGenerationMax = (1u << 24) - 1;
static_assert(kPageAlgorithmAt + 4 == kIndexPageBytes);

Result<std::unique_ptr<const Aead>> make_run_aead(const StoreKeyRing& keys, const IndexRunInfo& run,
                                                  KeyGeneration generation,
                                                  CipherAlgorithm algorithm) {
    CATALOG_TRY(const auto key, keys.of(generation));
    std::string info(kRunKeyLabel);
    info += as_text(run.store);
    append_le(info, static_cast<std::uint8_t>(run.origin));
    append_le(info, run.number);
    append_le(info, static_cast<std::uint32_t>(generation));
    append_le(info, static_cast<std::uint8_t>(algorithm));
    std::array<std::byte, kStoreKeyBytes> run_key{};
    if (!internal::hkdf_sha256(key->index_key(), {}, as_bytes(info), run_key))
        return fail(Errc::kOutOfMemory, "an index run's key could not be derived");
    auto made = Aead::make(algorithm, run_key);
    ::OPENSSL_cleanse(run_key.data(), run_key.size());
    return made;
}

std::array<std::byte, 8> page_context(std::uint64_t page_number) noexcept {
    std::array<std::byte, 8> context{};
    for (std::size_t i = 0; i < context.size(); ++i)
        context[i] = static_cast<std::byte>((page_number >> (8 * i)) & 0xff);
    return context;
}

class RunPageCipher final : public PageCipher {
public:
    RunPageCipher(std::unique_ptr<const Aead> aead, std::uint32_t suffix,
                  std::shared_ptr<Random> random)
        : aead_(std::move(aead)), suffix_(suffix), random_(std::move(random)) {}

    [[nodiscard]] Result<void> seal(std::uint64_t page_number, IndexPage page) override {
        if (random_ == nullptr) return fail(Errc::kUnsupported, "a run that exists is not written");
        const std::span<std::byte, kCipherNonceBytes> nonce =
            page.subspan<kPageNonceAt, kCipherNonceBytes>();
        CATALOG_TRY_VOID(random_->fill(nonce));
        const auto context = page_context(page_number);
        const std::span<std::byte> sealed = page.first<kPageNonceAt>();
        if (!aead_->seal({nonce, context}, page.first<kPlainPageBytes>(), 0, sealed))
            return fail(Errc::kInternal, "OpenSSL could not seal an index page");
        for (std::size_t i = 0; i < 4; ++i)
            page[kPageAlgorithmAt + i] = static_cast<std::byte>((suffix_ >> (8 * i)) & 0xff);
        return {};
    }

    [[nodiscard]] Result<void> open(std::uint64_t page_number, IndexPageView sealed,
                                    IndexPage plain) const override {
        const auto context = page_context(page_number);
        const bool same_key = load_le<std::uint32_t>(sealed.data() + kPageAlgorithmAt) == suffix_;
        // Copied: the page may be decrypted where it lies.
        std::array<std::byte, kCipherNonceBytes> nonce{};
        std::memcpy(nonce.data(), sealed.data() + kPageNonceAt, nonce.size());
        const bool opened = same_key && aead_->open({nonce, context}, sealed.first<kPageNonceAt>(),
                                                    plain.first<kPlainPageBytes>());
        std::fill(opened ? plain.begin() + kPlainPageBytes : plain.begin(), plain.end(),
                  std::byte{0});
        if (opened) return {};
        return fail(Errc::kPackInvalid,
                    "page " + std::to_string(page_number) +
                        " of an index run is damaged, or not of this run and store");
    }

private:
    std::unique_ptr<const Aead> aead_;
    std::uint32_t suffix_;
    std::shared_ptr<Random> random_;  // null: opens alone
};

}  // namespace

Result<std::unique_ptr<PageCipher>> make_page_cipher(const StoreKeyRing& keys,
                                                     const IndexRunInfo& run,
                                                     std::shared_ptr<Random> random,
                                                     CipherAlgorithm algorithm) {
    const auto generation = static_cast<std::uint32_t>(keys.newest());
    if (generation > kPageGenerationMax)
        return fail(Errc::kLimitExceeded, "the key generation's number is too high",
                    LimitDetail{"kPageGenerationMax", kPageGenerationMax, generation});
    CATALOG_TRY(auto aead, make_run_aead(keys, run, keys.newest(), algorithm));
    const std::uint32_t suffix = static_cast<std::uint32_t>(algorithm) | (generation << 8);
    return std::make_unique<RunPageCipher>(std::move(aead), suffix, std::move(random));
}

Result<std::unique_ptr<PageCipher>> open_page_cipher(const StoreKeyRing& keys,
                                                     const IndexRunInfo& run, IndexPageView page) {
    const auto suffix = load_le<std::uint32_t>(page.data() + kPageAlgorithmAt);
    CATALOG_TRY(auto aead, make_run_aead(keys, run, KeyGeneration{suffix >> 8},
                                         static_cast<CipherAlgorithm>(suffix & 0xff)));
    return std::make_unique<RunPageCipher>(std::move(aead), suffix, nullptr);
}

KeyGeneration generation_of_page(ByteView page) noexcept {
    if (page.size() != kIndexPageBytes) return KeyGeneration{0};
    return KeyGeneration{load_le<std::uint32_t>(page.data() + kPageAlgorithmAt) >> 8};
}

}  // namespace catalog::content
