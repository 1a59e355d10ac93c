#pragma once
// Instance: what hmx_instance is. Configuration, life cycle, the library and what is made of it.
//
// Parts of other folders and how they hang together:
//   requests/requests.hpp   class Requests: made at start over the library, called by `request`
//   typed/library_api.hpp   class TypedCalls: what the typed table keeps, made at start;
//                           `const hmx_iface* library_interface() noexcept`: the table
//   services/               adapters of host services, made at start
// A function of a typed table does: `Instance* self = from_abi(instance)`, HMX_E_INVALID_ARGUMENT
// when null; `guarded(error, [&]() -> hmx_status { const Gate::Pass pass =
// self->gate().enter(capabilities); if (!pass) return report(error, pass.status(),
// refusal_text(pass.status())); ... })`. While the pass lives, `library()` and `typed()` are there.
// What it hands out with an owner is counted in `outstanding()` and may outlive shutdown.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "boundary.hpp"
#include "call.hpp"
#include "catalog/abi/extension.h"
#include "catalog/internal/mutex.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/library/asset_library.hpp"
#include "gate.hpp"
#include "operations.hpp"
#include "rate_limit.hpp"
#include "services/executor.hpp"
#include "services/host_services.hpp"
#include "services/metrics.hpp"
#include "settings.hpp"

namespace catalog::extension {

struct Method;
class Requests;
class TypedCalls;

/// Bounds of an instance: what the host set, and the interface's defaults for what it left 0.
struct InstanceLimits {
    std::uint64_t memory_bytes;
    std::uint64_t storage_bytes;
    std::uint64_t concurrent_ops;
    std::uint64_t execution_ns;
    std::uint64_t ops_per_s;  ///< 0: none, which a host asks for with UINT32_MAX.
    std::uint64_t threads;
    std::uint64_t file_descriptors;
};

/// Thread safety: [control] functions one at a time, everything else from any thread.
class Instance {
public:
    /// Makes an instance that is CREATED: reads the configuration and nothing else.
    [[nodiscard]] static tl::expected<std::unique_ptr<Instance>, Failure> create(
        const hmx_host* host, const hmx_config* config);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    // [control] As the functions of hmx_extension_api say.
    [[nodiscard]] hmx_status start(const hmx_call* call, const hmx_completion* completion,
                                   hmx_op* op);
    [[nodiscard]] Outcome pause();
    [[nodiscard]] Outcome resume();
    [[nodiscard]] hmx_status shutdown(const hmx_completion* completion, hmx_op* op);
    /// Tells whether the instance may be deleted now, and makes it ready for that.
    [[nodiscard]] Outcome prepare_destroy();

    // [any]
    [[nodiscard]] hmx_status_report status();
    /// Returns the report of `validate`.
    [[nodiscard]] tl::expected<std::string, Failure> validate(const hmx_call* call);
    [[nodiscard]] hmx_status find_interface(std::string_view id, std::uint32_t min_version,
                                            const hmx_iface** out) const noexcept;
    /// Answers a request; `response` gets the envelope for failures too.
    [[nodiscard]] Outcome request(const hmx_call* call, hmx_str method, hmx_str params,
                                  hmx_buf& response);
    [[nodiscard]] hmx_status request_async(const hmx_call* call, hmx_str method, hmx_str params,
                                           const hmx_completion* completion, hmx_op* op);
    [[nodiscard]] hmx_status cancel(hmx_op op) { return operations_.cancel(op); }

    [[nodiscard]] Gate& gate() noexcept { return gate_; }
    [[nodiscard]] Outstanding& outstanding() noexcept { return outstanding_; }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] const HostServices& services() const noexcept { return services_; }
    /// The library. Only while a pass of the gate lives.
    [[nodiscard]] library::AssetLibrary& library() noexcept { return *library_; }
    /// What the typed calls keep. Only while a pass of the gate lives.
    [[nodiscard]] TypedCalls& typed() noexcept { return *typed_; }

private:
    Instance(const hmx_host* host, const hmx_config& config, Settings settings);

    [[nodiscard]] Outcome open(const Call& call, Operation& operation);
    void run_start(const Call& call, Operation& operation) noexcept;
    void run_shutdown(Operation& operation) noexcept;
    void close_parts() noexcept;
    void set_reason(std::string_view reason) noexcept;

    /// Everything of a request from its method to its answer.
    [[nodiscard]] tl::expected<std::string, Failure> answer(const Call& call,
                                                            std::string_view method,
                                                            std::string_view params,
                                                            Operation& operation);
    [[nodiscard]] tl::expected<std::string, Failure> call_method(const Call& call,
                                                                 const Method& method,
                                                                 std::string_view params,
                                                                 Operation& operation);
    /// Returns the memory of the library and of what is handed out. Only while a pass lives.
    [[nodiscard]] std::uint64_t memory_bytes() const noexcept;
    /// Looks how much the library takes on disk.
    void measure_storage() noexcept;
    void run_request(const Call& call, const std::string& method, const std::string& params,
                     Operation& operation) noexcept;
    [[nodiscard]] Outcome admit(std::int64_t deadline);
    [[nodiscard]] hmx_buf envelope(const Call& call,
                                   const tl::expected<std::string, Failure>& answer);

    const HostServices services_;
    const std::string data_dir_;
    const Settings settings_;
    const InstanceLimits limits_;
    Gate gate_;
    Outstanding outstanding_;
    Operations operations_;
    RateLimit rate_;

    const std::shared_ptr<io::OpenFiles> files_;
    const std::shared_ptr<Clock> clock_ = make_system_clock();
    const std::shared_ptr<InstanceExecutor> executor_ = std::make_shared<InstanceExecutor>();
    std::unique_ptr<library::AssetLibrary> library_;
    std::unique_ptr<Requests> requests_;
    std::unique_ptr<TypedCalls> typed_;
    RequestMetrics metrics_;

    std::thread shutdown_thread_;
    std::atomic<std::int64_t> started_ns_{0};
    std::atomic<std::uint64_t> storage_bytes_{0};
    std::atomic<std::uint64_t> requests_total_{0};
    std::atomic<std::uint64_t> errors_total_{0};
    mutable internal::Mutex mutex_;
    std::string reason_ CATALOG_GUARDED_BY(mutex_);
};

/// Returns what a handle of the C interface stands for; null stays null.
[[nodiscard]] inline Instance* from_abi(hmx_instance* instance) noexcept {
    return reinterpret_cast<Instance*>(instance);
}
[[nodiscard]] inline hmx_instance* to_abi(Instance* instance) noexcept {
    return reinterpret_cast<hmx_instance*>(instance);
}

/// The extension's table, the same for every query.
[[nodiscard]] const hmx_extension_api& extension_api() noexcept;

}  // namespace catalog::extension
