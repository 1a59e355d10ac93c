#pragma once
// The host's side of asynchronous calls: who waits, what came, and whether the extension kept the
// rules about it (R9 of catalog/abi/extension.h).

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "abi_values.hpp"
#include "violations.hpp"

namespace catalog::host {

/// What a completion brought.
struct Completed {
    CallStatus status;
    std::string data;  ///< Bytes of an hmx_buf.
    std::uint64_t progress_reports = 0;
    std::string last_phase;
};

/// Called for each progress report, on any thread.
using ProgressReport =
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view phase)>;

/// Hands out completions and takes what they bring. A place is used again only after many others,
/// so that a completion that comes twice or too late is recognised for a long time; places are
/// never freed while this object lives, which must be longer than the extension's code. Thread
/// safety: safe.
class Completions {
public:
    class Place;
    enum class Brings { kNothing, kBuffer };

    explicit Completions(Violations& violations);
    ~Completions();
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;

    /// Takes a place for one call that this thread is about to make.
    [[nodiscard]] Place& open(Brings brings, bool inline_allowed = false,
                              ProgressReport progress = {});
    /// What is passed to the extension.
    [[nodiscard]] static hmx_completion completion_of(Place& place) noexcept;

    /// Says that the call has returned HMX_OK with this operation.
    void accepted(Place& place, hmx_op op);
    /// Says that the call has returned something else: no completion may come any more.
    void refused(Place& place);

    /// Waits for the completion until a time of CLOCK_MONOTONIC; tells whether it came.
    [[nodiscard]] bool wait_until(Place& place, std::int64_t deadline_ns);
    /// Returns what it brought and gives the place back. It must have come.
    [[nodiscard]] Completed take(Place& place);
    [[nodiscard]] static hmx_op op_of(const Place& place) noexcept;

    /// Returns how many calls wait for their completion.
    [[nodiscard]] std::size_t pending() const;

private:
    static void done(void* user, hmx_op op, hmx_status status, const void* result,
                     const hmx_error* error);
    static void progress(void* user, hmx_op op, std::uint64_t done, std::uint64_t total,
                         hmx_str phase);
    void complete(Place& place, hmx_op op, hmx_status status, const void* result,
                  const hmx_error* error);
    [[nodiscard]] bool may_complete(const Place& place);

    Violations& violations_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Place> places_;
    std::deque<Place*> free_;
    std::size_t pending_ = 0;
};

}  // namespace catalog::host
