#pragma once
// Servers for tests of the Redis cache: a real one that can be frozen and killed, and one that
// answers what a test wants; and a way to wait that counts.

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "redis_connection.hpp"
#include "support/core/fake_clock.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::cache::testing {

/// A real redis-server on a socket in a temporary folder, without persistence. Thread safety: one
/// thread.
class RedisServer {
public:
    /// Starts it and waits until it accepts connections. Throws when that fails.
    RedisServer();
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    /// Whether there is such a program.
    [[nodiscard]] static bool is_installed();
    [[nodiscard]] std::string path() const { return folder_ / "socket"; }

    void kill();
    void start();
    void freeze();
    void thaw();

private:
    io::testing::TemporaryFolder folder_;
    pid_t pid_ = -1;
};

/// Listens on a socket and gives every connection to `serve`, one after the other, on a thread of
/// its own.
class ScriptedServer {
public:
    using Serve = std::function<void(int connection)>;
    explicit ScriptedServer(Serve serve);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::string path() const { return folder_ / "socket"; }

    /// Answers whatever comes with `text`.
    [[nodiscard]] static Serve always(std::string text);
    /// Sends `text` at the first request, over and over.
    [[nodiscard]] static Serve endless(std::string text);
    /// Takes requests and answers none.
    [[nodiscard]] static Serve silent();

private:
    void run();

    io::testing::TemporaryFolder folder_;
    Serve serve_;
    int listening_ = -1;
    std::atomic<int> connection_{-1};
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

/// Waits as usual, and moves a fake clock: by the whole timeout when nothing came, else by `step`.
class CountingWaiter final : public SocketWaiter {
public:
    explicit CountingWaiter(std::shared_ptr<fakes::FakeClock> clock,
                            std::chrono::nanoseconds step = std::chrono::microseconds(50))
        : clock_(std::move(clock)), step_(step), base_(make_socket_waiter()) {}

    [[nodiscard]] bool wait(int socket, short events, std::chrono::nanoseconds timeout) override {
        ++waits_;
        // A fake clock makes a wait for what is on its way end early on a busy machine.
        const bool ready =
            base_->wait(socket, events, patient_ ? std::chrono::seconds(10) : timeout);
        clock_->advance(ready ? std::min(step_, timeout) : timeout);
        return ready;
    }
    /// Whether waits are given ten seconds of real time: where an answer is sure to come.
    void be_patient(bool patient) { patient_ = patient; }
    [[nodiscard]] std::uint64_t waits() const { return waits_; }

private:
    const std::shared_ptr<fakes::FakeClock> clock_;
    const std::chrono::nanoseconds step_;
    const std::shared_ptr<SocketWaiter> base_;
    std::atomic<bool> patient_{false};
    std::atomic<std::uint64_t> waits_{0};
};

}  // namespace catalog::cache::testing
