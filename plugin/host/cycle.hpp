#pragma once
// Loading, using and unloading an extension again and again in one process.

#include <cstdint>
#include <string>
#include <vector>

#include "session.hpp"

namespace catalog::host {

class CycleOptions {
public:
    CycleOptions() = default;

    std::uint64_t times = 1000;
    std::uint64_t warm_up = 10;  ///< Cycles before the first count: libraries that stay are loaded.
    std::string extension;       ///< Path or id.
    std::string data_dir;        ///< Empty: a temporary one, the same in every cycle.
    std::vector<std::string> use{"status", "validate"};  ///< Command lines of every cycle.
};

/// Runs the cycles; the answer has the first and the last count and fails when a descriptor, a
/// thread or a mapping is left, when memory grew by more than the session's limit, or when a
/// command failed.
[[nodiscard]] Answer run_cycles(Session& session, const CycleOptions& options);

}  // namespace catalog::host
