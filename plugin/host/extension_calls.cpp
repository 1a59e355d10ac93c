// Calls to a running instance.

#include <utility>

#include "catalog/json/read.hpp"
#include "extension.hpp"

namespace catalog::host {

namespace {

constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 30;

/// Counts a call while it runs, so that destroy waits for it.
class CallInFlight {
public:
    explicit CallInFlight(std::atomic<std::uint64_t>& counter) : counter_(counter) {
        counter_.fetch_add(1, std::memory_order_acquire);
    }
    ~CallInFlight() { counter_.fetch_sub(1, std::memory_order_release); }
    CallInFlight(const CallInFlight&) = delete;
    CallInFlight& operator=(const CallInFlight&) = delete;

private:
    std::atomic<std::uint64_t>& counter_;
};

Outcome without_instance() { return {{HMX_E_INVALID_STATE, "there is no instance", 0, 0, 0}, {}}; }

std::string_view state_name(std::uint32_t state) {
    switch (state) {
        case HMX_STATE_CREATED:
            return "created";
        case HMX_STATE_INITIALIZING:
            return "initializing";
        case HMX_STATE_RUNNING:
            return "running";
        case HMX_STATE_PAUSED:
            return "paused";
        case HMX_STATE_SHUTTING_DOWN:
            return "shutting_down";
        case HMX_STATE_STOPPED:
            return "stopped";
        case HMX_STATE_FAILED:
            return "failed";
        default:
            return "unknown";
    }
}

std::string_view health_name(std::uint32_t health) {
    switch (health) {
        case HMX_HEALTH_HEALTHY:
            return "healthy";
        case HMX_HEALTH_DEGRADED:
            return "degraded";
        case HMX_HEALTH_UNHEALTHY:
            return "unhealthy";
        default:
            return "unknown";
    }
}

json::Array call_texts(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

}  // namespace

hmx_call Extension::make_call(std::string_view request_id) const {
    hmx_call call{};
    call.struct_size = sizeof call;
    call.deadline = host_.call_deadline();
    call.request_id = to_abi(request_id);
    call.principal = to_abi(host_.options.principal);
    return call;
}

std::string Extension::next_request_id() {
    return "r" + std::to_string(requests_.fetch_add(1, std::memory_order_relaxed) + 1);
}

std::string Extension::take_buffer(hmx_buf& buffer) {
    std::string out;
    if ((buffer.data == nullptr && buffer.size > 0) || buffer.size > kAnswerBytesMax)
        violations_->add(
            "R5", "a buffer of " + std::to_string(buffer.size) + " bytes that are not there");
    else if (buffer.size > 0)
        out.assign(reinterpret_cast<const char*>(buffer.data), buffer.size);
    if (buffer.owner != nullptr && buffer.release == nullptr)
        violations_->add("R5", "a buffer has an owner and no release");
    else if (buffer.owner != nullptr)
        buffer.release(buffer.owner);
    buffer = {};
    return out;
}

CallStatus Extension::pause() {
    if (instance_ == nullptr) return without_instance().status;
    Shaped<hmx_error> error(hmx_error{}, host_.options.shapes, "error");
    const hmx_status status = api_->pause(instance_, error.get());
    return read_status(status, &error.result(*violations_), *violations_);
}

CallStatus Extension::resume() {
    if (instance_ == nullptr) return without_instance().status;
    Shaped<hmx_error> error(hmx_error{}, host_.options.shapes, "error");
    const hmx_status status = api_->resume(instance_, error.get());
    return read_status(status, &error.result(*violations_), *violations_);
}

Outcome Extension::status() {
    if (instance_ == nullptr) return without_instance();
    const CallInFlight pass(in_flight_);
    Shaped<hmx_status_report> shaped(hmx_status_report{}, host_.options.shapes, "status");
    const CallStatus status =
        read_status(api_->status(instance_, shaped.get()), nullptr, *violations_);
    const hmx_status_report& report = shaped.result(*violations_);
    if (!status.ok()) return {status, {}};
    const std::string_view reason(report.reason, sizeof report.reason);
    return {status, json::Object{
                        {"state", state_name(report.state)},
                        {"health", health_name(report.health)},
                        {"cpu_ns", report.cpu_ns},
                        {"memory_bytes", report.memory_bytes},
                        {"network_bytes", report.network_bytes},
                        {"storage_bytes", report.storage_bytes},
                        {"threads", report.threads},
                        {"file_descriptors", report.file_descriptors},
                        {"active_ops", report.active_ops},
                        {"outstanding_objects", report.outstanding_objects},
                        {"total_requests", report.total_requests},
                        {"error_count", report.error_count},
                        {"uptime_ns", report.uptime_ns},
                        {"reason", std::string(reason.substr(0, reason.find('\0')))},
                    }};
}

Outcome Extension::validate() {
    if (instance_ == nullptr) return without_instance();
    const CallInFlight pass(in_flight_);
    const std::string request_id = next_request_id();
    Shaped<hmx_call> call(make_call(request_id), host_.options.shapes, "call");
    Shaped<hmx_error> error(hmx_error{}, host_.options.shapes, "error");
    hmx_buf buffer{};
    const hmx_status raw = api_->validate(instance_, call.get(), &buffer, error.get());
    const CallStatus status = read_status(raw, &error.result(*violations_), *violations_);
    const std::string text = take_buffer(buffer);
    if (!status.ok()) return {status, {}};
    Result<json::Value> report = json::read(text);
    if (!report) {
        violations_->add("envelope", "a report is no JSON: " + report.error().to_string());
        return {{HMX_E_INTERNAL, report.error().to_string(), 0, 0, 0}, {}};
    }
    return {status, *std::move(report)};
}

Outcome Extension::envelope(CallStatus status, const std::string& text,
                            const std::string& request_id) {
    if (text.empty()) {
        if (status.ok()) violations_->add("envelope", "a request succeeds without an answer");
        return {std::move(status), {}};
    }
    Result<json::Value> read = json::read(text);
    if (!read || read->as_object() == nullptr) {
        violations_->add("envelope", "an answer is no JSON object" +
                                         (read ? std::string() : ": " + read.error().to_string()));
        if (status.ok()) status = {HMX_E_INTERNAL, "the answer is no JSON object", 0, 0, 0};
        return {std::move(status), {}};
    }
    const json::Value* success = read->find("success");
    const json::Value* id = read->find("request_id");
    if (success == nullptr || success->as_bool() == nullptr)
        violations_->add("envelope", "an answer has no success");
    else if (*success->as_bool() != status.ok())
        violations_->add("envelope", "success and " + status_name(status.status) + " disagree");
    if (id == nullptr || id->as_string() == nullptr || *id->as_string() != request_id)
        violations_->add("envelope", "an answer has another request_id than its call");
    if (const json::Value* error = read->find("error");
        status.message.empty() && error != nullptr && error->as_string() != nullptr)
        status.message = *error->as_string();
    return {std::move(status), *std::move(read)};
}

Outcome Extension::request(std::string_view method, std::string_view params) {
    if (instance_ == nullptr) return without_instance();
    const CallInFlight pass(in_flight_);
    const std::string request_id = next_request_id();
    Shaped<hmx_call> call(make_call(request_id), host_.options.shapes, "call");
    Shaped<hmx_error> error(hmx_error{}, host_.options.shapes, "error");
    hmx_buf buffer{};
    const hmx_status raw =
        api_->request(instance_, call.get(), to_abi(method), to_abi(params), &buffer, error.get());
    CallStatus status = read_status(raw, &error.result(*violations_), *violations_);
    static_cast<void>(call.result(*violations_));
    const std::string text = take_buffer(buffer);
    // A short call has no place for the request's id.
    const bool has_id = HMX_HAS(call.get(), request_id.size);
    return envelope(std::move(status), text, has_id ? request_id : std::string());
}

Outcome Extension::request_async(std::string_view method, std::string_view params,
                                 ProgressReport progress) {
    if (instance_ == nullptr) return without_instance();
    const CallInFlight pass(in_flight_);
    const std::string request_id = next_request_id();
    // Borrowed until the call returns: what it needs of it the extension has copied then.
    Shaped<hmx_call> call(make_call(request_id), host_.options.shapes, "call");
    Completions::Place& place =
        completions_->open(Completions::Brings::kBuffer, false, std::move(progress));
    const hmx_completion completion = Completions::completion_of(place);
    hmx_op op = 0;
    const hmx_status raw = api_->request_async(instance_, call.get(), to_abi(method),
                                               to_abi(params), &completion, &op);
    if (raw != HMX_OK) {
        completions_->refused(place);
        return {read_status(raw, nullptr, *violations_), {}};
    }
    completions_->accepted(place, op);
    const bool has_id = HMX_HAS(call.get(), request_id.size);
    waiting_[++last_wait_] = {&place, has_id ? request_id : std::string()};
    return {{}, json::Object{{"operation", last_wait_}}};
}

Outcome Extension::wait(std::uint64_t number) {
    if (number == 0) number = last_wait_;
    const auto found = waiting_.find(number);
    if (found == waiting_.end())
        return {{HMX_E_NOT_FOUND, "no request of that number waits", 0, 0, 0}, {}};
    const std::int64_t call_deadline = host_.call_deadline();
    const std::int64_t end =
        (call_deadline == 0 ? host_.control_deadline() : call_deadline) + 2'000'000'000;
    if (!completions_->wait_until(*found->second.place, end))
        return {{HMX_E_DEADLINE_EXCEEDED, "the request has not completed", 0, 0, 0}, {}};
    Completed completed = completions_->take(*found->second.place);
    const std::string request_id = found->second.request_id;
    waiting_.erase(found);
    Outcome outcome = envelope(std::move(completed.status), completed.data, request_id);
    if (json::Object* object = outcome.value.as_object(); object != nullptr)
        object->insert_or_assign("progress_reports", completed.progress_reports);
    return outcome;
}

CallStatus Extension::cancel(std::uint64_t number) {
    if (instance_ == nullptr) return without_instance().status;
    if (number == 0) number = last_wait_;
    const auto found = waiting_.find(number);
    // A number that was never given out is passed on, so that the extension's answer can be seen.
    const hmx_op op = found == waiting_.end() ? static_cast<hmx_op>(number)
                                              : Completions::op_of(*found->second.place);
    return read_status(api_->cancel(instance_, op), nullptr, *violations_);
}

CallStatus Extension::with_interface(
    std::string_view id, std::uint32_t version,
    const std::function<CallStatus(const hmx_iface&, hmx_instance*)>& body) {
    if (instance_ == nullptr) return without_instance().status;
    const CallInFlight pass(in_flight_);
    const hmx_iface* table = nullptr;
    const hmx_status status = api_->get_interface(instance_, to_abi(id), version, &table);
    if (status != HMX_OK) return read_status(status, nullptr, *violations_);
    if (table == nullptr || table->struct_size < sizeof(hmx_iface)) {
        violations_->add("R2", "get_interface succeeds without giving a table");
        return {HMX_E_INTERNAL, "get_interface gives no table", 0, 0, 0};
    }
    return body(*table, instance_);
}

json::Object Extension::info() {
    json::Object out{{"id", report_.note.id},
                     {"version", report_.note.version},
                     {"file", report_.file},
                     {"data_dir", data_dir_},
                     {"abandoned", abandoned_}};
    if (api_ != nullptr) {
        const hmx_metadata& metadata = *api_->metadata;
        const auto text = [this](hmx_str value) {
            return std::string(from_abi(value, *violations_));
        };
        out.emplace("abi", std::to_string(api_->abi_major) + "." + std::to_string(api_->abi_minor));
        out.emplace("unload_safe", (api_->flags & HMX_EXT_UNLOAD_SAFE) != 0);
        out.emplace("multi_instance", (api_->flags & HMX_EXT_MULTI_INSTANCE) != 0);
        if (HMX_HAS(&metadata, name.data)) out.emplace("name", text(metadata.name));
        if (HMX_HAS(&metadata, description.data))
            out.emplace("description", text(metadata.description));
        if (HMX_HAS(&metadata, build_id.data)) out.emplace("build_id", text(metadata.build_id));
        if (metadata.struct_size >= offsetof(hmx_metadata, optional_caps) + 8) {
            out.emplace("required_capabilities",
                        call_texts(capability_names(metadata.required_caps)));
            out.emplace("optional_capabilities",
                        call_texts(capability_names(metadata.optional_caps)));
        }
    }
    {
        const std::lock_guard lock(services_mutex_);
        json::Object asked;
        for (const auto& [id, answer] : asked_) asked.emplace(id, answer);
        out.emplace("services_asked", std::move(asked));
    }
    if (instance_ != nullptr && !abandoned_) out.emplace("status", status().value);
    json::Array list;
    for (const Violation& violation : violations_->all())
        list.emplace_back(json::Object{{"rule", violation.rule}, {"what", violation.what}});
    out.emplace("violations", std::move(list));
    return out;
}

json::Object Extension::config() const {
    json::Object out{{"data_dir", data_dir_},
                     {"granted_capabilities", call_texts(capability_names(granted_))}};
    if (Result<json::Value> settings = json::read(settings_.empty() ? "{}" : settings_); settings)
        out.emplace("settings", *std::move(settings));
    else
        out.emplace("settings", settings_);
    if (api_ != nullptr && HMX_HAS(api_->metadata, config_schema_json.data)) {
        const std::string text(from_abi(api_->metadata->config_schema_json, *violations_));
        if (Result<json::Value> schema = json::read(text); schema)
            out.emplace("schema", *std::move(schema));
    }
    return out;
}

}  // namespace catalog::host
