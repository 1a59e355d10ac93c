#include "gate.hpp"

#include <pthread.h>

#include <chrono>
#include <thread>

namespace catalog::extension {

// One word for all instances: fork takes the whole process. It is written in children of fork only.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> Gate::forked_{false};

bool Gate::watch_forks() noexcept {
    // pthread_atfork of glibc ties the handler to this shared object: dlclose takes it away.
    static const bool kWatching = pthread_atfork(nullptr, nullptr, [] {
                                      forked_.store(true, std::memory_order_relaxed);
                                  }) == 0;
    return kWatching;
}

bool Gate::drain(std::chrono::milliseconds patience) const {
    // Polled: a leaver may not touch the gate after it has counted itself out, because the instance
    // may be gone by then, so it cannot wake anybody. This happens once in an instance's life.
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
