// The embedded defaults of the injected interfaces: clock, random, log.

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "catalog/core/call_context.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/core/random.hpp"

namespace catalog {

namespace {

class SystemClock final : public Clock {
    static constexpr std::chrono::hours kSleepMax{24 * 365 * 10};

public:
    MonotonicTime now_monotonic() const override {
        return MonotonicTime(std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::steady_clock::now().time_since_epoch()));
    }

    WallTime now_wall() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(
            std::chrono::system_clock::now());
    }

    bool sleep_for(std::chrono::nanoseconds duration, const std::stop_token& stop) const override {
        // "For ever" must not overflow when it is added to the present.
        duration = std::min<std::chrono::nanoseconds>(duration, kSleepMax);
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        wake.wait_for(lock, stop, duration, [] { return false; });
        return !stop.stop_requested();
    }
};

class SystemRandom final : public Random {
public:
    Result<void> fill(std::span<std::byte> out) override {
        while (!out.empty()) {
            const ssize_t got = ::getrandom(out.data(), out.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return fail_errno();
            out = out.subspan(static_cast<std::size_t>(got));
        }
        return {};
    }

private:
    static Result<void> fail_errno() {
        return catalog::fail(Errc::kRandomUnavailable, "the kernel gives no random bytes",
                             StorageDetail{"", "getrandom", errno});
    }
};

class NullLogSink final : public LogSink {
public:
    bool enabled(LogLevel) const noexcept override { return false; }
    void write(const LogRecord&) noexcept override {}
};

}  // namespace

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }
std::shared_ptr<Random> make_system_random() { return std::make_shared<SystemRandom>(); }
std::shared_ptr<LogSink> make_null_log_sink() { return std::make_shared<NullLogSink>(); }

Result<void> CallContext::check(const Clock& clock) const {
    if (stop.stop_requested()) return fail(Errc::kCancelled, "cancelled by the caller");
    if (deadline && clock.now_monotonic() >= *deadline)
        return fail(Errc::kDeadlineExceeded, "the deadline of the call has passed");
    return {};
}

}  // namespace catalog
