#include "catalog/package/state.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "results.hpp"
#include "support/core/golden.hpp"

namespace catalog::package {
namespace {

constexpr PackageState kAllStates[] = {PackageState::kPreparing,  PackageState::kPublished,
                                       PackageState::kInstalling, PackageState::kInstalled,
                                       PackageState::kUpdating,   PackageState::kDeprecated,
                                       PackageState::kArchived};

bool can(Lifecycle lifecycle, PackageState from, PackageState to) {
    return check_transition(lifecycle, from, to).has_value();
}

/// States that no row leads to.
std::set<PackageState> first_states(Lifecycle lifecycle) {
    std::set<PackageState> states;
    for (const Transition& row : transitions())
        if (row.lifecycle == lifecycle) states.insert(row.from);
    for (const Transition& row : transitions())
        if (row.lifecycle == lifecycle) states.erase(row.to);
    return states;
}

std::string diagram(Lifecycle lifecycle) {
    std::string text = "```mermaid\nstateDiagram-v2\n";
    for (const PackageState state : first_states(lifecycle))
        text += "    [*] --> " + std::string(state_name(state)) + "\n";
    for (const Transition& row : transitions())
        if (row.lifecycle == lifecycle)
            text += "    " + std::string(state_name(row.from)) + " --> " +
                    std::string(state_name(row.to)) + ": " + std::string(row.event) + "\n";
    return text + "```\n";
}

TEST(State, APackageGoesFromPreparingToPublishedToDeprecatedToArchived) {
    EXPECT_TRUE(can(Lifecycle::kPackage, PackageState::kPreparing, PackageState::kPublished));
    EXPECT_TRUE(can(Lifecycle::kPackage, PackageState::kPublished, PackageState::kDeprecated));
    EXPECT_TRUE(can(Lifecycle::kPackage, PackageState::kDeprecated, PackageState::kArchived));
}

TEST(State, AnInstallationGoesFromInstallingToInstalledAndThroughUpdatingBack) {
    EXPECT_TRUE(can(Lifecycle::kInstallation, PackageState::kInstalling, PackageState::kInstalled));
    EXPECT_TRUE(can(Lifecycle::kInstallation, PackageState::kInstalled, PackageState::kUpdating));
    EXPECT_TRUE(can(Lifecycle::kInstallation, PackageState::kUpdating, PackageState::kInstalled));
}

TEST(State, NothingThatIsNotInTheTableIsAllowed) {
    std::set<std::tuple<Lifecycle, PackageState, PackageState>> rows;
    for (const Transition& row : transitions())
        EXPECT_TRUE(rows.emplace(row.lifecycle, row.from, row.to).second) << "a row stands twice";
    for (const Lifecycle lifecycle : {Lifecycle::kPackage, Lifecycle::kInstallation})
        for (const PackageState from : kAllStates)
            for (const PackageState to : kAllStates)
                EXPECT_EQ(can(lifecycle, from, to), rows.contains({lifecycle, from, to}))
                    << state_name(from) << " to " << state_name(to);
}

TEST(State, NothingComesBeforePreparingAndNothingPublishedGoesBackToIt) {
    EXPECT_EQ(first_states(Lifecycle::kPackage), std::set{PackageState::kPreparing});
    EXPECT_EQ(first_states(Lifecycle::kInstallation), std::set{PackageState::kInstalling});
}

TEST(State, TheLifecyclesShareNoState) {
    std::set<PackageState> package;
    std::set<PackageState> installation;
    for (const Transition& row : transitions()) {
        auto& states = row.lifecycle == Lifecycle::kPackage ? package : installation;
        states.insert({row.from, row.to});
    }
    for (const PackageState state : kAllStates)
        EXPECT_NE(package.contains(state), installation.contains(state)) << state_name(state);
}

TEST(State, ARefusedStepNamesBothStatesAndWhatCanFollow) {
    const auto refused =
        check_transition(Lifecycle::kPackage, PackageState::kArchived, PackageState::kPublished);
    ASSERT_EQ(code_of(refused), Errc::kStateTransition);
    const auto* detail = refused.error().detail_as<StateDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->from, "archived");
    EXPECT_EQ(detail->to, "published");
    EXPECT_EQ(refused.error().hint(), "after archived can come deprecated");
}

TEST(State, NumbersAndNamesNeverChange) {
    EXPECT_EQ(static_cast<int>(PackageState::kPreparing), 0);
    EXPECT_EQ(static_cast<int>(PackageState::kPublished), 1);
    EXPECT_EQ(static_cast<int>(PackageState::kInstalling), 2);
    EXPECT_EQ(static_cast<int>(PackageState::kInstalled), 3);
    EXPECT_EQ(static_cast<int>(PackageState::kUpdating), 4);
    EXPECT_EQ(static_cast<int>(PackageState::kDeprecated), 5);
    EXPECT_EQ(static_cast<int>(PackageState::kArchived), 6);
    EXPECT_EQ(state_name(PackageState::kPreparing), "preparing");
    EXPECT_EQ(state_name(static_cast<PackageState>(7)), "unknown");
}

TEST(State, EveryNameReadsBack) {
    for (const PackageState state : kAllStates) {
        const auto parsed = parse_state(state_name(state));
        ASSERT_TRUE(parsed);
        EXPECT_EQ(*parsed, state);
    }
    EXPECT_EQ(code_of(parse_state("Published")), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(parse_state("")), Errc::kInvalidArgument);
}

TEST(State, TheDocumentedPictureIsDrawnFromTheTable) {
    golden::expect_file(
        std::string(CATALOG_SOURCE_DIR) + "/docs/architecture-states.md",
        "# States of packages and of installations\n\n"
        "Drawn from the table of transitions in `src/package/state.cpp`; a test keeps "
        "this page equal to it.\n\n## Package\n\n" +
            diagram(Lifecycle::kPackage) + "\n## Installation\n\n" +
            diagram(Lifecycle::kInstallation));
}

}  // namespace
}  // namespace catalog::package
