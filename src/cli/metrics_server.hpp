#pragma once
// MetricsServer: answers Prometheus's scrapes over HTTP while it lives.

#include <cstdint>
#include <memory>
#include <string>

#include "catalog/core/result.hpp"
#include "catalog/monitor/performance_monitor.hpp"

namespace catalog::cli {

/// Listens with two threads of its own and answers `/metrics`. No encryption and no passwords: what
/// it tells are numbers, and by default it is asked to listen on this machine alone.
class MetricsServer {
public:
    /// `place` is `PORT` or `ADDRESS:PORT`, the address numeric and an IPv6 one in brackets;
    /// without one it is 127.0.0.1. Port 0 takes a free one. Errors: kInvalidArgument, kNetwork
    /// (the port is taken, or may not be listened on).
    [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> listen(
        const std::string& place, std::shared_ptr<monitor::PerformanceMonitor> monitor);

    /// Ends the threads; waits for a scrape that is under way.
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    /// Returns `http://ADDRESS:PORT/metrics`.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }

private:
    struct Parts;
    MetricsServer(std::unique_ptr<Parts> parts, std::string url) noexcept;

    std::unique_ptr<Parts> parts_;
    std::string url_;
};

}  // namespace catalog::cli
