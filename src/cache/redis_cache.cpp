#include "catalog/cache/redis_cache.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <array>
#include <catalog/internal/mutex.hpp>

#include "catalog/internal/try.hpp"
#include "redis_connection.hpp"

namespace catalog::cache {
namespace {

using internal::MutexLock;
using std::chrono::microseconds;
using Command = RedisConnection::Command;

Result<void> check(const RedisOptions& options) {
    std::array<std::byte, 16> unused{};
    const bool in_digits = ::inet_pton(AF_INET, options.address.c_str(), unused.data()) == 1 ||
                           ::inet_pton(AF_INET6, options.address.c_str(), unused.data()) == 1;
    if (options.unix_path.empty() && !in_digits)
        return fail(Errc::kInvalidArgument,
                    "the address of a Redis server is not an IPv4 or IPv6 address in digits: " +
                        options.address);
    if (options.unix_path.size() >= sizeof(sockaddr_un{}.sun_path))
        return fail(Errc::kInvalidArgument,
                    "the path of a socket has at most 107 bytes: " + options.unix_path);
    if (options.call_time_max < microseconds(100) ||
        options.call_time_max > std::chrono::seconds(10) || options.connections_max == 0 ||
        options.connections_max > 256 || options.pipeline_max == 0)
        return fail(Errc::kInvalidArgument,
                    "an option of a Redis cache is outside its range: call_time_max 100 us to "
                    "10 s, connections_max 1 to 256, pipeline_max at least 1");
    return {};
}

tl::unexpected<Error> strange(const RedisReply& reply) {
    constexpr std::size_t kShown = 100;
    std::string what = "the Redis server answers with something else than was asked for";
    if (reply.kind == RedisReply::Kind::kError)
        what = "the Redis server says: " + std::string(as_text(reply.text).substr(0, kShown));
    return fail(Errc::kNetwork, std::move(what));
}

}  // namespace

// Connections that nobody uses at the moment, and how many there are altogether.
class RedisCache::Pool {
public:
    Pool(RedisOptions options, std::shared_ptr<const Clock> clock,
         std::shared_ptr<SocketWaiter> waiter)
        : options_(std::move(options)), clock_(std::move(clock)), waiter_(std::move(waiter)) {}

    [[nodiscard]] const RedisOptions& options() const noexcept { return options_; }

    Result<std::vector<RedisReply>> call(std::span<const Command> commands) {
        CATALOG_TRY(auto connection, take());
        auto replies = exchange(connection, commands);
        give_back(replies ? std::move(connection) : nullptr);
        return replies;
    }

private:
    using Connection = std::unique_ptr<RedisConnection>;

    Result<std::vector<RedisReply>> exchange(Connection& connection,
                                             std::span<const Command> commands) {
        const CallBudget budget(*clock_, options_.call_time_max);
        if (connection) {
            auto replies = connection->exchange(commands, budget);
            if (replies || !connection->was_closed()) return replies;
            // A server that was started again has closed all connections of before.
            forget_idle();
        }
        CATALOG_TRY(connection, RedisConnection::open(options_, *waiter_, budget));
        return connection->exchange(commands, budget);
    }

    // Returns an idle connection, or null for one that is to be made.
    Result<Connection> take() {
        const MutexLock lock(mutex_);
        if (!idle_.empty()) {
            Connection connection = std::move(idle_.back());
            idle_.pop_back();
            ++used_;
            return connection;
        }
        if (used_ == options_.connections_max)
            return fail(Errc::kBusy, "all connections to the Redis server are in use",
                        BusyDetail{"connections to the Redis server", "other calls"});
        ++used_;
        return Connection();
    }

    void give_back(Connection connection) {
        const MutexLock lock(mutex_);
        --used_;
        if (connection) idle_.push_back(std::move(connection));
    }

    void forget_idle() {
        std::vector<Connection> closing;
        const MutexLock lock(mutex_);
        closing.swap(idle_);
    }

    const RedisOptions options_;
    const std::shared_ptr<const Clock> clock_;
    const std::shared_ptr<SocketWaiter> waiter_;
    internal::Mutex mutex_;
    std::vector<Connection> idle_ CATALOG_GUARDED_BY(mutex_);
    std::uint32_t used_ CATALOG_GUARDED_BY(mutex_) = 0;
};

Result<std::shared_ptr<RedisCache>> RedisCacheAccess::make(const RedisOptions& options,
                                                           std::shared_ptr<const Clock> clock,
                                                           std::shared_ptr<SocketWaiter> waiter) {
    CATALOG_TRY_VOID(check(options));
    return std::shared_ptr<RedisCache>(new RedisCache(
        std::make_unique<RedisCache::Pool>(options, std::move(clock), std::move(waiter))));
}

Result<std::shared_ptr<RedisCache>> RedisCache::make(const RedisOptions& options,
                                                     std::shared_ptr<const Clock> clock) {
    return RedisCacheAccess::make(options, std::move(clock), make_socket_waiter());
}

RedisCache::RedisCache(std::unique_ptr<Pool> pool) noexcept : pool_(std::move(pool)) {}
RedisCache::~RedisCache() = default;

Result<std::optional<Bytes>> RedisCache::get(std::string_view name) {
    const Command command{"GET", name};
    CATALOG_TRY(auto replies, pool_->call(std::span(&command, 1)));
    switch (replies[0].kind) {
        case RedisReply::Kind::kText:
            return std::move(replies[0].text);
        case RedisReply::Kind::kNothing:
            return std::nullopt;
        default:
            return strange(replies[0]);
    }
}

Result<std::vector<std::optional<Bytes>>> RedisCache::get_many(std::span<const std::string> names) {
    if (names.size() > pool_->options().pipeline_max)
        return fail(Errc::kLimitExceeded, "too many names for one exchange",
                    LimitDetail{"pipeline_max", pool_->options().pipeline_max, names.size()});
    std::vector<Command> commands;
    for (const std::string& name : names) commands.push_back({"GET", name});
    CATALOG_TRY(auto replies, pool_->call(commands));
    std::vector<std::optional<Bytes>> values;
    for (RedisReply& reply : replies) {
        if (reply.kind == RedisReply::Kind::kText)
            values.emplace_back(std::move(reply.text));
        else if (reply.kind == RedisReply::Kind::kNothing)
            values.emplace_back();
        else
            return strange(reply);
    }
    return values;
}

Result<void> RedisCache::put(std::string_view name, ByteView value,
                             std::chrono::milliseconds lifetime) {
    Command command{"SET", name, as_text(value)};
    const std::string time = std::to_string(lifetime.count());
    if (lifetime.count() > 0) command.insert(command.end(), {"PX", time});
    CATALOG_TRY(const auto replies, pool_->call(std::span(&command, 1)));
    if (replies[0].kind != RedisReply::Kind::kStatus) return strange(replies[0]);
    return {};
}

Result<void> RedisCache::erase(std::string_view name) {
    const Command command{"DEL", name};
    CATALOG_TRY(const auto replies, pool_->call(std::span(&command, 1)));
    if (replies[0].kind != RedisReply::Kind::kNumber) return strange(replies[0]);
    return {};
}

}  // namespace catalog::cache
