#include "instance.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <system_error>
#include <utility>

#include "catalog/abi/library.h"
#include "catalog/abi/services.h"
#include "requests/requests.hpp"
#include "services/assets.hpp"
#include "services/consensus.hpp"
#include "services/log.hpp"
#include "typed/library_api.hpp"

namespace catalog::extension {

using internal::MutexLock;

namespace {

constexpr std::uint64_t kRequiredCapabilities = capability_bit(HMX_CAP_ASSET_MANAGEMENT);

/// What an instance cannot do without. The database takes half of the memory, packages that are
/// kept at hand a quarter; the rest is for what requests hand out.
constexpr std::uint64_t kMemoryBytesMin = std::uint64_t{4} << 20;
constexpr std::uint64_t kFileDescriptorsMin = 64;
/// Threads of the database, and the one that shuts the instance down.
constexpr std::uint64_t kThreadsBeside = 4;

template <class T>
std::uint64_t or_default(T value, std::uint64_t fallback) noexcept {
    return value == 0 ? fallback : static_cast<std::uint64_t>(value);
}

InstanceLimits read_limits(const hmx_limits& given) noexcept {
    hmx_limits limits{};
    // Limits that say nothing of their size say nothing at all: every default applies.
    static_cast<void>(read_struct(&given, limits));
    InstanceLimits result{};
    result.memory_bytes = or_default(limits.max_memory_bytes, std::uint64_t{1} << 30);
    result.storage_bytes = or_default(limits.max_storage_bytes, std::uint64_t{10} << 30);
    result.concurrent_ops = or_default(limits.max_concurrent_ops, 100);
    result.execution_ns = or_default(limits.max_execution_ns, 300'000'000'000);
    result.ops_per_s = or_default(limits.max_ops_per_s, 1000);
    if (limits.max_ops_per_s == std::numeric_limits<std::uint32_t>::max()) result.ops_per_s = 0;
    result.threads = or_default(limits.max_threads, 100);
    result.file_descriptors = or_default(limits.max_file_descriptors, 1024);
    return result;
}

lifecycle::ConsensusPolicy policy_of(ConsensusMode mode, bool host_offers) noexcept {
    switch (mode) {
        case ConsensusMode::kNone:
            return lifecycle::ConsensusPolicy::kNone;
        case ConsensusMode::kHostOffers:
            return host_offers ? lifecycle::ConsensusPolicy::kDeclared
                               : lifecycle::ConsensusPolicy::kNone;
        case ConsensusMode::kDeclared:
            return lifecycle::ConsensusPolicy::kDeclared;
        case ConsensusMode::kEvery:
            return lifecycle::ConsensusPolicy::kEvery;
    }
    return lifecycle::ConsensusPolicy::kEvery;
}

Outcome check_limits(const InstanceLimits& limits) {
    if (limits.memory_bytes < kMemoryBytesMin)
        return refuse(HMX_E_QUOTA_EXCEEDED,
                      "create: an instance needs 4 MiB, more than max_memory_bytes allows");
    if (limits.file_descriptors < kFileDescriptorsMin)
        return refuse(HMX_E_QUOTA_EXCEEDED,
                      "create: an instance needs 64 descriptors, more than max_file_descriptors "
                      "allows");
    if (limits.threads <= kThreadsBeside)
        return refuse(HMX_E_QUOTA_EXCEEDED,
                      "create: an instance needs 5 threads, more than max_threads allows");
    return {};
}

bool is_past(std::int64_t deadline) noexcept {
    return deadline != 0 && deadline <= monotonic_now_ns();
}

}  // namespace

Instance::Instance(const hmx_host* host, const hmx_config& config, Settings settings)
    : services_(host, config.granted_caps),
      data_dir_(view(config.data_dir)),
      settings_(std::move(settings)),
      limits_(read_limits(config.limits)),
      gate_(config.granted_caps),
      operations_(limits_.concurrent_ops),
      rate_(limits_.ops_per_s),
      files_(std::make_shared<io::OpenFiles>(limits_.file_descriptors)) {}

Instance::~Instance() {
    if (shutdown_thread_.joinable()) shutdown_thread_.join();
    close_parts();
    executor_->close();
}

tl::expected<std::unique_ptr<Instance>, Failure> Instance::create(const hmx_host* host,
                                                                  const hmx_config* config) {
    if (Gate::forked()) return refuse(HMX_E_FORKED, refusal_text(HMX_E_FORKED));
    if (config == nullptr) return refuse(HMX_E_INVALID_ARGUMENT, "create: config is null");
    if (host != nullptr && host->struct_size < offsetof(hmx_host, ctx))
        return refuse(HMX_E_INVALID_ARGUMENT, "create: hmx_host: struct_size is too small");
    if (host != nullptr && host->abi_major != HMX_ABI_MAJOR)
        return refuse(HMX_E_ABI_MISMATCH, "create: the host's interface has another major version");
    hmx_config given{};
    if (!read_struct(config, given))
        return refuse(HMX_E_INVALID_ARGUMENT, "create: hmx_config: struct_size is too small");
    if (!is_readable(given.settings_json) || !is_readable(given.data_dir))
        return refuse(HMX_E_INVALID_ARGUMENT, "create: hmx_config: a text has a size and no bytes");
    if ((kRequiredCapabilities & ~given.granted_caps) != 0)
        return refuse(HMX_E_CAPABILITY_DENIED,
                      "create: asset management is required and not granted");
    if (auto enough = check_limits(read_limits(given.limits)); !enough)
        return tl::unexpected(std::move(enough).error());
    auto settings = read_settings(view(given.settings_json), view(given.data_dir));
    if (!settings) return refuse(settings.error());
    if (!Gate::watch_forks())
        return refuse(HMX_E_OUT_OF_MEMORY, "create: the fork handler could not be registered");
    return std::unique_ptr<Instance>(new Instance(host, given, *std::move(settings)));
}

// ---- Start ----

hmx_status Instance::start(const hmx_call* call, const hmx_completion* completion, hmx_op* op) {
    if (Gate::forked()) return HMX_E_FORKED;
    if (completion == nullptr || completion->done == nullptr) return HMX_E_INVALID_ARGUMENT;
    auto read = read_call(call);
    if (!read) return read.error().status();
    if (is_past(read->deadline)) return HMX_E_DEADLINE_EXCEEDED;
    if (!gate_.change_state(HMX_STATE_CREATED, HMX_STATE_INITIALIZING)) return HMX_E_INVALID_STATE;

    std::shared_ptr<Operation> operation;
    const hmx_status status = guarded(nullptr, [&]() -> hmx_status {
        const hmx_svc_executor* host_executor = nullptr;
        static_cast<void>(services_.find(HMX_SVC_EXECUTOR, 0, 0, host_executor));
        if (host_executor != nullptr && !HMX_IFACE_HAS(host_executor, post))
            host_executor = nullptr;
        std::size_t threads = settings_.threads;
        if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
        threads = std::min<std::size_t>(threads, limits_.threads - kThreadsBeside);
        if (!executor_->open(host_executor, threads)) return HMX_E_AGAIN;
        operation = operations_.begin_control(*completion);
        if (op != nullptr) *op = operation->id();
        std::function<void()> task = [this, operation, given = *std::move(read)] {
            run_start(given, *operation);
        };
        return executor_->post_elsewhere(task) ? HMX_OK : HMX_E_AGAIN;
    });
    if (status != HMX_OK) {
        if (operation != nullptr) operations_.end(*operation);
        executor_->close();
        gate_.set_state(HMX_STATE_CREATED);
    }
    return status;
}

void Instance::run_start(const Call& call, Operation& operation) noexcept {
    hmx_error error{};
    error.struct_size = sizeof(error);
    const hmx_status status = guarded(&error, [&] { return open(call, operation); });
    if (status == HMX_OK) {
        started_ns_.store(monotonic_now_ns(), std::memory_order_relaxed);
        gate_.set_state(HMX_STATE_RUNNING);
    } else {
        set_reason(error.message);
        close_parts();
        gate_.set_state(HMX_STATE_FAILED);
    }
    operation.complete(status, nullptr, status == HMX_OK ? nullptr : &error);
    operations_.end(operation);
}

Outcome Instance::open(const Call& call, Operation& operation) {
    const CallContext context = [&] {
        CallContext made = make_context(call, monotonic_now_ns(), limits_.execution_ns);
        made.stop = operation.stop_token();
        return made;
    }();
    if (auto proceed = context.check(*clock_); !proceed) return refuse(proceed.error());
    gate_.use_own_counters();

    const hmx_svc_log* log = nullptr;
    static_cast<void>(services_.find(HMX_SVC_LOG, 0, 0, log));

    io::PosixOptions files;
    files.open_files = files_;
    library::Environment environment;
    environment.file_system = io::make_posix_file_system(files);
    environment.clock = clock_;
    environment.executor = executor_;
    environment.log_sink = make_host_log(log, settings_.log_level);
    const hmx_svc_consensus* consensus = nullptr;
    static_cast<void>(
        services_.find(HMX_SVC_CONSENSUS, 0, capability_bit(HMX_CAP_CONSENSUS_ACCESS), consensus));
    environment.consensus = make_host_consensus(consensus, clock_);
    const hmx_svc_assets* assets = nullptr;
    static_cast<void>(
        services_.find(HMX_SVC_ASSETS, 0, capability_bit(HMX_CAP_ASSET_MANAGEMENT), assets));
    environment.assets = make_host_assets(assets, clock_);

    library::LibraryOptions options;
    options.consensus = policy_of(settings_.consensus, environment.consensus != nullptr);
    options.read_only = settings_.read_only;
    options.create_if_missing = settings_.create && !settings_.read_only;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        context.deadline.value_or(clock_->now_monotonic()) - clock_->now_monotonic());
    options.lock_wait = std::clamp(left, std::chrono::milliseconds(0), settings_.lock_wait);
    options.holder = "catalog extension";
    options.memory_bytes = std::min(settings_.memory_bytes, limits_.memory_bytes / 2);
    // What stays open must leave enough for requests: admit() refuses them otherwise, for ever.
    options.open_files_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        library::LibraryOptions().open_files_max, limits_.file_descriptors / 4));

    auto opened = library::AssetLibrary::open(settings_.library, options, environment);
    if (!opened) return refuse(opened.error());
    library_ = *std::move(opened);
    measure_storage();
    if (auto proceed = context.check(*clock_); !proceed) return refuse(proceed.error());
    RequestSettings request_settings;
    request_settings.data_dir = data_dir_;
    request_settings.granted = gate_.granted();
    requests_ = std::make_unique<Requests>(*library_, std::move(request_settings));
    const hmx_svc_metrics* metrics = nullptr;
    static_cast<void>(
        services_.find(HMX_SVC_METRICS, 0, capability_bit(HMX_CAP_MONITORING_ACCESS), metrics));
    std::vector<std::string_view> names;
    for (const Method& method : Requests::methods()) names.push_back(method.name);
    metrics_ = RequestMetrics(metrics, names);
    typed_ = std::make_unique<TypedCalls>(
        *library_, outstanding_,
        std::min<std::uint64_t>(PackageSnapshots::kBytesMaxDefault, limits_.memory_bytes / 4));
    return {};
}

// ---- Pause and resume ----

Outcome Instance::pause() {
    if (Gate::forked()) return refuse(HMX_E_FORKED, refusal_text(HMX_E_FORKED));
    if (!gate_.change_state(HMX_STATE_RUNNING, HMX_STATE_PAUSED))
        return refuse(HMX_E_INVALID_STATE, "pause: the instance is not running");
    return {};
}

Outcome Instance::resume() {
    if (Gate::forked()) return refuse(HMX_E_FORKED, refusal_text(HMX_E_FORKED));
    if (!gate_.change_state(HMX_STATE_PAUSED, HMX_STATE_RUNNING))
        return refuse(HMX_E_INVALID_STATE, "resume: the instance is not paused");
    return {};
}

// ---- Shutdown and destroy ----

hmx_status Instance::shutdown(const hmx_completion* completion, hmx_op* op) {
    if (Gate::forked()) return HMX_E_FORKED;
    if (completion == nullptr || completion->done == nullptr) return HMX_E_INVALID_ARGUMENT;
    std::uint32_t from = gate_.state();
    for (;;) {
        if (from != HMX_STATE_RUNNING && from != HMX_STATE_PAUSED && from != HMX_STATE_FAILED)
            return HMX_E_INVALID_STATE;
        if (gate_.change_state(from, HMX_STATE_SHUTTING_DOWN)) break;
        from = gate_.state();
    }
    std::shared_ptr<Operation> operation;
    const hmx_status status = guarded(nullptr, [&]() -> hmx_status {
        operation = operations_.begin_control(*completion);
        if (op != nullptr) *op = operation->id();
        // A thread of its own: it joins the executor's.
        try {
            shutdown_thread_ = std::thread([this, operation] { run_shutdown(*operation); });
        } catch (const std::system_error&) {
            return HMX_E_AGAIN;
        }
        return HMX_OK;
    });
    if (status != HMX_OK) {
        if (operation != nullptr) operations_.end(*operation);
        gate_.set_state(from);
    }
    return status;
}

void Instance::run_shutdown(Operation& operation) noexcept {
    do {
        static_cast<void>(guarded(nullptr, [&]() -> hmx_status {
            operations_.cancel_all();
            return HMX_OK;
        }));
        // Whoever was let in before the state changed may have begun an operation after this one
        // was told to stop, so the inside is looked at again and again.
    } while (!gate_.drain(std::chrono::milliseconds(2)));
    operations_.drain(1);
    close_parts();
    executor_->close();
    gate_.set_state(HMX_STATE_STOPPED);
    operation.complete(HMX_OK, nullptr, nullptr);
    operations_.end(operation);
}

void Instance::close_parts() noexcept {
    typed_.reset();
    requests_.reset();
    library_.reset();
}

Outcome Instance::prepare_destroy() {
    if (Gate::forked()) return refuse(HMX_E_FORKED, refusal_text(HMX_E_FORKED));
    const std::uint32_t state = gate_.state();
    if (state != HMX_STATE_CREATED && state != HMX_STATE_STOPPED && state != HMX_STATE_FAILED)
        return refuse(HMX_E_INVALID_STATE, "destroy: the instance runs; shut it down first");
    if (operations_.completes_here())
        return refuse(HMX_E_BUSY, "destroy: called by a completion of the instance");
    if (const std::uint64_t count = outstanding_.count(); count != 0)
        return refuse(HMX_E_BUSY, "destroy: " + std::to_string(count) +
                                      " objects are still out; release them first");
    operations_.drain();
    return {};
}

// ---- Status ----

void Instance::set_reason(std::string_view reason) noexcept {
    try {
        MutexLock lock(mutex_);
        reason_ = reason;
    } catch (...) {
        // Without memory for the reason the state alone must say it.
        return;
    }
}

std::uint64_t Instance::memory_bytes() const noexcept {
    return library_->usage().memory_bytes + outstanding_.bytes();
}

hmx_status_report Instance::status() {
    hmx_status_report report{};
    report.struct_size = sizeof(report);
    report.state = gate_.state();
    report.health = report.state == HMX_STATE_FAILED ? HMX_HEALTH_UNHEALTHY : HMX_HEALTH_HEALTHY;
    report.cpu_ns = executor_->cpu_ns();
    report.storage_bytes = storage_bytes_.load(std::memory_order_relaxed);
    report.threads = executor_->own_threads();
    report.memory_bytes = outstanding_.bytes();
    report.file_descriptors = files_->open();
    if (const Gate::Pass pass = gate_.enter_paused_too(); pass) {
        const library::LibraryUsage usage = library_->usage();
        report.memory_bytes += usage.memory_bytes;
        report.threads += usage.threads;
    }
    report.active_ops = operations_.active();
    report.outstanding_objects = outstanding_.count();
    report.total_requests = requests_total_.load(std::memory_order_relaxed);
    report.error_count = errors_total_.load(std::memory_order_relaxed);
    if (const std::int64_t started = started_ns_.load(std::memory_order_relaxed); started != 0)
        report.uptime_ns = static_cast<std::uint64_t>(monotonic_now_ns() - started);
    MutexLock lock(mutex_);
    const std::size_t kept = std::min(reason_.size(), sizeof(report.reason) - 1);
    const std::size_t whole = utf8_prefix_bytes(std::string_view(reason_).substr(0, kept));
    std::copy_n(reason_.data(), whole, report.reason);
    return report;
}

hmx_status Instance::find_interface(std::string_view id, std::uint32_t min_version,
                                    const hmx_iface** out) const noexcept {
    *out = nullptr;
    if (Gate::forked()) return HMX_E_FORKED;
    if (id == CAT_LIBRARY_INTERFACE && min_version <= library_interface()->version) {
        *out = library_interface();
        return HMX_OK;
    }
    return HMX_E_NOT_FOUND;
}

}  // namespace catalog::extension
