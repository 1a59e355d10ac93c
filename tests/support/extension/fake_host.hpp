#pragma once
// FakeHost: a host in memory whose services a test switches on, off and into failure.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catalog/abi/extension.h"
#include "catalog/abi/services.h"

namespace catalog::extension::testing {

/// Offers log, metrics and an executor. Thread safety: switches are set before an instance is
/// made; everything else any thread.
class FakeHost {
public:
    FakeHost();
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    [[nodiscard]] const hmx_host* abi() noexcept { return &host_; }
    [[nodiscard]] hmx_host& raw() noexcept { return host_; }

    /// What get_service answers for an id; absent: HMX_E_NOT_FOUND.
    std::map<std::string, hmx_status> offers;
    /// Answers HMX_OK and gives no table.
    bool gives_nothing = false;
    /// The executor refuses every task.
    std::atomic<bool> refuses_tasks{false};

    [[nodiscard]] std::uint64_t lookups() const noexcept { return lookups_.load(); }
    [[nodiscard]] std::uint64_t tasks_run() const noexcept { return tasks_run_.load(); }
    [[nodiscard]] std::vector<std::string> log();
    /// Sum of what was recorded in series of that metric and label.
    [[nodiscard]] double recorded(const std::string& metric, const std::string& label);

private:
    struct Task {
        void (*fn)(void*);
        void* user;
    };
    static hmx_status get_service(const hmx_host* host, hmx_str id, uint32_t min_version,
                                  const hmx_iface** out);
    static int32_t log_enabled(void* ctx, uint32_t level);
    static void log_write(void* ctx, uint32_t level, hmx_str target, hmx_str message,
                          hmx_str fields_json);
    static hmx_status define(void* ctx, uint32_t kind, hmx_str name, hmx_str help,
                             const hmx_str* label_names, uint32_t label_count, const double* bounds,
                             uint32_t bound_count, hmx_handle* out);
    static hmx_status with(void* ctx, hmx_handle metric, const hmx_str* label_values,
                           uint32_t label_count, hmx_handle* out);
    static void record(void* ctx, hmx_handle series, double value);
    static hmx_status post(void* ctx, void (*fn)(void*), void* user, uint32_t priority);
    void run_tasks();

    hmx_host host_{};
    hmx_svc_log log_service_{};
    hmx_svc_metrics metrics_service_{};
    hmx_svc_executor executor_service_{};
    std::atomic<std::uint64_t> lookups_{0};
    std::atomic<std::uint64_t> tasks_run_{0};
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<std::string> log_;
    std::vector<std::string> series_;  ///< "metric" or "metric{label}", by handle.
    std::map<std::string, double> recorded_;
    std::deque<Task> tasks_;
    bool closing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace catalog::extension::testing
