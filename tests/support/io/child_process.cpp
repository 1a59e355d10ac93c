#include "support/io/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace catalog::io::testing {

ChildProcess::ChildProcess(std::vector<std::string> command) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const int failed =
        ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
    if (failed == 0) return;
    ::close(input_);
    ::close(output_);
    throw std::runtime_error("the program does not start");
}

ChildProcess::~ChildProcess() {
    kill();
    ::close(output_);
}

bool ChildProcess::kill() {
    if (input_ < 0) return false;
    ::close(input_);
    input_ = -1;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

bool ChildProcess::listen_and_kill(std::uint64_t lines, std::chrono::microseconds more,
                                   const std::function<void(const std::string&)>& on_line) {
    for (; lines != 0; --lines) {
        const auto line = next_line();
        if (!line) break;
        on_line(*line);
    }
    const auto until = std::chrono::steady_clock::now() + more;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
            until - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        if (const auto line = next_line(left)) on_line(*line);
    }
    const bool killed = kill();
    while (const auto line = next_line(std::chrono::microseconds(0))) on_line(*line);
    return killed;
}

std::optional<std::string> ChildProcess::take_line() {
    const std::size_t end = read_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = read_.substr(0, end);
    read_.erase(0, end + 1);
    return line;
}

std::optional<std::string> ChildProcess::next_line(std::chrono::microseconds wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    for (;;) {
        if (auto line = take_line()) return line;
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0 && wait.count() != 0) return std::nullopt;
        pollfd from{output_, POLLIN, 0};
        const std::int64_t ns = std::max<std::int64_t>(left.count(), 0);
        const timespec time{static_cast<time_t>(ns / 1'000'000'000),
                            static_cast<long>(ns % 1'000'000'000)};
        const int ready = ::ppoll(&from, 1, &time, nullptr);
        if (ready == 0) return std::nullopt;
        if (ready < 0 && errno != EINTR) return std::nullopt;
        if (ready < 0) continue;
        std::array<char, 4096> bytes{};
        const ssize_t count = ::read(output_, bytes.data(), bytes.size());
        if (count <= 0) return std::nullopt;
        read_.append(bytes.data(), static_cast<std::size_t>(count));
    }
}

}  // namespace catalog::io::testing
