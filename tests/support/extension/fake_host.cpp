#include "support/extension/fake_host.hpp"

#include <string_view>

namespace catalog::extension::testing {

namespace {

std::string copy(hmx_str text) {
    return std::string(text.data == nullptr ? "" : text.data, text.size);
}
hmx_str text_of(std::string_view text) { return {text.data(), text.size()}; }
FakeHost* self_of(void* ctx) { return static_cast<FakeHost*>(ctx); }

}  // namespace

FakeHost::FakeHost() {
    host_.struct_size = sizeof(host_);
    host_.abi_major = HMX_ABI_MAJOR;
    host_.abi_minor = HMX_ABI_MINOR;
    host_.ctx = this;
    host_.name = text_of("fake");
    host_.hypermesh_version = text_of("0.1.0");
    host_.get_service = &FakeHost::get_service;
    log_service_ = {{sizeof(hmx_svc_log), 0}, this, &log_enabled, &log_write};
    metrics_service_ = {{sizeof(hmx_svc_metrics), 0}, this, &define, &with, &record};
    executor_service_ = {{sizeof(hmx_svc_executor), 0}, this, 2, 0, &post};
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { run_tasks(); });
}

FakeHost::~FakeHost() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    more_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

std::vector<std::string> FakeHost::log() {
    const std::lock_guard lock(mutex_);
    return log_;
}

double FakeHost::recorded(const std::string& metric, const std::string& label) {
    const std::lock_guard lock(mutex_);
    return recorded_[metric + "{" + label + "}"];
}

hmx_status FakeHost::get_service(const hmx_host* host, hmx_str id, uint32_t,
                                 const hmx_iface** out) {
    FakeHost* self = self_of(host->ctx);
    ++self->lookups_;
    *out = nullptr;
    const std::string name = copy(id);
    const auto offer = self->offers.find(name);
    if (offer == self->offers.end()) return HMX_E_NOT_FOUND;
    if (offer->second != HMX_OK || self->gives_nothing) return offer->second;
    if (name == HMX_SVC_LOG) *out = &self->log_service_.iface;
    if (name == HMX_SVC_METRICS) *out = &self->metrics_service_.iface;
    if (name == HMX_SVC_EXECUTOR) *out = &self->executor_service_.iface;
    return HMX_OK;
}

int32_t FakeHost::log_enabled(void*, uint32_t) { return 1; }

void FakeHost::log_write(void* ctx, uint32_t, hmx_str target, hmx_str message, hmx_str) {
    FakeHost* self = self_of(ctx);
    const std::lock_guard lock(self->mutex_);
    self->log_.push_back(copy(target) + ": " + copy(message));
}

hmx_status FakeHost::define(void* ctx, uint32_t, hmx_str name, hmx_str, const hmx_str*, uint32_t,
                            const double*, uint32_t, hmx_handle* out) {
    FakeHost* self = self_of(ctx);
    const std::lock_guard lock(self->mutex_);
    *out = self->series_.size();
    self->series_.push_back(copy(name));
    return HMX_OK;
}

hmx_status FakeHost::with(void* ctx, hmx_handle metric, const hmx_str* label_values, uint32_t,
                          hmx_handle* out) {
    FakeHost* self = self_of(ctx);
    const std::lock_guard lock(self->mutex_);
    *out = self->series_.size();
    self->series_.push_back(self->series_.at(metric) + "{" + copy(label_values[0]) + "}");
    return HMX_OK;
}

void FakeHost::record(void* ctx, hmx_handle series, double value) {
    FakeHost* self = self_of(ctx);
    const std::lock_guard lock(self->mutex_);
    self->recorded_[self->series_.at(series)] += value;
}

hmx_status FakeHost::post(void* ctx, void (*fn)(void*), void* user, uint32_t) {
    FakeHost* self = self_of(ctx);
    if (self->refuses_tasks) return HMX_E_AGAIN;
    {
        const std::lock_guard lock(self->mutex_);
        self->tasks_.push_back({fn, user});
    }
    self->more_.notify_one();
    return HMX_OK;
}

void FakeHost::run_tasks() {
    std::unique_lock lock(mutex_);
    for (;;) {
        more_.wait(lock, [&] { return closing_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        const Task task = tasks_.front();
        tasks_.pop_front();
        lock.unlock();
        task.fn(task.user);
        ++tasks_run_;
        lock.lock();
    }
}

}  // namespace catalog::extension::testing
