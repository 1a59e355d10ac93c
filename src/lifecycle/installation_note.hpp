#pragma once
// What a library knows of the prefixes that it installed into. The prefix itself is authoritative;
// the note is how the library finds it again after a crash. A library that is open for reading only
// keeps no notes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/state.hpp"

namespace catalog::lifecycle {

struct InstallationNote {
    std::string prefix;            ///< As it was given.
    std::uint64_t generation = 0;  ///< Current, or about to be.
    package::PackageState state =
        package::PackageState::kInstalled;  ///< kInstalling, kInstalled or kUpdating.
};

/// Returns the record of a prefix: canonical JSON.
[[nodiscard]] std::string encode_note(std::uint64_t generation, package::PackageState state);

/// Reads a record. Errors: kDatabaseCorrupt (the input is the prefix).
[[nodiscard]] Result<InstallationNote> decode_note(std::string_view prefix, std::string_view text);

/// Notes that a generation is about to become current. Errors: kStateTransition, kCommitFailed.
[[nodiscard]] Result<void> note_intent(const Services& services, const std::string& prefix,
                                       std::uint64_t generation, bool update);

/// Notes which generation is current and, in the same commit, which packages the register of assets
/// has in the prefix; null forgets both. Errors: kCommitFailed, those of AssetLedger::installed.
[[nodiscard]] Result<void> note_current(const Services& services, const std::string& prefix,
                                        const Generation* generation);

/// Returns all notes, in byte order of prefixes. Errors: kDatabaseIo, kDatabaseCorrupt.
[[nodiscard]] Result<std::vector<InstallationNote>> installation_notes(const Services& services);

}  // namespace catalog::lifecycle
