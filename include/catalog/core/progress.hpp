#pragma once
// Progress of long work: one sink for every operation.

#include <cstdint>
#include <string_view>

namespace catalog {

/// A step of long work. Views are valid only during the call.
struct ProgressUpdate {
    std::string_view operation;  ///< "publish", "install", "verify", ...
    std::string_view phase;      ///< "store", "check", ...; counts restart with a new phase.
    std::string_view unit;       ///< "bytes", "files", "packages", ...
    std::uint64_t done = 0;      ///< In `unit`; never decreases within a phase.
    std::uint64_t total = 0;     ///< In `unit`; 0 when unknown.
};

/// Receiver of progress. May be called from several threads, but never for one operation at the
/// same time.
class ProgressSink {
public:
    virtual ~ProgressSink() = default;
    virtual void update(const ProgressUpdate& update) noexcept = 0;
};

}  // namespace catalog
