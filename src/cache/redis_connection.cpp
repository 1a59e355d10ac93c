#include "redis_connection.hpp"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "catalog/internal/try.hpp"

namespace catalog::cache {
namespace {

constexpr std::size_t kReadBytes = std::size_t{16} << 10;
constexpr std::size_t kUnreadSlack = std::size_t{64} << 10;

std::string endpoint_of(const RedisOptions& options) {
    if (!options.unix_path.empty()) return options.unix_path;
    return options.address + ":" + std::to_string(options.port);
}

tl::unexpected<Error> network(const RedisOptions& options, std::string what,
                              std::string_view operation, int system_error = 0) {
    if (system_error != 0) what += ": " + std::generic_category().message(system_error);
    return fail(Errc::kNetwork, std::move(what),
                NetworkDetail{endpoint_of(options), std::string(operation)});
}

class PollWaiter final : public SocketWaiter {
public:
    bool wait(int socket, short events, std::chrono::nanoseconds timeout) override {
        pollfd waiting{socket, events, 0};
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        const timespec time{seconds.count(), (timeout - seconds).count()};
        return ::ppoll(&waiting, 1, &time, nullptr) > 0;
    }
};

// What hiredis calls while it parses. It knows nothing of exceptions: null says that there is no
// memory, and ends the connection.
void* make_reply(RedisReply::Kind kind, const char* text, std::size_t bytes) noexcept {
    try {
        auto reply = std::make_unique<RedisReply>();
        reply->kind = kind;
        reply->text = to_bytes(as_bytes(std::string_view(text, bytes)));
        return reply.release();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* make_text(const redisReadTask* task, char* text, std::size_t bytes) {
    auto kind = RedisReply::Kind::kText;
    if (task->type == REDIS_REPLY_STATUS) kind = RedisReply::Kind::kStatus;
    if (task->type == REDIS_REPLY_ERROR) kind = RedisReply::Kind::kError;
    return make_reply(kind, text, bytes);
}

// A header of a few bytes would make hiredis take room for as many elements as it names.
void* refuse_array(const redisReadTask* /*task*/, int /*elements*/) { return nullptr; }

void* make_number(const redisReadTask* /*task*/, long long /*number*/) {
    return make_reply(RedisReply::Kind::kNumber, "", 0);
}

void* make_nothing(const redisReadTask* /*task*/) {
    return make_reply(RedisReply::Kind::kNothing, "", 0);
}

void free_reply(void* reply) { delete static_cast<RedisReply*>(reply); }

redisReader* make_reader() {
    static constinit redisReplyObjectFunctions functions{make_text, refuse_array, make_number,
                                                         make_nothing, free_reply};
    return ::redisReaderCreateWithFunctions(&functions);
}

struct Address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
};

std::optional<Address> address_of(const RedisOptions& options) {
    Address address;
    if (!options.unix_path.empty()) {
        auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
        if (options.unix_path.size() >= sizeof local.sun_path) return std::nullopt;
        local.sun_family = AF_UNIX;
        std::memcpy(local.sun_path, options.unix_path.data(), options.unix_path.size());
        address.bytes = sizeof local;
        return address;
    }
    auto& four = reinterpret_cast<sockaddr_in&>(address.storage);
    if (::inet_pton(AF_INET, options.address.c_str(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(options.port);
        address.bytes = sizeof four;
        return address;
    }
    auto& six = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (::inet_pton(AF_INET6, options.address.c_str(), &six.sin6_addr) != 1) return std::nullopt;
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(options.port);
    address.bytes = sizeof six;
    return address;
}

// Appends a command in the form of the protocol. Returns false without memory.
bool append_command(std::string& text, const RedisConnection::Command& command) {
    std::vector<const char*> parts;
    std::vector<std::size_t> lengths;
    for (const std::string_view part : command) {
        parts.push_back(part.data());
        lengths.push_back(part.size());
    }
    char* formatted = nullptr;
    const int bytes = ::redisFormatCommandArgv(&formatted, static_cast<int>(parts.size()),
                                               parts.data(), lengths.data());
    if (bytes < 0) return false;
    text.append(formatted, static_cast<std::size_t>(bytes));
    ::redisFreeCommand(formatted);
    return true;
}

}  // namespace

std::shared_ptr<SocketWaiter> make_socket_waiter() { return std::make_shared<PollWaiter>(); }

RedisConnection::RedisConnection(int socket, const RedisOptions& options, SocketWaiter& waiter)
    : socket_(socket), options_(options), waiter_(waiter), reader_(make_reader()) {}

RedisConnection::~RedisConnection() {
    if (reader_ != nullptr) ::redisReaderFree(reader_);
    ::close(socket_);
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisOptions& options,
                                                               SocketWaiter& waiter,
                                                               const CallBudget& budget) {
    const std::optional<Address> address = address_of(options);
    if (!address)
        return fail(Errc::kInvalidArgument,
                    "no address of a Redis server: an IPv4 or IPv6 address "
                    "in digits, or a path of a socket, is wanted");
    const int socket =
        ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return network(options, "no socket for the Redis server", "socket", errno);
    std::unique_ptr<RedisConnection> connection(new RedisConnection(socket, options, waiter));
    if (connection->reader_ == nullptr)
        return fail(Errc::kOutOfMemory, "no memory for a connection to the Redis server");
    const int yes = 1;
    if (address->storage.ss_family != AF_UNIX)
        (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address->storage), address->bytes) !=
        0) {
        // EAGAIN: a local server whose queue is full.
        if (errno != EINPROGRESS)
            return network(options, "the Redis server cannot be reached", "connect", errno);
        CATALOG_TRY_VOID(connection->connect(budget));
    }
    CATALOG_TRY_VOID(connection->greet(budget));
    return connection;
}

Result<void> RedisConnection::connect(const CallBudget& budget) {
    CATALOG_TRY_VOID(wait(POLLOUT, budget));
    int error = 0;
    socklen_t bytes = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) error = errno;
    if (error == 0) return {};
    return network(options_, "the Redis server cannot be reached", "connect", error);
}

Result<void> RedisConnection::greet(const CallBudget& budget) {
    std::vector<Command> commands;
    if (!options_.password.empty() && options_.user.empty())
        commands.push_back({"AUTH", options_.password});
    else if (!options_.password.empty())
        commands.push_back({"AUTH", options_.user, options_.password});
    const std::string database = std::to_string(options_.database);
    if (options_.database != 0) commands.push_back({"SELECT", database});
    if (commands.empty()) return {};
    CATALOG_TRY(const auto replies, exchange(commands, budget));
    for (const RedisReply& reply : replies)
        if (reply.kind != RedisReply::Kind::kStatus)
            return network(options_, "the Redis server refuses user or database", "connect");
    return {};
}

Result<void> RedisConnection::wait(short events, const CallBudget& budget) {
    const auto left = budget.left();
    if (left.count() > 0 && waiter_.wait(socket_, events, left)) return {};
    return fail(Errc::kDeadlineExceeded, "the Redis server did not answer in time",
                NetworkDetail{endpoint_of(options_), "wait"});
}

Result<void> RedisConnection::send(std::string_view text, const CallBudget& budget) {
    while (!text.empty()) {
        const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (sent < 0 && errno == EAGAIN) {
            CATALOG_TRY_VOID(wait(POLLOUT, budget));
        } else if (sent < 0 && errno != EINTR) {
            closed_ = errno == EPIPE || errno == ECONNRESET;
            return network(options_, "the connection to the Redis server is lost", "send", errno);
        }
    }
    return {};
}

Result<void> RedisConnection::receive(const CallBudget& budget) {
    // recv fills it. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    std::array<char, kReadBytes> buffer;
    for (;;) {
        CATALOG_TRY_VOID(wait(POLLIN, budget));
        const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
        if (got > 0) {
            if (::redisReaderFeed(reader_, buffer.data(), static_cast<std::size_t>(got)) !=
                REDIS_OK)
                return network(options_, "no memory for an answer of the Redis server", "receive");
            if (reader_->len - reader_->pos > options_.value_bytes_max + kUnreadSlack)
                return network(options_, "an answer of the Redis server is too long", "receive");
            return {};
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        closed_ = got == 0 || errno == ECONNRESET;
        return network(options_, "the connection to the Redis server is lost", "receive",
                       got == 0 ? 0 : errno);
    }
}

Result<std::optional<RedisReply>> RedisConnection::take_reply() {
    void* parsed = nullptr;
    if (::redisReaderGetReply(reader_, &parsed) != REDIS_OK)
        return network(options_, "the answer of the Redis server is none", "parse");
    if (parsed == nullptr) return std::nullopt;
    const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(parsed));
    return std::move(*reply);
}

Result<std::vector<RedisReply>> RedisConnection::exchange(std::span<const Command> commands,
                                                          const CallBudget& budget) {
    closed_ = false;
    std::string text;
    for (const Command& command : commands)
        if (!append_command(text, command))
            return fail(Errc::kOutOfMemory, "no memory for a command to the Redis server");
    CATALOG_TRY_VOID(send(text, budget));
    std::vector<RedisReply> replies;
    while (replies.size() < commands.size()) {
        CATALOG_TRY(auto reply, take_reply());
        if (reply)
            replies.push_back(*std::move(reply));
        else
            CATALOG_TRY_VOID(receive(budget));
        if (!replies.empty()) closed_ = false;
    }
    // More than was asked for would be taken for the answers of the next call.
    if (reader_->pos != reader_->len)
        return network(options_, "the Redis server answers what nobody asked", "parse");
    return replies;
}

}  // namespace catalog::cache
