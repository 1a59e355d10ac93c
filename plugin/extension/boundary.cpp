#include "boundary.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace catalog::extension {

namespace {

constexpr auto kStatusNames = std::to_array<std::string_view>({
    "ok",
    "unknown",
    "invalid_argument",
    "not_found",
    "already_exists",
    "invalid_state",
    "unsupported",
    "abi_mismatch",
    "capability_denied",
    "quota_exceeded",
    "again",
    "busy",
    "cancelled",
    "deadline_exceeded",
    "out_of_memory",
    "io",
    "corrupt",
    "consensus_rejected",
    "certificate_invalid",
    "signature_invalid",
    "unauthenticated",
    "dependency_failed",
    "version_conflict",
    "resolution_failed",
    "security_rejected",
    "network",
    "storage",
    "too_large",
    "buffer_too_small",
    "end",
    "forked",
    "internal",
});
static_assert(kStatusNames.size() == HMX_STATUS_COUNT);

/// Returns how many bytes of `text` fit into `room` without cutting a character.
std::size_t whole_characters(std::string_view text, std::size_t room) noexcept {
    if (text.size() <= room) return text.size();
    std::size_t end = room;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    return end;
}

/// The status of the error's code. Whatever failed because no file could be opened any more met the
/// host's limit, or the process's.
hmx_status status_of(const Error& error) noexcept {
    for (const Error* at = &error; at != nullptr; at = at->cause())
        if (at->code() == Errc::kTooManyOpenFiles) return HMX_E_QUOTA_EXCEEDED;
    return errc_abi_status(error.code());
}

std::string describe_with_hint(const Error& error) {
    std::string text = error.to_string();
    if (!error.hint().empty()) {
        text += "; ";
        text += error.hint();
    }
    return text;
}

}  // namespace

std::string_view status_name(hmx_status status) noexcept {
    if (status < 0 || status >= HMX_STATUS_COUNT) return kStatusNames[HMX_E_UNKNOWN];
    return kStatusNames[static_cast<std::size_t>(status)];
}

std::uint32_t status_flags(hmx_status status) noexcept {
    switch (status) {
        case HMX_E_AGAIN:
        case HMX_E_BUSY:
        case HMX_E_CANCELLED:
        case HMX_E_DEADLINE_EXCEEDED:
        case HMX_E_OUT_OF_MEMORY:
        case HMX_E_IO:
        case HMX_E_NETWORK:
        case HMX_E_STORAGE:
            return HMX_ERR_RETRYABLE;
        case HMX_E_INVALID_ARGUMENT:
        case HMX_E_UNSUPPORTED:
        case HMX_E_ABI_MISMATCH:
        case HMX_E_TOO_LARGE:
        case HMX_E_FORKED:
            return HMX_ERR_PERMANENT;
        default:
            return 0;
    }
}

Failure::Failure(hmx_status status, std::string message, std::uint64_t retry_after_ns)
    : status_(status),
      flags_(status_flags(status)),
      retry_after_ns_(retry_after_ns),
      message_(std::move(message)) {}

Failure::Failure(const Error& error)
    : status_(status_of(error)),
      flags_(status_flags(status_)),
      domain_code_(static_cast<std::uint32_t>(error.code())),
      message_(describe_with_hint(error)),
      error_(error) {}

std::string_view Failure::code() const noexcept {
    return domain_code_ == 0 ? status_name(status_) : errc_name(static_cast<Errc>(domain_code_));
}

void fill_error(hmx_error* out, hmx_status status, std::uint32_t flags, std::uint32_t domain_code,
                std::uint64_t retry_after_ns, std::string_view message) noexcept {
    if (out == nullptr || out->struct_size < offsetof(hmx_error, flags)) return;
    hmx_error filled{};
    filled.struct_size = out->struct_size;
    filled.code = status;
    filled.flags = flags;
    filled.domain_code = domain_code;
    filled.retry_after_ns = retry_after_ns;
    // The message ends where the caller's struct ends, so the room is the caller's, not this
    // type's.
    const std::size_t size = std::min<std::size_t>(out->struct_size, sizeof(hmx_error));
    const std::size_t room =
        size > offsetof(hmx_error, message) ? size - offsetof(hmx_error, message) : 0;
    if (room > 0) {
        // A reader stops at the first NUL, so a message may not hold one.
        message = message.substr(0, message.find('\0'));
        const std::size_t kept = whole_characters(message, room - 1);
        std::copy_n(message.begin(), kept, filled.message);
        if (kept < message.size()) filled.flags |= HMX_ERR_TRUNCATED;
    }
    static_cast<void>(write_struct(filled, out));
}

hmx_status report(hmx_error* out, const Failure& failure) noexcept {
    fill_error(out, failure.status(), failure.flags(), failure.domain_code(),
               failure.retry_after_ns(), failure.message());
    return failure.status();
}

hmx_status report(hmx_error* out, hmx_status status, std::string_view message,
                  std::uint64_t retry_after_ns) noexcept {
    fill_error(out, status, status_flags(status), 0, retry_after_ns, message);
    return status;
}

hmx_status report(hmx_error* out, const Error& error) noexcept {
    try {
        return report(out, Failure(error));
    } catch (...) {
        // No memory for the text: the status and the bare message are still told.
        const hmx_status status = status_of(error);
        fill_error(out, status, status_flags(status), static_cast<std::uint32_t>(error.code()), 0,
                   error.message());
        return status;
    }
}

hmx_buf make_buffer(std::string text, Outstanding& outstanding) {
    const std::size_t bytes = text.size();
    void* owner = make_owner(std::move(text), bytes, outstanding);
    const std::string& kept = owned_object<std::string>(owner);
    return hmx_buf{reinterpret_cast<const std::uint8_t*>(kept.data()), kept.size(), owner,
                   &release_owned<std::string>};
}

}  // namespace catalog::extension
