#include "gate.hpp"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace catalog::extension {

// One word for all instances: fork takes the whole process. It is written in children of fork only.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables,readability-identifier-naming)
std::atomic<bool> Gate::forked_{false};

bool Gate::watch_forks() noexcept {
    // pthread_atfork of glibc ties the handler to this shared object: dlclose takes it away.
    static const bool watching = pthread_atfork(nullptr, nullptr, [] {
                                     forked_.store(true, std::memory_order_relaxed);
                                 }) == 0;
    return watching;
}

namespace {

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

}  // namespace

void Gate::use_own_counters() noexcept {
    // The registration is a property of the process that nobody can see; it needs no undoing.
    static const bool registered = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
    own_counters_.store(registered, std::memory_order_relaxed);
}

Gate::Counter* Gate::claim(std::uintptr_t thread) noexcept {
    constexpr std::size_t kTries = 4;
    const std::size_t first = place(thread);
    if (own_counters_.load(std::memory_order_relaxed)) {
        for (std::size_t i = 0; i < kTries; ++i) {
            Counter& counter = own_[(first + i) % kOwn];
            std::uintptr_t owner = counter.owner.load(std::memory_order_relaxed);
            // A counter stays with a thread that has ended, and with the next one at its place.
            if (owner == thread) return &counter;
            if (owner == 0 && counter.owner.compare_exchange_strong(owner, thread)) return &counter;
        }
    }
    return &shared_[first % kShared];
}

bool Gate::drain(std::chrono::milliseconds patience) const {
    // Polled: a leaver may not touch the gate after it has counted itself out, because the instance
    // may be gone by then, so it cannot wake anybody. This happens once in an instance's life.
    if (own_counters_.load(std::memory_order_relaxed))
        static_cast<void>(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    const auto end = std::chrono::steady_clock::now() + patience;
    std::chrono::microseconds pause{1};
    while (inside() != 0) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(pause);
        if (pause < std::chrono::microseconds(500)) pause *= 2;
    }
    return true;
}

const char* refusal_text(hmx_status status) noexcept {
    switch (status) {
        case HMX_E_FORKED:
            return "this process is a child of fork; load the extension after forking";
        case HMX_E_CAPABILITY_DENIED:
            return "the host has not granted what this call needs";
        case HMX_E_AGAIN:
            return "the instance is paused; resume it and try again";
        case HMX_E_INVALID_STATE:
            return "the instance is not running; start it first";
        default:
            return "refused";
    }
}

}  // namespace catalog::extension
