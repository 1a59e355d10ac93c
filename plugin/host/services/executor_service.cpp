#include <condition_variable>
#include <mutex>

#include "host.hpp"
#include "service.hpp"

namespace catalog::host {

namespace {

class ExecutorService final : public Service {
public:
    explicit ExecutorService(Host& host) : host_(host), state_(std::make_shared<State>()) {
        table_.iface = {sizeof table_, kServiceVersion};
        table_.ctx = this;
        table_.concurrency = static_cast<std::uint32_t>(host.tasks.count());
        table_.post = [](void* ctx, void (*fn)(void*), void* user, std::uint32_t) -> hmx_status {
            return fn == nullptr ? HMX_E_INVALID_ARGUMENT
                                 : static_cast<ExecutorService*>(ctx)->post(fn, user);
        };
    }

    [[nodiscard]] std::string_view id() const noexcept override { return HMX_SVC_EXECUTOR; }
    [[nodiscard]] const hmx_iface* table() const noexcept override { return &table_.iface; }

    [[nodiscard]] std::size_t close(int wait_ms) override {
        std::unique_lock lock(state_->mutex);
        state_->idle.wait_for(lock, std::chrono::milliseconds(wait_ms),
                              [this] { return state_->left == 0; });
        return state_->left;
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable idle;
        std::size_t left = 0;
    };

    hmx_status post(void (*fn)(void*), void* user) {
        {
            const std::lock_guard lock(state_->mutex);
            ++state_->left;
        }
        host_.tasks.run([state = state_, fn, user] {
            fn(user);
            const std::lock_guard lock(state->mutex);
            --state->left;
            state->idle.notify_all();
        });
        return HMX_OK;
    }

    Host& host_;
    std::shared_ptr<State> state_;
    hmx_svc_executor table_{};
};

}  // namespace

std::unique_ptr<Service> make_executor_service(Host& host) {
    return std::make_unique<ExecutorService>(host);
}

}  // namespace catalog::host
