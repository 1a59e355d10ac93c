#include "file_cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <catalog/internal/crc32c.hpp>
#include <catalog/internal/hkdf.hpp>
#include <cstring>
#include <string>
#include <string_view>

namespace catalog::kv {
namespace {

// magic 8 | version 4 | zeros 4 | nonce 16 | check 16 | zeros 12 | CRC-32C of all before 4
constexpr std::string_view kHeadMagic = "CATDBEN\n";
constexpr std::uint32_t kHeadVersion = 1;
constexpr std::size_t kHeadNonceAt = 16;
constexpr std::size_t kHeadCheckAt = 32;
constexpr std::size_t kHeadCheckBytes = 16;
constexpr std::size_t kHeadCrcAt = 60;

constexpr std::string_view kFileCipherInfo = "catalog.kv.v1 cipher";
constexpr std::string_view kFileCheckInfo = "catalog.kv.v1 check";

constexpr std::size_t kBlockBytes = 16;

unsigned char* octets(std::byte* bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* octets(const std::byte* bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes);
}

/// Returns nonce + blocks, as a big-endian number of 128 bits.
FileNonce counter_at(const FileNonce& nonce, std::uint64_t blocks) noexcept {
    FileNonce counter = nonce;
    std::uint64_t carry = 0;
    for (std::size_t i = counter.size(); i-- > 0;) {
        const std::uint64_t sum =
            std::to_integer<std::uint64_t>(counter[i]) + (blocks & 0xff) + carry;
        counter[i] = static_cast<std::byte>(sum & 0xff);
        carry = sum >> 8;
        blocks >>= 8;
    }
    return counter;
}

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { ::EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

bool run(EVP_CIPHER_CTX* context, ByteView from, std::span<std::byte> to) noexcept {
    constexpr std::size_t kAtOnce = std::size_t{1} << 30;
    for (std::size_t at = 0; at < from.size(); at += kAtOnce) {
        const auto count = static_cast<int>(std::min(kAtOnce, from.size() - at));
        int length = 0;
        if (::EVP_EncryptUpdate(context, octets(to.data() + at), &length, octets(from.data() + at),
                                count) != 1)
            return false;
    }
    return true;
}

}  // namespace

bool begins_encrypted(ByteView bytes) noexcept { return as_text(bytes).starts_with(kHeadMagic); }

Result<std::shared_ptr<const FileCipher>> FileCipher::make(ByteView key) {
    if (key.size() != kFileKeyBytes)
        return fail(Errc::kInvalidArgument,
                    "the key of a database has 32 bytes, not " + std::to_string(key.size()));
    std::shared_ptr<FileCipher> made(new FileCipher());
    std::array<std::byte, kFileKeyBytes> cipher_key{};
    made->keyed_ = ::EVP_CIPHER_CTX_new();
    const bool ready = made->keyed_ != nullptr &&
                       internal::hkdf_sha256(key, {}, as_bytes(kFileCipherInfo), cipher_key) &&
                       internal::hkdf_sha256(key, {}, as_bytes(kFileCheckInfo), made->check_key_) &&
                       ::EVP_EncryptInit_ex2(made->keyed_, ::EVP_aes_256_ctr(),
                                             octets(cipher_key.data()), nullptr, nullptr) == 1;
    ::OPENSSL_cleanse(cipher_key.data(), cipher_key.size());
    if (!ready) return fail(Errc::kOutOfMemory, "the database's key could not be prepared");
    return std::shared_ptr<const FileCipher>(std::move(made));
}

FileCipher::~FileCipher() {
    ::EVP_CIPHER_CTX_free(keyed_);
    ::OPENSSL_cleanse(check_key_.data(), check_key_.size());
}

bool FileCipher::check_of(ByteView head, std::span<std::byte, 32> out) const {
    return internal::hmac_sha256(check_key_, head.first(kHeadCheckAt), out);
}

Result<FileHead> FileCipher::make_head(const FileNonce& nonce) const {
    std::string text(kHeadMagic);
    append_le(text, kHeadVersion);
    append_le(text, std::uint32_t{0});
    text += as_text(nonce);
    std::array<std::byte, 32> check{};
    if (!check_of(as_bytes(text), check))
        return fail(Errc::kOutOfMemory, "a file's head could not be made");
    text += as_text(ByteView(check).first(kHeadCheckBytes));
    text.resize(kHeadCrcAt);
    append_le(text, internal::crc32c(as_bytes(text)));
    FileHead head{};
    std::memcpy(head.data(), text.data(), head.size());
    return head;
}

Result<FileNonce> FileCipher::read_head(const FileHead& head) const {
    const ByteView bytes(head);
    const bool zeros =
        load_le<std::uint32_t>(head.data() + 12) == 0 &&
        std::all_of(head.begin() + kHeadCheckAt + kHeadCheckBytes, head.begin() + kHeadCrcAt,
                    [](std::byte byte) { return byte == std::byte{0}; });
    if (!begins_encrypted(bytes) || !zeros ||
        load_le<std::uint32_t>(head.data() + kHeadCrcAt) !=
            internal::crc32c(bytes.first(kHeadCrcAt)))
        return fail(Errc::kDatabaseCorrupt, "the head of an encrypted file is damaged");
    const auto version = load_le<std::uint32_t>(head.data() + kHeadMagic.size());
    if (version != kHeadVersion)
        return fail(Errc::kUnsupported,
                    "the database is encrypted by version " + std::to_string(version));
    std::array<std::byte, 32> check{};
    if (!check_of(bytes, check))
        return fail(Errc::kOutOfMemory, "a file's head could not be checked");
    if (::CRYPTO_memcmp(check.data(), head.data() + kHeadCheckAt, kHeadCheckBytes) != 0)
        return fail(Error(Errc::kKeyInvalid, "the database is encrypted with another key")
                        .with_hint("open the library with the key slots that belong to it"));
    FileNonce nonce{};
    std::memcpy(nonce.data(), head.data() + kHeadNonceAt, nonce.size());
    return nonce;
}

Result<void> FileCipher::apply(const FileNonce& nonce, std::uint64_t offset, ByteView from,
                               std::span<std::byte> to) const {
    if (from.empty()) return {};
    const FileNonce counter = counter_at(nonce, offset / kBlockBytes);
    const auto skipped = static_cast<std::size_t>(offset % kBlockBytes);
    std::array<std::byte, kBlockBytes> ignored{};
    const Context context(::EVP_CIPHER_CTX_new());
    if (context != nullptr && ::EVP_CIPHER_CTX_copy(context.get(), keyed_) == 1 &&
        ::EVP_EncryptInit_ex2(context.get(), nullptr, nullptr, octets(counter.data()), nullptr) ==
            1 &&
        run(context.get(), std::span(ignored).first(skipped), ignored) &&
        run(context.get(), from, to))
        return {};
    return fail(Errc::kOutOfMemory, "OpenSSL has no memory for a cipher");
}

}  // namespace catalog::kv
