#pragma once
// KeySlots: the file `keys/store.slots`, in which a store's secrets lie encrypted, once for each
// way of opening it. docs/formats/encryption.md is the specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalog/content/key_wrapper.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/content/store_key.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

inline constexpr std::size_t kKeySlotsMax = 16;
inline constexpr std::size_t kKeyGenerationsMax = 64;
inline constexpr std::size_t kPassphraseBytesMax = 1024;

/// Number of a slot in its file; never used twice.
enum class SlotId : std::uint32_t {};

/// What opens a slot. Values are stored on disk and never change.
enum class SlotKind : std::uint8_t {
    kPassphrase = 1,   ///< A passphrase, through Argon2id (RFC 9106).
    kRecoveryKey = 2,  ///< A random key that a person keeps on paper.
    kHost = 3,         ///< A key that a KeyWrapper holds.
};

/// What Argon2id takes for one derivation.
class PassphraseCost {
public:
    PassphraseCost() = default;
    std::uint32_t memory_kib = 64u << 10;  ///< At least 8.
    std::uint32_t passes = 2;              ///< At least 1.
};

/// What a file of unknown origin may demand.
class KeySlotLimits {
public:
    KeySlotLimits() = default;
    std::uint32_t memory_kib_max = 1u << 20;  ///< For one passphrase slot.
    std::uint32_t passes_max = 16;            ///< For one passphrase slot.
};

/// A random 256-bit key to be written down: 14 groups of four characters, the last three bytes of
/// which are a checksum. Wiped when it goes.
class RecoveryKey final {
public:
    /// Errors: kRandomUnavailable.
    [[nodiscard]] static Result<RecoveryKey> generate(Random& random);

    /// Reads what `text` gave. Upper and lower case, spaces and dashes do not matter, and O, I and
    /// L count as 0, 1 and 1. Errors: kInvalidArgument (length, another character, the checksum:
    /// mistyped).
    [[nodiscard]] static Result<RecoveryKey> parse(std::string_view text);

    ~RecoveryKey();
    RecoveryKey(const RecoveryKey&) = default;
    RecoveryKey& operator=(const RecoveryKey&) = default;

    /// Returns the printable form, in Crockford's base 32: "XXXX-XXXX-...". Show it once.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] KeyView bytes() const noexcept { return bytes_; }

private:
    RecoveryKey() = default;
    std::array<std::byte, kStoreKeyBytes> bytes_{};
};

/// A passphrase, borrowed: 1 to 1024 bytes, compared byte for byte. `cost` counts for new slots.
struct Passphrase {
    std::string_view text;
    PassphraseCost cost;
};

/// What opens a slot, or a new slot is to be opened with.
using SlotSecret = std::variant<Passphrase, RecoveryKey, std::shared_ptr<KeyWrapper>>;

/// What a slot says of itself in the clear.
struct SlotInfo {
    SlotId id{};
    SlotKind kind = SlotKind::kPassphrase;
    PassphraseCost cost;  ///< Of a passphrase slot; zeros in other kinds.
    std::string wrapper;  ///< KeyWrapper::name of a host slot.
};

/// The right to read a store and to change its slots: what `unlock` gives. Thread safety: any
/// thread, immutable.
class UnlockedKeys final {
public:
    ~UnlockedKeys();
    UnlockedKeys(const UnlockedKeys&) = delete;
    UnlockedKeys& operator=(const UnlockedKeys&) = delete;

    /// The secrets of all generations.
    [[nodiscard]] const StoreKeyRing& ring() const noexcept;
    /// The slot that was opened.
    [[nodiscard]] SlotId slot() const noexcept;

private:
    friend class KeySlots;
    struct Impl;
    explicit UnlockedKeys(std::unique_ptr<const Impl> impl) noexcept;
    std::unique_ptr<const Impl> impl_;
};

/// The slots of one store, as its file has them.
///
/// A random ring key encrypts the secret of each generation, and each slot encrypts the ring key,
/// with XChaCha20-Poly1305 both. So a slot comes, goes or changes its passphrase without any pack
/// being touched, and a new generation needs no other slot's secret. The whole file is
/// authenticated under the ring key, which `unlock` checks.
///
/// Every change replaces the file durably: after a crash it is the old or the new one. A change
/// that fails leaves this object as it was. Changes need the keys that `unlock` gave for this file.
/// Thread safety: one thread at a time; between processes who changes holds the library's lock.
///
/// What somebody has learned stays learned: removing a slot does not take the ring key from who
/// could open it and kept a copy of the file. `renew` does for what is written from then on.
class KeySlots final {
public:
    /// Makes a store's first file: generation 1 and one slot. Errors: kFileExists, those of the
    /// secret (see add_slot), kRandomUnavailable, kOutOfMemory, and of io::write_file_durably.
    [[nodiscard]] static Result<KeySlots> create(std::shared_ptr<io::FileSystem> fs,
                                                 std::string path, const StoreId& store,
                                                 const SlotSecret& first, Random& random);

    /// Reads a file without any secret. Errors: kFileNotFound, kKeyInvalid (damaged, or no such
    /// file), kUnsupported (later version), kLimitExceeded (a slot demands more than `limits`
    /// allow; nothing was taken yet), and of io::read_file.
    [[nodiscard]] static Result<KeySlots> open(std::shared_ptr<io::FileSystem> fs, std::string path,
                                               const KeySlotLimits& limits = {});

    KeySlots(KeySlots&&) noexcept;
    KeySlots& operator=(KeySlots&&) noexcept;
    ~KeySlots();

    [[nodiscard]] const StoreId& store() const noexcept;
    [[nodiscard]] std::vector<SlotInfo> slots() const;
    /// Of those that were not dropped, ascending.
    [[nodiscard]] std::vector<KeyGeneration> generations() const;

    /// Tries the secret on every slot of its kind. Cost: for a passphrase one Argon2id (80 ms and
    /// 64 MiB by default) a passphrase slot. Errors: kPermissionDenied (it opens none; which one
    /// was tried or nearer is not said), kKeyInvalid (it opens one, and the file was altered),
    /// kOutOfMemory, and of KeyWrapper::unwrap other than kPermissionDenied.
    [[nodiscard]] Result<std::shared_ptr<const UnlockedKeys>> unlock(
        const SlotSecret& secret) const;

    /// Adds a way to open the store. Errors: kLimitExceeded (16 slots, a passphrase over 1024
    /// bytes, a cost over the limits), kInvalidArgument (an empty passphrase, a cost below the
    /// least one, a wrapper's name), kPermissionDenied (`keys` are not this file's),
    /// kRandomUnavailable, kOutOfMemory, of KeyWrapper::wrap, and of io::write_file_durably.
    [[nodiscard]] Result<SlotId> add_slot(const UnlockedKeys& keys, const SlotSecret& secret,
                                          Random& random);

    /// Removes a slot. Errors: kNotFound, kFailedPrecondition (the last one), kPermissionDenied, of
    /// io::write_file_durably.
    [[nodiscard]] Result<void> remove_slot(const UnlockedKeys& keys, SlotId slot);

    /// Encrypts the ring key anew under another secret, in one change: a new passphrase for an old
    /// one. Returns the new slot's id. Errors: as add_slot and remove_slot.
    [[nodiscard]] Result<SlotId> replace_slot(const UnlockedKeys& keys, SlotId slot,
                                              const SlotSecret& secret, Random& random);

    /// Adds a new master secret, for what is written from now on. Returns keys that know it.
    /// Errors: kLimitExceeded (64 generations), kPermissionDenied, kRandomUnavailable,
    /// kOutOfMemory, of io::write_file_durably.
    [[nodiscard]] Result<std::shared_ptr<const UnlockedKeys>> add_generation(
        const UnlockedKeys& keys, Random& random);

    /// Forgets a generation that no pack and no index run uses any more (`find_key_use`): what it
    /// sealed is lost, and this does not look. Of the lowest generation the keys of ids and of the
    /// database stay, as long as these belong to it; the secret, from which the others follow, goes
    /// like any other. Errors: kNotFound, kFailedPrecondition (the newest), kPermissionDenied,
    /// kRandomUnavailable, kOutOfMemory, of io::write_file_durably.
    [[nodiscard]] Result<std::shared_ptr<const UnlockedKeys>> drop_generation(
        const UnlockedKeys& keys, KeyGeneration generation, Random& random);

    /// Makes a new ring key and a new generation, and leaves a slot for each of `secrets` (1 to 16)
    /// alone: who opened the store with another one can no longer, not with an old copy of the file
    /// either, as far as what is written from now on. Errors: as add_slot and add_generation,
    /// kInvalidArgument (no secrets).
    [[nodiscard]] Result<std::shared_ptr<const UnlockedKeys>> renew(
        const UnlockedKeys& keys, const std::vector<SlotSecret>& secrets, Random& random);

private:
    struct Impl;
    explicit KeySlots(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

/// Checks bytes as `KeySlots::open` does. For tools and fuzzing. Errors: as there.
[[nodiscard]] Result<std::vector<SlotInfo>> inspect_key_slots(ByteView file,
                                                              const KeySlotLimits& limits = {});

}  // namespace catalog::content
