// One publishes, several resolve, and universes are made all the while: each answer is that of one
// moment of the index.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "universe_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::must;

constexpr int kMoments = 120;
constexpr int kResolvers = 3;

/// Writes the packages of a moment. What a resolution chooses tells the moment, and depends on old
/// packages, changed ones, new ones and virtual ones.
void publish_moment(UniverseBed& bed, int moment) {
    const std::string n = std::to_string(moment);
    bed.bed.add(R"({"name":"fresh)" + n + R"(","version":"1.0.0","provides":[{"name":"virtual",)" +
                R"("version":"1.)" + n + R"(.0"}],"dependencies":[{"name":"base","req":"*"}]})");
    bed.bed.add(R"({"name":"base","version":"1.)" + n + R"(.0","dependencies":[{"name":"fresh)" +
                n + R"(","req":"*"}]})");
    if (moment % 7 == 3) bed.bed.change("base@1." + n + ".0", std::nullopt, true);
}

TEST(UniverseConcurrency, AnswersAreThoseOfTheIndexAtOneMoment) {
    UniverseBed bed;
    bed.bed.add(
        R"({"name":"app","version":"1.0.0","dependencies":[{"name":"virtual","req":"*"},{"name":"base","req":"*"}]})");
    publish_moment(bed, 0);
    const std::vector<std::string> roots{"app"};
    std::vector<std::string> expected{bed.expected(roots)};
    const std::shared_ptr<Executor> executor = make_thread_pool(1);
    auto universe = bed.open(executor.get(), 5);

    std::atomic<bool> done = false;
    // Each resolver's answers, repetitions left out.
    std::vector<std::vector<std::string>> answers(kResolvers);
    std::vector<std::thread> threads;
    for (int i = 0; i < kResolvers; ++i) {
        threads.emplace_back([&, i] {
            resolve::SatResolver resolver;
            std::vector<std::string>& mine = answers[static_cast<std::size_t>(i)];
            while (!done) {
                std::string answer = text_of(universe->resolve(resolver, request_of(roots), {}));
                if (mine.empty() || mine.back() != answer) mine.push_back(std::move(answer));
            }
        });
    }
    threads.emplace_back([&] {
        while (!done) static_cast<void>(universe->stats());
    });
    for (int moment = 1; moment < kMoments; ++moment) {
        // After each of its commits the index has another moment.
        const std::string n = std::to_string(moment);
        publish_moment(bed, moment);
        expected.push_back(bed.expected(roots));
        if (moment == kMoments / 2) must(universe->drop());
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
    // The moments between two commits of one step, made again without threads.
    UniverseBed again;
    again.bed.add(
        R"({"name":"app","version":"1.0.0","dependencies":[{"name":"virtual","req":"*"},{"name":"base","req":"*"}]})");
    std::map<std::string, int> order;
    const auto note = [&] { order.emplace(again.expected(roots), static_cast<int>(order.size())); };
    for (int moment = 0; moment < kMoments; ++moment) {
        const std::string n = std::to_string(moment);
        again.bed.add(R"({"name":"fresh)" + n +
                      R"(","version":"1.0.0","provides":[{"name":"virtual","version":"1.)" + n +
                      R"(.0"}],"dependencies":[{"name":"base","req":"*"}]})");
        note();
        again.bed.add(R"({"name":"base","version":"1.)" + n +
                      R"(.0","dependencies":[{"name":"fresh)" + n + R"(","req":"*"}]})");
        note();
        if (moment % 7 == 3) again.bed.change("base@1." + n + ".0", std::nullopt, true);
        note();
    }
    for (const std::string& one : expected) ASSERT_TRUE(order.contains(one)) << one;
    std::size_t seen = 0;
    for (const std::vector<std::string>& mine : answers) {
        for (const std::string& answer : mine) {
            ++seen;
            EXPECT_TRUE(order.contains(answer)) << "no moment has this answer: " << answer;
        }
    }
    EXPECT_GT(seen, 0u);
    EXPECT_EQ(bed.answer(*universe, roots), expected.back());
    universe.reset();
    if (bed.file_is_there()) {
        EXPECT_EQ(bed.open(nullptr, 5)->check(), std::nullopt);
    }
    EXPECT_EQ(bed.log.count(LogLevel::kWarning), 0u) << bed.log.text();
}

TEST(UniverseConcurrency, TheLibraryMayGoWhileOneIsBeingMade) {
    const std::shared_ptr<Executor> executor = make_thread_pool(2);
    UniverseBed bed;
    bed.add_many("old", 50);
    for (int i = 0; i < 40; ++i) {
        bed.add("new" + std::to_string(i), "1.0.0", "old3");
        const auto universe = bed.open(executor.get(), 1);
        EXPECT_EQ(bed.answer(*universe, {"new" + std::to_string(i)}),
                  "new" + std::to_string(i) + " 1.0.0, old3 1.0.0, ");
    }
}

}  // namespace
}  // namespace catalog::library::testing
