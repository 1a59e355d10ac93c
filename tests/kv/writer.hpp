#pragma once
// A store that another process writes, and what readers of it must see.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include "catalog/kv/key_value_store.hpp"
#include "support/kv/store_model.hpp"

namespace catalog::kv {

/// What a reader of all families sees at one moment; nullopt when the families disagree.
inline std::optional<std::uint64_t> number_in_all(const KeyValueStore& store,
                                                  std::uint32_t families) {
    const auto moment = store.snapshot();
    const auto first = testing::found(moment->get(Family{0}, "number"));
    for (std::uint32_t i = 1; i < families; ++i)
        if (testing::found(moment->get(Family{i}, "number")) != first) return std::nullopt;
    return first ? std::stoull(*first) : 0;
}

/// The program of writer_process.cpp as a child.
class WriterProcess {
public:
    WriterProcess(const std::string& folder, std::uint32_t family_count, std::size_t value_bytes) {
        std::array<int, 2> in{};
        std::array<int, 2> out{};
        if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
        std::string program = KV_WRITER_PROCESS;
        std::string path = folder;
        std::string families = std::to_string(family_count);
        std::string bytes = std::to_string(value_bytes);
        std::array<char*, 5> arguments{program.data(), path.data(), families.data(), bytes.data(),
                                       nullptr};
        const int failed =
            ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        input_ = in[1];
        output_ = ::fdopen(out[0], "r");
        if (failed != 0) throw std::runtime_error("the writer does not start");
    }
    WriterProcess(const WriterProcess&) = delete;
    WriterProcess& operator=(const WriterProcess&) = delete;
    ~WriterProcess() {
        kill();
        std::fclose(output_);
    }

    /// Returns the next number that is durable; waits for it. Nullopt when the writer ended.
    std::optional<std::uint64_t> next() {
        std::array<char, 64> line{};
        if (std::fgets(line.data(), line.size(), output_) == nullptr) return std::nullopt;
        const std::string text = line.data();
        return std::stoull(text.substr(text.starts_with("open ") ? 5 : 0));
    }
    void kill() {
        if (input_ < 0) return;
        ::kill(pid_, SIGKILL);
        ::close(input_);
        input_ = -1;
        int status = 0;
        ::waitpid(pid_, &status, 0);
    }

private:
    pid_t pid_ = -1;
    int input_ = -1;
    std::FILE* output_ = nullptr;
};

}  // namespace catalog::kv
