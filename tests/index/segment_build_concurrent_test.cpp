// Segments that are built on more than one thread.

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>

#include "catalog/core/executor.hpp"
#include "catalog/index/segment_builder.hpp"
#include "support/index/segment_samples.hpp"

namespace catalog::index {
namespace {

using io::testing::must;
using testing::SampleRows;

constexpr unsigned kSeeds = 12;

void add_rows(std::mt19937_64& random, SampleRows& sample, SegmentBuilder& builder) {
    const std::size_t rows = 1 + testing::below(random, 3000);
    for (std::size_t row = 0; row < rows; ++row) testing::add_random_row(random, sample);
    // Rows of one id are refused when the segment is written; each gets a version of its own.
    for (std::size_t row = 0; row < rows; ++row)
        sample.rows[row].version = sample.keep("1.0." + std::to_string(row));
    must(builder.add(std::span(sample.rows)));
}

std::string bytes_of(SegmentBuilder& builder) {
    std::string bytes;
    must(builder.finish([&bytes](ByteView some) -> Result<void> {
        bytes.append(as_text(some));
        return {};
    }));
    return bytes;
}

std::string build_with(Executor* executor, unsigned seed) {
    std::mt19937_64 random(seed);
    SampleRows sample;
    SegmentOptions options;
    options.secret = testing::sample_secret();
    options.executor = executor;
    SegmentBuilder builder(options);
    add_rows(random, sample, builder);
    return bytes_of(builder);
}

// An executor with nothing to run a task on.
class FullExecutor final : public Executor {
public:
    void post(std::function<void()>) override {
        ++refused_;
        throw std::runtime_error("full");
    }
    [[nodiscard]] std::size_t concurrency() const noexcept override { return 2; }
    [[nodiscard]] int refused() const noexcept { return refused_; }

private:
    int refused_ = 0;
};

TEST(SegmentBuildConcurrency, TwoThreadsWriteTheBytesThatOneWrites) {
    const auto pool = make_thread_pool(1);
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        EXPECT_EQ(build_with(pool.get(), seed), build_with(nullptr, seed));
    }
}

TEST(SegmentBuildConcurrency, AnExecutorThatTakesNothingLeavesTheWorkToTheCaller) {
    FullExecutor full;
    EXPECT_EQ(build_with(&full, 7), build_with(nullptr, 7));
    EXPECT_GT(full.refused(), 0);
}

TEST(SegmentBuildConcurrency, AFailingSinkEndsTheWorkWithItsError) {
    const auto pool = make_thread_pool(1);
    std::mt19937_64 random(3);
    SampleRows sample;
    SegmentOptions options;
    options.executor = pool.get();
    SegmentBuilder builder(options);
    add_rows(random, sample, builder);
    const auto summary = builder.finish(
        [](ByteView) -> Result<void> { return fail(Errc::kStorageFull, "no room"); });
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().code(), Errc::kStorageFull);
    EXPECT_EQ(builder.size(), 0U);
}

TEST(SegmentBuildConcurrency, ABuilderMayFinishOnTheOnlyThreadOfItsExecutor) {
    const auto pool = make_thread_pool(1);
    std::string bytes;
    must(parallel_for(*pool, 2, [&](std::size_t part) -> Result<void> {
        if (part == 0) bytes = build_with(pool.get(), 5);
        return {};
    }));
    EXPECT_EQ(bytes, build_with(nullptr, 5));
}

}  // namespace
}  // namespace catalog::index
