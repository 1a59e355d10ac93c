// Readers beside a writer that replaces files as fast as it can: no reader ever gets an error,
// waits for the writer, or sees a part of a batch.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/io/temporary_folder.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/kv/thread_sanitizer.hpp"
#include "writer.hpp"

namespace catalog::kv {
namespace {

using io::testing::TemporaryFolder;
using testing::number_from_environment;
using testing::small_follower;

constexpr std::uint32_t kFamilies = 4;
constexpr std::size_t kReaders = 4;
// Three commits fill a write buffer of the small store, so it flushes all the time.
constexpr std::size_t kValueBytes = 25'000;
constexpr std::uint64_t kLooksAnOpening = 10;

/// What a writer has done so far.
struct Progress {
    std::atomic<std::uint64_t> commits = 0;
    std::atomic<bool> ended = false;
};

/// Looks that often, and until the writer has committed that often. Returns what went wrong; empty
/// when nothing did.
std::string read_again_and_again(const std::string& path, std::uint64_t looks,
                                 const Progress& writer) {
    std::unique_ptr<KeyValueStore> follower;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < looks || (writer.commits < looks && !writer.ended); ++i) {
        if (i % kLooksAnOpening == 0) {
            auto opened =
                open_rocksdb(io::make_posix_file_system(), path, small_follower(kFamilies));
            if (!opened) return "opening: " + opened.error().to_string();
            follower = *std::move(opened);
        }
        if (const auto looked = follower->refresh(); !looked)
            return "refresh: " + looked.error().to_string();
        const auto seen = number_in_all(*follower, kFamilies);
        if (!seen) return "a part of a batch after number " + std::to_string(last);
        if (*seen < last)
            return "number " + std::to_string(*seen) + " after " + std::to_string(last);
        last = *seen;
        if (i % kLooksAnOpening != 0) continue;
        const auto damages = follower->verify();
        if (!damages) return "verify: " + damages.error().to_string();
        if (!damages->empty()) return "verify: " + damages->front();
    }
    return {};
}

TEST(FollowerStress, ReadersNeverSeeAnErrorBecauseAWriterWorks) {
    const TemporaryFolder folder;
    const std::string path = folder / "db";
    WriterProcess writer(path, kFamilies, kValueBytes);
    ASSERT_TRUE(writer.next());
    const std::uint64_t looks = number_from_environment("CATALOG_FOLLOWER_LOOKS", 60);
    Progress progress;
    std::vector<std::string> problems(kReaders);
    std::vector<std::thread> readers;
    for (std::string& problem : problems)
        readers.emplace_back([&] { problem = read_again_and_again(path, looks, progress); });
    std::thread drain([&] {
        while (writer.next()) ++progress.commits;
        progress.ended = true;
    });
    for (std::thread& reader : readers) reader.join();
    writer.kill();
    drain.join();
    for (const std::string& problem : problems) EXPECT_EQ(problem, "");
    EXPECT_GE(progress.commits, looks) << "the writer ended early";
}

}  // namespace
}  // namespace catalog::kv
