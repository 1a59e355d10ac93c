#include "support/io/crash_test.hpp"

#include <gtest/gtest.h>

#include "support/io/seeded_random.hpp"

namespace catalog::io::testing {

namespace {

std::vector<CrashPoint> recoveries_of(std::uint64_t number, const CrashTestOptions& options) {
    std::vector<CrashPoint> points{{number, CrashPolicy::kDropUnsynced, 0},
                                   {number, CrashPolicy::kKeepAll, 0}};
    SeededRandom random(options.first_seed ^ (number * 0x9e3779b97f4a7c15u));
    for (std::uint64_t i = 0; i < options.random_seeds; ++i)
        points.push_back({number, CrashPolicy::kRandomSubset, random.next()});
    return points;
}

}  // namespace

std::string to_text(const CrashPoint& point) {
    std::string text = "power lost at call " + std::to_string(point.number) + ", ";
    text.append(policy_name(point.policy)).append(", seed ").append(std::to_string(point.seed));
    return text;
}

CrashTestCount for_each_crash(
    const std::function<std::shared_ptr<SimulatedFileSystem>()>& prepare,
    const std::function<void(const std::shared_ptr<SimulatedFileSystem>&)>& work,
    const std::function<void(const std::shared_ptr<SimulatedFileSystem>&, const CrashPoint&)>&
        check,
    const CrashTestOptions& options) {
    CrashTestCount count;
    for (std::uint64_t number = 1; number <= options.points_max; number += options.stride) {
        const auto fs = prepare();
        fs->crash_at(fs->mutations() + number);
        work(fs);
        const bool lost = fs->crashed();
        fs->crash_now();
        ++count.points;
        for (const CrashPoint& point : recoveries_of(number, options)) {
            const ::testing::ScopedTrace trace(__FILE__, __LINE__,
                                               to_text(point) + "\n" + fs->call_log());
            check(fs->recover(point.policy, point.seed), point);
            ++count.recoveries;
            if (::testing::Test::HasFailure()) return count;
        }
        if (!lost) return count;
    }
    ADD_FAILURE() << "the work was still losing power after " << options.points_max << " calls";
    return count;
}

}  // namespace catalog::io::testing
