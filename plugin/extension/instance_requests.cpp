// Requests of an instance: admission, the call, the envelope.

#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"
#include "catalog/json/write.hpp"
#include "instance.hpp"
#include "requests/requests.hpp"

namespace catalog::extension {

namespace {

constexpr std::uint64_t kParamsBytesMax = std::uint64_t{16} << 20;
constexpr std::size_t kMethodBytesMax = 256;
/// Advice when as many operations as allowed are under way: the length of a typical request.
constexpr std::uint64_t kBusyRetryNs = 5'000'000;
/// Descriptors that are kept free for a request that is let in, so that a commit is not what meets
/// the limit.
constexpr std::uint64_t kRequestFiles = 16;

Result<json::Object> read_params(std::string_view text) {
    if (text.empty()) return json::Object{};
    json::ReadLimits limits;
    limits.bytes_max = kParamsBytesMax;
    CATALOG_TRY(json::Value document, json::read(text, limits));
    if (document.is_null()) return json::Object{};
    if (document.as_object() == nullptr)
        return fail(Errc::kJsonType,
                    "params must be an object, is " + std::string(document.type_name()));
    return std::move(*document.as_object());
}

/// Runs `body`; what it throws becomes a failure, so that it can be told in an envelope.
template <class Body>
tl::expected<std::string, Failure> contained(const Body& body) {
    hmx_error error{};
    error.struct_size = sizeof(error);
    tl::expected<std::string, Failure> result;
    const hmx_status status = guarded(&error, [&] {
        result = body();
        return hmx_status{HMX_OK};
    });
    if (status != HMX_OK) return refuse(status, error.message);
    return result;
}

}  // namespace

Outcome Instance::admit(std::int64_t deadline) {
    const std::int64_t now = monotonic_now_ns();
    if (deadline != 0 && deadline <= now)
        return refuse(HMX_E_DEADLINE_EXCEEDED, "the deadline had passed before the call was made");
    if (const std::uint64_t wait = rate_.take(now); wait != 0)
        return refuse(HMX_E_AGAIN, "more requests a second than the host's limit max_ops_per_s",
                      wait);
    if (memory_bytes() >= limits_.memory_bytes)
        return refuse(HMX_E_QUOTA_EXCEEDED,
                      "as much memory is in use as the host's limit max_memory_bytes; release what "
                      "was handed out");
    if (files_->open() + kRequestFiles > files_->most())
        return refuse(HMX_E_QUOTA_EXCEEDED,
                      "as many files are open as the host's limit max_file_descriptors allows");
    return {};
}

tl::expected<std::string, Failure> Instance::answer(const Call& call, std::string_view method,
                                                    std::string_view params, Operation& operation) {
    const Method* const found = Requests::find(method);
    if (found == nullptr)
        return refuse(Requests::unknown_method(method.substr(0, kMethodBytesMax)));
    const std::int64_t begin = monotonic_now_ns();
    auto result = call_method(call, *found, params, operation);
    metrics_.record(static_cast<std::size_t>(found - Requests::methods().data()),
                    result.has_value(), static_cast<std::uint64_t>(monotonic_now_ns() - begin));
    return result;
}

tl::expected<std::string, Failure> Instance::call_method(const Call& call, const Method& method,
                                                         std::string_view params,
                                                         Operation& operation) {
    if ((method.capabilities & ~gate_.granted()) != 0)
        return refuse(HMX_E_CAPABILITY_DENIED, refusal_text(HMX_E_CAPABILITY_DENIED));
    auto object = read_params(params);
    if (!object) return refuse(object.error());
    const bool dry_run = (call.flags & HMX_CALL_DRY_RUN) != 0;
    const bool writes = method.writes && !dry_run;
    if (writes && storage_bytes_.load(std::memory_order_relaxed) >= limits_.storage_bytes)
        return refuse(HMX_E_QUOTA_EXCEEDED,
                      "the library takes as much space as the host's limit max_storage_bytes");
    CallContext context = make_context(call, monotonic_now_ns(), limits_.execution_ns);
    context.stop = operation.stop_token();
    context.progress = &operation;
    auto data = requests_->call(method, *object, context, dry_run);
    if (writes) measure_storage();
    if (!data) return refuse(data.error());
    return json::write_canonical(*std::move(data));
}

void Instance::measure_storage() noexcept {
    namespace fs = std::filesystem;
    std::error_code error;
    std::uint64_t bytes = 0;
    for (fs::recursive_directory_iterator at(settings_.library, error), stop; !error && at != stop;
         at.increment(error)) {
        std::error_code vanished;
        const std::uintmax_t size = at->is_regular_file(vanished) ? at->file_size(vanished) : 0;
        if (!vanished) bytes += size;
    }
    storage_bytes_.store(bytes, std::memory_order_relaxed);
}

hmx_buf Instance::envelope(const Call& call, const tl::expected<std::string, Failure>& answer) {
    std::string text = R"({"request_id":)" + json::write_canonical(call.request_id);
    if (answer) {
        text += R"(,"success":true,"data":)";
        text += *answer;
        text += R"(,"error":null,"code":null,"retryable":false})";
    } else {
        const Failure& failure = answer.error();
        text += R"(,"success":false,"data":null,"error":)";
        text += json::write_canonical(failure.message());
        text += R"(,"code":)";
        text += json::write_canonical(failure.code());
        text += failure.retryable() ? R"(,"retryable":true)" : R"(,"retryable":false)";
        if (failure.error() != nullptr) {
            text += R"(,"details":)";
            text += json::write_canonical(failure_data(*failure.error()));
        }
        text += '}';
    }
    return make_buffer(std::move(text), outstanding_);
}

Outcome Instance::request(const hmx_call* call, hmx_str method, hmx_str params, hmx_buf& response) {
    Call read;
    auto outcome = [&]() -> tl::expected<std::string, Failure> {
        auto given = read_call(call);
        if (!given) return tl::unexpected(std::move(given).error());
        read = *std::move(given);
        if (!is_readable(method) || !is_readable(params))
            return refuse(HMX_E_INVALID_ARGUMENT, "request: a text has a size and no bytes");
        const Gate::Pass pass = gate_.enter(0);
        if (!pass) return refuse(pass.status(), refusal_text(pass.status()));
        if (auto admitted = admit(read.deadline); !admitted)
            return tl::unexpected(std::move(admitted).error());
        const std::shared_ptr<Operation> operation = operations_.begin(std::nullopt);
        if (operation == nullptr)
            return refuse(HMX_E_AGAIN, "as many operations as the host allows are under way",
                          kBusyRetryNs);
        const OperationScope scope(operations_, operation);
        return contained([&] { return answer(read, view(method), view(params), *operation); });
    }();
    requests_total_.fetch_add(1, std::memory_order_relaxed);
    if (!outcome) errors_total_.fetch_add(1, std::memory_order_relaxed);
    if (!outcome && outcome.error().status() == HMX_E_FORKED)
        return tl::unexpected(std::move(outcome).error());
    response = envelope(read, outcome);
    if (!outcome) return tl::unexpected(std::move(outcome).error());
    return {};
}

hmx_status Instance::request_async(const hmx_call* call, hmx_str method, hmx_str params,
                                   const hmx_completion* completion, hmx_op* op) {
    if (completion == nullptr || completion->done == nullptr) return HMX_E_INVALID_ARGUMENT;
    auto read = read_call(call);
    if (!read) return read.error().status();
    if (!is_readable(method) || !is_readable(params)) return HMX_E_INVALID_ARGUMENT;
    if (params.size > kParamsBytesMax || method.size > kMethodBytesMax) return HMX_E_TOO_LARGE;
    const Gate::Pass pass = gate_.enter(0);
    if (!pass) return pass.status();
    if (auto admitted = admit(read->deadline); !admitted) return admitted.error().status();

    std::shared_ptr<Operation> operation = operations_.begin(*completion);
    if (operation == nullptr) return HMX_E_AGAIN;
    const hmx_status status = guarded(nullptr, [&]() -> hmx_status {
        // The id is there before the completion can run, which may be before this returns.
        if (op != nullptr) *op = operation->id();
        const bool inline_ok = (read->flags & HMX_CALL_INLINE_OK) != 0;
        std::function<void()> task =
            [this, operation, given = *std::move(read), name = std::string(view(method)),
             text = std::string(view(params))] { run_request(given, name, text, *operation); };
        if (!inline_ok) return executor_->post_elsewhere(task) ? HMX_OK : HMX_E_AGAIN;
        if (!executor_->try_post(task)) task();
        return HMX_OK;
    });
    if (status != HMX_OK) operations_.end(*operation);
    return status;
}

void Instance::run_request(const Call& call, const std::string& method, const std::string& params,
                           Operation& operation) noexcept {
    hmx_buf buffer{};
    hmx_error error{};
    error.struct_size = sizeof(error);
    const hmx_status status = guarded(&error, [&]() -> hmx_status {
        // It may have waited for its turn until nobody wants it any more.
        auto outcome = contained([&]() -> tl::expected<std::string, Failure> {
            CallContext context = make_context(call, monotonic_now_ns(), limits_.execution_ns);
            context.stop = operation.stop_token();
            if (auto proceed = context.check(*clock_); !proceed) return refuse(proceed.error());
            return answer(call, method, params, operation);
        });
        buffer = envelope(call, outcome);
        return outcome ? hmx_status{HMX_OK} : report(&error, outcome.error());
    });
    requests_total_.fetch_add(1, std::memory_order_relaxed);
    if (status != HMX_OK) errors_total_.fetch_add(1, std::memory_order_relaxed);
    operation.complete(status, &buffer, status == HMX_OK ? nullptr : &error);
    // The completion took the buffer if it cleared its owner (R9).
    if (buffer.owner != nullptr) buffer.release(buffer.owner);
    operations_.end(operation);
}

tl::expected<std::string, Failure> Instance::validate(const hmx_call* call) {
    auto read = read_call(call);
    if (!read) return tl::unexpected(std::move(read).error());
    if (Gate::forked()) return refuse(HMX_E_FORKED, refusal_text(HMX_E_FORKED));
    json::Array errors;
    json::Array warnings;
    const auto add = [](json::Array& to, std::string_view code, std::string_view message) {
        to.emplace_back(json::Object{{"code", code}, {"message", message}, {"context", nullptr}});
    };
    bool fits = true;
    const Gate::Pass pass = gate_.enter_paused_too();
    if (!pass) {
        if (gate_.state() == HMX_STATE_FAILED)
            add(errors, "failed", static_cast<const char*>(status().reason));
        else
            add(warnings, "not_running", "the instance is not running, so its library is not open");
    } else {
        // In the table, so that a shutdown can stop it.
        const std::shared_ptr<Operation> operation = operations_.begin_control(std::nullopt);
        const OperationScope scope(operations_, operation);
        CallContext context = make_context(*read, monotonic_now_ns(), limits_.execution_ns);
        context.stop = operation->stop_token();
        auto verified = library_->verify(false, context);
        if (!verified) return refuse(verified.error());
        measure_storage();
        fits = storage_bytes_.load(std::memory_order_relaxed) < limits_.storage_bytes;
        if (!fits) add(warnings, "storage", "the library takes as much space as the host allows");
        for (const library::Finding& finding : verified->findings)
            add(errors, "damaged_" + finding.where, finding.what);
    }
    const bool valid = errors.empty();
    json::Object report{{"valid", valid},
                        {"certificate_valid", nullptr},
                        {"dependencies_satisfied", true},
                        {"resource_compliance", fits},
                        {"security_compliance", valid},
                        {"errors", std::move(errors)},
                        {"warnings", std::move(warnings)}};
    return json::write_canonical(std::move(report));
}

}  // namespace catalog::extension
