// Resolves every query of a file over a package list and reports how long it took.
//
//   bench_resolve PACKAGES.jsonl QUERIES.jsonl [--solver sat|graph|boolean|domains] [--only PREFIX]
//                [--universe FILE] [--no-check] [--explain] [--verdicts FILE]
//
// With --universe the packages are frozen into FILE, or FILE is taken when it is there, and mapped.
// Queries are grouped by the part of their id before the dash. Times are CPU time of the resolving
// thread, explanations included. Every answer is checked by the independent checker, outside of it.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/resolve/check.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"
#include "registry.hpp"

namespace catalog::bench {
namespace {

struct Options {
    std::string packages;
    std::string queries;
    std::string only;
    std::string universe;
    std::string verdicts;
    bool graph = false;
    resolve::Engine engine = resolve::Engine::kAutomatic;
    bool check = true;
    bool explain = false;
};

struct Group {
    std::vector<double> times_us;
    std::vector<double> conflicts;
    std::size_t satisfiable = 0;
    std::size_t unsatisfiable = 0;
    std::size_t failed = 0;
    std::size_t wrong = 0;
    std::size_t packages = 0;
};

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

/// CPU time rather than the clock's: what else runs on the machine counts less.
double thread_cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void print_error(const Query& query, const Error& error) {
    std::printf("  %s: %s\n", query.id.c_str(), error.to_string().c_str());
    if (const auto* detail = error.detail_as<ResolutionDetail>()) {
        for (const std::string& step : detail->steps) std::printf("    %s\n", step.c_str());
    }
}

struct Unmap {
    std::size_t size;
    void operator()(void* at) const { munmap(at, size); }
};

/// Opens the universe in a file; `registry` is frozen into it first when there is no file.
Result<resolve::FrozenUniverse> open_universe(const Options& options) {
    int file = open(options.universe.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        CATALOG_TRY(Registry registry, Registry::load(options.packages));
        resolve::UniverseBuilder builder;
        CATALOG_TRY_VOID(builder.add_all(registry, registry.names()));
        CATALOG_TRY(const Bytes bytes, builder.finish());
        std::ofstream(options.universe, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        file = open(options.universe.c_str(), O_RDONLY | O_CLOEXEC);
    }
    struct stat status{};
    if (file < 0 || fstat(file, &status) != 0) return fail(Errc::kIo, "no universe file");
    const auto size = static_cast<std::size_t>(status.st_size);
    const double start = thread_cpu_us();
    void* at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (at == MAP_FAILED) return fail(Errc::kIo, "cannot map the universe");
    const std::shared_ptr<void> owner(at, Unmap{size});
    CATALOG_TRY(auto universe, resolve::FrozenUniverse::open(
                                   ByteView(static_cast<const std::byte*>(at), size), owner));
    const double opened = thread_cpu_us();
    CATALOG_TRY_VOID(universe.verify());
    std::printf("universe: %.1f MiB, opened in %.0f us, verified in %.1f ms\n",
                static_cast<double>(size) / 1048576.0, opened - start,
                (thread_cpu_us() - opened) / 1e3);
    return universe;
}

void run_query(resolve::Resolver& resolver, resolve::DependencyProvider& registry,
               const Query& query, const Options& options, std::FILE* verdicts, Group& group) {
    resolve::Request request;
    for (const resolve::Target& target : query.roots) request.roots.push_back({target, {}, true});
    const double start = thread_cpu_us();
    const auto answer = resolver.resolve(request, registry, CallContext());
    group.times_us.push_back(thread_cpu_us() - start);
    if (verdicts != nullptr) {
        std::fprintf(verdicts, "%s %s\n", query.id.c_str(), answer ? "sat" : "unsat");
    }
    if (!answer) {
        const bool unsatisfiable = answer.error().code() == Errc::kUnsatisfiable;
        ++(unsatisfiable ? group.unsatisfiable : group.failed);
        if (options.explain || !unsatisfiable) print_error(query, answer.error());
        return;
    }
    ++group.satisfiable;
    group.packages += answer->packages.size();
    group.conflicts.push_back(static_cast<double>(answer->stats.conflicts));
    if (!options.check) return;
    const auto problems = resolve::check_solution(request, registry, *answer);
    if (!problems || !problems->empty()) ++group.wrong;
}

int run(const Options& options) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_ptr<resolve::DependencyProvider> provider;
    if (options.universe.empty()) {
        auto registry = Registry::load(options.packages);
        if (registry) {
            std::printf("%llu versions, %llu dependencies\n",
                        static_cast<unsigned long long>(registry->version_count()),
                        static_cast<unsigned long long>(registry->dependency_count()));
            provider = std::make_unique<Registry>(*std::move(registry));
        }
    } else if (auto universe = open_universe(options)) {
        provider = std::make_unique<resolve::UniverseProvider>(*std::move(universe));
    }
    const auto queries = load_queries(options.queries);
    if (!provider || !queries) {
        std::fprintf(stderr, "the packages or the queries cannot be read\n");
        return 3;
    }
    const std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;
    std::printf("loaded in %.1f s, peak memory %.0f MiB\n", load.count(), peak_rss_mib());
    std::unique_ptr<resolve::Resolver> resolver;
    if (options.graph) {
        resolver = std::make_unique<resolve::GraphResolver>();
    } else {
        resolve::SatOptions how;
        how.engine = options.engine;
        resolver = std::make_unique<resolve::SatResolver>(make_system_clock(), how);
    }
    std::map<std::string, Group> groups;
    std::FILE* verdicts =
        options.verdicts.empty() ? nullptr : std::fopen(options.verdicts.c_str(), "w");
    for (const Query& query : *queries) {
        if (query.id.compare(0, options.only.size(), options.only) != 0) continue;
        run_query(*resolver, *provider, query, options, verdicts,
                  groups[query.id.substr(0, query.id.find('-'))]);
    }
    if (verdicts != nullptr) std::fclose(verdicts);
    std::printf("%-8s %6s %6s %6s %6s %10s %10s %10s %9s %9s %9s\n", "group", "sat", "unsat",
                "failed", "wrong", "p50 us", "p99 us", "max us", "p50 confl", "max confl",
                "packages");
    std::size_t wrong = 0;
    for (const auto& [name, group] : groups) {
        wrong += group.wrong;
        std::printf("%-8s %6zu %6zu %6zu %6zu %10.0f %10.0f %10.0f %9.0f %9.0f %9zu\n",
                    name.c_str(), group.satisfiable, group.unsatisfiable, group.failed, group.wrong,
                    percentile(group.times_us, 0.5), percentile(group.times_us, 0.99),
                    percentile(group.times_us, 1.0), percentile(group.conflicts, 0.5),
                    percentile(group.conflicts, 1.0),
                    group.satisfiable == 0 ? 0 : group.packages / group.satisfiable);
    }
    std::printf("peak memory %.0f MiB\n", peak_rss_mib());
    return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    catalog::bench::Options options;
    std::vector<std::string> files;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--solver" && i + 1 < argc) {
            const std::string solver = argv[++i];
            options.graph = solver == "graph";
            if (solver == "boolean") options.engine = catalog::resolve::Engine::kBoolean;
            if (solver == "domains") options.engine = catalog::resolve::Engine::kDomains;
        } else if (argument == "--universe" && i + 1 < argc) {
            options.universe = argv[++i];
        } else if (argument == "--verdicts" && i + 1 < argc) {
            options.verdicts = argv[++i];
        } else if (argument == "--only" && i + 1 < argc) {
            options.only = argv[++i];
        } else if (argument == "--no-check") {
            options.check = false;
        } else if (argument == "--explain") {
            options.explain = true;
        } else {
            files.push_back(argument);
        }
    }
    if (files.size() != 2) {
        std::fprintf(stderr,
                     "usage: bench_resolve PACKAGES.jsonl QUERIES.jsonl [--solver "
                     "sat|graph|boolean|domains] [--only PREFIX] [--universe FILE] [--no-check] "
                     "[--explain] [--verdicts FILE]\n");
        return 2;
    }
    options.packages = files[0];
    options.queries = files[1];
    return catalog::bench::run(options);
}
