#pragma once
// Running a piece of work once for each call at which power can be lost.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/io/simulated_file_system.hpp"

namespace catalog::io::testing {

/// Which crashes to try.
class CrashTestOptions {
public:
    CrashTestOptions() = default;

    std::uint64_t random_seeds = 8;        ///< Recoveries by kRandomSubset at each crash point.
    std::uint64_t first_seed = 1;          ///< The others follow: point and index are mixed in.
    std::uint64_t stride = 1;              ///< Every how manieth call is a crash point.
    std::uint64_t points_max = 1'000'000;  ///< A bound against work that never ends.
};

/// One recovery, as failures name it.
struct CrashPoint {
    std::uint64_t number = 0;  ///< The mutating call of the work, 1-based, at which power was lost.
    CrashPolicy policy = CrashPolicy::kDropUnsynced;
    std::uint64_t seed = 0;
};

[[nodiscard]] std::string to_text(const CrashPoint& point);

/// What was tried.
struct CrashTestCount {
    std::uint64_t points = 0;
    std::uint64_t recoveries = 0;
};

/// For n = 1, 2, ... : makes a file system with `prepare`, lets it lose power at the n-th mutating
/// call of `work`, recovers it by every policy and seed, and gives each result to `check`. Ends
/// after the run of `work` in which power was not lost; that run is checked too, as if power was
/// lost right after it. Also ends at the first GoogleTest failure, with the crash point and the
/// calls before it in the message.
///
/// `prepare` returns a file system in the state before the work. `work` ignores errors or stops at
/// the first. All three may keep a record of what was acknowledged outside the file system.
CrashTestCount for_each_crash(
    const std::function<std::shared_ptr<SimulatedFileSystem>()>& prepare,
    const std::function<void(const std::shared_ptr<SimulatedFileSystem>&)>& work,
    const std::function<void(const std::shared_ptr<SimulatedFileSystem>&, const CrashPoint&)>&
        check,
    const CrashTestOptions& options = {});

}  // namespace catalog::io::testing
