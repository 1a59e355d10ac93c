#pragma once
// Host: what all loaded extensions share - options, threads, and the state behind the services.

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "abi_values.hpp"
#include "capability_names.hpp"
#include "catalog/abi/services.h"
#include "catalog/json/value.hpp"
#include "host_threads.hpp"
#include "shaped.hpp"

namespace catalog::host {

/// How the simulated consensus behaves.
enum class ConsensusBehaviour {
    kAccept,       ///< Proofs are given and hold.
    kReject,       ///< HMX_E_CONSENSUS_REJECTED.
    kSlow,         ///< As kAccept, after `HostOptions::slow_ms`.
    kPending,      ///< Never ends by itself: only a cancel or the deadline ends it.
    kUnavailable,  ///< HMX_E_AGAIN, retryable.
};

/// Reads "accept", "reject", "slow", "pending" or "unavailable".
[[nodiscard]] std::optional<ConsensusBehaviour> parse_consensus(std::string_view name);

class HostOptions {
public:
    HostOptions() = default;

    std::vector<std::string> search;             ///< Folders that are searched first.
    std::set<std::string, std::less<>> without;  ///< Ids of services that are not there.
    std::set<std::string, std::less<>> late;     ///< Not there until they are offered.
    std::uint64_t granted = kAllCapabilities;    ///< Capabilities as bits.
    Shapes shapes;                               ///< Sizes of structs other than this host's.
    ConsensusBehaviour consensus = ConsensusBehaviour::kAccept;
    std::int64_t slow_ms = 200;  ///< Of ConsensusBehaviour::kSlow.
    std::size_t threads = 2;     ///< Of the executor service, 1 to 64.
    std::uint32_t abi_major = HMX_ABI_MAJOR;
    std::uint32_t abi_minor = HMX_ABI_MINOR;
    std::uint32_t log_level = HMX_LOG_WARN;
    std::string settings = "{}";  ///< JSON for hmx_config.
    std::string principal;
    hmx_limits limits{};                ///< Zeros: the extension's defaults.
    double timeout_seconds = 60;        ///< Deadline of every call; 0: none.
    double start_timeout_seconds = 30;  ///< Deadline of start, shutdown and other control calls.
    bool debug = false;                 ///< HMX_CONFIG_DEBUG.
};

/// Measurements that extensions have sent.
class MetricStore {
public:
    [[nodiscard]] hmx_status define(std::uint32_t kind, std::string name, std::string help,
                                    std::vector<std::string> labels, std::vector<double> bounds,
                                    hmx_handle& out);
    [[nodiscard]] hmx_status with(hmx_handle metric, std::vector<std::string> values,
                                  hmx_handle& out);
    void record(hmx_handle handle, double value);
    /// One object a series: `name`, `kind`, `labels`, `value` or `count`, `sum`, `buckets`.
    [[nodiscard]] json::Array to_json() const;

private:
    struct Metric {
        std::uint32_t kind = 0;
        std::string name;
        std::string help;
        std::vector<std::string> labels;
        std::vector<double> bounds;
    };
    struct Series {
        std::size_t metric = 0;
        std::vector<std::string> values;
        double value = 0;
        std::uint64_t count = 0;
        std::vector<std::uint64_t> buckets;
    };

    mutable std::mutex mutex_;
    std::vector<Metric> metrics_;
    std::vector<Series> series_;
};

/// The register of assets, by the key under which each was made.
class AssetRegister {
public:
    /// Returns the number of a kind of asset; the same name has the same number.
    [[nodiscard]] std::uint32_t type_id(std::string_view name);
    /// Registers an asset or returns the one of that key. HMX_E_INVALID_ARGUMENT for a kind without
    /// a name or a spec that is no object with a `key`.
    [[nodiscard]] hmx_status create(std::uint32_t name_id, std::string_view spec_json,
                                    hmx_asset_id& out, std::string& message);
    [[nodiscard]] hmx_status update(const hmx_asset_id& id, std::string_view update_json,
                                    std::string& message);
    [[nodiscard]] hmx_status remove(const hmx_asset_id& id);
    /// One object an asset: `id`, `type`, `key`, `spec`, `updates`.
    [[nodiscard]] json::Array to_json() const;

private:
    struct Asset {
        hmx_asset_id id{};
        json::Value spec;
        std::uint64_t updates = 0;
    };
    using Key = std::pair<std::uint32_t, std::string>;

    [[nodiscard]] std::map<Key, Asset>::iterator find(const hmx_asset_id& id);

    mutable std::mutex mutex_;
    std::vector<std::string> types_;
    std::map<Key, Asset> assets_;
};

/// Thread safety: members are safe or, like `options`, changed only between calls.
class Host {
public:
    /// `log` takes records of extensions, one a line; it must outlive the host.
    Host(HostOptions given, std::ostream& log);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    HostOptions options;
    MetricStore metrics;
    AssetRegister assets;
    TimerThread timer;
    TaskThreads tasks;

    /// Writes a record of an extension.
    void log(std::uint32_t level, std::string_view target, std::string_view message,
             std::string_view fields);

    /// Now plus the timeout, as hmx_call wants it; 0 for no timeout.
    [[nodiscard]] std::int64_t call_deadline() const;
    [[nodiscard]] std::int64_t control_deadline() const;

private:
    std::mutex log_mutex_;
    std::ostream& log_;
};

}  // namespace catalog::host
