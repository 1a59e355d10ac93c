#include "catalog/package/state.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace catalog::package {

namespace {

using enum PackageState;

// Archived goes back to Deprecated, not to Published: whoever depended on an archived package
// should still be told. An update that fails ends where it began, so both ends of Updating are
// Installed; an installation that fails leaves nothing behind and therefore has no state.
constexpr std::array kTransitions{
    Transition{Lifecycle::kPackage, kPreparing, kPublished, "publish"},
    Transition{Lifecycle::kPackage, kPublished, kDeprecated, "deprecate"},
    Transition{Lifecycle::kPackage, kPublished, kArchived, "archive"},
    Transition{Lifecycle::kPackage, kDeprecated, kPublished, "undeprecate"},
    Transition{Lifecycle::kPackage, kDeprecated, kArchived, "archive"},
    Transition{Lifecycle::kPackage, kArchived, kDeprecated, "restore"},
    Transition{Lifecycle::kInstallation, kInstalling, kInstalled, "installed"},
    Transition{Lifecycle::kInstallation, kInstalled, kUpdating, "update"},
    Transition{Lifecycle::kInstallation, kUpdating, kInstalled, "updated or rolled back"},
};

struct StateName {
    PackageState state;
    std::string_view name;
};

constexpr std::array<StateName, 7> kStateNames{{{kPreparing, "preparing"},
                                                {kPublished, "published"},
                                                {kInstalling, "installing"},
                                                {kInstalled, "installed"},
                                                {kUpdating, "updating"},
                                                {kDeprecated, "deprecated"},
                                                {kArchived, "archived"}}};

/// Returns the states that may follow `from`, as advice.
std::string following_states(Lifecycle lifecycle, PackageState from) {
    std::string names;
    for (const Transition& row : kTransitions) {
        if (row.lifecycle != lifecycle || row.from != from) continue;
        names += names.empty() ? "after " + std::string(state_name(from)) + " can come " : " or ";
        names += state_name(row.to);
    }
    return names;
}

}  // namespace

std::span<const Transition> transitions() noexcept { return kTransitions; }

std::string_view state_name(PackageState state) noexcept {
    for (const StateName& row : kStateNames)
        if (row.state == state) return row.name;
    return "unknown";
}

Result<PackageState> parse_state(std::string_view text) {
    for (const StateName& row : kStateNames)
        if (row.name == text) return row.state;
    return fail(Error(Errc::kInvalidArgument, "unknown state")
                    .with_input(std::string(text.substr(0, 100)))
                    .with_hint("use preparing, published, installing, installed, updating, "
                               "deprecated or archived"));
}

Result<void> check_transition(Lifecycle lifecycle, PackageState from, PackageState to) {
    const bool known = std::ranges::any_of(kTransitions, [&](const Transition& row) {
        return row.lifecycle == lifecycle && row.from == from && row.to == to;
    });
    if (known) return {};
    const std::string subject = lifecycle == Lifecycle::kPackage ? "a package" : "an installation";
    return fail(Error(Errc::kStateTransition,
                      subject + " cannot go from " + std::string(state_name(from)) + " to " +
                          std::string(state_name(to)),
                      StateDetail{std::string(state_name(from)), std::string(state_name(to))})
                    .with_hint(following_states(lifecycle, from)));
}

}  // namespace catalog::package
