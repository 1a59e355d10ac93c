// From a file to an instance and back: the control calls.

#include "extension.hpp"

#include <dlfcn.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/io/file_system.hpp"
#include "process_census.hpp"

namespace catalog::host {

namespace {

/// Beyond this a table is not large but garbage.
constexpr std::uint32_t kTableBytesMax = 65536;
/// How long an extension has to come back once it was told to stop.
constexpr std::int64_t kGraceNs = 2'000'000'000;
constexpr int kServiceWaitMs = 2000;

/// How often each file is open in this process: it stays mapped until the last of them is closed,
/// and one that was abandoned never is.
class OpenFiles {
public:
    static OpenFiles& instance() {
        static OpenFiles files;
        return files;
    }
    void add(const std::string& path) {
        const std::lock_guard lock(mutex_);
        ++counts_[path];
    }
    /// Returns how many are left.
    std::size_t remove(const std::string& path) {
        const std::lock_guard lock(mutex_);
        return --counts_[path];
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::size_t> counts_;
};

std::string_view last_dl_error() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): of this thread
    const char* text = dlerror();
    return text == nullptr ? std::string_view("no reason given") : std::string_view(text);
}

}  // namespace

json::Object CloseReport::to_json() const {
    return {{"unmapped", unmapped},
            {"may_stay", may_stay},
            {"leaks", leaks ? json::Value(*leaks) : json::Value(nullptr)},
            {"mappings", mappings},
            {"still_open", still_open}};
}

Extension::Extension(Host& host, CheckReport report)
    : host_(host),
      report_(std::move(report)),
      violations_(std::make_shared<Violations>()),
      completions_(std::make_unique<Completions>(*violations_)) {
    make_services();
}

Extension::~Extension() {
    // An abandoned one never gets here; see bury.
    if (library_ == nullptr || instance_ != nullptr) return;
    dlclose(library_);
    static_cast<void>(OpenFiles::instance().remove(report_.file));
}

void Extension::bury(std::unique_ptr<Extension> extension) {
    // Threads of the extension may still run in it and call what it was given.
    static auto* const graveyard = new std::vector<Extension*>();
    graveyard->push_back(extension.release());
}

Result<std::unique_ptr<Extension>> Extension::open(Host& host, const ExtensionFiles& files) {
    CheckOptions options;
    options.digest = false;
    CATALOG_TRY(CheckReport report, check_extension(files, options));
    if (!report.ok())
        return fail(Error(Errc::kSecurityRejected, report.refusal(),
                          SecurityDetail{"extension", files.library})
                        .with_input(files.library)
                        .with_hint("hypermesh-host check " + files.library));
    std::unique_ptr<Extension> extension(new Extension(host, std::move(report)));
    CATALOG_TRY_VOID(extension->load());
    CATALOG_TRY_VOID(extension->query());
    CATALOG_TRY_VOID(extension->check_table());
    return extension;
}

Result<void> Extension::load() {
    const auto fs = io::make_posix_file_system();
    CATALOG_TRY(const io::FileInfo before, fs->info(report_.file));
    const Census census = take_census();
    library_ = dlopen(report_.file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr)
        return fail(
            Error(Errc::kUnsupported, std::string(last_dl_error())).with_input(report_.file));
    OpenFiles::instance().add(report_.file);
    CATALOG_TRY(const io::FileInfo after, fs->info(report_.file));
    if (before.inode != after.inode || before.device != after.device ||
        before.modified_ns != after.modified_ns || before.size != after.size)
        return fail(Error(Errc::kSecurityRejected, "the file was replaced after it was checked")
                        .with_input(report_.file));
    const Leftovers made = compare(census, take_census());
    if (!made.threads.empty() || !made.descriptors.empty())
        violations_->add("R4", "loading it started " + std::to_string(made.threads.size()) +
                                   " threads and opened " +
                                   std::to_string(made.descriptors.size()) + " descriptors");
    return {};
}

Result<void> Extension::query() {
    void* symbol = dlsym(library_, HMX_ENTRY_SYMBOL);
    if (symbol == nullptr)
        return fail(
            Error(Errc::kUnsupported, std::string(last_dl_error())).with_input(report_.file));
    const auto entry = reinterpret_cast<hmx_query_fn>(symbol);
    const HostOptions& options = host_.options;
    const hmx_status status = entry(options.abi_major, options.abi_minor, &api_);
    if (status != HMX_OK || api_ == nullptr) {
        if (status == HMX_OK) violations_->add("R3", "the query succeeds without giving a table");
        return fail(Error(Errc::kUnsupported, "it does not serve version " +
                                                  std::to_string(options.abi_major) + "." +
                                                  std::to_string(options.abi_minor) +
                                                  " of the interface: " + status_name(status))
                        .with_input(report_.file));
    }
    const hmx_extension_api* again = nullptr;
    if (entry(options.abi_major, options.abi_minor, &again) != HMX_OK || again != api_)
        violations_->add("R3", "a second query answers differently");
    const hmx_extension_api* other = nullptr;
    if (entry(options.abi_major + 1, 0, &other) != HMX_E_ABI_MISMATCH)
        violations_->add("R3", "a host of another major is not refused");
    return {};
}

Result<void> Extension::check_table() {
    const auto refuse = [this](std::string what) {
        return fail(Error(Errc::kUnsupported, "R2: " + std::move(what)).with_input(report_.file));
    };
    if (api_->struct_size > kTableBytesMax || api_->struct_size % 8 != 0)
        return refuse("the table says that it has " + std::to_string(api_->struct_size) + " bytes");
    const bool complete =
        HMX_HAS(api_, cancel) && HMX_HAS(api_, create) && HMX_HAS(api_, start) &&
        HMX_HAS(api_, shutdown) && HMX_HAS(api_, destroy) && HMX_HAS(api_, status) &&
        HMX_HAS(api_, request) && HMX_HAS(api_, request_async) && HMX_HAS(api_, validate) &&
        HMX_HAS(api_, get_interface) && HMX_HAS(api_, pause) && HMX_HAS(api_, resume);
    if (!complete)
        return refuse("the table has " + std::to_string(api_->struct_size) +
                      " bytes and lacks functions of version 0.1");
    if (api_->abi_major != host_.options.abi_major)
        return refuse("the table is of major " + std::to_string(api_->abi_major));
    const hmx_metadata* metadata = api_->metadata;
    const bool usable = metadata != nullptr && metadata->struct_size <= kTableBytesMax &&
                        HMX_HAS(metadata, id.data);
    if (!usable) return refuse("there is no usable metadata");
    const std::string id(from_abi(metadata->id, *violations_));
    const std::string version(from_abi(metadata->version, *violations_));
    if (id != report_.note.id || version != report_.note.version)
        return fail(Error(Errc::kSecurityRejected, "same: the code says " + id + " " + version +
                                                       ", the note " + report_.note.id + " " +
                                                       report_.note.version)
                        .with_input(report_.file));
    return {};
}

void Extension::make_services() {
    services_.push_back(make_log_service(host_));
    services_.push_back(make_metrics_service(host_));
    services_.push_back(make_executor_service(host_));
    services_.push_back(make_assets_service(host_, *violations_));
    services_.push_back(make_consensus_service(host_, *violations_));
    services_.push_back(make_transport_service());
    hmx_host host{};
    host.abi_major = host_.options.abi_major;
    host.abi_minor = host_.options.abi_minor;
    host.ctx = this;
    host.name = to_abi("hypermesh-host");
    host.hypermesh_version = to_abi(HYPERMESH_HOST_VERSION);
    host.node_id = to_abi("simulated-node");
    host.get_service = [](const hmx_host* self, hmx_str id, std::uint32_t min_version,
                          const hmx_iface** out) -> hmx_status {
        if (out == nullptr || id.data == nullptr) return HMX_E_INVALID_ARGUMENT;
        return static_cast<Extension*>(self->ctx)->get_service({id.data, id.size}, min_version,
                                                               out);
    };
    abi_host_ = std::make_unique<Shaped<hmx_host>>(host, host_.options.shapes, "host");
}

hmx_status Extension::get_service(std::string_view id, std::uint32_t min_version,
                                  const hmx_iface** out) {
    *out = nullptr;
    const std::lock_guard lock(services_mutex_);
    const auto answer = [&](hmx_status status) {
        if (asked_.size() < 1000) asked_[std::string(id)] = status_name(status);
        return status;
    };
    for (const auto& service : services_) {
        if (service->id() != id) continue;
        const HostOptions& options = host_.options;
        if (options.without.contains(id) || min_version > kServiceVersion)
            return answer(HMX_E_NOT_FOUND);
        if (options.late.contains(id) && !offered_.contains(id)) return answer(HMX_E_NOT_FOUND);
        if ((service->capabilities() & ~granted_) != 0) return answer(HMX_E_CAPABILITY_DENIED);
        *out = service->table();
        return answer(HMX_OK);
    }
    return answer(HMX_E_NOT_FOUND);
}

bool Extension::offer(std::string_view service) {
    const std::string_view id = find_service_id(service);
    if (id.empty()) return false;
    const std::lock_guard lock(services_mutex_);
    offered_.emplace(id);
    return true;
}

bool Extension::control(const std::function<void()>& call) {
    // Kept alive by the thread, which may never end.
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> finished = done->get_future();
    std::thread thread([call, done] {
        call();
        done->set_value();
    });
    const std::chrono::steady_clock::time_point end{
        std::chrono::nanoseconds(host_.control_deadline() + kGraceNs)};
    if (finished.wait_until(end) == std::future_status::ready) {
        thread.join();
        return true;
    }
    thread.detach();
    return false;
}

CallStatus Extension::abandon(const std::string& why) {
    abandoned_ = true;
    violations_->add("R10", why);
    return {HMX_E_DEADLINE_EXCEEDED, why + "; the extension is abandoned and stays loaded", 0, 0,
            0};
}

CallStatus Extension::create(const std::string& data_dir) {
    if (instance_ != nullptr || abandoned_)
        return {HMX_E_INVALID_STATE, "there is an instance already", 0, 0, 0};
    data_dir_ = data_dir;
    settings_ = host_.options.settings;
    granted_ = host_.options.granted;
    hmx_config config{};
    config.flags = host_.options.debug ? std::uint32_t{HMX_CONFIG_DEBUG} : 0U;
    config.settings_json = to_abi(settings_);
    config.data_dir = to_abi(data_dir_);
    config.granted_caps = granted_;
    config.limits = host_.options.limits;
    config.limits.struct_size = sizeof(hmx_limits);
    struct Call {
        Shaped<hmx_config> config;
        Shaped<hmx_error> error;
        hmx_instance* instance = nullptr;
        hmx_status status = HMX_E_UNKNOWN;
    };
    const auto call =
        std::make_shared<Call>(Call{Shaped<hmx_config>(config, host_.options.shapes, "config"),
                                    Shaped<hmx_error>(hmx_error{}, host_.options.shapes, "error")});
    const bool came_back = control([this, call] {
        call->status =
            api_->create(abi_host_->get(), call->config.get(), &call->instance, call->error.get());
    });
    if (!came_back) return abandon("create does not return");
    static_cast<void>(call->config.result(*violations_));
    CallStatus status = read_status(call->status, &call->error.result(*violations_), *violations_);
    if (status.ok() && call->instance == nullptr) {
        violations_->add("R2", "create succeeds without giving an instance");
        return {HMX_E_INTERNAL, "create succeeds without giving an instance", 0, 0, 0};
    }
    if (status.ok()) instance_ = call->instance;
    return status;
}

CallStatus Extension::control_async(
    const char* name, const std::function<hmx_status(const hmx_completion*, hmx_op*)>& call) {
    if (instance_ == nullptr || abandoned_)
        return {HMX_E_INVALID_STATE, "there is no instance", 0, 0, 0};
    const std::int64_t deadline = host_.control_deadline();
    struct State {
        Completions::Place* place = nullptr;
        hmx_completion completion{};
        hmx_op op = 0;
        hmx_status status = HMX_E_UNKNOWN;
    };
    const auto state = std::make_shared<State>();
    const bool came_back = control([this, state, call] {
        state->place = &completions_->open(Completions::Brings::kNothing);
        state->completion = Completions::completion_of(*state->place);
        state->status = call(&state->completion, &state->op);
    });
    if (!came_back) return abandon(std::string(name) + " does not return");
    if (state->status != HMX_OK) {
        completions_->refused(*state->place);
        return read_status(state->status, nullptr, *violations_);
    }
    completions_->accepted(*state->place, state->op);
    if (!completions_->wait_until(*state->place, deadline)) {
        // The deadline is the extension's to keep; past it, it is told to stop and given a moment.
        static_cast<void>(api_->cancel(instance_, state->op));
        if (!completions_->wait_until(*state->place, monotonic_ns() + kGraceNs))
            return abandon(std::string(name) + " does not complete, not even cancelled");
    }
    return completions_->take(*state->place).status;
}

CallStatus Extension::start() {
    return control_async("start", [this](const hmx_completion* completion, hmx_op* op) {
        hmx_call call = make_call("start");
        call.deadline = host_.control_deadline();
        Shaped<hmx_call> shaped(call, host_.options.shapes, "call");
        return api_->start(instance_, shaped.get(), completion, op);
    });
}

CallStatus Extension::shutdown() {
    CallStatus status =
        control_async("shutdown", [this](const hmx_completion* completion, hmx_op* op) {
            return api_->shutdown(instance_, host_.control_deadline(), completion, op);
        });
    if (status.ok() && completions_->pending() > 0)
        violations_->add("R9", "shutdown has completed and " +
                                   std::to_string(completions_->pending()) +
                                   " operations have not");
    return status;
}

CallStatus Extension::destroy() {
    if (instance_ == nullptr || abandoned_)
        return {HMX_E_INVALID_STATE, "there is no instance", 0, 0, 0};
    // Calls of other threads that are under way end first; none can begin, because control calls
    // and the end of those threads are in one hand.
    while (in_flight_.load(std::memory_order_acquire) > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    struct Call {
        Shaped<hmx_error> error;
        hmx_status status = HMX_E_UNKNOWN;
    };
    const auto call =
        std::make_shared<Call>(Call{Shaped<hmx_error>(hmx_error{}, host_.options.shapes, "error")});
    if (!control([this, call] { call->status = api_->destroy(instance_, call->error.get()); }))
        return abandon("destroy does not return");
    CallStatus status = read_status(call->status, &call->error.result(*violations_), *violations_);
    if (status.ok()) {
        instance_ = nullptr;
        waiting_.clear();
    }
    return status;
}

CallStatus Extension::close(CloseReport& report) {
    if (instance_ != nullptr || abandoned_)
        return {HMX_E_INVALID_STATE, "there is still an instance", 0, 0, 0};
    if (library_ == nullptr) return {};
    for (const auto& service : services_) {
        const std::size_t left = service->close(kServiceWaitMs);
        if (left == 0) continue;
        violations_->add("R11", std::to_string(left) + " operations or tasks of " +
                                    std::string(service->id()) + " are left after destroy");
        if (service->id() == HMX_SVC_EXECUTOR) return abandon("a task still runs");
    }
    report.may_stay = (api_->flags & HMX_EXT_UNLOAD_SAFE) == 0;
    // While the code is still mapped: what leaked is then found with the names of who allocated it.
    report.leaks = leaks_now();
    if (report.leaks.value_or(false))
        violations_->add("R11", "memory of the extension is left after destroy");
    if (!report.may_stay) dlclose(library_);
    library_ = nullptr;
    api_ = nullptr;
    report.still_open = OpenFiles::instance().remove(report_.file);
    report.mappings = mappings_of(report_.file);
    report.unmapped = report.mappings == 0;
    if (!report.unmapped && !report.may_stay && report.still_open == 0)
        violations_->add("R11", "its file is still mapped " + std::to_string(report.mappings) +
                                    " times after it was closed");
    return {};
}

}  // namespace catalog::host
