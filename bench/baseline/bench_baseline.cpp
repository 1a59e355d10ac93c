// The library inside a process against the same packages behind a service: the same questions, the
// same answers, compared before anything is timed.
//
//   bench_baseline FOLDER SERVICE [VERSIONS]     SERVICE: the program baseline_service

#include <httplib.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "catalog/library/asset_library.hpp"
#include "catalogue_lines.hpp"
#include "package_database.hpp"

namespace {

using namespace catalog;
using bench::Line;

constexpr std::uint32_t kHot = 1'024;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(2);
}

template <class T>
T must(Result<T> result) {
    if (!result) give_up(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<double>(std::chrono::nanoseconds(now).count());
}

// The service as a process of its own, for as long as this lives.
class Service {
public:
    Service(const std::string& program, const std::string& database) {
        int ends[2];
        if (::pipe(ends) != 0) give_up("pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        std::string arguments[] = {program, database};
        char* argv[] = {arguments[0].data(), arguments[1].data(), nullptr};
        if (::posix_spawn(&process_, program.c_str(), &actions, nullptr, argv, environ) != 0)
            give_up("cannot start " + program);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        std::string port;
        for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) port += c;
        ::close(ends[0]);
        port_ = std::atoi(port.c_str());
        if (port_ <= 0) give_up("the service did not tell its port");
    }
    ~Service() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    [[nodiscard]] std::unique_ptr<httplib::Client> client() const {
        auto client = std::make_unique<httplib::Client>("127.0.0.1", port_);
        client->set_keep_alive(true);
        client->set_tcp_nodelay(true);
        return client;
    }

private:
    pid_t process_ = 0;
    int port_ = 0;
};

std::unique_ptr<library::AssetLibrary> fill_library(const std::string& path, std::uint32_t count) {
    library::LibraryOptions options;
    options.create_if_missing = true;
    auto library = must(library::AssetLibrary::open(path, options));
    std::string pending;
    std::uint32_t next = 0;
    const content::ByteSource source = [&](std::span<std::byte> out) -> Result<std::size_t> {
        while (pending.size() < out.size() && next < count) {
            const Line line = bench::line_of(next++);
            pending += nlohmann::json{{"name", line.name},
                                      {"version", line.version},
                                      {"description", line.description},
                                      {"license", line.license},
                                      {"author", line.author},
                                      {"keywords", line.keywords},
                                      {"type", "library"}}
                           .dump() +
                       "\n";
        }
        const std::size_t given = std::min(out.size(), pending.size());
        std::memcpy(out.data(), pending.data(), given);
        pending.erase(0, given);
        return given;
    };
    const lifecycle::ImportReport report = must(library->import_metadata(source, true));
    if (report.imported != count) give_up("not all packages were imported");
    return library;
}

struct Timing {
    double median_ns = 0;
    double p99_ns = 0;
    double each_second = 0;
};

// `ask` does request number i; threads ask at the same time.
Timing timed(unsigned threads, std::uint32_t requests,
             const std::function<std::function<void(std::uint32_t)>()>& make_ask) {
    std::vector<std::vector<double>> took(threads);
    std::vector<std::thread> running;
    const double begin = now_ns();
    for (unsigned t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            const auto ask = make_ask();
            for (std::uint32_t i = t; i < requests; i += threads) {
                const double before = now_ns();
                ask(i);
                took[t].push_back(now_ns() - before);
            }
        });
    for (std::thread& thread : running) thread.join();
    Timing timing;
    timing.each_second = requests * 1e9 / (now_ns() - begin);
    std::vector<double> all;
    for (const auto& part : took) all.insert(all.end(), part.begin(), part.end());
    std::ranges::sort(all);
    timing.median_ns = all[all.size() / 2];
    timing.p99_ns = all[all.size() * 99 / 100];
    return timing;
}

void print_row(const char* what, unsigned threads, const Timing& ours, const Timing& theirs) {
    std::printf("| %s | %u | %.1f | %.1f | %.0f | %.1f | %.1f | %.0f | %.0f |\n", what, threads,
                ours.median_ns / 1e3, ours.p99_ns / 1e3, ours.each_second, theirs.median_ns / 1e3,
                theirs.p99_ns / 1e3, theirs.each_second, theirs.median_ns / ours.median_ns);
    std::fflush(stdout);
}

std::string query_of(std::uint32_t i, int words) {
    std::string query;
    for (int w = 0; w < words; ++w)
        query += (w == 0 ? "" : " ") +
                 bench::word_of(bench::drawn(11, i * 4ull + static_cast<unsigned>(w), 256));
    return query;
}

void compare_answers(library::AssetLibrary& library, httplib::Client& client, std::uint32_t count) {
    for (std::uint32_t i = 0; i < 500; ++i) {
        const Line line = bench::line_of(bench::drawn(9, i, count));
        const auto got = client.Get("/packages/" + line.name + "/" + line.version);
        if (!got || got->status != 200) give_up("the service does not know " + line.name);
        const auto theirs = nlohmann::json::parse(got->body);
        const auto ours = must(library.find(line.name + "@" + line.version));
        const auto manifest = must(ours.manifest());
        if (theirs["description"] != manifest->metadata.description ||
            line.description != manifest->metadata.description)
            give_up("different answers for " + line.name);
    }
    for (std::uint32_t i = 0; i < 100; ++i) {
        const std::string query = query_of(i, 1);
        const auto got = client.Get("/search?q=" + query + "&limit=20");
        const auto ours = must(library.search(query, {}, 20));
        if (!got) give_up("the service did not answer");
        const std::size_t theirs = nlohmann::json::parse(got->body).size();
        if (theirs != ours.size())
            give_up(query + ": " + std::to_string(ours.size()) + " hits, the service has " +
                    std::to_string(theirs));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "bench_baseline FOLDER SERVICE [VERSIONS]\n");
        return 2;
    }
    const std::string folder = argv[1];
    const auto count = static_cast<std::uint32_t>(argc > 3 ? std::atoi(argv[3]) : 30'000);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    bench::PackageDatabase(folder + "/packages.db").fill(count);
    const auto library = fill_library(folder + "/library", count);
    const Service service(argv[2], folder + "/packages.db");
    const auto client = service.client();
    compare_answers(*library, *client, count);

    std::printf("%u versions; microseconds p50 and p99, and requests a second\n\n", count);
    std::printf("| request | threads | p50 | p99 | 1/s | service p50 | p99 | 1/s | p50 ratio |\n");
    std::printf("|---|---|---|---|---|---|---|---|---|\n");
    std::vector<Line> lines;
    for (std::uint32_t i = 0; i < 20'000; ++i)
        lines.push_back(bench::line_of(bench::drawn(12, i, count)));
    const auto compare = [&](const char* what, std::uint32_t ours, std::uint32_t theirs,
                             const std::function<void(std::uint32_t)>& ask,
                             const std::function<std::string(std::uint32_t)>& path) {
        for (const unsigned threads : {1u, 2u}) {
            const Timing mine = timed(threads, ours, [&] { return ask; });
            const Timing other =
                timed(threads, theirs, [&]() -> std::function<void(std::uint32_t)> {
                    return [&path, own = std::shared_ptr(service.client())](std::uint32_t i) {
                        if (!own->Get(path(i))) give_up("the service did not answer");
                    };
                });
            print_row(what, threads, mine, other);
        }
    };
    const auto find = [&](std::uint32_t i) {
        const Line& line = lines[i % lines.size()];
        if (!library->find(line.name + "@" + line.version)) give_up("find");
    };
    const auto find_path = [&](std::uint32_t i) {
        const Line& line = lines[i % lines.size()];
        return "/packages/" + line.name + "/" + line.version;
    };
    compare("find, any", 100'000, 10'000, find, find_path);
    compare(
        "find, 1,024 hot", 100'000, 10'000, [&](std::uint32_t i) { find(i % kHot); },
        [&](std::uint32_t i) { return find_path(i % kHot); });
    for (const int words : {1, 2})
        compare(
            words == 1 ? "search, one word" : "search, two words", 2'000, 500,
            [&](std::uint32_t i) { (void)must(library->search(query_of(i, words), {}, 20)); },
            [&](std::uint32_t i) {
                std::string query = query_of(i, words);
                std::ranges::replace(query, ' ', '+');
                return "/search?q=" + query + "&limit=20";
            });
    std::fflush(stdout);
}
