#pragma once
// StopAtProgress: a progress sink that asks for a stop when an operation has come to a point.

#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>

#include "catalog/core/call_context.hpp"
#include "catalog/core/progress.hpp"

namespace catalog::fakes {

/// Stops the call that it is given to. Thread safety: any thread.
class StopAtProgress final : public ProgressSink {
public:
    /// Stops when `done` of a phase's units are reported; later counts do not stop it.
    StopAtProgress(std::string phase, std::uint64_t done) : phase_(std::move(phase)), done_(done) {}

    void update(const ProgressUpdate& update) noexcept override {
        if (update.phase == phase_ && update.done == done_) stop_.request_stop();
    }

    /// Returns a context that reports to it and that it stops. It outlives the context's calls.
    [[nodiscard]] CallContext context() {
        CallContext context;
        context.progress = this;
        context.stop = stop_.get_token();
        return context;
    }

private:
    const std::string phase_;
    const std::uint64_t done_;
    std::stop_source stop_;
};

}  // namespace catalog::fakes
