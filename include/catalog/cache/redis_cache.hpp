#pragma once
// RedisCache: a RemoteCache over a Redis server, or anything that speaks its protocol (RESP2).

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalog/cache/remote_cache.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/result.hpp"

namespace catalog::cache {

class RedisOptions {
public:
    RedisOptions() = default;
    std::string unix_path;  ///< Socket of the server; when empty, `address` and `port` count.
    std::string address = "127.0.0.1";  ///< IPv4 or IPv6 in digits: looking names up would block.
    std::uint16_t port = 6379;
    std::string user;      ///< With `password`; empty: the server's default user.
    std::string password;  ///< Empty: none is sent. It goes over the line as it is.
    std::uint32_t database = 0;
    /// Longest time of one call, connecting included; 100 us to 10 s.
    std::chrono::microseconds call_time_max{4'000};
    std::uint32_t connections_max = 8;         ///< Calls at the same time; 1 to 256.
    std::uint64_t value_bytes_max = 2u << 20;  ///< A longer answer ends the connection.
    std::uint32_t pipeline_max = 1'000;        ///< Names of one `get_many`.
};

/// Redis GET, SET with PX, and DEL. Connects when it is first needed, and again after a failure: it
/// has no pause of its own, CacheSystem has one (circuit breaker). Commands are written and answers
/// parsed by hiredis; arrays, which none of these commands answers with, are refused unread.
/// Encryption of the line is not offered: use a tunnel where others can listen.
///
/// Thread safety: any thread; each call has a connection to itself. Where all are taken the call
/// is kBusy at once: nobody waits for another's call.
/// Blocking: up to `call_time_max` of the injected clock, a system call of the machine more or
/// less. Never raises SIGPIPE.
class RedisCache final : public RemoteCache {
public:
    /// Does not connect. Errors: kInvalidArgument (an option outside its range, an address that is
    /// not one in digits, a path longer than a socket's may be).
    [[nodiscard]] static Result<std::shared_ptr<RedisCache>> make(
        const RedisOptions& options, std::shared_ptr<const Clock> clock);
    ~RedisCache() override;

    [[nodiscard]] Result<std::optional<Bytes>> get(std::string_view name) override;
    [[nodiscard]] Result<void> put(std::string_view name, ByteView value,
                                   std::chrono::milliseconds lifetime) override;
    [[nodiscard]] Result<void> erase(std::string_view name) override;

    /// Gets several values in one exchange, in the order of their names. All within one
    /// `call_time_max`. Errors: as `get`, kLimitExceeded (more than `pipeline_max` names).
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>> get_many(
        std::span<const std::string> names);

private:
    friend class RedisCacheAccess;
    class Pool;
    explicit RedisCache(std::unique_ptr<Pool> pool) noexcept;

    std::unique_ptr<Pool> pool_;
};

}  // namespace catalog::cache
