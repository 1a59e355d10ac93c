#pragma once

#include <sched.h>

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace catalog::testing {

/// How many threads the kernel lists for this process.
inline std::size_t threads_of_this_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

/// How many threads are left once those that were joined are gone.
///
/// A join returns when the kernel clears the thread's id, a little before it takes the thread off
/// its list: while there are more than `expected`, the processor is given away, so often that a
/// thread which really stayed is told from one on its way out.
/// @return  `expected`, or the number that does not come down to it.
inline std::size_t threads_left(std::size_t expected) {
    constexpr int kYieldsMax = 100'000;
    std::size_t threads = threads_of_this_process();
    for (int i = 0; i < kYieldsMax && threads > expected; ++i) {
        sched_yield();
        threads = threads_of_this_process();
    }
    return threads;
}

}  // namespace catalog::testing
