#pragma once
// A host's consensus and register of assets as tables, which answer when and how a test says.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catalog/abi/services.h"
#include "catalog/core/clock.hpp"
#include "support/library/asset_registries.hpp"
#include "support/lifecycle/consensus_clients.hpp"

namespace catalog::extension::testing {

/// Thread safety: switches are set while no call is under way; everything else any thread.
class FakeServices {
public:
    enum class When : std::uint8_t {
        kInline,     ///< Before the call returns.
        kLate,       ///< On another thread.
        kTwice,      ///< On another thread, and then once more with HMX_E_INTERNAL.
        kCancelled,  ///< When it is cancelled, with HMX_E_CANCELLED.
        kAnyway,     ///< When it is cancelled, with the real outcome.
        kTold,       ///< When `complete_all` is called.
    };

    FakeServices();
    ~FakeServices();
    FakeServices(const FakeServices&) = delete;
    FakeServices& operator=(const FakeServices&) = delete;

    [[nodiscard]] hmx_svc_consensus& consensus() noexcept { return consensus_; }
    [[nodiscard]] hmx_svc_assets& assets() noexcept { return assets_; }
    [[nodiscard]] library::testing::FakeAssetRegistry& registered() noexcept { return *registry_; }

    When when = When::kLate;
    hmx_status refuses = HMX_OK;    ///< What starting a call answers instead.
    hmx_status completes = HMX_OK;  ///< What a completion says instead of the real outcome.
    std::string message;            ///< With `completes`.
    bool gives_nothing = false;     ///< Completes with HMX_OK and no result.
    /// Changes a proof before it is given.
    std::function<void(hmx_proof&)> change_proof;

    /// Completes what waits to be told. Returns how many there were.
    std::size_t complete_all();
    /// Waits until that many calls have been started in all.
    void wait_for_calls(std::size_t count);
    /// Waits until nothing is being completed.
    void settle();
    [[nodiscard]] std::vector<hmx_op> cancelled();
    [[nodiscard]] hmx_call last_call();
    [[nodiscard]] std::string last_spec();

private:
    /// What a call came to; its parts live as long as it does.
    struct Outcome {
        hmx_status status = HMX_OK;
        std::string message;
        std::function<void(const std::function<void(const void*)>&)> with_result;
    };
    struct Started {
        hmx_op op;
        hmx_completion completion;
        std::function<Outcome()> work;
    };
    hmx_status start(const hmx_call* call, const hmx_completion* completion, hmx_op* op,
                     std::function<Outcome()> work);
    void complete(const Started& started, bool as_cancelled);
    void later(Started started, bool as_cancelled);
    hmx_status cancel(hmx_op op);
    void run();

    static hmx_status generate(void* ctx, const hmx_call* call, hmx_str operation,
                               const uint8_t subject[32], const hmx_consensus_reqs* requirements,
                               const hmx_completion* completion, hmx_op* op);
    static hmx_status validate(void* ctx, const hmx_call* call, hmx_str operation,
                               const uint8_t subject[32], const hmx_proof* proof,
                               const hmx_consensus_reqs* requirements,
                               const hmx_completion* completion, hmx_op* op);
    static hmx_status cancel_call(void* ctx, hmx_op op);
    static hmx_status type_id(void* ctx, hmx_str name, uint32_t* name_id);
    static hmx_status create(void* ctx, const hmx_call* call, uint32_t name_id, hmx_str spec_json,
                             const hmx_completion* completion, hmx_op* op);
    static hmx_status update(void* ctx, const hmx_call* call, const hmx_asset_id* id,
                             hmx_str update_json, const hmx_completion* completion, hmx_op* op);
    static hmx_status remove(void* ctx, const hmx_call* call, const hmx_asset_id* id,
                             const hmx_completion* completion, hmx_op* op);

    hmx_svc_consensus consensus_{};
    hmx_svc_assets assets_{};
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<lifecycle::testing::FakeConsensus> judge_;
    std::shared_ptr<library::testing::FakeAssetRegistry> registry_;
    std::mutex mutex_;
    std::condition_variable changed_;
    hmx_op next_op_ = 100;
    std::size_t calls_ = 0;
    std::size_t busy_ = 0;
    bool closing_ = false;
    std::map<hmx_op, Started> waiting_;
    std::deque<std::function<void()>> tasks_;
    std::vector<hmx_op> cancelled_;
    std::vector<std::string> kinds_;
    hmx_call last_call_{};
    std::string last_spec_;
    std::thread thread_;
};

}  // namespace catalog::extension::testing
