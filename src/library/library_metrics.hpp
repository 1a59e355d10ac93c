#pragma once
// LibraryMetrics: what a library counts of its calls, and what it tells of itself at a scrape.

#include <array>
#include <memory>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/core/errc.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/monitor/performance_monitor.hpp"

namespace catalog::library {

struct LibraryStats;

// X(enumerator, value of the label, one call in how many is timed)
#define CATALOG_OPERATION_TABLE(X)               \
    X(kPublish, "publish", 1)                    \
    X(kImport, "import_metadata", 1)             \
    X(kChangeState, "change_state", 1)           \
    X(kFind, "find", 16)                         \
    X(kVersions, "versions", 16)                 \
    X(kList, "list", 1)                          \
    X(kSearch, "search", 1)                      \
    X(kCountHits, "count_hits", 1)               \
    X(kDependents, "dependents", 1)              \
    X(kComplete, "complete", 1)                  \
    X(kSuggest, "suggest", 1)                    \
    X(kFileTable, "file_table", 1)               \
    X(kReadFile, "read_file", 1)                 \
    X(kOpenFile, "open_file", 1)                 \
    X(kCheckConstraints, "check_constraints", 1) \
    X(kResolve, "resolve", 1)                    \
    X(kInstall, "install", 1)                    \
    X(kUninstall, "uninstall", 1)                \
    X(kUpdate, "update", 1)                      \
    X(kRollback, "rollback", 1)                  \
    X(kVerifyPrefix, "verify_prefix", 1)         \
    X(kVerify, "verify", 1)                      \
    X(kVerifyPackage, "verify_package", 1)       \
    X(kRepair, "repair", 1)                      \
    X(kRepairContent, "repair_content", 1)       \
    X(kRepackContent, "repack_content", 1)

/// What callers ask of a library: a value of the label `operation`.
enum class Operation : std::uint8_t {
#define CATALOG_OPERATION(name, label, one_in) name,
    CATALOG_OPERATION_TABLE(CATALOG_OPERATION)
#undef CATALOG_OPERATION
        kCount,
};

/// Handles of everything that a library counts. Names: docs/monitoring.md. What cannot be
/// registered, because a host's monitor is full, is not counted, and the log says so once.
/// Thread safety: any thread after `make`.
class LibraryMetrics {
public:
    LibraryMetrics() = default;
    LibraryMetrics(std::shared_ptr<monitor::PerformanceMonitor> monitor,
                   std::shared_ptr<const Clock> clock, LogSink& log);

    /// Does `call`, which returns a Result, and counts it, its time, and its error.
    template <class Call>
    auto measure(Operation operation, const Call& call) const -> decltype(call()) {
        const Series& series = operations_[static_cast<std::size_t>(operation)];
        series.calls.add();
        auto result = [&] {
            const monitor::ScopedTimer timer(series.seconds, *clock_);
            return call();
        }();
        if (!result) {
            series.failures.add();
            count_error(result.error().code());
        }
        return result;
    }

    /// What the commit queue counts; its clock is that of the library.
    [[nodiscard]] const kv::CommitObserver& commits() const noexcept { return commits_; }

    monitor::Counter published_bytes;
    monitor::Counter installed_bytes;
    monitor::Counter read_bytes;

private:
    struct Series {
        monitor::Counter calls;
        monitor::Counter failures;
        monitor::Histogram seconds;
    };

    void count_error(Errc code) const noexcept;

    std::shared_ptr<monitor::PerformanceMonitor> monitor_;  // keeps the handles' memory
    std::shared_ptr<const Clock> clock_;
    std::array<Series, static_cast<std::size_t>(Operation::kCount)> operations_;
    std::vector<monitor::Counter> errors_;  ///< In the order of CATALOG_ERRC_TABLE.
    kv::CommitObserver commits_;
};

/// Appends what a library is: packages, bytes, the queue. Every series carries the library's id, so
/// that several libraries can share a monitor.
void append_library_families(const LibraryStats& stats, const std::string& id,
                             std::vector<monitor::MetricFamily>& families);

}  // namespace catalog::library
