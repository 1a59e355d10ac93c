#pragma once
// RecordCipher: seals the records of one pack. docs/formats/encryption.md is the specification.
//
// A sealed record is
//     nonce 12 | header 56, encrypted | tag 16 | payload and 0 to 7 zeros, encrypted | tag 16
// of which an outsider sees random bytes: length, codec, id and the end of the payload are inside.
// The zeros bring the whole to a multiple of 8.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "catalog/content/pack_format.hpp"
#include "catalog/content/store_key.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

inline constexpr std::size_t kCipherNonceBytes = 12;
inline constexpr std::size_t kCipherTagBytes = 16;
inline constexpr std::size_t kSealedHeaderBytes =
    kCipherNonceBytes + kRecordHeaderBytes + kCipherTagBytes;

/// Returns how many bytes a sealed payload takes: zeros and tag included.
[[nodiscard]] constexpr std::uint64_t sealed_payload_bytes(std::uint32_t payload_bytes) noexcept {
    const std::uint64_t bare = kSealedHeaderBytes + std::uint64_t{payload_bytes} + kCipherTagBytes;
    return (bare + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment - kSealedHeaderBytes;
}

/// Returns how many bytes a sealed record takes in a pack, a multiple of 8.
[[nodiscard]] constexpr std::uint64_t sealed_record_bytes(std::uint32_t payload_bytes) noexcept {
    return kSealedHeaderBytes + sealed_payload_bytes(payload_bytes);
}

/// Returns what this machine seals fastest with.
[[nodiscard]] CipherAlgorithm preferred_algorithm() noexcept;

/// The key of one pack and what opens its records. Thread safety: any thread. Memory: a few
/// OpenSSL contexts, made when first needed.
class RecordCipher final {
public:
    /// Makes the key of a new pack, from a fresh random salt. Errors: kRandomUnavailable,
    /// kOutOfMemory.
    [[nodiscard]] static Result<std::shared_ptr<const RecordCipher>> create(
        const StoreKeyRing& keys, const StoreId& store, PackId pack, Random& random,
        CipherAlgorithm algorithm = preferred_algorithm());

    /// Makes the key of an existing pack and checks it against the commitment, before anything is
    /// decrypted with it. Errors: kKeyNotFound (a generation that `keys` do not have), kKeyInvalid
    /// (other key: the pack is of another store, or its header was altered), kUnsupported
    /// (algorithm), kOutOfMemory.
    [[nodiscard]] static Result<std::shared_ptr<const RecordCipher>> open(
        const StoreKeyRing& keys, const StoreId& store, PackId pack,
        const PackCipherHeader& header);

    ~RecordCipher();
    RecordCipher(const RecordCipher&) = delete;
    RecordCipher& operator=(const RecordCipher&) = delete;

    /// What belongs in the pack's header.
    [[nodiscard]] const PackCipherHeader& header() const noexcept;

    /// Decrypts the header of the record at `offset` of the pack. `sealed` has 84 bytes or more.
    /// Errors: kPackInvalid (damaged, moved, of another pack, too short); `out` is then zeros.
    [[nodiscard]] Result<void> open_header(std::uint64_t offset, ByteView sealed,
                                           std::span<std::byte, kRecordHeaderBytes> out) const;

    /// Decrypts the payload of the record whose sealed header stands at `offset` and in
    /// `sealed_header`. `sealed` has the sealed_payload_bytes of out.size(), which is what the
    /// header says. `out` may begin where `sealed` begins. Errors: kContentCorrupted (as above),
    /// kInvalidArgument (lengths); `out` is then zeros.
    [[nodiscard]] Result<void> open_payload(std::uint64_t offset, ByteView sealed_header,
                                            ByteView sealed, std::span<std::byte> out) const;

private:
    friend class RecordSealer;
    struct Impl;
    explicit RecordCipher(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

/// Seals records for one pack. Thread safety: one thread at a time; several sealers may serve one
/// pack.
///
/// A record's nonce is random, not its ordinal: what is written after a crash at the place of a
/// lost tail would otherwise be sealed under a nonce that the tail had
/// (docs/decisions/0010-random-record-nonces.md). At most 2^32 records under one key.
class RecordSealer final {
public:
    RecordSealer(std::shared_ptr<const RecordCipher> cipher, std::shared_ptr<Random> random);
    ~RecordSealer();
    RecordSealer(RecordSealer&&) noexcept;
    RecordSealer& operator=(RecordSealer&&) noexcept;

    /// Seals a record that will stand at `offset` of the pack. `out` has sealed_record_bytes of the
    /// payload; the payload may lie in it at byte 84 already. Does not allocate. Errors:
    /// kRandomUnavailable, kInvalidArgument (lengths), kInternal (OpenSSL); nothing of `out` may be
    /// written to a pack then.
    [[nodiscard]] Result<void> seal(std::uint64_t offset,
                                    std::span<const std::byte, kRecordHeaderBytes> header,
                                    ByteView payload, std::span<std::byte> out);

    /// Seals a header alone: of an index, whose pages have tags of their own. Errors:
    /// kRandomUnavailable, kInternal.
    [[nodiscard]] Result<void> seal_header(std::uint64_t offset,
                                           std::span<const std::byte, kRecordHeaderBytes> header,
                                           std::span<std::byte, kSealedHeaderBytes> out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::content
