#pragma once
// What crosses the C interface, both ways: structs of any size read safely, texts, buffers with
// counted owners, and failures as a status and an hmx_error.
//
// Every function of the extension's tables is `noexcept` and runs its body inside `guarded`.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "catalog/abi/extension.h"
#include "catalog/core/error.hpp"
#include "catalog/core/result.hpp"

namespace catalog::extension {

// ---- Texts ----

/// Returns the bytes of `text`; empty for a null pointer, whatever its size says.
[[nodiscard]] inline std::string_view view(hmx_str text) noexcept {
    return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

/// Tells whether `text` can be looked at: a null pointer has no bytes.
[[nodiscard]] inline bool is_readable(hmx_str text) noexcept {
    return text.data != nullptr || text.size == 0;
}

[[nodiscard]] inline hmx_str to_abi(std::string_view text) noexcept {
    return hmx_str{text.data(), text.size()};
}

// ---- Structs that grow ----

/// Copies as much of `from` as its writer filled and this build knows; the rest of the result is
/// zero. A null `from` is all zeros. False for a struct_size that no version of the struct can
/// have: one that not even holds itself, or that no sizeof of its alignment gives, so that a member
/// may be there by half.
template <class T>
[[nodiscard]] bool read_struct(const T* from, T& to) noexcept {
    static_assert(std::is_trivially_copyable_v<T> && offsetof(T, struct_size) == 0);
    std::memset(&to, 0, sizeof(T));
    if (from == nullptr) return true;
    const std::size_t filled = from->struct_size;
    if (filled < sizeof(from->struct_size) || filled % alignof(T) != 0) return false;
    std::memcpy(&to, from, filled < sizeof(T) ? filled : sizeof(T));
    return true;
}

/// Writes `from` into a caller's struct, at most the caller's struct_size bytes of it, which stays
/// as it is. False when `to` is null or its struct_size not even holds itself.
template <class T>
[[nodiscard]] bool write_struct(const T& from, T* to) noexcept {
    static_assert(std::is_trivially_copyable_v<T> && offsetof(T, struct_size) == 0);
    if (to == nullptr || to->struct_size < sizeof(to->struct_size)) return false;
    constexpr std::size_t kSize = sizeof(from.struct_size);
    const std::size_t room = to->struct_size < sizeof(T) ? to->struct_size : sizeof(T);
    std::memcpy(reinterpret_cast<std::byte*>(to) + kSize,
                reinterpret_cast<const std::byte*>(&from) + kSize, room - kSize);
    return true;
}

// ---- Failures ----

/// Why a call did not succeed, as the other side will see it.
class Failure {
public:
    /// A refusal of the boundary itself. `message` is one sentence without a full stop; the flags
    /// follow from the status.
    Failure(hmx_status status, std::string message, std::uint64_t retry_after_ns = 0);
    /// An error of the library: status of the error table, message with input, causes and hint.
    Failure(const Error& error);  // NOLINT(google-explicit-constructor): an error is a failure

    [[nodiscard]] hmx_status status() const noexcept { return status_; }
    [[nodiscard]] std::uint32_t flags() const noexcept { return flags_; }
    [[nodiscard]] bool retryable() const noexcept { return (flags_ & HMX_ERR_RETRYABLE) != 0; }
    [[nodiscard]] std::uint64_t retry_after_ns() const noexcept { return retry_after_ns_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    /// Number of docs/errors.md, 0 for a refusal of the boundary.
    [[nodiscard]] std::uint32_t domain_code() const noexcept { return domain_code_; }
    /// Stable name: of the library's error code, or of the status ("capability_denied").
    [[nodiscard]] std::string_view code() const noexcept;

    /// The library's error, null for a refusal of the boundary.
    [[nodiscard]] const Error* error() const noexcept { return error_ ? &*error_ : nullptr; }

private:
    hmx_status status_;
    std::uint32_t flags_;
    std::uint32_t domain_code_ = 0;
    std::uint64_t retry_after_ns_ = 0;
    std::string message_;
    std::optional<Error> error_;
};

using Outcome = tl::expected<void, Failure>;

/// Returns an Outcome that failed.
[[nodiscard]] inline tl::unexpected<Failure> refuse(hmx_status status, std::string message,
                                                    std::uint64_t retry_after_ns = 0) {
    return tl::unexpected<Failure>(Failure(status, std::move(message), retry_after_ns));
}
[[nodiscard]] inline tl::unexpected<Failure> refuse(const Error& error) {
    return tl::unexpected<Failure>(Failure(error));
}

/// Returns the lower-case name of a status without its prefix: "ok", "not_found"; "unknown" for a
/// number outside the table.
[[nodiscard]] std::string_view status_name(hmx_status status) noexcept;

/// Returns HMX_ERR_* as they follow from a status alone.
[[nodiscard]] std::uint32_t status_flags(hmx_status status) noexcept;

/// Writes a failure into the caller's error, at most its struct_size bytes; the message is
/// terminated and cut at a character. Null and too small ones are left alone.
void fill_error(hmx_error* out, hmx_status status, std::uint32_t flags, std::uint32_t domain_code,
                std::uint64_t retry_after_ns, std::string_view message) noexcept;

/// Fills `out` and returns the status, for `return report(error, ...)`. Allocates nothing.
hmx_status report(hmx_error* out, const Failure& failure) noexcept;
hmx_status report(hmx_error* out, hmx_status status, std::string_view message,
                  std::uint64_t retry_after_ns = 0) noexcept;
hmx_status report(hmx_error* out, const Error& error) noexcept;
inline hmx_status report(hmx_error* out, const Outcome& outcome) noexcept {
    return outcome ? HMX_OK : report(out, outcome.error());
}
inline hmx_status report(hmx_error* out, const Result<void>& result) noexcept {
    return result ? HMX_OK : report(out, result.error());
}
inline hmx_status report(hmx_error*, hmx_status status) noexcept { return status; }

/// Runs `body` so that nothing unwinds out of it, and reports how it ended. `body` returns an
/// Outcome, a Result<void> or an hmx_status that was reported already.
template <class Body>
hmx_status guarded(hmx_error* error, Body&& body) noexcept {
    try {
        return report(error, std::forward<Body>(body)());
    } catch (const std::bad_alloc&) {
        return report(error, HMX_E_OUT_OF_MEMORY, "there is no memory for this call");
    } catch (const std::exception& exception) {
        return report(error, HMX_E_INTERNAL, exception.what());
    } catch (...) {
        return report(error, HMX_E_INTERNAL, "an exception of unknown type was contained");
    }
}

// ---- Objects that outlive their call ----

/// Counts what an instance has handed out with an owner and not got back, and the memory of that
/// and of what is kept ready to be handed out.
///
/// Thread safety: any thread. `give_back` touches the counter last of all, so that the instance may
/// be destroyed as soon as it reads 0.
class Outstanding {
public:
    void hand_out() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    void give_back() noexcept { count_.fetch_sub(1, std::memory_order_release); }
    [[nodiscard]] std::uint64_t count() const noexcept {
        return count_.load(std::memory_order_acquire);
    }

    void add_bytes(std::size_t bytes) noexcept {
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void remove_bytes(std::size_t bytes) noexcept {
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept {
        return bytes_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> count_{0};
    std::atomic<std::uint64_t> bytes_{0};
};

/// Puts `object` on the heap as the owner of something that is handed out: returns the owner, which
/// `release_owned<T>` frees. `bytes` is the memory that the object keeps beside itself.
template <class T>
[[nodiscard]] void* make_owner(T object, std::size_t bytes, Outstanding& outstanding);

template <class T>
struct Owned {
    T object;
    std::size_t bytes;
    Outstanding* outstanding;
};

template <class T>
void* make_owner(T object, std::size_t bytes, Outstanding& outstanding) {
    const std::size_t all = bytes + sizeof(Owned<T>);
    auto owned = std::make_unique<Owned<T>>(Owned<T>{std::move(object), all, &outstanding});
    outstanding.hand_out();
    outstanding.add_bytes(all);
    return owned.release();
}

/// Returns the object of an owner.
template <class T>
[[nodiscard]] T& owned_object(void* owner) noexcept {
    return static_cast<Owned<T>*>(owner)->object;
}

/// The `release` that goes with make_owner. Null is allowed.
template <class T>
void release_owned(void* owner) noexcept {
    if (owner == nullptr) return;
    auto* owned = static_cast<Owned<T>*>(owner);
    Outstanding* outstanding = owned->outstanding;
    outstanding->remove_bytes(owned->bytes);
    delete owned;
    outstanding->give_back();
}

/// Makes a buffer of a text.
[[nodiscard]] hmx_buf make_buffer(std::string text, Outstanding& outstanding);

}  // namespace catalog::extension
