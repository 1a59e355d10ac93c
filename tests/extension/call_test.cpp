#include "call.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace catalog::extension {
namespace {

hmx_call full_call() {
    hmx_call call{};
    call.struct_size = sizeof(call);
    return call;
}

TEST(ReadCall, NullGivesTheDefaults) {
    const auto call = read_call(nullptr);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->deadline, 0);
    EXPECT_EQ(call->principal, "");
}

TEST(ReadCall, CopiesTexts) {
    hmx_call given = full_call();
    std::string id = "r-1";
    given.request_id = to_abi(id);
    given.principal = to_abi("ada");
    given.deadline = 5;
    given.flags = HMX_CALL_DRY_RUN;
    const auto call = read_call(&given);
    id[0] = 'x';
    ASSERT_TRUE(call);
    EXPECT_EQ(call->request_id, "r-1");
    EXPECT_EQ(call->principal, "ada");
    EXPECT_EQ(call->flags, static_cast<std::uint32_t>(HMX_CALL_DRY_RUN));
}

TEST(ReadCall, RefusesWhatCannotBe) {
    hmx_call call = full_call();
    call.struct_size = 2;
    EXPECT_EQ(read_call(&call).error().status(), HMX_E_INVALID_ARGUMENT);
    call = full_call();
    call.deadline = -1;
    EXPECT_EQ(read_call(&call).error().status(), HMX_E_INVALID_ARGUMENT);
    call = full_call();
    call.request_id = hmx_str{nullptr, 3};
    EXPECT_EQ(read_call(&call).error().status(), HMX_E_INVALID_ARGUMENT);
    call = full_call();
    call.principal = to_abi("\xFF");
    EXPECT_EQ(read_call(&call).error().status(), HMX_E_INVALID_ARGUMENT);
    const std::string longest(kCallTextBytesMax, 'a');
    call.principal = to_abi(longest);
    EXPECT_TRUE(read_call(&call));
    const std::string too_long(kCallTextBytesMax + 1, 'a');
    call.principal = to_abi(too_long);
    EXPECT_EQ(read_call(&call).error().status(), HMX_E_TOO_LARGE);
}

TEST(MakeContext, TakesTheEarlierDeadline) {
    Call call;
    EXPECT_EQ(make_context(call, 100, 50).deadline->time_since_epoch().count(), 150);
    call.deadline = 120;
    EXPECT_EQ(make_context(call, 100, 50).deadline->time_since_epoch().count(), 120);
    call.deadline = 500;
    EXPECT_EQ(make_context(call, 100, 50).deadline->time_since_epoch().count(), 150);
}

TEST(MakeContext, SaturatesInsteadOfOverflowing) {
    const auto context = make_context(Call{}, 100, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(context.deadline->time_since_epoch().count(),
              std::numeric_limits<std::int64_t>::max());
}

TEST(MakeContext, AnEmptyPrincipalIsTheOwner) {
    EXPECT_EQ(make_context(Call{}, 0, 1).principal.id, "owner");
    Call call;
    call.principal = "ada";
    EXPECT_EQ(make_context(call, 0, 1).principal.id, "ada");
}

}  // namespace
}  // namespace catalog::extension
