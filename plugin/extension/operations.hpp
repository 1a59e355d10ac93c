#pragma once
// Operations: what an instance is doing, by id. Stop requests, exactly-once completions, progress.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <unordered_map>

#include "boundary.hpp"
#include "catalog/abi/extension.h"
#include "catalog/core/progress.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::extension {

/// One call that is under way. Held by the table and by whoever runs it.
///
/// Thread safety: any thread, `complete` once.
class Operation final : public ProgressSink {
public:
    /// `completion` is copied; nullopt for a call that answers by returning.
    explicit Operation(hmx_op id, std::optional<hmx_completion> completion,
                       bool control = false) noexcept
        : id_(id), control_(control), completion_(completion) {}

    [[nodiscard]] hmx_op id() const noexcept { return id_; }
    /// Tells whether it is one of the life cycle, which no limit counts.
    [[nodiscard]] bool control() const noexcept { return control_; }
    [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_.get_token(); }
    void request_stop() noexcept { stop_.request_stop(); }

    /// Progress of the library's work, given on to the completion's `progress`.
    void update(const ProgressUpdate& update) noexcept override;

    /// Runs the completion; a second call does nothing. No lock may be held.
    void complete(hmx_status status, const void* result, const hmx_error* error) noexcept;
    void complete(const Outcome& outcome, const void* result) noexcept;

    [[nodiscard]] bool completed() const noexcept {
        return completed_.load(std::memory_order_acquire);
    }
    /// Tells whether this very thread is inside the completion.
    [[nodiscard]] bool completes_here() const noexcept {
        return completing_.load(std::memory_order_acquire) == std::this_thread::get_id();
    }

private:
    const hmx_op id_;
    const bool control_;
    const std::optional<hmx_completion> completion_;
    std::stop_source stop_;
    std::atomic<bool> completed_{false};
    std::atomic<std::thread::id> completing_;
};

/// The operations of one instance. Ids count from 1 and are never used again.
///
/// Thread safety: any thread. The table's lock is never held while a stop callback, a completion or
/// progress runs.
class Operations {
public:
    /// `active_max`: more than this many are refused.
    explicit Operations(std::uint64_t active_max) noexcept : active_max_(active_max) {}

    /// Adds an operation; null when as many as allowed are under way. It stays in the table until
    /// `end`.
    [[nodiscard]] std::shared_ptr<Operation> begin(std::optional<hmx_completion> completion);
    /// The same for an operation of the life cycle, which no limit refuses.
    [[nodiscard]] std::shared_ptr<Operation> begin_control(
        std::optional<hmx_completion> completion);
    /// Takes it out of the table, after its completion has run.
    void end(const Operation& operation) noexcept;

    /// Asks one operation to stop. HMX_OK also when it has ended; HMX_E_NOT_FOUND for an id that
    /// was never given out.
    [[nodiscard]] hmx_status cancel(hmx_op id);
    /// Asks all of them to stop.
    void cancel_all();
    /// Waits until the table holds none but `kept`.
    void drain(std::size_t kept = 0) noexcept;

    /// Returns how many have not completed.
    [[nodiscard]] std::size_t active() const noexcept;
    /// Tells whether this thread runs a completion of this table.
    [[nodiscard]] bool completes_here() const;

private:
    [[nodiscard]] std::shared_ptr<Operation> add(std::optional<hmx_completion> completion,
                                                 bool control);

    const std::uint64_t active_max_;
    mutable internal::Mutex mutex_;
    internal::ConditionVariable fewer_;
    std::unordered_map<hmx_op, std::shared_ptr<Operation>> table_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t limited_ CATALOG_GUARDED_BY(mutex_) = 0;  ///< Of the table, those not control.
    hmx_op next_ CATALOG_GUARDED_BY(mutex_) = 1;
};

/// Keeps an operation in the table for the length of a scope.
class OperationScope {
public:
    OperationScope(Operations& operations, std::shared_ptr<Operation> operation) noexcept
        : operations_(operations), operation_(std::move(operation)) {}
    OperationScope(const OperationScope&) = delete;
    OperationScope& operator=(const OperationScope&) = delete;
    ~OperationScope() { operations_.end(*operation_); }

private:
    Operations& operations_;
    std::shared_ptr<Operation> operation_;
};

}  // namespace catalog::extension
