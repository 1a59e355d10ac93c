#pragma once
// FlightTable: who looks for which key at the moment, so that nobody else does.

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "catalog/cache/cache_system.hpp"

namespace catalog::cache {

/// What came of a flight.
struct FlightOutcome {
    CacheSource source = CacheSource::kLoader;
    std::shared_ptr<const Bytes> value;  ///< Null for kAbsent.
};

/// The search for one key. Its members belong to the table.
class Flight {
public:
    explicit Flight(std::string_view key) : key_(key), leader_(std::this_thread::get_id()) {}

private:
    friend class FlightTable;
    const std::string key_;
    std::condition_variable_any changed_;
    std::thread::id leader_;
    unsigned waiters_ = 0;
    unsigned failures_ = 0;
    bool led_ = true;  ///< False: one of those that wait shall take over.
    bool invalidated_ = false;
    bool keeping_ = false;
    std::optional<Result<FlightOutcome>> outcome_;
};

/// Thread safety: any thread.
class FlightTable {
public:
    explicit FlightTable(unsigned leaders_max) : leaders_max_(leaders_max) {}

    /// What a thread shall do that came to a flight: lead it, or take its outcome.
    struct Part {
        std::shared_ptr<Flight> flight;  ///< Set for a leader, who must call `land` or `fail`.
        std::optional<Result<FlightOutcome>> outcome;
        bool waited = false;
    };

    /// Joins the flight for `key`, or begins one. Waits until there is an outcome, or until this
    /// thread shall lead. Errors of its own in `outcome`: kCancelled, kDeadlineExceeded,
    /// kFailedPrecondition (this thread leads that flight already).
    [[nodiscard]] Part join(std::string_view key, const Clock& clock, const CallContext& context);

    /// Begins a flight, or returns null where there is one.
    [[nodiscard]] std::shared_ptr<Flight> try_begin(std::string_view key);

    /// The leader is about to put a value into the levels. Returns false when its key was
    /// invalidated: then it must not. After true an invalidation waits until the flight ends.
    [[nodiscard]] bool begin_keeping(const std::shared_ptr<Flight>& flight);
    /// The leader has an answer.
    void land(const std::shared_ptr<Flight>& flight, const FlightOutcome& outcome);
    /// The leader failed: another takes over, or all get the error.
    void fail(const std::shared_ptr<Flight>& flight, const Error& error);

    /// Whoever asks for such a key from now on begins a flight of his own, and no flight of before
    /// puts anything into a level any more. Blocks while one does.
    void invalidate(const std::function<bool(std::string_view key)>& concerned);
    void invalidate(std::string_view key);

private:
    using Lock = std::unique_lock<std::mutex>;
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
    };

    [[nodiscard]] Shard& shard_of(std::string_view key);
    [[nodiscard]] Part wait(Shard& shard, Lock& lock, const std::shared_ptr<Flight>& flight,
                            const Clock& clock, const CallContext& context);
    static void invalidate(Lock& lock, const std::shared_ptr<Flight>& flight);
    static void remove(Shard& shard, const std::shared_ptr<Flight>& flight);

    const unsigned leaders_max_;
    std::array<Shard, 16> shards_;
};

}  // namespace catalog::cache
