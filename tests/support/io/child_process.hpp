#pragma once
// ChildProcess: a program of the tests that runs beside them, says lines, and can be killed.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace catalog::io::testing {

/// Thread safety: one thread.
class ChildProcess {
public:
    /// Starts it. Throws when that fails. Its standard output is read by `next_line`; its standard
    /// input ends when this object is destroyed, or killed.
    explicit ChildProcess(std::vector<std::string> command);
    /// Kills it.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Returns the next line without its end; waits for it for at most `wait`. Nothing when none
    /// came, or when there will be none any more.
    [[nodiscard]] std::optional<std::string> next_line(
        std::chrono::microseconds wait = std::chrono::minutes(5));

    /// Sends SIGKILL and waits until it is gone; lines that it said before can still be read.
    /// Returns whether it was alive until then.
    bool kill();

    /// Gives `on_line` the next `lines` lines and what comes `more` after them, kills it, and gives
    /// `on_line` what it said before. Returns what `kill` returns.
    bool listen_and_kill(std::uint64_t lines, std::chrono::microseconds more,
                         const std::function<void(const std::string&)>& on_line);

private:
    std::optional<std::string> take_line();

    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string read_;  // And not yet taken.
};

}  // namespace catalog::io::testing
