// Threads: paths that change under a walk, locks under contention, the simulation under load.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <atomic>
#include <thread>

#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::io::testing {
namespace {

std::vector<std::string> names_in(FileSystem& fs, const std::string& path) {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : must(fs.list(path))) names.push_back(entry.name);
    return names;
}

// A thread exchanges the folder `root/d` with a link to `outside` for as long as calls go through
// `d`. Whatever they answer, nothing may reach `outside`.
void expect_no_escape(SafePathMethod method) {
    PosixOptions options;
    options.safe_path_method = method;
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system(options);
    must(fs->make_directories(folder / "root/d"));
    must(fs->make_directories(folder / "outside/keep"));
    must(fs->open_write(folder / "outside/secret", OpenMode::kCreateNew));
    must(fs->make_symlink(folder / "outside", folder / "root/link"));
    const auto root = must(fs->open_directory(folder / "root"));
    const std::string d = folder / "root/d";
    const std::string link = folder / "root/link";
    std::atomic<bool> stop{false};
    std::atomic<int> exchanges{0};
    std::thread swapper([&] {
        while (!stop) {
            if (::renameat2(AT_FDCWD, d.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) == 0)
                ++exchanges;
        }
    });
    int refused = 0;
    int passed = 0;
    const auto count = [&](const auto& result) { ++(result ? passed : refused); };
    for (int i = 0; i < 400 || ((refused == 0 || passed == 0) && i < 100'000); ++i) {
        count(root->create_file("d/f", 0644));
        count(root->make_directories("d/sub/deep"));
        count(root->make_symlink("x", "d/l"));
        count(root->open_read("d/secret"));
        count(root->list("d"));
        count(root->remove_file("d/f"));
        count(root->remove_tree("d/sub"));
        count(root->remove_tree("d/keep"));
        count(root->remove_file("d/secret"));
        count(root->remove_file("d/l"));
    }
    stop = true;
    swapper.join();
    EXPECT_EQ(names_in(*fs, folder / "outside"), (std::vector<std::string>{"keep", "secret"}));
    EXPECT_GT(exchanges, 0);
    EXPECT_GT(refused, 0);
    EXPECT_GT(passed, 0);
}

TEST(SafeDirectoryRace, ExchangedFolderNeverLeadsOutside) {
    expect_no_escape(SafePathMethod::kAutomatic);
}

TEST(SafeDirectoryRace, ExchangedFolderNeverLeadsOutsideByComponents) {
    expect_no_escape(SafePathMethod::kComponents);
}

void expect_exclusion(FileSystem& fs, const std::string& path) {
    constexpr int kRounds = 200;
    std::atomic<int> inside{0};
    std::atomic<int> taken{0};
    std::atomic<bool> violated{false};
    const auto contend = [&] {
        for (int round = 0; round < kRounds;) {
            const auto lock = fs.try_lock(path);
            if (!lock) {
                if (lock.error().code() != Errc::kBusy) violated = true;
                std::this_thread::yield();
                continue;
            }
            if (inside.fetch_add(1) != 0) violated = true;
            ++taken;
            inside.fetch_sub(1);
            ++round;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(contend);
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(violated);
    EXPECT_EQ(taken, 4 * kRounds);
}

TEST(LockRace, OneThreadAtATimeOnTheMachine) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    expect_exclusion(*fs, folder / "LOCK");
}

TEST(LockRace, OneThreadAtATimeInTheSimulation) {
    const auto fs = SimulatedFileSystem::make();
    expect_exclusion(*fs, "/LOCK");
}

TEST(WriteRace, ManyWritersOfOnePathLeaveOneWholeFile) {
    const TemporaryFolder folder;
    const auto fs = make_posix_file_system();
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int writer = 0; writer < 4; ++writer)
        threads.emplace_back([&, writer] {
            const std::string text(5000, static_cast<char>('a' + writer));
            for (int i = 0; i < 10; ++i)
                if (!write_file_durably(*fs, folder / "f", as_bytes(text))) ++failures;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    const std::string found = must(read_file(*fs, folder / "f", 1u << 20));
    EXPECT_EQ(found, std::string(5000, found[0]));
    EXPECT_EQ(names_in(*fs, folder.path()), (std::vector<std::string>{"f"}));
}

TEST(SimulationRace, PowerLossUnderLoadLeavesWhatWasAcknowledged) {
    for (std::uint64_t crash = 5; crash < 200; crash += 39) {
        const auto fs = SimulatedFileSystem::make();
        fs->crash_at(crash);
        std::array<std::atomic<int>, 4> acknowledged{};
        std::vector<std::thread> threads;
        for (std::size_t worker = 0; worker < acknowledged.size(); ++worker)
            threads.emplace_back([&, worker] {
                const std::string path = "/f" + std::to_string(worker);
                for (int i = 1; i <= 20; ++i) {
                    if (!write_file_durably(*fs, path, as_bytes(std::to_string(i)))) return;
                    acknowledged[worker] = i;
                    static_cast<void>(fs->list("/"));
                    static_cast<void>(fs->recover(CrashPolicy::kRandomSubset, 1));
                }
            });
        for (std::thread& thread : threads) thread.join();
        EXPECT_TRUE(fs->crashed());
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const auto after = fs->recover(CrashPolicy::kRandomSubset, seed);
            for (std::size_t worker = 0; worker < acknowledged.size(); ++worker) {
                const int last = acknowledged[worker];
                const std::string path = "/f" + std::to_string(worker);
                const std::string found =
                    must(exists(*after, path)) ? must(read_file(*after, path, 100)) : "0";
                EXPECT_TRUE(found == std::to_string(last) || found == std::to_string(last + 1))
                    << path << " holds " << found << ", acknowledged " << last;
            }
        }
    }
}

}  // namespace
}  // namespace catalog::io::testing
