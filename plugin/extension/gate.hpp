#pragma once
// Gate: decides in a few nanoseconds whether a call may enter an instance, and knows when the last
// one has left.
//
// One call costs two atomic additions on a counter that its thread shares with few others, and two
// loads of words that hardly ever change. Closing is Dekker's exclusion: a caller counts itself in
// and then looks at the state, the closer writes the state and then looks at the counts.

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
    struct alignas(64) Shard {
        std::atomic<std::uint64_t> inside{0};
    };

public:
    /// Capabilities of the instance: bits 1 << HMX_CAP_*.
    explicit Gate(std::uint64_t granted) noexcept : granted_(granted) {}
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// The right to be inside, or why not. It must end before the instance does.
    class Pass {
    public:
        explicit Pass(hmx_status refusal) noexcept : status_(refusal) {}
        explicit Pass(Shard& shard) noexcept : shard_(&shard) {}
        Pass(Pass&& other) noexcept
            : shard_(std::exchange(other.shard_, nullptr)), status_(other.status_) {}
        Pass& operator=(Pass&&) = delete;
        ~Pass() {
            if (shard_ != nullptr) shard_->inside.fetch_sub(1, std::memory_order_release);
        }
        explicit operator bool() const noexcept { return shard_ != nullptr; }
        /// HMX_OK, or the status to answer with; `refusal_text` says it in words.
        [[nodiscard]] hmx_status status() const noexcept { return status_; }

    private:
        Shard* shard_ = nullptr;
        hmx_status status_ = HMX_OK;
    };

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
        for (const Shard& shard : shards_) sum += shard.inside.load(std::memory_order_seq_cst);
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
    static constexpr std::size_t kShards = 16;

    [[nodiscard]] Pass enter_in(std::uint64_t capabilities, bool paused_too) noexcept {
        if (forked()) [[unlikely]]
            return Pass(HMX_E_FORKED);
        if ((capabilities & ~granted_) != 0) [[unlikely]]
            return Pass(HMX_E_CAPABILITY_DENIED);
        Shard& shard = own_shard();
        shard.inside.fetch_add(1, std::memory_order_seq_cst);
        const std::uint32_t state = state_.load(std::memory_order_seq_cst);
        if (state == HMX_STATE_RUNNING) [[likely]]
            return Pass(shard);
        if (state == HMX_STATE_PAUSED && paused_too) return Pass(shard);
        shard.inside.fetch_sub(1, std::memory_order_release);
        return Pass(state == HMX_STATE_PAUSED ? HMX_E_AGAIN : HMX_E_INVALID_STATE);
    }

    [[nodiscard]] Shard& own_shard() noexcept {
        // A thread's control block is its own, lies in memory at some distance from any other's and
        // costs one instruction to find. No thread-local data: that would keep the object loaded.
        const auto block = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
        return shards_[(block * 0x9E3779B97F4A7C15u) >> 60];
    }

    static std::atomic<bool> forked_;

    std::atomic<std::uint32_t> state_{HMX_STATE_CREATED};
    const std::uint64_t granted_;
    std::array<Shard, kShards> shards_;
};

/// Says a refusal of the gate in words.
[[nodiscard]] const char* refusal_text(hmx_status status) noexcept;

}  // namespace catalog::extension
