#pragma once
// Waiter: takes completions and lets a test wait for them.

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catalog/abi/extension.h"

namespace catalog::extension::testing {

/// Thread safety: any thread. It must outlive the operations that complete into it.
class Waiter {
public:
    struct Done {
        hmx_op op = 0;
        hmx_status status = HMX_E_UNKNOWN;
        std::string text;     ///< Of an hmx_buf result.
        std::string message;  ///< Of the error.
        std::thread::id thread;
    };

    /// A completion whose result is an hmx_buf or null.
    [[nodiscard]] hmx_completion completion();
    /// Returns what completed, oldest first, once `count` have.
    [[nodiscard]] std::vector<Done> wait(std::size_t count = 1);
    /// Waits for the next completion, forgets it and returns it.
    Done wait_one();
    [[nodiscard]] std::size_t count();
    [[nodiscard]] std::size_t progress_count();

private:
    static void done(void* user, hmx_op op, hmx_status status, const void* result,
                     const hmx_error* error);
    static void progress(void* user, hmx_op op, uint64_t done, uint64_t total, hmx_str phase);

    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<Done> done_;
    std::size_t progress_ = 0;
};

}  // namespace catalog::extension::testing
