#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "support/core/process_threads.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

std::size_t entries(const char* folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                  std::filesystem::directory_iterator()));
}

std::size_t lines_with(const char* file, const std::string& word) {
    std::ifstream in(file);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);)
        count += line.find(word) != std::string::npos ? 1 : 0;
    return count;
}

/// Resident memory that no file backs, KiB: what pages of libraries are read in does not count.
std::size_t anonymous_kib() {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("RssAnon:")) return std::stoul(line.substr(8));
    }
    return 0;
}

void load_use_unload(const std::string& data_dir) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    ASSERT_EQ(extension.problem(), "");
    TestInstance instance(extension.api(), nullptr, make_config(data_dir, R"({"threads":2})"));
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    EXPECT_NE(instance.request("info", "{}").text, "");
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    ASSERT_EQ(extension.api().request_async(instance.get(), nullptr, text("info"), text("{}"),
                                            &completion, nullptr),
              HMX_OK);
    waiter.wait_one();
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    ASSERT_EQ(instance.destroy(), HMX_OK);
}

// 200 cycles, or as many as CATALOG_UNLOAD_CYCLES says; a sanitizer's own bookkeeping grows, so
// there only few are made and memory is not looked at.
TEST(Unload, LeavesNothingBehind) {
    std::size_t cycles = 200;
#ifdef CATALOG_SANITIZED
    cycles = 20;
#endif
    if (const char* wanted = std::getenv("CATALOG_UNLOAD_CYCLES"))
        cycles = std::strtoul(wanted, nullptr, 10);
#ifndef CATALOG_SANITIZED
    // Threads of each cycle may land in any of several arenas, which fill slowly: not a leak.
    ASSERT_EQ(mallopt(M_ARENA_MAX, 1), 1);
#endif
    const TemporaryFolder folder;
    // The first ones load what stays: the shared libraries below, the allocator's arenas.
    for (int i = 0; i < 20; ++i) load_use_unload(folder.path());
    const std::size_t descriptors = entries("/proc/self/fd");
    const std::size_t threads = catalog::testing::threads_of_this_process();
    const std::size_t memory = anonymous_kib();
    EXPECT_EQ(lines_with("/proc/self/maps", "libhypermesh_catalog"), 0u) << "it is still mapped";
    for (std::size_t i = 0; i < cycles; ++i) load_use_unload(folder.path());
    EXPECT_EQ(entries("/proc/self/fd"), descriptors);
    EXPECT_EQ(catalog::testing::threads_left(threads), threads);
    EXPECT_EQ(lines_with("/proc/self/maps", "libhypermesh_catalog"), 0u);
    const std::size_t grown = anonymous_kib() > memory ? anonymous_kib() - memory : 0;
    RecordProperty("grown_kib", static_cast<int>(grown));
#ifndef CATALOG_SANITIZED
    EXPECT_LE(grown, 256u) << "KiB over " << cycles << " cycles";
#endif
}

}  // namespace
}  // namespace catalog::extension::testing
