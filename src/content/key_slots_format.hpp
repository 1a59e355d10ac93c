#pragma once
// The bytes of `keys/store.slots`, without any cryptography: docs/formats/encryption.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/content/key_slots.hpp"

namespace catalog::content {

inline constexpr std::size_t kSlotSaltBytes = 32;
inline constexpr std::size_t kWrapNonceBytes = 24;
inline constexpr std::size_t kWrapTagBytes = 16;
inline constexpr std::size_t kWrappedBytes = kStoreKeyBytes + kWrapTagBytes;
inline constexpr std::size_t kSlotsMacBytes = 32;
inline constexpr std::size_t kSlotsFileBytesMax = 64u << 10;

/// 32 bytes under XChaCha20-Poly1305.
struct WrappedKey {
    std::array<std::byte, kWrapNonceBytes> nonce{};
    std::array<std::byte, kWrappedBytes> sealed{};
};

/// One way to the ring key.
struct SlotRecord {
    SlotInfo info;
    std::array<std::byte, kSlotSaltBytes> salt{};
    std::string blob;  ///< What the wrapper of a host slot gave.
    WrappedKey ring_key;
};

/// Which key of a generation a record holds. Values are stored on disk and never change.
enum class GenerationPart : std::uint32_t {
    kMaster = 0,       ///< The secret, of which all follows.
    kIdKey = 1,        ///< Of the first generation, when it was dropped.
    kDatabaseKey = 2,  ///< The same.
};

/// One key of a generation.
struct GenerationRecord {
    KeyGeneration generation{};
    GenerationPart part = GenerationPart::kMaster;
    WrappedKey key;
};

/// A whole file.
struct SlotsFile {
    StoreId store{};
    SlotId next_slot{1};
    std::vector<SlotRecord> slots;  ///< 1 to 16, ascending ids.
    /// 1 to 64 masters, ascending; before them, when the first generation was dropped, its parts.
    std::vector<GenerationRecord> generations;
    std::array<std::byte, kSlotsMacBytes> mac{};
};

/// Returns what the wrapping of a slot's ring key is bound to: everything of the slot but that.
[[nodiscard]] std::string slot_context(const StoreId& store, const SlotRecord& slot);

/// Returns what the wrapping of a generation's key is bound to.
[[nodiscard]] std::string generation_context(const StoreId& store, KeyGeneration generation,
                                             GenerationPart part);

/// Returns the bytes that `mac` authenticates: all of the file in front of it.
[[nodiscard]] std::string encode_slots_body(const SlotsFile& file);

/// Returns the file.
[[nodiscard]] std::string encode_slots_file(const SlotsFile& file);

/// Reads a file. Errors: kKeyInvalid, kUnsupported, kLimitExceeded (see KeySlots::open).
[[nodiscard]] Result<SlotsFile> decode_slots_file(ByteView bytes, const KeySlotLimits& limits);

/// Checks what a passphrase slot demands. Errors: kKeyInvalid (below the least), kLimitExceeded.
[[nodiscard]] Result<void> check_cost(const PassphraseCost& cost, const KeySlotLimits& limits);

}  // namespace catalog::content
