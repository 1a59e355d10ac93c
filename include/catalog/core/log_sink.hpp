#pragma once
// Where diagnostics go. The library never prints: it hands records to the sink that the host
// injected.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace catalog {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarning, kError };

/// One key and value of a structured record.
struct LogField {
    std::string_view key;
    std::string_view value;
};

/// One diagnostic. All views are valid only during the call.
struct LogRecord {
    LogLevel level = LogLevel::kInfo;
    std::string_view module;   ///< "content", "lifecycle", ...
    std::string_view message;  ///< One sentence.
    std::span<const LogField> fields;
};

/// Receiver of diagnostics. Thread safety: any thread. Must not throw, must not call back into the
/// library.
class LogSink {
public:
    virtual ~LogSink() = default;

    /// Tells whether records of `level` are wanted; asked before a record is built.
    [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;
    virtual void write(const LogRecord& record) noexcept = 0;
};

/// A sink that wants nothing: the embedded default.
[[nodiscard]] std::shared_ptr<LogSink> make_null_log_sink();

}  // namespace catalog
