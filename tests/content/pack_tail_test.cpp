#include "pack_tail.hpp"

#include <gtest/gtest.h>

#include "support/content/index_samples.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::FileOperation;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

struct TailBed {
    explicit TailBed(std::size_t held_bytes_max)
        : tail(must(disk->open_write("/pack", io::OpenMode::kCreateNew)), held_bytes_max),
          file(must(disk->open_read("/pack"))) {}

    [[nodiscard]] Bytes read(std::uint64_t offset, std::size_t bytes) const {
        Bytes out(bytes);
        out.resize(must(tail.read_at(*file, offset, out)));
        return out;
    }
    [[nodiscard]] std::uint64_t file_bytes() const { return must(file->info()).size; }

    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    PackTail tail;
    std::unique_ptr<io::ReadableFile> file;
};

Bytes random_bytes(SeededRandom& random, std::size_t count) {
    Bytes bytes(count);
    for (std::byte& byte : bytes) byte = std::byte(random.below(256));
    return bytes;
}

TEST(PackTail, ReadsLikeAFileThatEachAppendWasWrittenTo) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        SeededRandom random(seed);
        const std::size_t held_bytes_max = random.below(3) * 400;
        TailBed bed(held_bytes_max);
        Bytes model;
        for (int step = 0; step < 200; ++step) {
            const auto what = random.below(12);
            if (what < 7) {
                const Bytes more = random_bytes(random, random.below(300));
                model.insert(model.end(), more.begin(), more.end());
                must(bed.tail.append(more));
            } else if (what == 7) {
                must(bed.tail.flush());
                EXPECT_EQ(bed.file_bytes(), model.size());
            } else if (what == 8) {
                must(bed.tail.sync());
            } else if (what == 9) {
                model.resize(random.below(model.size() + 1));
                must(bed.tail.truncate(model.size()));
            }
            EXPECT_EQ(bed.file_bytes() + bed.tail.held_bytes(), model.size());
            EXPECT_LE(bed.tail.held_bytes(), held_bytes_max);
            EXPECT_EQ(bed.tail.holds(model.size()), bed.tail.held_bytes() != 0);
            const std::uint64_t offset = random.below(model.size() + 10);
            const std::size_t wanted = random.below(600);
            const std::size_t begin = std::min<std::size_t>(offset, model.size());
            const std::size_t end = std::min(model.size(), begin + wanted);
            const auto at = [&](std::size_t i) { return model.begin() + std::ptrdiff_t(i); };
            ASSERT_EQ(bed.read(offset, wanted),
                      offset > model.size() ? Bytes() : Bytes(at(begin), at(end)));
        }
    }
}

TEST(PackTail, AnAppendThatCannotBeWrittenLeavesWhatWasHeldBefore) {
    TailBed bed(100);
    must(bed.tail.append(Bytes(80, std::byte{1})));
    bed.disk->fail_next(FileOperation::kAppend, "/pack", {Errc::kStorageFull});
    EXPECT_EQ(code_of(bed.tail.append(Bytes(30, std::byte{2}))), Errc::kStorageFull);
    EXPECT_EQ(bed.tail.held_bytes(), 80u);
    must(bed.tail.append(Bytes(40, std::byte{3})));
    Bytes expected(80, std::byte{1});
    expected.resize(120, std::byte{3});
    EXPECT_EQ(bed.read(0, 200), expected);
    EXPECT_EQ(bed.file_bytes(), 120u);
}

TEST(PackTail, AfterBytesThatCannotBeRemovedNothingIsWrittenOrCut) {
    TailBed bed(0);
    must(bed.tail.append(Bytes(10)));
    bed.disk->fail_next(FileOperation::kAppend, "/pack", {Errc::kIo});
    bed.disk->fail_next(FileOperation::kTruncate, "/pack", {Errc::kIo});
    EXPECT_EQ(code_of(bed.tail.append(Bytes(10))), Errc::kIo);
    EXPECT_EQ(code_of(bed.tail.append(Bytes(10))), Errc::kIo);
    EXPECT_EQ(code_of(bed.tail.truncate(5)), Errc::kIo);
    EXPECT_EQ(code_of(bed.tail.sync()), Errc::kIo);
    EXPECT_EQ(bed.read(0, 100), Bytes(10));
}

}  // namespace
}  // namespace catalog::content
