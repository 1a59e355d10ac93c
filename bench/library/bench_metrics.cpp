// What a library's metrics cost the calls that are counted: the same calls over two libraries in
// turns, one of which has a monitor that is full before it opens, and so counts nothing.
//
//   bench_metrics FOLDER [ROUNDS]             9 by default; medians of CPU time count

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "catalog/library/asset_library.hpp"

namespace {

using namespace catalog;

constexpr unsigned kPackages = 5'000;
constexpr unsigned kCalls = 10'000;

double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

std::string name_of(unsigned i) { return "package-" + std::to_string(i * 7'919 % kPackages); }

std::unique_ptr<library::AssetLibrary> open_filled(const std::string& path, bool counts) {
    library::Environment environment;
    monitor::MonitorOptions monitor_options;
    if (!counts) monitor_options.families_max = 1;
    environment.monitor = *monitor::PerformanceMonitor::make(monitor_options);
    if (!counts) (void)environment.monitor->counter({"full", "No place is left."});
    library::LibraryOptions options;
    options.create_if_missing = true;
    auto library = library::AssetLibrary::open(path, options, environment);
    if (!library) std::exit(2);
    std::string text;
    for (unsigned i = 0; i < kPackages; ++i)
        text += R"({"name":")" + name_of(i) + R"(","version":"1.0.)" + std::to_string(i % 9) +
                R"(","type":"library","description":"tool number )" + std::to_string(i) + "\"}\n";
    std::size_t at = 0;
    const auto report = (*library)->import_metadata(
        [&](std::span<std::byte> out) -> Result<std::size_t> {
            const std::size_t given = std::min(out.size(), text.size() - at);
            std::memcpy(out.data(), text.data() + at, given);
            at += given;
            return given;
        },
        true);
    if (!report || report->imported != kPackages) std::exit(2);
    return *std::move(library);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::string folder = argv[1];
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    // Two of each: databases with the same contents differ in speed by more than what is looked
    // for.
    std::vector<std::unique_ptr<library::AssetLibrary>> counted;
    std::vector<std::unique_ptr<library::AssetLibrary>> plain;
    for (const char* name : {"/a", "/b"}) {
        counted.push_back(open_filled(folder + name + "1", true));
        plain.push_back(open_filled(folder + name + "2", false));
    }
    using Call = std::function<bool(library::AssetLibrary&, unsigned)>;
    const std::pair<const char*, Call> calls[] = {
        {"find", [](auto& library, unsigned i) { return library.find(name_of(i)).has_value(); }},
        {"versions",
         [](auto& library, unsigned i) {
             return library.versions(*PackageName::parse(name_of(i))).has_value();
         }},
        {"complete",
         [](auto& library, unsigned i) { return library.complete(name_of(i), 5).has_value(); }}};
    std::printf("| call | counted, ns | not counted, ns | ratio |\n|---|---|---|---|\n");
    for (const auto& [name, call] : calls) {
        const auto timed = [&call = call](library::AssetLibrary& library) {
            const double begin = cpu_ns();
            for (unsigned i = 0; i < kCalls; ++i)
                if (!call(library, i)) std::exit(2);
            return (cpu_ns() - begin) / kCalls;
        };
        std::vector<double> with;
        std::vector<double> without;
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t i = 0; i < counted.size(); ++i) {
                with.push_back(timed(*counted[i]));
                without.push_back(timed(*plain[i]));
                without.push_back(timed(*plain[i]));
                with.push_back(timed(*counted[i]));
            }
        }
        std::ranges::sort(with);
        std::ranges::sort(without);
        const double a = with[with.size() / 2];
        const double b = without[without.size() / 2];
        std::printf("| %s | %.0f | %.0f | %.3f |\n", name, a, b, a / b);
        std::fflush(stdout);
    }
}
