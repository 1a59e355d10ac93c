#pragma once
// Makes system calls of this test program fail, stop short or be interrupted: its own definitions
// of the C library's functions stand before the library's.

#include <atomic>
#include <functional>
#include <string>

namespace catalog::io::testing {

/// What the calls do. Everything zero: what they always do.
struct SystemCallFaults {
    std::atomic<long> bytes_a_call{0};   ///< pread and pwrite handle at most so many; 0: all.
    std::atomic<bool> interrupt{false};  ///< Every second call ends with EINTR first.
    std::atomic<int> write_error{0};     ///< errno of pwrite; 0: none.
    std::atomic<int> sync_error{0};      ///< errno of fsync, fdatasync and syncfs.
    std::atomic<int> allocate_error{0};  ///< errno of fallocate.
    std::atomic<int> close_error{0};     ///< errno of the next close, which closes all the same.
    std::atomic<int> openat2_error{0};   ///< errno of openat2.
    std::atomic<int> syncs{0};           ///< Counts fsync.
    std::atomic<int> data_syncs{0};      ///< Counts fdatasync.
    std::atomic<int> openat2_calls{0};   ///< Counts openat2.
    std::function<void(const std::string& name)> before_unlink;  ///< Called by unlinkat.
};

[[nodiscard]] SystemCallFaults& system_call_faults() noexcept;

/// Undoes every fault at its end.
class FaultScope {
public:
    FaultScope() { reset(); }
    ~FaultScope() { reset(); }
    FaultScope(const FaultScope&) = delete;
    FaultScope& operator=(const FaultScope&) = delete;

    SystemCallFaults* operator->() const noexcept { return &system_call_faults(); }

private:
    static void reset();
};

}  // namespace catalog::io::testing
