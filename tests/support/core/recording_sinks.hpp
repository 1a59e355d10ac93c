#pragma once
// Sinks that remember what they were told.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "catalog/core/log_sink.hpp"
#include "catalog/core/progress.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::fakes {

/// A complete LogSink in memory. Thread safety: any thread.
class RecordingLogSink final : public LogSink {
public:
    /// A record that owns its text.
    struct Record {
        LogLevel level = LogLevel::kInfo;
        std::string module;
        std::string message;
        std::vector<std::pair<std::string, std::string>> fields;
    };

    /// Wants records of `least` and above.
    explicit RecordingLogSink(LogLevel least = LogLevel::kTrace) : least_(least) {}

    [[nodiscard]] bool enabled(LogLevel level) const noexcept override { return level >= least_; }
    void write(const LogRecord& record) noexcept override;

    [[nodiscard]] std::vector<Record> records() const;

    /// Returns how many records have exactly this level and contain `text` in their message.
    [[nodiscard]] std::size_t count(LogLevel level, std::string_view text = {}) const;

    /// Returns every record on a line of its own, "warning content: message key=value".
    [[nodiscard]] std::string text() const;

private:
    const LogLevel least_;
    mutable internal::Mutex mutex_;
    std::vector<Record> records_ CATALOG_GUARDED_BY(mutex_);
};

/// A complete ProgressSink in memory, which also checks what reporters promise. Thread safety: any
/// thread.
class RecordingProgress final : public ProgressSink {
public:
    /// An update that owns its text.
    struct Update {
        std::string operation;
        std::string phase;
        std::string unit;
        std::uint64_t done = 0;
        std::uint64_t total = 0;
    };

    void update(const ProgressUpdate& update) noexcept override;

    [[nodiscard]] std::vector<Update> updates() const;

    /// Returns the phases of `operation` in the order in which they began.
    [[nodiscard]] std::vector<std::string> phases(std::string_view operation) const;

    /// Returns what breaks the rules: a count that decreases within a phase, a count above a known
    /// total, an empty operation, phase or unit.
    [[nodiscard]] std::vector<std::string> violations() const;

private:
    mutable internal::Mutex mutex_;
    std::vector<Update> updates_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::fakes
