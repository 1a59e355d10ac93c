#include "abi_values.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "catalog/core/bytes.hpp"
#include "status_code.hpp"

namespace catalog::host {

namespace {

constexpr std::size_t kTextBytesMax = std::size_t{1} << 30;

struct StatusName {
    std::string_view name;
    hmx_status status;
};
#define CATALOG_HOST_STATUS(name, value) StatusName{#name, value},
constexpr std::array kStatusNames{HMX_STATUS_TABLE(CATALOG_HOST_STATUS)};
#undef CATALOG_HOST_STATUS
static_assert(kStatusNames.size() == HMX_STATUS_COUNT);

}  // namespace

std::string_view from_abi(hmx_str text, Violations& violations) {
    if (text.size == 0) return {};
    if (text.data == nullptr || text.size > kTextBytesMax) {
        violations.add("R1",
                       "a text of " + std::to_string(text.size) + " bytes that are not there");
        return {};
    }
    return {text.data, text.size};
}

std::int64_t monotonic_ns() noexcept {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t wall_ns() noexcept {
    return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string status_name(hmx_status status) {
    for (const StatusName& each : kStatusNames)
        if (each.status == status) return std::string(each.name);
    return "status " + std::to_string(status);
}

std::optional<hmx_status> parse_status(std::string_view name) {
    std::string wanted(name);
    std::ranges::transform(wanted, wanted.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    for (const std::string_view prefix : {"HMX_", "E_"})
        if (wanted.starts_with(prefix)) wanted.erase(0, prefix.size());
    for (const StatusName& each : kStatusNames) {
        std::string_view plain = each.name;
        if (plain.starts_with("E_")) plain.remove_prefix(2);
        if (plain == wanted) return each.status;
    }
    return std::nullopt;
}

Error CallStatus::to_error() const {
    const Errc named = static_cast<Errc>(domain_code);
    const bool known = domain_code != 0 && domain_code <= 0xffff && errc_name(named) != "unknown";
    Error error(known ? named : nearest_code(status, Errc::kInternal),
                message.empty() ? "the extension answers " + status_name(status) : message);
    if ((flags & HMX_ERR_RETRYABLE) == 0) return error;
    return error.with_hint("try again" +
                           (retry_after_ns == 0
                                ? std::string()
                                : " in " + std::to_string(retry_after_ns / 1'000'000) + " ms"));
}

CallStatus read_status(hmx_status status, const hmx_error* error, Violations& violations) {
    CallStatus out;
    out.status = status;
    if (status < 0 || status >= HMX_STATUS_COUNT) {
        out.status = HMX_E_UNKNOWN;
        out.message = "status " + std::to_string(status) + ", which this host does not know";
    }
    if (status == HMX_OK || error == nullptr || error->struct_size < sizeof(hmx_error)) return out;
    // A callee that had nothing to say leaves the error as the caller made it.
    if (error->code == HMX_OK && error->message[0] == '\0') return out;
    const void* end = std::memchr(error->message, '\0', sizeof error->message);
    if (end == nullptr) {
        violations.add("R6", "the message of an error does not end");
        return out;
    }
    out.message = error->message;
    if (utf8_prefix_bytes(out.message) != out.message.size())
        violations.add("R6", "the message of an error is not UTF-8");
    if (error->code != status)
        violations.add("R6", "the call answers " + status_name(status) + " and its error says " +
                                 status_name(error->code));
    out.flags = error->flags;
    out.domain_code = error->domain_code;
    out.retry_after_ns = error->retry_after_ns;
    return out;
}

}  // namespace catalog::host
