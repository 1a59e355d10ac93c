// Several exporters with one cache at the same time, on the machine's own file system.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "catalog/lifecycle/file_cache.hpp"
#include "support/io/temporary_folder.hpp"
#include "tree_bed.hpp"

namespace catalog::lifecycle {
namespace {

TEST(FileCacheConcurrent, ExportersFillsAndPrunesDoNotDisturbEachOther) {
    constexpr std::size_t kExporters = 3;
    constexpr std::size_t kRounds = 4;
    TreeBed bed(2);
    const ContentHash id = bed.put().id;
    const Listing expected = listing_of(*bed.disk, "/in");
    const io::testing::TemporaryFolder folder;
    Services services = bed.services;
    services.fs = io::make_posix_file_system();
    const std::string directory = folder.path() + "/files";
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> wrong = 0;
    std::thread pruner([&] {
        while (!done) {
            FileCache cache(services.fs, directory);
            const auto pruned = cache.prune(false);
            if (!pruned && pruned.error().code() != Errc::kBusy) ++wrong;
            std::this_thread::yield();
        }
    });
    std::vector<std::thread> exporters;
    for (std::size_t i = 0; i < kExporters; ++i) {
        exporters.emplace_back([&, i] {
            for (std::size_t round = 0; round < kRounds; ++round) {
                FileCache cache(services.fs, directory);
                ExportOptions options;
                options.durable = false;
                options.sharing = FileSharing::kLink;
                options.cache = &cache;
                const std::string out =
                    folder.path() + "/" + std::to_string(i) + "-" + std::to_string(round);
                const auto report =
                    ContentExporter(services).export_tree(id, out, options, CallContext());
                if (!report || report->sharing.shared + report->sharing.copied != 26) ++wrong;
            }
        });
    }
    for (std::thread& exporter : exporters) exporter.join();
    done = true;
    pruner.join();
    EXPECT_EQ(wrong, 0u);
    for (std::size_t i = 0; i < kExporters; ++i) {
        for (std::size_t round = 0; round < kRounds; ++round) {
            const std::string out =
                folder.path() + "/" + std::to_string(i) + "-" + std::to_string(round);
            const Listing made = listing_of(*services.fs, out);
            ASSERT_EQ(made.size(), expected.size());
            for (const auto& [path, what] : expected) {
                const std::string& is = made.at(path);
                const std::size_t space = what.find(' ');
                ASSERT_EQ(is.substr(is.find(' ') + 1), what.substr(space + 1)) << out << path;
            }
        }
    }
    FileCache cache(services.fs, directory);
    EXPECT_TRUE(must(cache.verify(false, *services.clock, CallContext())).empty());
    EXPECT_FALSE(must(io::exists(*services.fs, directory + "/incoming")));
}

}  // namespace
}  // namespace catalog::lifecycle
