#pragma once
// Diagnostics of the library on standard error, for --verbose.

#include <ostream>
#include <string>

#include "catalog/core/log_sink.hpp"
#include "catalog/internal/mutex.hpp"
#include "text.hpp"

namespace catalog::cli {

class LogPrinter final : public LogSink {
public:
    explicit LogPrinter(std::ostream& out) : out_(out) {}

    bool enabled(LogLevel level) const noexcept override { return level >= LogLevel::kDebug; }

    void write(const LogRecord& record) noexcept override {
        const internal::MutexLock lock(mutex_);
        out_ << record.module << ": " << printable(record.message);
        for (const LogField& field : record.fields)
            out_ << ' ' << field.key << '=' << printable(field.value);
        out_ << '\n';
    }

private:
    internal::Mutex mutex_;
    std::ostream& out_;
};

}  // namespace catalog::cli
