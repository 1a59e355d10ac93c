// Requests that take thousands of conflicts, against general solvers on the same clauses.
//
//   bench_hard PACKAGES.jsonl QUERIES.jsonl [--cnf DIR]
//
// Every request is written to DIR (or a directory of its own) as DIMACS: ID.plain.cnf has what a
// request means and no more, ID.domain.cnf also that a demand excludes what does not meet it. Then
// these are timed, as CPU time, in this order for each request:
//   boolean    the Boolean engine from the records to the verdict, without an explanation
//   resolver   SatResolver as it is called, from the records to the answer or the explanation
//   verdict    the same without the explanation
//   SOLVER     minisat and cadical as processes, as far as they are installed; the columns "less
//              start" are without what the same process takes for a formula of one clause
// A verdict that differs, or an answer that the checker refuses, ends the program before any time
// is reported.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "answer.hpp"
#include "catalog/resolve/check.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "registry.hpp"
#include "search.hpp"

extern char** environ;

namespace catalog::bench {
namespace {

namespace engine = resolve::engine;

constexpr std::uint64_t kOrdered = 2'000;
constexpr int kRounds = 3;

double hard_cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Writes down what a core is told.
class CnfLog final : public engine::ClauseLog {
public:
    void group(engine::Var first, std::uint32_t count) override {
        for (engine::Var a = first; a < first + count; ++a) {
            for (engine::Var b = first; b < a; ++b) {
                add(plain_, std::vector<engine::Lit>{engine::negative(a), engine::negative(b)});
            }
        }
    }
    void given(std::span<const engine::Lit> literals) override { add(plain_, literals); }
    void learned(std::span<const engine::Lit> literals) override { add(implied_, literals); }

    void assume(engine::Lit literal) { add(plain_, std::vector<engine::Lit>{literal}); }

    void write(const std::string& path, std::uint32_t vars, bool with_implied) const {
        const std::size_t count = plain_.size() + (with_implied ? implied_.size() : 0);
        std::ofstream file(path);
        file << "p cnf " << vars << " " << count << "\n";
        for (const std::string& line : plain_) file << line;
        if (!with_implied) return;
        for (const std::string& line : implied_) file << line;
    }

private:
    static void add(std::vector<std::string>& to, std::span<const engine::Lit> literals) {
        std::string line;
        for (const engine::Lit literal : literals) {
            if (engine::is_negative(literal)) line += "-";
            line += std::to_string(engine::var_of(literal) + 1) + " ";
        }
        to.push_back(line + "0\n");
    }

    std::vector<std::string> plain_;
    std::vector<std::string> implied_;
};

/// One request on the Boolean engine.
class BooleanRun {
public:
    BooleanRun(const resolve::Request& request, resolve::DependencyProvider& provider)
        : clock_(make_system_clock()),
          universe_(request, provider, context_, *clock_),
          requirements_(universe_) {}

    Result<void> write_cnf(const std::string& stem) {
        CnfLog log;
        CATALOG_TRY_VOID(start(&log));
        log.assume(search_->core().truth());
        CATALOG_TRY_VOID(search_->clauses().expand_all());
        for (const engine::Lit root : assumptions_) log.assume(root);
        log.write(stem + ".plain.cnf", search_->core().var_count(), false);
        log.write(stem + ".domain.cnf", search_->core().var_count(), true);
        return {};
    }

    Result<bool> solve() {
        CATALOG_TRY_VOID(start(nullptr));
        CATALOG_TRY(engine::Outcome outcome,
                    search_->run(assumptions_, engine::Order::kBreadthFirst, kOrdered));
        if (outcome == engine::Outcome::kLimit) {
            CATALOG_TRY(outcome,
                        search_->run(assumptions_, engine::Order::kActivity, ~std::uint64_t{0}));
        }
        conflicts = search_->conflicts();
        return outcome == engine::Outcome::kSat;
    }

    std::uint64_t conflicts = 0;

private:
    Result<void> start(engine::ClauseLog* log) {
        CATALOG_TRY(auto roots, engine::make_roots(universe_, requirements_));
        const std::size_t count = roots.size();
        search_.emplace(universe_, requirements_, std::move(roots), false, log);
        for (std::size_t i = 0; i < count; ++i) assumptions_.push_back(search_->root(i));
        return {};
    }

    std::shared_ptr<Clock> clock_;
    CallContext context_;
    engine::Universe universe_;
    engine::Requirements requirements_;
    std::optional<engine::Search> search_;
    std::vector<engine::Lit> assumptions_;
};

struct ProcessRun {
    int status = -1;  ///< 10 or 20, as solvers say.
    double cpu_us = 0;
};

ProcessRun run_process(const std::string& solver, const std::string& file) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::string program = solver;
    std::string argument = file;
    char* const arguments[] = {program.data(), argument.data(), nullptr};
    pid_t child = 0;
    ProcessRun result;
    const int failed = posix_spawnp(&child, solver.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return result;
    int status = 0;
    rusage usage{};
    if (wait4(child, &status, 0, &usage) != child || !WIFEXITED(status)) return result;
    result.status = WEXITSTATUS(status);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
        result.cpu_us += static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    }
    return result;
}

double middle(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

/// The middle of some rounds of one request.
template <class Run>
double time_rounds(const Run& run) {
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) times.push_back(run());
    return middle(times, 0.5);
}

struct Peer {
    std::string name;
    std::string encoding;
    double start_us = 0;
};

class HardBench {
public:
    HardBench(Registry& registry, std::string directory)
        : registry_(registry), directory_(std::move(directory)) {}

    bool find_peers() {
        const std::string trivial = directory_ + "/trivial.cnf";
        std::ofstream(trivial) << "p cnf 1 1\n1 0\n";
        for (const char* solver : {"minisat", "cadical"}) {
            if (run_process(solver, trivial).status != 10) continue;
            const double start = time_rounds([&] { return run_process(solver, trivial).cpu_us; });
            peers_.push_back({solver, "plain", start});
            peers_.push_back({solver, "domain", start});
        }
        return !peers_.empty();
    }

    Result<void> run(const Query& query) {
        resolve::Request request;
        for (const resolve::Target& target : query.roots) {
            request.roots.push_back({target, {}, true});
        }
        const std::string stem = directory_ + "/" + query.id;
        CATALOG_TRY_VOID(BooleanRun(request, registry_).write_cnf(stem));

        BooleanRun first(request, registry_);
        CATALOG_TRY(const bool satisfiable, first.solve());
        conflicts_.push_back(static_cast<double>(first.conflicts));
        ++(satisfiable ? satisfiable_ : unsatisfiable_);
        CATALOG_TRY_VOID(check(request, satisfiable));
        for (const Peer& peer : peers_) {
            const int status = run_process(peer.name, file_of(stem, peer)).status;
            if (status == (satisfiable ? 10 : 20)) continue;
            return fail(Errc::kInternal, query.id + ": " + peer.name + " disagrees");
        }

        times_["boolean"].push_back(time_rounds([&] {
            const double start = hard_cpu_us();
            static_cast<void>(BooleanRun(request, registry_).solve());
            return hard_cpu_us() - start;
        }));
        times_["resolver"].push_back(time_rounds([&] {
            resolve::SatResolver resolver;
            const double start = hard_cpu_us();
            static_cast<void>(resolver.resolve(request, registry_, CallContext()));
            return hard_cpu_us() - start;
        }));
        times_["verdict"].push_back(time_rounds([&] {
            resolve::SatOptions options;
            options.explain = false;
            resolve::SatResolver resolver(make_system_clock(), options);
            const double start = hard_cpu_us();
            static_cast<void>(resolver.resolve(request, registry_, CallContext()));
            return hard_cpu_us() - start;
        }));
        for (const Peer& peer : peers_) {
            times_[peer.name + " " + peer.encoding].push_back(
                time_rounds([&] { return run_process(peer.name, file_of(stem, peer)).cpu_us; }));
        }
        return {};
    }

    void report() const {
        std::printf("%zu satisfiable, %zu unsatisfiable; conflicts p50 %.0f, max %.0f\n",
                    satisfiable_, unsatisfiable_, middle(conflicts_, 0.5), middle(conflicts_, 1.0));
        std::printf("%-16s %10s %10s %10s %16s\n", "", "p50 us", "p99 us", "max us",
                    "p50 less start");
        for (const auto& [name, times] : times_) {
            double start = 0;
            for (const Peer& peer : peers_) {
                if (peer.name + " " + peer.encoding == name) start = peer.start_us;
            }
            std::printf("%-16s %10.0f %10.0f %10.0f %16.0f\n", name.c_str(), middle(times, 0.5),
                        middle(times, 0.99), middle(times, 1.0), middle(times, 0.5) - start);
        }
    }

private:
    static std::string file_of(const std::string& stem, const Peer& peer) {
        return stem + "." + peer.encoding + ".cnf";
    }

    Result<void> check(const resolve::Request& request, bool satisfiable) {
        resolve::SatResolver resolver;
        const auto answer = resolver.resolve(request, registry_, CallContext());
        if (!answer && (satisfiable || answer.error().code() != Errc::kUnsatisfiable)) {
            return fail(answer.error());
        }
        if (!answer) return {};
        CATALOG_TRY(const auto problems, resolve::check_solution(request, registry_, *answer));
        if (satisfiable && problems.empty()) return {};
        return fail(Errc::kInternal, "an answer that is wrong");
    }

    Registry& registry_;
    std::string directory_;
    std::vector<Peer> peers_;
    std::map<std::string, std::vector<double>> times_;
    std::vector<double> conflicts_;
    std::size_t satisfiable_ = 0;
    std::size_t unsatisfiable_ = 0;
};

int run_hard(const std::string& packages, const std::string& query_file, std::string directory) {
    const bool temporary = directory.empty();
    if (temporary) {
        directory =
            std::filesystem::temp_directory_path() / ("bench_hard_" + std::to_string(getpid()));
    }
    std::filesystem::create_directories(directory);
    auto registry = Registry::load(packages);
    const auto queries = load_queries(query_file);
    if (!registry || !queries || queries->empty()) {
        std::fprintf(stderr, "the packages or the queries cannot be read\n");
        return 3;
    }
    HardBench bench(*registry, directory);
    if (!bench.find_peers()) std::fprintf(stderr, "neither minisat nor cadical is installed\n");
    for (const Query& query : *queries) {
        if (auto done = bench.run(query); !done) {
            std::fprintf(stderr, "%s: %s\n", query.id.c_str(), done.error().to_string().c_str());
            return 1;
        }
    }
    bench.report();
    if (temporary) std::filesystem::remove_all(directory);
    return 0;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    std::vector<std::string> files;
    std::string directory;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--cnf" && i + 1 < argc) {
            directory = argv[++i];
        } else {
            files.push_back(argument);
        }
    }
    if (files.size() != 2) {
        std::fprintf(stderr, "usage: bench_hard PACKAGES.jsonl QUERIES.jsonl [--cnf DIR]\n");
        return 2;
    }
    return catalog::bench::run_hard(files[0], files[1], directory);
}
