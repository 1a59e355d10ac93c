#include "universe_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <catalog/internal/try.hpp>
#include <cstdio>
#include <fstream>
#include <memory>

#include "registry.hpp"

namespace catalog::bench {

namespace {

struct Unmap {
    std::size_t size;
    void operator()(void* at) const { munmap(at, size); }
};

}  // namespace

double thread_cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

Result<resolve::FrozenUniverse> open_universe(const std::string& packages,
                                              const std::string& path) {
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        CATALOG_TRY(Registry registry, Registry::load(packages));
        resolve::UniverseBuilder builder;
        CATALOG_TRY_VOID(builder.add_all(registry, registry.names()));
        CATALOG_TRY(const Bytes bytes, builder.finish());
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
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

}  // namespace catalog::bench
