#pragma once
// What every ProgressSink must do. An implementation runs it with a default-constructible type;
// `seen` returns how many updates arrived where they were to go, nullopt where the sink may leave
// some out:
//
//   struct Mine { ProgressSink& sink(); std::optional<std::size_t> seen(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ProgressSinkContract, Mine);

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catalog/core/progress.hpp"

namespace catalog::fakes {

template <class World>
class ProgressSinkContract : public ::testing::Test {
protected:
    /// Tells the sink, with views that end with the call.
    void tell(const std::string& operation, const std::string& phase, const std::string& unit,
              std::uint64_t done, std::uint64_t total) {
        world_.sink().update({operation, phase, unit, done, total});
        ++told_;
    }

    void expect_all_seen() {
        if (const std::optional<std::size_t> seen = world_.seen()) {
            EXPECT_EQ(*seen, told_);
        }
    }

    World world_;
    std::size_t told_ = 0;
};

TYPED_TEST_SUITE_P(ProgressSinkContract);

TYPED_TEST_P(ProgressSinkContract, TakesAWholeOperation) {
    for (std::uint64_t done = 0; done <= 10; ++done)
        this->tell("publish", "store", "bytes", done * 1000, 10'000);
    for (std::uint64_t done = 0; done <= 3; ++done)
        this->tell("publish", "check", "files", done, 3);
    this->expect_all_seen();
}

TYPED_TEST_P(ProgressSinkContract, TakesCountsWithoutATotalAndTotalsThatAppearLater) {
    this->tell("import", "index", "packages", 0, 0);
    this->tell("import", "index", "packages", 2000, 0);
    this->tell("import", "index", "packages", 4000, 9000);
    this->tell("import", "index", "packages", 9000, 12'000);
    this->expect_all_seen();
}

TYPED_TEST_P(ProgressSinkContract, TakesCountsOfAnySize) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    this->tell("verify", "read", "bytes", kMost - 1, kMost);
    this->tell("verify", "read", "bytes", kMost, kMost);
    this->tell("verify", "again", "bytes", kMost, 0);
    this->tell("verify", "once more", "bytes", 5, 1);
    this->expect_all_seen();
}

TYPED_TEST_P(ProgressSinkContract, TakesTextOfAnyShape) {
    this->tell("", "", "", 0, 0);
    this->tell(std::string(10'000, 'o'), std::string("p\0q", 3), "\x1b[2J", 1, 2);
    this->expect_all_seen();
}

TYPED_TEST_P(ProgressSinkContract, TakesOperationsSideBySide) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([this, operation = "operation-" + std::to_string(thread)] {
            for (std::uint64_t done = 0; done <= 100; ++done)
                this->world_.sink().update({operation, "run", "steps", done, 100});
        });
    for (std::thread& thread : threads) thread.join();
    this->told_ += 4 * 101;
    this->expect_all_seen();
}

REGISTER_TYPED_TEST_SUITE_P(ProgressSinkContract, TakesAWholeOperation,
                            TakesCountsWithoutATotalAndTotalsThatAppearLater, TakesCountsOfAnySize,
                            TakesTextOfAnyShape, TakesOperationsSideBySide);

}  // namespace catalog::fakes
