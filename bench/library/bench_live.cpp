// What resolving in a library costs right after a publish, against the same over the frozen form.
//
//   bench_live LIBRARY [--roots 20] [--requests 20] [--publishes 5] [--changes 0] [--check]
//
// Draws requests of so many roots from the library's names, by a fixed seed. Each is resolved over
// the frozen universe alone, then in the library, each time right after a version was published of
// the first root's first dependency and of a new name. With --changes so many new packages are
// imported before that: few enough, and what changed is larger; more, and the frozen form is made
// anew out of the one before, which is timed. Times are CPU time of the resolving thread.
// With --check answers are compared with those of a library that reads its index. Publishes into
// the library: give it a copy.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "catalog/library/asset_library.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "universe_file.hpp"

namespace catalog::bench {
namespace {

using library::AssetLibrary;

struct Options {
    std::string path;
    std::size_t roots = 20;
    std::size_t requests = 20;
    std::size_t publishes = 5;
    std::size_t changes = 0;
    bool check = false;
};

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

long peak_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(part * last + 0.5)];
}

void report(const char* what, const std::vector<double>& seconds) {
    std::printf("%-34s p50 %9.2f ms  p90 %9.2f ms  max %9.2f ms  (%zu)\n", what,
                percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.9) * 1e3,
                percentile(seconds, 1) * 1e3, seconds.size());
}

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "bench_live: %s\n", result.error().to_string().c_str());
        std::exit(1);
    }
    return *std::move(result);
}

std::unique_ptr<AssetLibrary> open_at(const std::string& path, bool frozen) {
    library::LibraryOptions options;
    options.holder = "bench_live";
    options.frozen_in_background = false;
    if (!frozen) {
        options.read_only = true;
        options.frozen_versions_min = ~std::uint64_t{0};
    }
    return must(AssetLibrary::open(path, options));
}

std::vector<std::string> names_of(AssetLibrary& library) {
    return must(library.complete("", 10'000'000));
}

std::string text_of(const Result<resolve::Solution>& solution) {
    if (!solution) return solution.error().to_string();
    std::string text;
    for (const resolve::Resolved& one : solution->packages)
        text += one.name + "@" + one.candidate.version.to_string() + " ";
    return text;
}

void import_lines(AssetLibrary& library, const std::string& line, const CallContext& context) {
    std::size_t offset = 0;
    static_cast<void>(must(library.import_metadata(
        [&](std::span<std::byte> out) -> Result<std::size_t> {
            const std::size_t size = std::min(out.size(), line.size() - offset);
            std::memcpy(out.data(), line.data() + offset, size);
            offset += size;
            return size;
        },
        true, context)));
}

/// Publishes a version of a package that the answer has, and one of a new package.
void publish(AssetLibrary& library, const std::string& name, std::size_t number) {
    import_lines(library,
                 R"({"name":")" + name + R"(","version":"1.)" + std::to_string(900'000 + number) +
                     ".0\"}\n" + R"({"name":"bench-live-)" + std::to_string(number) +
                     R"(","version":"1.0.0","dependencies":[{"name":")" + name +
                     R"(","req":"^1"}]})" + "\n",
                 {});
}

/// Notes when a frozen form begins to be made.
struct FreezeWatch final : ProgressSink {
    void update(const ProgressUpdate& update) noexcept override {
        if (update.phase == "freeze" && begun == 0) begun = thread_seconds();
    }
    double begun = 0;
};

void import_changes(AssetLibrary& library, const std::vector<std::string>& names,
                    std::size_t count) {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i)
        lines += R"({"name":"bench-change-)" + std::to_string(i) +
                 R"(","version":"1.0.0","dependencies":[{"name":")" + names[i % names.size()] +
                 R"(","req":"^1"}]})" + "\n";
    FreezeWatch watch;
    CallContext context;
    context.progress = &watch;
    import_lines(library, lines, context);
    if (watch.begun != 0)
        std::printf("made anew after %zu changes in %.2f s, peak %ld MiB\n", count,
                    thread_seconds() - watch.begun, peak_kib() / 1024);
}

int run(const Options& options) {
    const auto library = open_at(options.path, true);
    const std::string name = must(library->complete("", 1)).front();
    double start = thread_seconds();
    resolve::SatResolver first;
    resolve::Request one;
    one.roots = {must(library::make_root(name, "", version::Dialect::kCargo))};
    static_cast<void>(library->resolve(first, one));
    std::printf("first resolution %.2f s, peak %ld MiB\n", thread_seconds() - start,
                peak_kib() / 1024);
    const std::vector<std::string> names = names_of(*library);
    std::printf("%zu names\n", names.size());
    if (options.changes > 0) import_changes(*library, names, options.changes);

    const auto fs = io::make_posix_file_system();
    start = thread_seconds();
    const library::FrozenIndex frozen =
        must(library::open_universe(*fs, options.path, library->metadata().id));
    std::printf("file: %.1f MiB, opened and checked in %.1f ms; %llu versions\n",
                static_cast<double>(frozen.universe.bytes()) / 1048576.0,
                (thread_seconds() - start) * 1e3,
                static_cast<unsigned long long>(frozen.universe.version_count()));

    std::mt19937 random(1);
    std::vector<double> kept, fresh, live, again;
    std::size_t differing = 0;
    std::size_t packages = 0;
    std::size_t number = static_cast<std::size_t>(
        std::hash<std::string>{}(std::to_string(library->revision().value_or(0))) % 1000 * 1000);
    resolve::UniverseProvider universe(frozen.universe);
    resolve::SatResolver kept_resolver;
    for (std::size_t i = 0; i < options.requests; ++i) {
        resolve::Request request;
        for (std::size_t r = 0; r < options.roots; ++r)
            request.roots.push_back(must(
                library::make_root(names[random() % names.size()], "", version::Dialect::kCargo)));
        // Once to have the pages in memory.
        static_cast<void>(kept_resolver.resolve(request, universe, {}));
        start = thread_seconds();
        const auto alone = kept_resolver.resolve(request, universe, {});
        kept.push_back(thread_seconds() - start);
        start = thread_seconds();
        {
            resolve::SatResolver resolver;
            static_cast<void>(resolver.resolve(request, universe, {}));
        }
        fresh.push_back(thread_seconds() - start);
        if (!alone) continue;
        packages += alone->packages.size();
        for (std::size_t p = 0; p < options.publishes; ++p) {
            publish(*library, alone->packages[random() % alone->packages.size()].name, number++);
            start = thread_seconds();
            resolve::SatResolver resolver;
            const auto found = library->resolve(resolver, request);
            live.push_back(thread_seconds() - start);
            start = thread_seconds();
            static_cast<void>(library->resolve(resolver, request));
            again.push_back(thread_seconds() - start);
            if (options.check && p == 0 && i < 3) {
                const auto plain = open_at(options.path, false);
                resolve::SatResolver reading;
                differing += text_of(plain->resolve(reading, request)) != text_of(found) ? 1 : 0;
            }
        }
    }
    report("frozen, resolver kept", kept);
    report("frozen, new resolver", fresh);
    report("library, right after a publish", live);
    report("library, once more", again);
    std::printf("ratio of medians %.2f; %zu packages in answers; peak %ld MiB\n",
                percentile(live, 0.5) / percentile(kept, 0.5), packages, peak_kib() / 1024);
    if (options.check) std::printf("%zu answers differ from those of the index\n", differing);
    return differing == 0 ? 0 : 1;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    catalog::bench::Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto number = [&] { return i + 1 < argc ? std::stoul(argv[++i]) : 0; };
        if (argument == "--roots") {
            options.roots = number();
        } else if (argument == "--requests") {
            options.requests = number();
        } else if (argument == "--publishes") {
            options.publishes = number();
        } else if (argument == "--changes") {
            options.changes = number();
        } else if (argument == "--check") {
            options.check = true;
        } else {
            options.path = argument;
        }
    }
    if (options.path.empty()) {
        std::fputs(
            "bench_live LIBRARY [--roots N] [--requests N] [--publishes N] [--changes N] "
            "[--check]\n",
            stderr);
        return 2;
    }
    return catalog::bench::run(options);
}
