// Budgets, deadlines, stop requests and requests that make no sense.

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <string>

#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/faulty_provider.hpp"
#include "support/resolve/hard_world.hpp"
#include "support/resolve/ticking_clock.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::FaultyProvider;
using testing::Repo;
using testing::TickingClock;

TEST(Interruption, ABudgetOfConflictsEndsTheSearch) {
    testing::World world = testing::make_hard_world({20, 6, 4, 0.5}, 3);
    world.request.conflicts_max = 5;
    SatResolver resolver;
    const auto failed = resolver.resolve(world.request, world.repo.provider(), CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kBudgetExhausted);
    const auto* detail = failed.error().detail_as<LimitDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->limit, "resolve_conflicts_max");
    EXPECT_EQ(detail->allowed, 5u);
}

/// Keeps the counts of each phase.
class Listener final : public ProgressSink {
public:
    void update(const ProgressUpdate& update) noexcept override {
        EXPECT_EQ(update.operation, "resolve");
        std::uint64_t& last = update.phase == "load" ? packages : conflicts;
        EXPECT_EQ(update.phase, update.unit == "packages" ? "load" : "search");
        EXPECT_GT(update.done, last) << update.phase;
        last = update.done;
    }
    std::uint64_t packages = 0;
    std::uint64_t conflicts = 0;
};

TEST(Progress, CountsConflictsOfAllSearchesAsOne) {
    testing::World world = testing::make_hard_world({30, 8, 6, 0.5}, 3);
    for (const Engine engine : {Engine::kAutomatic, Engine::kBoolean}) {
        Listener listener;
        CallContext context;
        context.progress = &listener;
        SatOptions options;
        options.engine = engine;
        SatResolver resolver(make_system_clock(), options);
        static_cast<void>(resolver.resolve(world.request, world.repo.provider(), context));
        EXPECT_GT(listener.conflicts, 0u);
    }
}

TEST(Progress, CountsThePackagesThatWereLoaded) {
    std::string packages;
    for (int i = 0; i < 600; ++i)
        packages += "p" + std::to_string(i) + " 1.0.0 ; needs p" + std::to_string(i + 1) + " *\n";
    Repo repo(packages + "p600 1.0.0");
    Listener listener;
    CallContext context;
    context.progress = &listener;
    ASSERT_TRUE(SatResolver().resolve(ask("p0 *"), repo.provider(), context));
    EXPECT_GE(listener.packages, 256u);
}

TEST(Interruption, TimeHandsARequestOverToClauses) {
    testing::World world = testing::make_hard_world({16, 6, 4, 0.6}, 1);
    SatOptions options;
    options.engine = Engine::kAutomatic;
    options.domain_conflicts_max = ~std::uint64_t{0};
    const auto conflicts_with = [&](std::chrono::nanoseconds domain_time_max) {
        options.domain_time_max = domain_time_max;
        SatResolver resolver(std::make_shared<TickingClock>(), options);
        const auto solution = resolver.resolve(world.request, world.repo.provider(), CallContext());
        EXPECT_TRUE(solution) << solution.error().to_string();
        if (!solution) return std::uint64_t{0};
        EXPECT_EQ(testing::check_text(world.request, world.repo.provider(), *solution), "");
        return solution->stats.conflicts;
    };
    // One tick: at the first conflict the time is up, and the other engine has its own.
    const std::uint64_t unbounded = conflicts_with(std::chrono::nanoseconds(0));
    EXPECT_GT(unbounded, 1u);
    EXPECT_EQ(conflicts_with(std::chrono::hours(1'000'000)), unbounded);
    EXPECT_NE(conflicts_with(std::chrono::seconds(1)), unbounded);
}

TEST(Interruption, ADeadlineEndsEverySearch) {
    testing::World world = testing::make_hard_world({20, 6, 4, 0.5}, 3);
    CallContext context;
    context.deadline = MonotonicTime(std::chrono::seconds(40));
    SatResolver sat(std::make_shared<TickingClock>());
    const auto failed = sat.resolve(world.request, world.repo.provider(), context);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kDeadlineExceeded);
    GraphResolver graph(std::make_shared<TickingClock>());
    const auto failed_too = graph.resolve(world.request, world.repo.provider(), context);
    ASSERT_FALSE(failed_too);
    EXPECT_EQ(failed_too.error().code(), Errc::kDeadlineExceeded);
}

TEST(Interruption, AStopRequestIsSeenAtTheNextLoad) {
    Repo repo("a 1.0.0 ; needs b *\nb 1.0.0 ; needs c *\nc 1.0.0 ; needs d *\nd 1.0.0");
    SatResolver resolver;
    FaultyProvider counting(repo.provider());
    ASSERT_TRUE(resolver.resolve(ask("a *"), counting, CallContext()));
    for (std::uint64_t stop_at = 0; stop_at + 1 < counting.calls(); ++stop_at) {
        std::stop_source source;
        CallContext context;
        context.stop = source.get_token();
        FaultyProvider stopping(repo.provider());
        stopping.on_call([&](std::uint64_t call) {
            if (call == stop_at) source.request_stop();
        });
        const auto failed = resolver.resolve(ask("a *"), stopping, context);
        ASSERT_FALSE(failed) << "stop at call " << stop_at;
        EXPECT_EQ(failed.error().code(), Errc::kCancelled);
        EXPECT_EQ(stopping.calls(), stop_at + 1) << "nothing is asked after the stop";
    }
}

TEST(Interruption, AResolverCanBeUsedAgainAfterwards) {
    Repo repo("a 1.0.0 ; needs b *\nb 1.0.0");
    SatResolver resolver;
    FaultyProvider faulty(repo.provider());
    faulty.fail_at(2, Error(Errc::kIo, "gone"));
    EXPECT_FALSE(resolver.resolve(ask("a *"), faulty, CallContext()));
    EXPECT_EQ(testing::answer(resolver, repo, ask("a *")), "a 1.0.0, b 1.0.0");
}

TEST(Interruption, RequestsWithoutNamesAreRefused) {
    Repo repo("a 1.0.0");
    SatResolver resolver;
    Request request = ask("a *");
    request.optional = {""};
    const auto refused = resolver.resolve(request, repo.provider(), CallContext());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kInvalidArgument);
    request = ask("a *");
    request.roots.emplace_back();
    EXPECT_EQ(testing::answer(resolver, repo, request),
              "invalid_argument: the request has a root without a package name");
}

}  // namespace
}  // namespace catalog::resolve
