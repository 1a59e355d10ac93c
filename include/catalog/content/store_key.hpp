#pragma once
// StoreKey: the secret of an encrypted content store and the keys that follow from it, in memory
// that is kept off the swap, wiped when it goes. docs/formats/encryption.md is the specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Number of a master secret in its store, from 1; a store that is given a new one counts on.
enum class KeyGeneration : std::uint32_t {};

/// Length of every key here, bytes.
inline constexpr std::size_t kStoreKeyBytes = 32;

/// A borrowed key.
using KeyView = std::span<const std::byte, kStoreKeyBytes>;

/// A random 256-bit master secret and the four keys that HKDF-SHA256 (RFC 5869) makes of it, one
/// for each use, so that none says anything of another.
///
/// The bytes lie between guard pages and are wiped when the object goes (libsodium's
/// sodium_malloc). Where the process may not lock that much memory (RLIMIT_MEMLOCK) it works all
/// the same, and `locked` tells. Thread safety: any thread, immutable. Not copyable: share the
/// pointer.
class StoreKey final {
public:
    /// Makes a new secret. Errors: kRandomUnavailable, kOutOfMemory.
    [[nodiscard]] static Result<std::shared_ptr<const StoreKey>> generate(Random& random);

    /// Takes a copy of a secret; wiping `master` is the caller's. Errors: kOutOfMemory.
    [[nodiscard]] static Result<std::shared_ptr<const StoreKey>> from_master(KeyView master);

    /// Makes what is left of a generation that was dropped while ids of chunks and the database
    /// belong to it: their two keys, of which the secret does not follow. Errors: kOutOfMemory.
    [[nodiscard]] static Result<std::shared_ptr<const StoreKey>> from_remains(KeyView id_key,
                                                                              KeyView database_key);

    ~StoreKey();
    StoreKey(const StoreKey&) = delete;
    StoreKey& operator=(const StoreKey&) = delete;

    /// Tells whether all keys are here; of remains, `id_key` and `database_key` alone are.
    [[nodiscard]] bool is_whole() const noexcept;

    /// Tells whether the operating system keeps the secret out of the swap and of core files. False
    /// is no error: the limit for locked memory is too small, or swap is not the host's concern.
    [[nodiscard]] bool locked() const noexcept;

    /// Of which each pack's key is made. All views are borrowed from this object.
    [[nodiscard]] KeyView data_key() const noexcept;
    /// Under which chunk ids are hashed before they are written.
    [[nodiscard]] KeyView id_key() const noexcept;
    /// Of which each index run's key is made.
    [[nodiscard]] KeyView index_key() const noexcept;
    /// Under which the database's files are encrypted (kv::OpenOptions::encryption_key).
    [[nodiscard]] KeyView database_key() const noexcept;
    /// The secret itself: for wrapping it, and for nothing else.
    [[nodiscard]] KeyView master() const noexcept;

private:
    struct Impl;
    explicit StoreKey(std::unique_ptr<const Impl> impl) noexcept;
    std::unique_ptr<const Impl> impl_;
};

/// The secrets of one store, by generation: the newest for what is written, older ones for what
/// was written with them. A value type; copies share the secrets. Thread safety: as a container.
class StoreKeyRing final {
public:
    /// Adds a generation; replaces one of the same number.
    void add(KeyGeneration generation, std::shared_ptr<const StoreKey> key);

    /// Returns the key of that generation. Errors: kKeyNotFound (also: it was dropped, and only
    /// remains are here).
    [[nodiscard]] Result<std::shared_ptr<const StoreKey>> of(KeyGeneration generation) const;

    /// Returns the key of the lowest generation, to which ids of chunks and the database belong. It
    /// may not be whole. Errors: kKeyNotFound (there are none).
    [[nodiscard]] Result<std::shared_ptr<const StoreKey>> first() const;

    /// Returns the highest generation; KeyGeneration{0} when there is none.
    [[nodiscard]] KeyGeneration newest() const noexcept;

    /// Returns the lowest generation, that of `first`; as `newest`.
    [[nodiscard]] KeyGeneration oldest() const noexcept;

    /// Returns all generations that are whole, ascending.
    [[nodiscard]] std::vector<KeyGeneration> generations() const;

    /// Tells whether every secret is kept out of the swap.
    [[nodiscard]] bool locked() const noexcept;

private:
    std::map<KeyGeneration, std::shared_ptr<const StoreKey>> keys_;
};

}  // namespace catalog::content
