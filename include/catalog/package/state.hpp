#pragma once
// States of packages and of installations: one table of transitions, from which
// docs/architecture-states.md draws its picture.

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

/// What a state belongs to: kPreparing, kPublished, kDeprecated and kArchived to a package, the
/// others to an installation.
enum class Lifecycle : std::uint8_t { kPackage, kInstallation };

/// One allowed step.
struct Transition {
    Lifecycle lifecycle;
    PackageState from;
    PackageState to;
    std::string_view
        event;  ///< "publish", "deprecate", "archive", "installed", "update", "restore", ...
};

/// Returns the whole table. A lifecycle begins in the state that no row leads to.
[[nodiscard]] std::span<const Transition> transitions() noexcept;

/// Returns "preparing", "published", "installing", "installed", "updating", "deprecated" or
/// "archived"; "unknown" for another number.
[[nodiscard]] std::string_view state_name(PackageState state) noexcept;
/// Reads those names. Errors: kInvalidArgument.
[[nodiscard]] Result<PackageState> parse_state(std::string_view text);

/// Tells whether the table has that step; staying in a state is no step. Errors: kStateTransition
/// with StateDetail, the hint naming the states that can follow.
[[nodiscard]] Result<void> check_transition(Lifecycle lifecycle, PackageState from,
                                            PackageState to);

}  // namespace catalog::package
