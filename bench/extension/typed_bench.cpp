// The typed calls of the C interface: packages that were looked at before, listings, and the bytes
// of a file of 256 MiB, beside the same work done by other ways. Makes its library in a temporary
// folder and checks every answer before it times one.
//
//   bench_extension_typed [--benchmark_...]

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "catalog/abi/extension.h"
#include "catalog/abi/library.h"
#include "catalog/lifecycle/package_builder.hpp"
#include "catalog/merkle/hash.hpp"
#include "instance.hpp"

namespace {

using namespace catalog;
namespace fs = std::filesystem;

constexpr std::size_t kPackages = 10'000;
constexpr std::uint64_t kFileBytes = 256u << 20;
constexpr std::size_t kBlockBytes = 64u << 10;

[[noreturn]] void stop(const std::string& what) {
    std::fprintf(stderr, "bench_extension_typed: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}
void must_ok(hmx_status status) {
    if (status != HMX_OK) stop("status " + std::to_string(status));
}
hmx_str str(std::string_view text) { return {text.data(), text.size()}; }

/// Block `index` of the file: random bytes in every other one, words between them, so that half of
/// the chunks are stored as they are and half compressed.
std::string block_of_file(std::uint64_t index) {
    std::mt19937_64 random(index);
    std::string block;
    block.reserve(kBlockBytes + 16);
    while (block.size() < kBlockBytes) {
        const std::uint64_t value = random();
        if (index % 2 == 0)
            block.append(reinterpret_cast<const char*>(&value), sizeof value);
        else
            block += "word" + std::to_string(value % 4096) + ' ';
    }
    block.resize(kBlockBytes);
    return block;
}

content::ByteSource file_source() {
    auto at = std::make_shared<std::uint64_t>(0);
    return [at](std::span<std::byte> out) -> Result<std::size_t> {
        if (*at == kFileBytes || out.empty()) return std::size_t{0};
        const std::string block = block_of_file(*at / kBlockBytes);
        const std::size_t begin = *at % kBlockBytes;
        const std::size_t count = std::min(out.size(), block.size() - begin);
        std::memcpy(out.data(), block.data() + begin, count);
        *at += count;
        return count;
    };
}

std::string name_of(std::size_t index) {
    char name[40];
    std::snprintf(name, sizeof name, "bench/package-%05zu", index);
    return name;
}

std::string package_line(std::size_t index) {
    return R"({"name":")" + name_of(index) +
           R"(","version":"1.2.3","description":"package number )" + std::to_string(index) +
           R"( of a benchmark","license":"MIT","keywords":["bench","typed"],"dependencies":[)" +
           R"({"name":")" + name_of((index + 1) % kPackages) + R"(","req":"^1.0"},)" +
           R"({"name":")" + name_of((index + 7) % kPackages) + R"(","req":">=1.1, <3"}]})" + "\n";
}

/// A running instance.
class Host {
public:
    Host(const std::string& data, const std::string& settings) {
        hmx_config config{};
        config.struct_size = sizeof config;
        config.settings_json = str(settings);
        config.data_dir = str(data);
        config.granted_caps = ~std::uint64_t{0};
        must_ok(extension::extension_api().create(nullptr, &config, &instance_, nullptr));
        const hmx_completion completion{&Host::done, nullptr, this};
        hmx_op op = 0;
        must_ok(extension::extension_api().start(instance_, nullptr, &completion, &op));
        must_ok(wait());
        const hmx_iface* table = nullptr;
        must_ok(extension::extension_api().get_interface(instance_, str(CAT_LIBRARY_INTERFACE), 0,
                                                         &table));
        api = reinterpret_cast<const cat_library_api*>(table);
    }
    ~Host() {
        const hmx_completion completion{&Host::done, nullptr, this};
        hmx_op op = 0;
        must_ok(extension::extension_api().shutdown(instance_, 0, &completion, &op));
        must_ok(wait());
        must_ok(extension::extension_api().destroy(instance_, nullptr));
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] hmx_instance* self() const { return instance_; }
    [[nodiscard]] library::AssetLibrary& library() const {
        return extension::from_abi(instance_)->library();
    }

    const cat_library_api* api = nullptr;

private:
    static void done(void* user, hmx_op, hmx_status status, const void*, const hmx_error* error) {
        auto& host = *static_cast<Host*>(user);
        if (error != nullptr) std::fprintf(stderr, "%s\n", error->message);
        const std::scoped_lock lock(host.mutex_);
        host.status_ = status;
        host.ended_ = true;
        host.wake_.notify_one();
    }
    hmx_status wait() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return ended_; });
        ended_ = false;
        return status_;
    }

    hmx_instance* instance_ = nullptr;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ended_ = false;
    hmx_status status_ = HMX_E_UNKNOWN;
};

/// What all benchmarks look at.
struct World {
    std::string folder;
    std::unique_ptr<Host> host;
    std::unique_ptr<Host> reader;
    std::vector<std::string> names;
    hmx_handle file = 0;
    std::string plain_path;

    World() {
        std::string pattern = (fs::temp_directory_path() / "bench-typed-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) stop("no temporary folder");
        folder = pattern;
        host = std::make_unique<Host>(folder, "{}");
        fill();
        check();
        reader = std::make_unique<Host>(folder, R"({"read_only":true})");
    }
    ~World() {
        reader.reset();
        host.reset();
        fs::remove_all(folder);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void fill() {
        std::string lines;
        for (std::size_t i = 0; i < kPackages; ++i) {
            names.push_back(name_of(i));
            lines += package_line(i);
        }
        must(host->library().import_metadata(content::source_of(as_bytes(lines)), true));
        lifecycle::PackageBuilder builder(must(PackageName::parse("bench/file")),
                                          must(version::SemVer::parse("1.0.0")));
        lifecycle::DraftFile data;
        data.path = "data";
        data.size_hint = kFileBytes;
        data.open = [] { return Result<content::ByteSource>(file_source()); };
        builder.description("a file").license("MIT").add(std::move(data));
        must(host->library().publish(must(builder.build())));
        must_ok(host->api->open_content(host->self(), nullptr, str("bench/file"), str("data"),
                                        &file, nullptr));
        plain_path = folder + "/plain";
        std::FILE* plain = std::fopen(plain_path.c_str(), "wb");
        for (std::uint64_t i = 0; i < kFileBytes / kBlockBytes; ++i) {
            const std::string block = block_of_file(i);
            if (std::fwrite(block.data(), 1, block.size(), plain) != block.size())
                stop("plain file");
        }
        std::fclose(plain);
    }

    void check() const {
        for (std::size_t i = 0; i < kPackages; ++i) {
            cat_package package{};
            package.struct_size = sizeof package;
            must_ok(host->api->get_package(host->self(), nullptr, str(names[i]), {}, &package,
                                           nullptr));
            if (std::string_view(package.id.data, package.id.size) != names[i] + "@1.2.3" ||
                package.dependencies.count != 2 || package.keywords.count != 2)
                stop("a package is not what was imported");
            package.release(package.owner);
        }
        std::string read(kBlockBytes, '\0');
        std::string mapped;
        for (std::uint64_t i = 0; i < kFileBytes / kBlockBytes; ++i) {
            const std::string expected = block_of_file(i);
            std::size_t got = 0;
            must_ok(host->api->read_at(host->self(), file, i * kBlockBytes,
                                       reinterpret_cast<std::uint8_t*>(read.data()), read.size(),
                                       &got, nullptr));
            mapped.clear();
            while (mapped.size() < kBlockBytes) {
                hmx_buf piece{};
                must_ok(host->api->map_at(host->self(), file, i * kBlockBytes + mapped.size(),
                                          kBlockBytes - mapped.size(), &piece, nullptr));
                mapped.append(reinterpret_cast<const char*>(piece.data), piece.size);
                piece.release(piece.owner);
            }
            if (got != kBlockBytes || read != expected || mapped != expected)
                stop("the file is not what was published");
        }
    }
};

std::unique_ptr<World> world;  // made by main, before the benchmarks run

void get_package_from(benchmark::State& state, const Host& host, std::size_t packages) {
    std::size_t at = 0;
    for (auto _ : state) {
        cat_package package{};
        package.struct_size = sizeof package;
        if (host.api->get_package(host.self(), nullptr, str(world->names[at]), {}, &package,
                                  nullptr) != HMX_OK)
            state.SkipWithError("get_package");
        benchmark::DoNotOptimize(package.digest.bytes[0]);
        package.release(package.owner);
        if (++at == packages) at = 0;
    }
}

void get_package(benchmark::State& state) {
    get_package_from(state, *world->host, static_cast<std::size_t>(state.range(0)));
}

void get_package_reader(benchmark::State& state) {
    get_package_from(state, *world->reader, static_cast<std::size_t>(state.range(0)));
}

void find_and_manifest(benchmark::State& state) {
    std::size_t at = 0;
    for (auto _ : state) {
        const auto package = must(world->host->library().find(world->names[at]));
        benchmark::DoNotOptimize(must(package.manifest())->file_count);
        if (++at == world->names.size()) at = 0;
    }
}

void list_1000(benchmark::State& state) {
    const Host& host = *world->host;
    for (auto _ : state) {
        std::uint64_t count = 0;
        const auto each = [](void* user, const cat_package*, double) -> hmx_status {
            ++*static_cast<std::uint64_t*>(user);
            return HMX_OK;
        };
        if (host.api->list_packages(host.self(), nullptr, nullptr, 1'000, {}, each, &count, nullptr,
                                    nullptr) != HMX_OK ||
            count != 1'000)
            state.SkipWithError("list_packages");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 1'000);
}

void list_1000_library(benchmark::State& state) {
    for (auto _ : state)
        if (must(world->host->library().list({}, 1'000)).entries.size() != 1'000)
            state.SkipWithError("list");
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * 1'000);
}

void read_at_64k(benchmark::State& state) {
    const Host& host = *world->host;
    const bool in_order = state.range(0) == 0;
    std::mt19937_64 random(1);
    std::vector<std::uint8_t> out(kBlockBytes);
    std::uint64_t at = 0;
    for (auto _ : state) {
        std::size_t got = 0;
        if (host.api->read_at(host.self(), world->file, at, out.data(), out.size(), &got,
                              nullptr) != HMX_OK ||
            got != kBlockBytes)
            state.SkipWithError("read_at");
        at = in_order ? (at + kBlockBytes) % kFileBytes
                      : random() % (kFileBytes / kBlockBytes) * kBlockBytes;
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kBlockBytes));
}

void map_at_256m(benchmark::State& state) {
    const Host& host = *world->host;
    for (auto _ : state) {
        std::uint64_t at = 0;
        while (at < kFileBytes) {
            hmx_buf piece{};
            if (host.api->map_at(host.self(), world->file, at, 0, &piece, nullptr) != HMX_OK) {
                state.SkipWithError("map_at");
                break;
            }
            benchmark::DoNotOptimize(piece.data[0]);
            at += piece.size;
            piece.release(piece.owner);
        }
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kFileBytes));
}

/// The peer: the same file without a store, each block read and hashed (range(0) 1) or only read.
void pread_256m(benchmark::State& state) {
    const int plain = ::open(world->plain_path.c_str(), O_RDONLY | O_CLOEXEC);
    Bytes out(kBlockBytes);
    for (auto _ : state)
        for (std::uint64_t at = 0; at < kFileBytes; at += kBlockBytes) {
            if (::pread(plain, out.data(), out.size(), static_cast<off_t>(at)) !=
                static_cast<ssize_t>(kBlockBytes))
                state.SkipWithError("pread");
            if (state.range(0) == 1) benchmark::DoNotOptimize(merkle::hash_of(out));
        }
    ::close(plain);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kFileBytes));
}

BENCHMARK(get_package)->Arg(1)->Arg(kPackages)->ArgName("packages");
BENCHMARK(get_package_reader)->Arg(kPackages)->ArgName("packages");
BENCHMARK(find_and_manifest);
BENCHMARK(list_1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(list_1000_library)->Unit(benchmark::kMicrosecond);
BENCHMARK(read_at_64k)->Arg(0)->Arg(1)->ArgName("random")->Unit(benchmark::kMicrosecond);
BENCHMARK(map_at_256m)->Unit(benchmark::kMillisecond);
BENCHMARK(pread_256m)->Arg(0)->Arg(1)->ArgName("hashed")->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    world = std::make_unique<World>();
    benchmark::RunSpecifiedBenchmarks();
    world.reset();
    return 0;
}
