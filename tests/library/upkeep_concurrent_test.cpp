// Publishers, readers, imports, seals and merges at once: nothing is lost, and no read sees less
// than what was there when it began.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/library/asset_library.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr int kWriters = 2;
constexpr int kPublished = 24;  // by each
constexpr int kImported = 60;

LibraryOptions busy_options() {
    LibraryOptions options;
    options.create_if_missing = true;
    options.upkeep.seal_versions_min = 3;
    options.upkeep.merge_fan_out = 2;
    options.imports.segment_lines_min = 5;
    options.imports.commit_versions_max = 5;
    return options;
}

std::string name_of(int writer, int number) {
    return "w" + std::to_string(writer) + "-" + std::to_string(number);
}

std::string import_text() {
    std::string lines;
    for (int number = 0; number < kImported; ++number)
        lines += R"({"name":"i)" + std::to_string(number) +
                 R"(","version":"1.0.0","description":"hello"})" + "\n";
    return lines;
}

/// What readers do until `done`: counts never fall, and what was published is found.
void read_until(const std::atomic<bool>& done, AssetLibrary& library,
                const std::array<std::atomic<int>, kWriters>& published,
                std::atomic<int>& failures) {
    std::uint64_t before = 0;
    while (!done) {
        for (int writer = 0; writer < kWriters; ++writer) {
            const int count = published[static_cast<std::size_t>(writer)];
            if (count > 0 && !library.find(name_of(writer, count - 1))) ++failures;
        }
        const auto listed = library.list({}, 10'000);
        if (!listed || listed->entries.size() < before) ++failures;
        if (listed) before = listed->entries.size();
    }
}

TEST(UpkeepConcurrency, LosesNothingAndShowsNothingTwice) {
    const auto disk = SimulatedFileSystem::make();
    Environment environment = environment_on(disk);
    environment.executor = make_thread_pool(2);
    auto library = must(AssetLibrary::open("/library", busy_options(), environment));
    std::atomic<bool> done = false;
    std::atomic<int> failures = 0;
    std::array<std::atomic<int>, kWriters> published{};
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&, writer] {
            for (int number = 0; number < kPublished; ++number) {
                if (!library->publish(small_draft(name_of(writer, number), "1.0.0"))) ++failures;
                published[static_cast<std::size_t>(writer)] = number + 1;
            }
        });
    writers.emplace_back([&] {
        const std::string lines = import_text();
        const auto report = library->import_metadata(content::source_of(as_bytes(lines)), true);
        if (!report || report->imported != kImported) ++failures;
    });
    std::thread reader([&] { read_until(done, *library, published, failures); });
    for (std::thread& thread : writers) thread.join();
    done = true;
    reader.join();
    EXPECT_EQ(failures, 0);
    constexpr std::uint64_t kAll = kWriters * kPublished + kImported;
    EXPECT_EQ(must(library->stats()).packages.versions, kAll);
    EXPECT_GT(must(library->stats()).shape.sealed_versions, 0u);
    library.reset();  // while it may be sealing
    library = must(AssetLibrary::open("/library", busy_options(), environment));
    for (const Finding& finding : must(library->verify(true)).findings)
        ADD_FAILURE() << finding.where << ": " << finding.what;
    EXPECT_EQ(must(library->list({}, 10'000)).entries.size(), kAll);
}

}  // namespace
}  // namespace catalog::library::testing
