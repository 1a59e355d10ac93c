#include "support/cache/redis_servers.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <vector>

extern char** environ;

namespace catalog::cache::testing {
namespace {

void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(what);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    require(path.size() < sizeof address.sun_path, "a path too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

bool take_request(int connection) {
    std::array<char, 4096> buffer{};
    return ::recv(connection, buffer.data(), buffer.size(), 0) > 0;
}

bool send_all(int connection, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

bool RedisServer::is_installed() {
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');)
        if (std::filesystem::exists(folder + "/redis-server")) return true;
    return false;
}

RedisServer::RedisServer() { start(); }
RedisServer::~RedisServer() { kill(); }

void RedisServer::start() {
    std::array<int, 2> output{};
    require(::pipe2(output.data(), O_CLOEXEC) == 0, "no pipe");
    std::vector<std::string> words = {
        "redis-server", "--port", "0",     "--unixsocket", path(), "--save", "",
        "--appendonly", "no",     "--dir", folder_.path()};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    const int spawned =
        ::posix_spawnp(&pid_, "redis-server", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(output[1]);
    require(spawned == 0, "redis-server does not start");
    std::string said;
    std::array<char, 512> piece{};
    while (said.find("eady to accept connections") == std::string::npos) {
        const ssize_t got = ::read(output[0], piece.data(), piece.size());
        require(got > 0, "redis-server has ended");
        said.append(piece.data(), static_cast<std::size_t>(got));
    }
    ::close(output[0]);
}

void RedisServer::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void RedisServer::freeze() {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);
}

void RedisServer::thaw() {
    ::kill(pid_, SIGCONT);
    int status = 0;
    ::waitpid(pid_, &status, WCONTINUED);
}

ScriptedServer::ScriptedServer(Serve serve)
    : serve_(std::move(serve)), listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un address = address_of(path());
    require(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                ::listen(listening_, 16) == 0,
            "no socket to listen on");
    thread_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
    ending_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    if (const int connection = connection_; connection >= 0) ::shutdown(connection, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
}

void ScriptedServer::run() {
    while (!ending_) {
        const int connection = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) return;
        connection_ = connection;
        if (!ending_) serve_(connection);
        connection_ = -1;
        ::close(connection);
    }
}

ScriptedServer::Serve ScriptedServer::always(std::string text) {
    return [text = std::move(text)](int connection) {
        while (take_request(connection) && send_all(connection, text)) {
        }
    };
}

ScriptedServer::Serve ScriptedServer::endless(std::string text) {
    return [text = std::move(text)](int connection) {
        if (!take_request(connection)) return;
        while (send_all(connection, text)) {
        }
    };
}

ScriptedServer::Serve ScriptedServer::silent() {
    return [](int connection) {
        while (take_request(connection)) {
        }
    };
}

}  // namespace catalog::cache::testing
