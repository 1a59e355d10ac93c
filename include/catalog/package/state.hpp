#pragma once
// States of packages and of installations: one table of transitions, from which
// docs/architecture.md draws its picture.

#include <cstdint>
#include <span>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog::package {

/// Values cross the C ABI and are stored; they never change.
enum class PackageState : std::uint8_t {
    kPreparing = 0,   ///< Stored, perhaps waiting for consensus; nobody else can see it.
    kPublished = 1,   ///< Immutable and visible.
    kInstalling = 2,  ///< An installation of it is being written.
    kInstalled = 3,
    kUpdating = 4,    ///< An installation of it is being replaced.
    kDeprecated = 5,  ///< Visible and usable; people are told.
    kArchived = 6,    ///< Kept and verifiable; not resolved any more except by a lock.
};

/// What a state belongs to.
enum class Lifecycle : std::uint8_t { kPackage, kInstallation };

/// One allowed step.
struct Transition {
    Lifecycle lifecycle;
    PackageState from;
    PackageState to;
    std::string_view
        event;  ///< "publish", "deprecate", "archive", "installed", "update", "restore", ...
};

/// Returns the whole table.
[[nodiscard]] std::span<const Transition> transitions() noexcept;

[[nodiscard]] std::string_view state_name(PackageState state) noexcept;
[[nodiscard]] Result<PackageState> parse_state(
    std::string_view text);  ///< Errors: kInvalidArgument.

/// Tells whether the table has that step. Errors: kStateTransition with StateDetail.
[[nodiscard]] Result<void> check_transition(Lifecycle lifecycle, PackageState from,
                                            PackageState to);

}  // namespace catalog::package
