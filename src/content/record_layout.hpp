#pragma once
// RecordLayout: how records lie in a pack, bare or sealed, for all that walks over them.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "catalog/content/storage_backend.hpp"
#include "record_cipher.hpp"

namespace catalog::content {

/// What opens one sealed pack: its records, and the pages of its index.
struct PackSeal {
    std::shared_ptr<const RecordCipher> records;
    std::shared_ptr<const StoreEncryption> store;
};

/// Committed lengths of sealed packs are multiples of it: a commit of little shows no more.
inline constexpr std::uint64_t kSealedGrainBytes = 4096;
/// From the start of a sealed pack's index record to its pages, which follow the sealed header and
/// 4 bytes of 0, and have no tag but their own.
inline constexpr std::uint64_t kSealedIndexHeadBytes = kSealedHeaderBytes + 4;

/// Returns how many bytes a sealed padding record takes at `offset` so that what comes behind it
/// stands `past` bytes before a multiple of `grain`; 0 when none is needed. `offset` and `past` are
/// multiples of 8.
[[nodiscard]] std::uint64_t sealed_padding_bytes(std::uint64_t offset, std::uint64_t grain,
                                                 std::uint64_t past) noexcept;

/// Returns the length that a sealed pack of that many bytes gets when it is finished: the next one
/// of which the lower bits are 0, all but as many of the highest as the number of bits has bits
/// (Padme; Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
/// PURBs", PoPETs 2019), but of steps from kSealedGrainBytes to kSealedStepBytesMax. Of so few
/// lengths none says what a pack holds. Cost: at most 12 % of a pack and one grain, of 64 MiB less
/// than 1.6 %.
[[nodiscard]] std::uint64_t padded_pack_bytes(std::uint64_t bytes) noexcept;
inline constexpr std::uint64_t kSealedStepBytesMax = 1u << 20;

/// Returns the payload of a sealed padding record of that many bytes in all; see
/// sealed_padding_bytes.
[[nodiscard]] std::uint32_t padding_payload_bytes(std::uint64_t bytes) noexcept;

/// Thread safety: any thread. Borrows the cipher.
class RecordLayout {
public:
    /// Null: the records are bare.
    explicit RecordLayout(const RecordCipher* cipher = nullptr) noexcept : cipher_(cipher) {}

    [[nodiscard]] bool is_sealed() const noexcept { return cipher_ != nullptr; }

    /// Bytes in front of a record's payload, all that a header is read from.
    [[nodiscard]] std::size_t head_bytes() const noexcept {
        return is_sealed() ? kSealedHeaderBytes : kRecordHeaderBytes;
    }
    /// Where a record's payload begins in it.
    [[nodiscard]] std::size_t payload_begin(const RecordHeader& header) const noexcept {
        return is_sealed() && header.codec == Codec::kIndex ? kSealedIndexHeadBytes : head_bytes();
    }
    /// Of the whole record, what fills it up to a multiple of 8 included.
    [[nodiscard]] std::uint64_t bytes_of(const RecordHeader& header) const noexcept;

    /// Reads the header of the record at `offset` of the pack from its first bytes. Errors:
    /// kPackInvalid.
    [[nodiscard]] Result<RecordHeader> read_header(std::uint64_t offset, ByteView record) const;

    /// Checks the payload of a whole record other than an index, and returns it; `plain` holds it
    /// when it was sealed and may be where the sealed payload lies. `plain` has stored_bytes.
    /// Errors: kContentCorrupted.
    [[nodiscard]] Result<ByteView> read_payload(std::uint64_t offset, const RecordHeader& header,
                                                ByteView record, std::span<std::byte> plain) const;

private:
    const RecordCipher* cipher_;
};

}  // namespace catalog::content
