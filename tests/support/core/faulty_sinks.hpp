#pragma once
// Sinks that lose what they are told, and that do something in the middle of being told.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "catalog/core/log_sink.hpp"
#include "catalog/core/progress.hpp"

namespace catalog::fakes {

/// What befalls one call of a faulty sink.
enum class SinkFault {
    kNone,
    kLose,   ///< The call returns and nothing is kept.
    kTwice,  ///< Delivered twice.
};

/// Hands records to another sink, but does to the nth (0-based) what `plan(n)` says. A sink cannot
/// report an error, so losing is all that can go wrong; `plan` may also block, sleep or request a
/// stop. Thread safety: as the base and the plan.
class FaultyLogSink final : public LogSink {
public:
    using Plan = std::function<SinkFault(std::size_t)>;

    FaultyLogSink(std::shared_ptr<LogSink> base, Plan plan)
        : base_(std::move(base)), plan_(std::move(plan)) {}

    [[nodiscard]] bool enabled(LogLevel level) const noexcept override {
        return base_->enabled(level);
    }
    void write(const LogRecord& record) noexcept override;

    [[nodiscard]] std::size_t writes() const noexcept { return writes_; }

private:
    const std::shared_ptr<LogSink> base_;
    const Plan plan_;
    std::atomic<std::size_t> writes_ = 0;
};

/// The same for progress. A plan that requests a stop at the nth update interrupts an operation
/// exactly there. Thread safety: as the base and the plan.
class FaultyProgress final : public ProgressSink {
public:
    using Plan = std::function<SinkFault(std::size_t)>;

    FaultyProgress(std::shared_ptr<ProgressSink> base, Plan plan)
        : base_(std::move(base)), plan_(std::move(plan)) {}

    void update(const ProgressUpdate& update) noexcept override;

    [[nodiscard]] std::size_t updates() const noexcept { return updates_; }

private:
    const std::shared_ptr<ProgressSink> base_;
    const Plan plan_;
    std::atomic<std::size_t> updates_ = 0;
};

}  // namespace catalog::fakes
