#include "gate.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

namespace catalog::extension {
namespace {

using std::chrono::milliseconds;

TEST(Gate, LetsNobodyInBeforeItRuns) {
    Gate gate(0);
    EXPECT_EQ(gate.enter(0).status(), HMX_E_INVALID_STATE);
    EXPECT_EQ(gate.inside(), 0u);
}

TEST(Gate, AnswersByState) {
    Gate gate(0);
    const std::pair<std::uint32_t, hmx_status> expected[] = {
        {HMX_STATE_CREATED, HMX_E_INVALID_STATE},
        {HMX_STATE_INITIALIZING, HMX_E_INVALID_STATE},
        {HMX_STATE_RUNNING, HMX_OK},
        {HMX_STATE_PAUSED, HMX_E_AGAIN},
        {HMX_STATE_SHUTTING_DOWN, HMX_E_INVALID_STATE},
        {HMX_STATE_STOPPED, HMX_E_INVALID_STATE},
        {HMX_STATE_FAILED, HMX_E_INVALID_STATE}};
    for (const auto& [state, status] : expected) {
        gate.set_state(state);
        const Gate::Pass pass = gate.enter(0);
        EXPECT_EQ(pass.status(), status) << state;
        EXPECT_EQ(static_cast<bool>(pass), status == HMX_OK) << state;
    }
    gate.set_state(HMX_STATE_PAUSED);
    EXPECT_TRUE(gate.enter_paused_too());
    EXPECT_EQ(gate.inside(), 0u);
}

TEST(Gate, AsksForEveryCapability) {
    Gate gate(0b101);
    gate.set_state(HMX_STATE_RUNNING);
    EXPECT_TRUE(gate.enter(0b101));
    EXPECT_TRUE(gate.enter(0b100));
    EXPECT_EQ(gate.enter(0b010).status(), HMX_E_CAPABILITY_DENIED);
    EXPECT_EQ(gate.enter(0b111).status(), HMX_E_CAPABILITY_DENIED);
}

TEST(Gate, CountsPassesUntilTheyEnd) {
    Gate gate(0);
    gate.set_state(HMX_STATE_RUNNING);
    std::optional<Gate::Pass> moved;
    {
        Gate::Pass first = gate.enter(0);
        const Gate::Pass second = gate.enter(0);
        EXPECT_EQ(gate.inside(), 2u);
        moved.emplace(std::move(first));
    }
    EXPECT_EQ(gate.inside(), 1u);
    EXPECT_FALSE(gate.drain(milliseconds(1)));
    moved.reset();
    EXPECT_EQ(gate.inside(), 0u);
    EXPECT_TRUE(gate.drain(milliseconds(0)));
}

TEST(Gate, ChangesStateOnlyFromTheOneThatWasNamed) {
    Gate gate(0);
    EXPECT_FALSE(gate.change_state(HMX_STATE_RUNNING, HMX_STATE_PAUSED));
    EXPECT_TRUE(gate.change_state(HMX_STATE_CREATED, HMX_STATE_INITIALIZING));
    EXPECT_EQ(gate.state(), static_cast<std::uint32_t>(HMX_STATE_INITIALIZING));
}

TEST(Gate, RefusesAChildOfForkFirstOfAll) {
    Gate gate(0);
    gate.set_state(HMX_STATE_RUNNING);
    Gate::pretend_forked(true);
    const hmx_status status = gate.enter(1).status();
    Gate::pretend_forked(false);
    EXPECT_EQ(status, HMX_E_FORKED);
}

TEST(Gate, SaysEveryRefusalInWords) {
    for (const hmx_status status :
         {HMX_E_FORKED, HMX_E_CAPABILITY_DENIED, HMX_E_AGAIN, HMX_E_INVALID_STATE})
        EXPECT_STRNE(refusal_text(status), "refused");
}

}  // namespace
}  // namespace catalog::extension
