#pragma once
// Gate: decides in a few nanoseconds whether a call may enter an instance, and knows when the last
// one has left.
//
// Closing is Dekker's exclusion: a caller counts itself in and then looks at the state, the closer
// writes the state and then looks at the counts. Between the two steps a processor must not
// reorder. Callers come millions of times and the closer once, so the closer pays for both: Linux's
// membarrier(2) makes every running thread of the process pass a full barrier. A caller then needs
// no atomic read-modify-write, only a counter that no other thread writes. Where the kernel lacks
// membarrier, and for threads that found no counter of their own, counters are shared and added to
// atomically.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "catalog/abi/extension.h"

namespace catalog::extension {

/// Thread safety: any thread; `set_state` one thread at a time.
class Gate {
    struct alignas(64) Counter {
        std::atomic<std::uintptr_t> owner{0};  ///< The thread that writes it; 0: nobody, or all.
        std::atomic<std::uint64_t> inside{0};
    };

public:
    /// Capabilities of the instance: bits 1 << HMX_CAP_*.
    explicit Gate(std::uint64_t granted) noexcept : granted_(granted) {}
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// The right to be inside, or why not. It must end before the instance does, on the thread that
    /// it was given to.
    class Pass {
    public:
        explicit Pass(hmx_status refusal) noexcept : status_(refusal) {}
        Pass(Counter& counter, bool shared) noexcept : counter_(&counter), shared_(shared) {}
        Pass(Pass&& other) noexcept
            : counter_(std::exchange(other.counter_, nullptr)),
              shared_(other.shared_),
              status_(other.status_) {}
        Pass& operator=(Pass&&) = delete;
        ~Pass() {
            if (counter_ != nullptr) leave(*counter_, shared_);
        }
        explicit operator bool() const noexcept { return counter_ != nullptr; }
        /// HMX_OK, or the status to answer with; `refusal_text` says it in words.
        [[nodiscard]] hmx_status status() const noexcept { return status_; }

    private:
        Counter* counter_ = nullptr;
        bool shared_ = false;
        hmx_status status_ = HMX_OK;
    };

    /// Gives threads counters of their own from now on, where the kernel makes that safe. Once, by
    /// one thread; may take milliseconds, of which none is work.
    void use_own_counters() noexcept;

    /// Lets a call in that needs the running instance and `capabilities` (bits).
    /// HMX_E_FORKED; HMX_E_CAPABILITY_DENIED; HMX_E_AGAIN while paused; HMX_E_INVALID_STATE in
    /// every other state that is not running.
    [[nodiscard]] Pass enter(std::uint64_t capabilities) noexcept {
        return enter_in(capabilities, false);
    }
    /// Lets a call in that a paused instance answers too.
    [[nodiscard]] Pass enter_paused_too() noexcept { return enter_in(0, true); }

    [[nodiscard]] std::uint32_t state() const noexcept {
        return state_.load(std::memory_order_acquire);
    }
    void set_state(std::uint32_t state) noexcept { state_.store(state, std::memory_order_seq_cst); }
    /// Moves from one state to another; false when it was not in `from`.
    bool change_state(std::uint32_t from, std::uint32_t to) noexcept {
        return state_.compare_exchange_strong(from, to, std::memory_order_seq_cst);
    }

    [[nodiscard]] std::uint64_t granted() const noexcept { return granted_; }

    /// Returns how many calls are inside.
    [[nodiscard]] std::uint64_t inside() const noexcept {
        std::uint64_t sum = 0;
        for (const Counter& counter : own_) sum += counter.inside.load(std::memory_order_acquire);
        for (const Counter& counter : shared_)
            sum += counter.inside.load(std::memory_order_seq_cst);
        return sum;
    }

    /// Waits until nobody is inside, at most `patience`; false when somebody still is. The state
    /// must let nobody in any more.
    [[nodiscard]] bool drain(std::chrono::milliseconds patience) const;

    /// Tells whether this process is a child of fork that inherited the extension.
    [[nodiscard]] static bool forked() noexcept { return forked_.load(std::memory_order_relaxed); }
    /// From now on `forked` is true in children of fork. The handler goes with the shared object
    /// that holds it. False when the machine has no memory for it.
    [[nodiscard]] static bool watch_forks() noexcept;
    /// For tests: as if this process were a child of fork.
    static void pretend_forked(bool forked) noexcept { forked_.store(forked); }

private:
    static constexpr std::size_t kOwn = 64;
    static constexpr std::size_t kShared = 8;

    /// A thread's control block is its own, lies at some distance from any other's and costs one
    /// instruction to find. No thread-local data: that would keep the object loaded.
    [[nodiscard]] static std::uintptr_t this_thread() noexcept {
        return reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
    }
    [[nodiscard]] static std::size_t place(std::uintptr_t thread) noexcept {
        return static_cast<std::size_t>((thread * 0x9E3779B97F4A7C15u) >> 58);
    }

    [[nodiscard]] Pass enter_in(std::uint64_t capabilities, bool paused_too) noexcept {
        if (forked()) [[unlikely]]
            return Pass(HMX_E_FORKED);
        if ((capabilities & ~granted_) != 0) [[unlikely]]
            return Pass(HMX_E_CAPABILITY_DENIED);
        const std::uintptr_t thread = this_thread();
        Counter* counter = &own_[place(thread)];
        bool shared = false;
        if (counter->owner.load(std::memory_order_relaxed) != thread) [[unlikely]] {
            counter = claim(thread);
            shared = counter->owner.load(std::memory_order_relaxed) != thread;
        }
        if (!shared) [[likely]] {
            counter->inside.store(counter->inside.load(std::memory_order_relaxed) + 1,
                                  std::memory_order_relaxed);
            // Keeps the compiler from reordering; for the processor the closer's barrier does.
            std::atomic_signal_fence(std::memory_order_seq_cst);
        } else {
            counter->inside.fetch_add(1, std::memory_order_seq_cst);
        }
        const std::uint32_t state = state_.load(std::memory_order_seq_cst);
        if (state == HMX_STATE_RUNNING || (paused_too && state == HMX_STATE_PAUSED)) [[likely]]
            return {*counter, shared};
        leave(*counter, shared);
        return Pass(state == HMX_STATE_PAUSED ? HMX_E_AGAIN : HMX_E_INVALID_STATE);
    }

    static void leave(Counter& counter, bool shared) noexcept {
        if (shared)
            counter.inside.fetch_sub(1, std::memory_order_release);
        else
            counter.inside.store(counter.inside.load(std::memory_order_relaxed) - 1,
                                 std::memory_order_release);
    }

    /// Returns a counter of the thread's own, or one that it shares.
    [[nodiscard]] Counter* claim(std::uintptr_t thread) noexcept;

    // NOLINTNEXTLINE(readability-identifier-naming): a member, though a static one
    static std::atomic<bool> forked_;

    std::atomic<std::uint32_t> state_{HMX_STATE_CREATED};
    const std::uint64_t granted_;
    std::atomic<bool> own_counters_{false};
    std::array<Counter, kOwn> own_;
    std::array<Counter, kShared> shared_;
};

/// Says a refusal of the gate in words.
[[nodiscard]] const char* refusal_text(hmx_status status) noexcept;

}  // namespace catalog::extension
