// A registry as a service of its own, as small as it can honestly be: HTTP and JSON over SQLite
// with FTS5. Built for comparison alone.
//
//   baseline_service DATABASE          prints its port and serves until it is killed
//
//   GET /packages/NAME/VERSION         one record, or 404
//   GET /search?q=WORDS&limit=N        the best packages

#include <httplib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "package_database.hpp"

namespace {

using catalog::bench::PackageDatabase;

constexpr std::size_t kThreads = 4;

// Connections that no thread uses at the moment; as many as threads at most.
class Connections {
public:
    explicit Connections(std::string path) : path_(std::move(path)) {}

    template <class Use>
    void with(const Use& use) {
        std::unique_ptr<PackageDatabase> mine;
        {
            const std::lock_guard lock(mutex_);
            if (!free_.empty()) {
                mine = std::move(free_.back());
                free_.pop_back();
            }
        }
        if (!mine) mine = std::make_unique<PackageDatabase>(path_);
        use(*mine);
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(mine));
    }

private:
    std::string path_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<PackageDatabase>> free_;
};

// Letters, digits, `-` and `+` for a blank: what the other side sends.
std::string parameter(const httplib::Request& request, const std::string& name) {
    const std::size_t at = request.target.find(name + "=");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 1;
    std::string value = request.target.substr(begin, request.target.find('&', begin) - begin);
    std::replace(value.begin(), value.end(), '+', ' ');
    return value;
}

void answer(Connections& connections, const httplib::Request& request,
            httplib::Response& response) {
    connections.with([&](PackageDatabase& database) {
        const std::string packages = "/packages/";
        if (request.path.rfind(packages, 0) == 0) {
            const std::size_t slash = request.path.rfind('/');
            const auto found =
                database.find(request.path.substr(packages.size(), slash - packages.size()),
                              request.path.substr(slash + 1));
            response.status = found ? 200 : 404;
            if (found) response.set_content(found->dump(), "application/json");
        } else if (request.path == "/search") {
            const int limit = std::atoi(parameter(request, "limit").c_str());
            response.status = 200;
            response.set_content(database.search(parameter(request, "q"), limit).dump(),
                                 "application/json");
        } else {
            response.status = 404;
        }
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "baseline_service DATABASE\n");
        return 2;
    }
    Connections connections(argv[1]);
    httplib::Server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(1u << 30);
    server.set_keep_alive_timeout(3'600);
    // Its own routes are regular expressions, tried one by one: this is the fastest way through it.
    server.set_pre_routing_handler(
        [&](const httplib::Request& request, httplib::Response& response) {
            answer(connections, request, response);
            return httplib::Server::HandlerResponse::Handled;
        });
    const int port = server.bind_to_any_port("127.0.0.1");
    if (port < 0) return 4;
    std::printf("%d\n", port);
    std::fflush(stdout);
    return server.listen_after_bind() ? 0 : 4;
}
