// Says how long a resolution goes on after it was told to stop.
//
//   bench_cancel PACKAGES.jsonl QUERIES.jsonl UNIVERSE [--times N] [--longest MS] [--only WAY]
//
// Each way of resolving, N times (50): a query runs in a thread of its own until it has used a
// random share of the processor time that it takes (or of MS, 1000, if it takes longer), then a
// stop is requested. Ways:
//
//   numbers     UniverseResolver, edges and install order too
//   universe    SatResolver over the universe: a Solution, or an explanation
//   provider    SatResolver that asks for each package
//   boolean     the same, with the Boolean engine alone
//   lex-all     Optimality::kLexAll over the universe
//   min-change  Optimality::kMinChange over the universe
//   explain     SatResolver over the universe, and repairs if the request cannot be met
//
// Reported is what passes from the request until the call returns, in milliseconds: wall time, and
// the processor time of the resolving thread, which other work on the machine does not add to. A
// call that was over before it noticed counts too.

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"
#include "catalog/resolve/universe_resolver.hpp"
#include "catalog/resolve/why.hpp"
#include "registry.hpp"
#include "universe_file.hpp"

namespace catalog::bench {
namespace {

using std::chrono::steady_clock;

struct Options {
    std::vector<std::string> files;
    std::string only;
    unsigned times = 50;
    double longest_ms = 1000;
};

/// A universe whose packages are asked for one by one.
class AskingProvider final : public resolve::DependencyProvider {
public:
    explicit AskingProvider(const resolve::FrozenUniverse& universe) : base_(universe) {}

    [[nodiscard]] Result<std::vector<resolve::Candidate>> versions(std::string_view name) override {
        return base_.versions(name);
    }
    [[nodiscard]] Result<resolve::PackageRecord> record(
        std::string_view name, const resolve::Candidate& candidate) override {
        return base_.record(name, candidate);
    }
    [[nodiscard]] Result<std::vector<resolve::VirtualProvider>> providers(
        std::string_view name) override {
        return base_.providers(name);
    }

private:
    resolve::UniverseProvider base_;
};

double cpu_ms(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// What a run took. After the stop: nothing when it was over by then.
struct Run {
    double whole_ms = 0;
    double wall_after_ms = 0;
    double cpu_after_ms = 0;
    bool cancelled = false;
};

/// Says whether it was cancelled.
using Work = std::function<bool(const resolve::Request&, const CallContext&)>;

/// Runs, and requests a stop when `stop_at_ms` of processor time are used.
Run run_once(const Work& work, const resolve::Request& request, double stop_at_ms) {
    Run run;
    std::stop_source source;
    std::atomic<bool> done = false;
    std::atomic<bool> left = false;
    steady_clock::time_point end;
    double cpu_end = 0;
    std::thread worker([&] {
        CallContext context;
        context.stop = source.get_token();
        run.cancelled = work(request, context);
        end = steady_clock::now();
        cpu_end = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
        done = true;
        // The clock of a thread that has ended cannot be read.
        while (!left) std::this_thread::sleep_for(std::chrono::microseconds(100));
    });
    clockid_t clock{};
    pthread_getcpuclockid(worker.native_handle(), &clock);
    while (!done && cpu_ms(clock) < stop_at_ms) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    const double cpu_stop = cpu_ms(clock);
    const steady_clock::time_point stop = steady_clock::now();
    source.request_stop();
    while (!done) std::this_thread::sleep_for(std::chrono::microseconds(100));
    left = true;
    worker.join();
    run.whole_ms = cpu_end;
    const std::chrono::duration<double, std::milli> wall = end - stop;
    run.wall_after_ms = std::max(wall.count(), 0.0);
    run.cpu_after_ms = std::max(cpu_end - cpu_stop, 0.0);
    return run;
}

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

void measure(const char* name, const Work& work, const std::vector<resolve::Request>& requests,
             const Options& options) {
    if (options.only.compare(0, options.only.size(), name, 0, options.only.size()) != 0) return;
    std::mt19937 random(1);
    std::vector<double> wall;
    std::vector<double> cpu;
    std::vector<double> whole(requests.size(), 0);
    unsigned cancelled = 0;
    for (unsigned i = 0; i < options.times; ++i) {
        const std::size_t at = i % requests.size();
        if (whole[at] == 0) whole[at] = run_once(work, requests[at], options.longest_ms).whole_ms;
        const double share = static_cast<double>(random() % 1000) / 1000;
        const Run run =
            run_once(work, requests[at], share * std::min(whole[at], options.longest_ms));
        wall.push_back(run.wall_after_ms);
        cpu.push_back(run.cpu_after_ms);
        cancelled += run.cancelled ? 1 : 0;
    }
    std::printf("%-10s %6.0f/%6.0f %9u of %3u %8.2f %8.2f %8.2f %8.2f %8.2f %8.2f\n", name,
                percentile(whole, 0.5), percentile(whole, 1.0), cancelled, options.times,
                percentile(cpu, 0.5), percentile(cpu, 0.99), percentile(cpu, 1.0),
                percentile(wall, 0.5), percentile(wall, 0.99), percentile(wall, 1.0));
}

bool is_cancelled(const Error& error) { return error.code() == Errc::kCancelled; }

Work resolve_over(resolve::DependencyProvider& provider, resolve::Engine engine,
                  resolve::Optimality optimality) {
    return [&provider, engine, optimality](const resolve::Request& request,
                                           const CallContext& context) {
        resolve::SatOptions how;
        how.engine = engine;
        resolve::SatResolver resolver(make_system_clock(), how);
        resolve::Request wanted = request;
        wanted.optimality = optimality;
        const auto answer = resolver.resolve(wanted, provider, context);
        return !answer && is_cancelled(answer.error());
    };
}

bool explain(const resolve::Request& request, resolve::DependencyProvider& provider,
             const CallContext& context) {
    resolve::SatResolver resolver;
    const auto answer = resolver.resolve(request, provider, context);
    if (answer) return false;
    if (answer.error().code() != Errc::kUnsatisfiable) return is_cancelled(answer.error());
    const auto explained = resolve::explain(request, answer.error(), provider, resolver, context);
    return !explained && is_cancelled(explained.error());
}

int run(const Options& options) {
    const auto universe = open_universe(options.files[0], options.files[2]);
    const auto queries = load_queries(options.files[1]);
    if (!universe || !queries || queries->empty()) {
        std::fprintf(stderr, "the packages or the queries cannot be read\n");
        return 3;
    }
    std::vector<resolve::Request> requests;
    for (const Query& query : *queries) {
        requests.emplace_back();
        for (const resolve::Target& target : query.roots) {
            requests.back().roots.push_back({target, {}, true});
        }
    }
    using resolve::Engine;
    using resolve::Optimality;
    resolve::UniverseProvider frozen(*universe);
    AskingProvider asking(*universe);
    std::printf("%-10s %13s %16s %26s %26s\n", "", "takes, CPU ms", "", "CPU ms after the stop",
                "wall ms after the stop");
    std::printf("%-10s %13s %16s %8s %8s %8s %8s %8s %8s\n", "way", "p50/max", "cancelled", "p50",
                "p99", "max", "p50", "p99", "max");
    measure(
        "numbers",
        [&](const resolve::Request& request, const CallContext& context) {
            resolve::UniverseResolver resolver(*universe);
            const auto answer = resolver.resolve(request, context);
            if (answer) static_cast<void>(answer->order());
            return !answer && is_cancelled(answer.error());
        },
        requests, options);
    measure("universe", resolve_over(frozen, Engine::kAutomatic, Optimality::kLexRoots), requests,
            options);
    measure("provider", resolve_over(asking, Engine::kAutomatic, Optimality::kLexRoots), requests,
            options);
    measure("boolean", resolve_over(asking, Engine::kBoolean, Optimality::kLexRoots), requests,
            options);
    measure("lex-all", resolve_over(frozen, Engine::kAutomatic, Optimality::kLexAll), requests,
            options);
    measure("min-change", resolve_over(frozen, Engine::kAutomatic, Optimality::kMinChange),
            requests, options);
    measure(
        "explain",
        [&](const resolve::Request& request, const CallContext& context) {
            return explain(request, frozen, context);
        },
        requests, options);
    return 0;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    catalog::bench::Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--times" && i + 1 < argc) {
            options.times = static_cast<unsigned>(std::atoi(argv[++i]));
        } else if (argument == "--longest" && i + 1 < argc) {
            options.longest_ms = std::atof(argv[++i]);
        } else if (argument == "--only" && i + 1 < argc) {
            options.only = argv[++i];
        } else {
            options.files.push_back(argument);
        }
    }
    if (options.files.size() != 3) {
        std::fprintf(stderr,
                     "usage: bench_cancel PACKAGES.jsonl QUERIES.jsonl UNIVERSE [--times N] "
                     "[--longest MS] [--only WAY]\n");
        return 2;
    }
    return catalog::bench::run(options);
}
