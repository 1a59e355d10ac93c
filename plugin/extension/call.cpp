#include "call.hpp"

#include <ctime>

#include <algorithm>
#include <chrono>
#include <limits>

#include "catalog/core/bytes.hpp"
#include "services/proof.hpp"

namespace catalog::extension {

namespace {

tl::expected<std::string, Failure> read_call_text(hmx_str text, const char* what) {
    if (!is_readable(text))
        return refuse(HMX_E_INVALID_ARGUMENT, std::string(what) + " has a size and no bytes");
    if (text.size > kCallTextBytesMax)
        return refuse(HMX_E_TOO_LARGE, std::string(what) + " is longer than " +
                                           std::to_string(kCallTextBytesMax) + " bytes");
    if (!is_utf8(view(text)))
        return refuse(HMX_E_INVALID_ARGUMENT, std::string(what) + " is not UTF-8");
    return std::string(view(text));
}

}  // namespace

tl::expected<Call, Failure> read_call(const hmx_call* call) {
    hmx_call given{};
    if (!read_struct(call, given))
        return refuse(HMX_E_INVALID_ARGUMENT, "hmx_call: struct_size is less than a struct_size");
    if (given.deadline < 0) return refuse(HMX_E_INVALID_ARGUMENT, "hmx_call: a negative deadline");
    Call result;
    result.flags = given.flags;
    result.deadline = given.deadline;
    result.priority = given.priority;
    result.privacy = given.privacy;
    auto request_id = read_call_text(given.request_id, "hmx_call: request_id");
    if (!request_id) return tl::unexpected(std::move(request_id).error());
    result.request_id = *std::move(request_id);
    auto principal = read_call_text(given.principal, "hmx_call: principal");
    if (!principal) return tl::unexpected(std::move(principal).error());
    result.principal = *std::move(principal);
    if (given.proof != nullptr) {
        auto proof = read_proof(given.proof);
        if (!proof) return refuse(proof.error());
        result.proof = std::make_shared<const ConsensusProof>(*std::move(proof));
    }
    return result;
}

std::int64_t monotonic_now_ns() noexcept {
    timespec now{};
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

CallContext make_context(const Call& call, std::int64_t now_ns, std::uint64_t execution_ns_max) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const std::int64_t longest = execution_ns_max > static_cast<std::uint64_t>(kMost - now_ns)
                                     ? kMost
                                     : now_ns + static_cast<std::int64_t>(execution_ns_max);
    const std::int64_t deadline = call.deadline == 0 ? longest : std::min(call.deadline, longest);
    CallContext context;
    if (!call.principal.empty()) context.principal.id = call.principal;
    context.deadline = MonotonicTime(std::chrono::nanoseconds(deadline));
    context.proof = call.proof;
    return context;
}

}  // namespace catalog::extension
