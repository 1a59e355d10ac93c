#pragma once
// Handles of metrics: what a program keeps and counts with.
//
// A handle is a pointer and two numbers: copy it freely, and use it from any thread, as long as the
// PerformanceMonitor that gave it lives. One that was made by itself counts nothing.
//
// Every metric has a cell for each of a few processors, on cache lines that other processors do not
// write, and a thread adds in the cell of the one that it runs on. So threads do not wait for each
// other, nothing is lost when they change places, and no thread leaves anything behind when it
// ends: a host may unload the library at any time.

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "catalog/core/clock.hpp"
#include "catalog/monitor/log_linear.hpp"

namespace catalog::monitor {

/// The cells of one metric. For handles; nothing for hosts.
class MetricCells {
public:
    /// Cells of one metric for neighbouring processors are this many apart: 32 KiB.
    static constexpr std::size_t kStride = 4'096;

    MetricCells() = default;
    /// `first` points to the cells for processor 0; `processors` is a power of two.
    MetricCells(std::uint64_t* first, unsigned processors) noexcept
        : first_(first), mask_(processors - 1) {}

    explicit operator bool() const noexcept { return first_ != nullptr; }
    /// Returns the cells of the processor that this thread is on, as the kernel last said (rseq).
    [[nodiscard]] std::uint64_t* here() const noexcept {
        return of(static_cast<unsigned>(::sched_getcpu()) & mask_);
    }
    [[nodiscard]] std::uint64_t* of(unsigned processor) const noexcept {
        return first_ + processor * kStride;
    }
    [[nodiscard]] unsigned processors() const noexcept { return mask_ + 1; }

    static void add(std::uint64_t& cell, std::uint64_t number) noexcept {
        std::atomic_ref(cell).fetch_add(number, std::memory_order_relaxed);
    }
    /// Returns the sum of cell `index` over all processors.
    [[nodiscard]] std::uint64_t sum(std::size_t index = 0) const noexcept {
        std::uint64_t sum = 0;
        for (unsigned i = 0; first_ != nullptr && i <= mask_; ++i)
            sum += std::atomic_ref(of(i)[index]).load(std::memory_order_relaxed);
        return sum;
    }

private:
    std::uint64_t* first_ = nullptr;
    unsigned mask_ = 0;
};

/// A number that only grows. Exact whatever the threads do.
class Counter {
public:
    Counter() = default;
    explicit Counter(const MetricCells& cells) noexcept : cells_(cells) {}

    /// Cost: a few nanoseconds, with any number of threads.
    void add(std::uint64_t number = 1) const noexcept {
        if (cells_) MetricCells::add(*cells_.here(), number);
    }
    /// Returns what was added since the monitor was made.
    [[nodiscard]] std::uint64_t value() const noexcept { return cells_.sum(); }

private:
    MetricCells cells_;
};

/// A level that goes up and down. Its one cell is shared by all threads: not for what changes
/// millions of times a second.
class Gauge {
public:
    Gauge() = default;
    explicit Gauge(const MetricCells& cells) noexcept : cells_(cells) {}

    void set(std::int64_t level) const noexcept {
        if (cells_)
            std::atomic_ref(*cells_.of(0))
                .store(static_cast<std::uint64_t>(level), std::memory_order_relaxed);
    }
    /// Adds to the level; a negative number lowers it.
    void add(std::int64_t number) const noexcept {
        if (cells_) MetricCells::add(*cells_.of(0), static_cast<std::uint64_t>(number));
    }
    [[nodiscard]] std::int64_t value() const noexcept {
        if (!cells_) return 0;
        return static_cast<std::int64_t>(
            std::atomic_ref(*cells_.of(0)).load(std::memory_order_relaxed));
    }

private:
    MetricCells cells_;
};

/// How often what was measured was how large.
class Histogram {
public:
    /// Cells: the buckets, the sum, and how often `due` was asked.
    static constexpr std::size_t kSumCell = LogLinearBuckets::kCount;
    static constexpr std::size_t kAskedCell = kSumCell + 1;
    static constexpr std::size_t kCells = kAskedCell + 1;

    Histogram() = default;
    Histogram(const MetricCells& cells, std::uint32_t one_in) noexcept
        : cells_(cells), sampled_(one_in - 1) {}

    /// Counts a number: nanoseconds, bytes, or things. Cost: two additions of a Counter.
    void record(std::uint64_t number) const noexcept {
        if (!cells_) return;
        std::uint64_t* const here = cells_.here();
        MetricCells::add(here[LogLinearBuckets::index_of(number)], 1);
        MetricCells::add(here[kSumCell], number);
    }
    void record(std::chrono::nanoseconds duration) const noexcept {
        record(static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count()));
    }
    /// Tells whether the next event is one of those that are measured: of a metric that was
    /// registered with `one_in` N, about one in N of the calls on each processor. For what takes
    /// less time than two looks at a clock. Cost: one or two nanoseconds.
    [[nodiscard]] bool due() const noexcept {
        if (!cells_) return false;
        if (sampled_ == 0) return true;
        // Losing one of two simultaneous calls does no harm, and an exact addition costs more.
        const std::atomic_ref asked(cells_.here()[kAskedCell]);
        const std::uint64_t before = asked.load(std::memory_order_relaxed);
        asked.store(before + 1, std::memory_order_relaxed);
        return (before & sampled_) == 0;
    }
    [[nodiscard]] const MetricCells& cells() const noexcept { return cells_; }

private:
    MetricCells cells_;
    std::uint32_t sampled_ = 0;
};

/// Records how long a scope took, if the histogram's turn has come when it begins.
class ScopedTimer {
public:
    /// `clock` outlives the timer, and is asked twice, or not at all.
    ScopedTimer(const Histogram& histogram, const Clock& clock)
        : histogram_(histogram), clock_(histogram.due() ? &clock : nullptr) {
        if (clock_ != nullptr) begun_ = clock_->now_monotonic();
    }
    ~ScopedTimer() {
        if (clock_ != nullptr) histogram_.record(clock_->now_monotonic() - begun_);
    }
    ScopedTimer(const ScopedTimer&) = delete;
    ScopedTimer& operator=(const ScopedTimer&) = delete;

private:
    const Histogram histogram_;
    const Clock* const clock_;
    MonotonicTime begun_;
};

}  // namespace catalog::monitor
