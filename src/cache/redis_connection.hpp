#pragma once
// RedisConnection: one connection to a Redis server and the exchange of commands and answers.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/cache/redis_cache.hpp"

struct redisReader;  // NOLINT(readability-identifier-naming): of hiredis

namespace catalog::cache {

/// Waits for a socket; a test puts its own in this place.
class SocketWaiter {
public:
    virtual ~SocketWaiter() = default;
    /// Returns whether one of `events` (of poll) came within `timeout`.
    [[nodiscard]] virtual bool wait(int socket, short events, std::chrono::nanoseconds timeout) = 0;
};

[[nodiscard]] std::shared_ptr<SocketWaiter> make_socket_waiter();

/// Until when a call may last.
class CallBudget {
public:
    CallBudget(const Clock& clock, std::chrono::nanoseconds time)
        : clock_(clock), end_(clock.now_monotonic() + time) {}
    /// Zero when it is over.
    [[nodiscard]] std::chrono::nanoseconds left() const {
        return std::max(std::chrono::nanoseconds(0), end_ - clock_.now_monotonic());
    }

private:
    const Clock& clock_;
    const MonotonicTime end_;
};

/// One answer.
struct RedisReply {
    enum class Kind : std::uint8_t { kNothing, kText, kStatus, kNumber, kError };
    Kind kind = Kind::kNothing;
    Bytes text;
};

/// Thread safety: one thread at a time. After an error it is of no use any more.
class RedisConnection {
public:
    using Command = std::vector<std::string_view>;

    /// Connects, and tells user and database. Errors: kNetwork, kDeadlineExceeded.
    [[nodiscard]] static Result<std::unique_ptr<RedisConnection>> open(const RedisOptions& options,
                                                                       SocketWaiter& waiter,
                                                                       const CallBudget& budget);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    /// Sends the commands and returns as many answers. Errors: kNetwork (closed, or an answer that
    /// is none, is too long, or that nobody asked for), kDeadlineExceeded.
    [[nodiscard]] Result<std::vector<RedisReply>> exchange(std::span<const Command> commands,
                                                           const CallBudget& budget);

    /// Whether the last exchange ended because the other side had closed before it answered.
    [[nodiscard]] bool was_closed() const noexcept { return closed_; }

private:
    RedisConnection(int socket, const RedisOptions& options, SocketWaiter& waiter);

    [[nodiscard]] Result<void> connect(const CallBudget& budget);
    [[nodiscard]] Result<void> greet(const CallBudget& budget);
    [[nodiscard]] Result<void> wait(short events, const CallBudget& budget);
    [[nodiscard]] Result<void> send(std::string_view text, const CallBudget& budget);
    [[nodiscard]] Result<void> receive(const CallBudget& budget);
    [[nodiscard]] Result<std::optional<RedisReply>> take_reply();

    const int socket_;
    const RedisOptions& options_;
    SocketWaiter& waiter_;
    redisReader* const reader_;
    bool closed_ = false;
};

/// Makes a RedisCache whose waiting a test controls.
class RedisCacheAccess {
public:
    [[nodiscard]] static Result<std::shared_ptr<RedisCache>> make(
        const RedisOptions& options, std::shared_ptr<const Clock> clock,
        std::shared_ptr<SocketWaiter> waiter);
};

}  // namespace catalog::cache
