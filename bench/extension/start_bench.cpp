// What it costs a host to load the extension and to start it, each time in a fresh process.
//
// usage: bench_extension_start [FOLDER] [RUNS]     FOLDER: where the libraries are made; default: a
// temporary one. The peer is a process that only loads the shared libraries that the extension
// needs, which no extension over RocksDB can avoid.
#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "catalog/abi/extension.h"

namespace {

struct Sample {
    double dlopen_cpu_ms = 0;
    double start_cpu_ms = 0;
    double all_cpu_ms = 0;
    double all_wall_ms = 0;
    double peak_mib = 0;
    int ok = 0;
};

double cpu_ms() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto ms = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) * 1e-3;
    };
    return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double peak_mib() {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.rfind("VmHWM:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    return 0;
}

/// A completion that writes its status into a pipe.
struct Signal {
    std::array<int, 2> ends{-1, -1};
    Signal() { static_cast<void>(pipe(ends.data())); }
    hmx_completion completion() {
        return {[](void* user, hmx_op, hmx_status status, const void*, const hmx_error*) {
                    auto* self = static_cast<Signal*>(user);
                    static_cast<void>(!write(self->ends[1], &status, sizeof(status)));
                },
                nullptr, this};
    }
    hmx_status wait() {
        hmx_status status = HMX_E_UNKNOWN;
        if (read(ends[0], &status, sizeof(status)) != sizeof(status)) return HMX_E_IO;
        return status;
    }
};

Sample load_and_start(const std::string& folder) {
    Sample sample;
    const auto wall = std::chrono::steady_clock::now();
    const double before = cpu_ms();
    void* handle = dlopen(CATALOG_EXTENSION_FILE, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return sample;
    const auto query = reinterpret_cast<hmx_query_fn>(dlsym(handle, HMX_ENTRY_SYMBOL));
    const hmx_extension_api* api = nullptr;
    if (query == nullptr || query(HMX_ABI_MAJOR, HMX_ABI_MINOR, &api) != HMX_OK) return sample;
    sample.dlopen_cpu_ms = cpu_ms() - before;

    hmx_config config{};
    config.struct_size = sizeof(config);
    config.data_dir = {folder.data(), folder.size()};
    config.granted_caps = uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT;
    hmx_instance* instance = nullptr;
    if (api->create(nullptr, &config, &instance, nullptr) != HMX_OK) return sample;
    Signal signal;
    const hmx_completion completion = signal.completion();
    if (api->start(instance, nullptr, &completion, nullptr) != HMX_OK) return sample;
    if (signal.wait() != HMX_OK) return sample;
    sample.all_cpu_ms = cpu_ms() - before;
    sample.start_cpu_ms = sample.all_cpu_ms - sample.dlopen_cpu_ms;
    sample.all_wall_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count();
    sample.peak_mib = peak_mib();
    sample.ok = api->shutdown(instance, 0, &completion, nullptr) == HMX_OK &&
                signal.wait() == HMX_OK && api->destroy(instance, nullptr) == HMX_OK;
    dlclose(handle);
    return sample;
}

Sample load_libraries() {
    Sample sample;
    const double before = cpu_ms();
    sample.ok = 1;
    for (const char* name :
         {"librocksdb.so.7.8", "libzstd.so.1", "libcrypto.so.3", "libsodium.so.23"})
        if (dlopen(name, RTLD_NOW | RTLD_LOCAL) == nullptr) sample.ok = 0;
    sample.all_cpu_ms = cpu_ms() - before;
    sample.peak_mib = peak_mib();
    return sample;
}

template <class Measure>
Sample in_fresh_process(Measure measure) {
    std::array<int, 2> ends{-1, -1};
    Sample sample;
    if (pipe(ends.data()) != 0) return sample;
    const pid_t child = fork();
    if (child == 0) {
        sample = measure();
        _exit(write(ends[1], &sample, sizeof(sample)) == sizeof(sample) ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &sample, sizeof(sample)) != sizeof(sample)) sample.ok = 0;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return sample;
}

double median(std::vector<Sample> samples, double Sample::* member) {
    std::sort(samples.begin(), samples.end(),
              [&](const Sample& a, const Sample& b) { return a.*member < b.*member; });
    return samples[samples.size() / 2].*member;
}

int print(const char* name, const std::vector<Sample>& samples) {
    for (const Sample& sample : samples) {
        if (sample.ok == 0) {
            std::printf("%s: a run failed\n", name);
            return 1;
        }
    }
    std::printf("%-34s %10.1f %10.1f %10.1f %10.1f %10.1f\n", name,
                median(samples, &Sample::dlopen_cpu_ms), median(samples, &Sample::start_cpu_ms),
                median(samples, &Sample::all_cpu_ms), median(samples, &Sample::all_wall_ms),
                median(samples, &Sample::peak_mib));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    namespace fs = std::filesystem;
    std::string base = (fs::temp_directory_path() / "bench_extension_XXXXXX").string();
    const bool temporary = argc < 2;
    if (!temporary)
        base = argv[1];
    else if (mkdtemp(base.data()) == nullptr)
        return 1;
    const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 20;

    std::vector<Sample> fresh;
    std::vector<Sample> existing;
    std::vector<Sample> libraries;
    for (int i = 0; i < runs; ++i) {
        const std::string folder = base + "/" + std::to_string(i);
        fs::create_directories(folder);
        libraries.push_back(in_fresh_process([] { return load_libraries(); }));
        fresh.push_back(in_fresh_process([&] { return load_and_start(folder); }));
        existing.push_back(in_fresh_process([&] { return load_and_start(folder); }));
    }
    std::printf("median of %d fresh processes\n", runs);
    std::printf("%-34s %10s %10s %10s %10s %10s\n", "", "dlopen cpu", "start cpu", "all cpu ms",
                "wall ms", "peak MiB");
    int failed = print("its shared libraries alone", libraries);
    failed |= print("load, make an empty library", fresh);
    failed |= print("load, open an empty library", existing);
    std::error_code ignored;
    if (temporary) fs::remove_all(base, ignored);
    return failed;
}
