#pragma once
// LibraryKeys: the key slots of an encrypted library: who can open it, and under which keys it
// writes.

#include <memory>
#include <string>
#include <vector>

#include "catalog/content/key_slots.hpp"
#include "catalog/content/key_use.hpp"
#include "catalog/core/result.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/library/environment.hpp"

namespace catalog::library {

/// The key slots of one library, open for changes. While it lives no other process writes to the
/// library. Every change is durable when it returns; the library need not be open for it, and one
/// that is open for reading goes on with the keys that it had, until it meets something under a
/// newer one (kKeyNotFound): open it again. See content::KeySlots and docs/formats/encryption.md.
///
/// Thread safety: one thread at a time.
class LibraryKeys final {
public:
    /// Tells whether the library is encrypted. Errors: kLibraryNotFound, kLibraryFormat.
    [[nodiscard]] static Result<bool> is_encrypted(const std::string& path,
                                                   const Environment& environment = {});

    /// Returns what the slots say of themselves without any secret. Errors: kFailedPrecondition
    /// (the library is not encrypted), kLibraryDamaged (the slots are missing or damaged), as
    /// `is_encrypted`.
    [[nodiscard]] static Result<std::vector<content::SlotInfo>> list(
        const std::string& path, const Environment& environment = {});

    /// Returns what lies under each generation of keys that the slots have, and under others that
    /// files name; ascending. Needs no secret. Cost: one page of each pack and index file. Errors:
    /// as `list`, kIo.
    [[nodiscard]] static Result<std::vector<content::KeyUse>> use(
        const std::string& path, const Environment& environment = {});

    /// Opens the slots with LibraryOptions::key, and takes the library's lock. Errors: as `list`,
    /// kKeyNotFound (no key was given), kPermissionDenied (it opens no slot), kLibraryLocked.
    [[nodiscard]] static Result<LibraryKeys> open(const std::string& path,
                                                  const LibraryOptions& options,
                                                  const Environment& environment = {});

    LibraryKeys(LibraryKeys&&) noexcept;
    LibraryKeys& operator=(LibraryKeys&&) noexcept;
    ~LibraryKeys();

    [[nodiscard]] std::vector<content::SlotInfo> slots() const;
    /// Returns the slot that was opened.
    [[nodiscard]] content::SlotId opened() const noexcept;
    [[nodiscard]] std::vector<content::KeyGeneration> generations() const;

    /// Adds a way to open the library. Errors: as KeySlots::add_slot.
    [[nodiscard]] Result<content::SlotId> add(const content::SlotSecret& secret);
    /// Takes one away. Errors: kNotFound, kFailedPrecondition (the last one).
    [[nodiscard]] Result<void> remove(content::SlotId slot);
    /// Puts another secret in the place of a slot's: a new passphrase. Returns the new slot's id.
    /// Errors: as `add` and `remove`.
    [[nodiscard]] Result<content::SlotId> replace(content::SlotId slot,
                                                  const content::SlotSecret& secret);
    /// Makes new master keys, under which everything is written from the next opening on. What is
    /// there stays readable, under the old ones, until AssetLibrary::repack_content seals it again.
    /// Errors: as KeySlots::add_generation.
    [[nodiscard]] Result<void> rotate();
    /// The same, and wraps all keys anew for these secrets (1 to 16) alone: every other slot is
    /// gone, and an old copy of the slots opens nothing that is written from now on. Errors: as
    /// KeySlots::renew.
    [[nodiscard]] Result<void> renew(const std::vector<content::SlotSecret>& secrets);

private:
    struct Impl;
    explicit LibraryKeys(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::library
