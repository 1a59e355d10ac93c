#include "catalog/resolve/resolution_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/fake_solution_cache.hpp"
#include "support/resolve/faulty_provider.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::FakeSolutionCache;
using testing::FaultyProvider;
using testing::FaultySolutionCache;
using testing::Repo;
using testing::StoreFault;

struct Bed {
    explicit Bed(std::string_view packages) : repo(packages), provider(repo.provider()) {}

    std::string answer(const Request& request) {
        const auto solution = cache.resolve(request, provider, CallContext());
        return solution ? testing::to_text(*solution) : solution.error().to_string();
    }

    Repo repo;
    FaultyProvider provider;
    SatResolver inner;
    std::shared_ptr<FakeSolutionCache> store = std::make_shared<FakeSolutionCache>();
    ResolutionCache cache{inner, store, "sat", "universe-1"};
};

/// A resolver whose answers are those of another, but not proven.
class DoubtfulResolver final : public Resolver {
public:
    Result<Solution> resolve(const Request& request, DependencyProvider& provider,
                             const CallContext& context) override {
        auto answer = inner_.resolve(request, provider, context);
        if (answer) answer->proven = false;
        return answer;
    }

private:
    SatResolver inner_;
};

TEST(ResolutionCache, DoesNotRememberWhatABudgetLeftUnproven) {
    Repo repo("a 1.0.0");
    DoubtfulResolver inner;
    const auto store = std::make_shared<MemorySolutionCache>();
    ResolutionCache cache(inner, store, "sat", "universe-1");
    const auto answer = cache.resolve(ask("a *"), repo.provider(), CallContext());
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_FALSE(answer->proven);
    EXPECT_EQ(store->size(), 0u);
}

TEST(ResolutionCache, AnswersFromTheStore) {
    Bed bed(
        "a 1.0.0 ; needs b ^1 ; feature default = x ; feature x =\nb 1.0.0 ; needs c *\nc 1.0.0 ; "
        "needs b *");
    const Request request = ask("a *");
    const auto fresh = bed.cache.resolve(request, bed.provider, CallContext());
    ASSERT_TRUE(fresh.has_value());
    const std::uint64_t calls = bed.provider.calls();
    const auto again = bed.cache.resolve(request, bed.provider, CallContext());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(bed.provider.calls(), calls);
    EXPECT_EQ(bed.cache.stats().hits, 1u);
    EXPECT_EQ(testing::to_text(*again), testing::to_text(*fresh));
    EXPECT_EQ(again->roots, fresh->roots);
    EXPECT_EQ(again->order, fresh->order);
    EXPECT_EQ(again->edges.size(), fresh->edges.size());
    EXPECT_EQ(testing::check_text(request, bed.repo.provider(), *again), "");
}

TEST(ResolutionCache, RemembersThatThereIsNoAnswer) {
    Bed bed("a 1.0.0 ; needs b ^1\nb 2.0.0");
    for (const char* request : {"a *", "nobody *"}) {
        const std::string fresh = bed.answer(ask(request));
        const std::uint64_t calls = bed.provider.calls();
        EXPECT_EQ(bed.answer(ask(request)), fresh);
        EXPECT_EQ(bed.provider.calls(), calls);
    }
    const auto failed = bed.cache.resolve(ask("a *"), bed.provider, CallContext());
    ASSERT_FALSE(failed.has_value());
    EXPECT_FALSE(failed.error().detail_as<ResolutionDetail>()->steps.empty());
}

TEST(ResolutionCache, NeverAnswersForAnotherUniverse) {
    Bed bed("a 1.0.0");
    EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0");
    bed.repo.add({"a", {testing::ver("2.0.0"), false, ""}, {}});
    bed.cache.set_universe("universe-2");
    EXPECT_EQ(bed.answer(ask("a *")), "a 2.0.0");
    EXPECT_EQ(bed.cache.stats().hits, 0u);
    // A store that mixes its entries up.
    ASSERT_EQ(bed.store->values.size(), 2u);
    std::string& first = bed.store->values.begin()->second;
    std::string& second = std::next(bed.store->values.begin())->second;
    std::swap(first, second);
    EXPECT_EQ(bed.answer(ask("a *")), "a 2.0.0");
    EXPECT_EQ(bed.cache.stats().refused, 1u);
}

TEST(ResolutionCache, EveryFieldOfTheRequestCounts) {
    const Request base = ask("a ^1, b *");
    std::vector<Request> others(12, base);
    others[0].roots[0].target.constraint = testing::target("a ^1.0").constraint;
    others[1].roots[0].features = {"x"};
    others[2].roots[0].default_features = false;
    others[3].policy = VersionPolicy::kPerMajor;
    others[4].preference = Preference::kMinimal;
    others[5].locked = {testing::locked("a 1.0.0")};
    others[6].constraints = {testing::target("a <2")};
    others[7].host_provides = {testing::provided("h 1.0.0")};
    others[8].optional = {"o"};
    others[9].development = true;
    others[10].include_prereleases = true;
    std::swap(others[11].roots[0], others[11].roots[1]);
    for (std::size_t i = 0; i < others.size(); ++i)
        EXPECT_NE(request_text(others[i]), request_text(base)) << i;
    EXPECT_EQ(request_text(ask("a ^1, b *")), request_text(base));
}

TEST(ResolutionCache, DamageIsRefusedAndResolvedAnew) {
    Bed bed("a 1.0.0 ; needs b *\nb 1.0.0");
    EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0, b 1.0.0");
    const std::string sound = bed.store->values.begin()->second;
    const std::size_t step = std::max<std::size_t>(1, sound.size() / 200);
    for (std::size_t cut = 0; cut < sound.size(); cut += step) {
        bed.store->values.begin()->second = sound.substr(0, cut);
        EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0, b 1.0.0") << cut;
    }
    EXPECT_GE(bed.cache.stats().refused, 100u);
    EXPECT_EQ(bed.cache.stats().hits, 0u);
}

TEST(ResolutionCache, NoChangedByteIsTaken) {
    Bed bed("a 1.0.0 ; needs b *\nb 1.0.0");
    EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0, b 1.0.0");
    const std::string sound = bed.store->values.begin()->second;
    for (std::size_t at = 0; at < sound.size(); ++at) {
        std::string& stored = bed.store->values.begin()->second;
        stored = sound;
        stored[at] = static_cast<char>(stored[at] ^ 1);  // digits stay digits, most letters letters
        EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0, b 1.0.0") << at;
    }
    EXPECT_EQ(bed.cache.stats().hits, 0u);
    EXPECT_EQ(bed.cache.stats().refused, sound.size());
}

/// All that an answer says.
std::string whole_text(const Result<Solution>& answer) {
    if (!answer) return answer.error().to_string();
    std::string text = testing::to_text(*answer) + " roots";
    for (const std::size_t root : answer->roots) text += " " + std::to_string(root);
    for (const Edge& edge : answer->edges)
        text += "; " + std::to_string(edge.from) + "-" + std::to_string(edge.to) + " " + edge.as;
    for (const auto& component : answer->order) {
        text += "; order";
        for (const std::size_t member : component) text += " " + std::to_string(member);
    }
    return text;
}

/// Two universes in turn, the same few requests again and again, through a store that breaks
/// `percent` of its calls. Returns how many went wrong; `hits` counts the remembered answers.
std::uint64_t answers_stay_right(const std::vector<StoreFault>& faults, unsigned percent,
                                 std::uint64_t seed, std::uint64_t& hits) {
    std::array<Repo, 2> repos = {Repo("a 1.0.0 ; needs b ^1\nb 1.0.0\nc 1.0.0 ; needs b ^2"),
                                 Repo("a 1.1.0 ; needs b ^1\nb 1.2.0\nb 2.0.0\nc 1.0.0")};
    const std::vector<Request> requests = {ask("a *"), ask("b ^1"), ask("c *"), ask("nobody *"),
                                           ask("a *, c *")};
    const auto store = std::make_shared<FaultySolutionCache>(std::make_shared<FakeSolutionCache>(),
                                                             faults, percent, seed);
    SatResolver inner;
    ResolutionCache cache(inner, store, "sat", "universe");
    for (std::size_t round = 0; round < 12; ++round) {
        MemoryProvider& provider = repos[round % 2].provider();
        cache.set_universe("universe-" + std::to_string(round % 2));
        for (const Request& request : requests) {
            SatResolver fresh;
            const std::string expected =
                whole_text(fresh.resolve(request, provider, CallContext()));
            EXPECT_EQ(whole_text(cache.resolve(request, provider, CallContext())), expected)
                << "seed " << seed << " round " << round;
        }
    }
    hits += cache.stats().hits + cache.stats().implied;
    return store->injected();
}

TEST(ResolutionCache, AnswersAreRightWhateverTheStoreDoes) {
    std::uint64_t hits = 0;
    std::vector<StoreFault> all;
    for (unsigned fault = 0; fault < testing::kStoreFaults; ++fault) {
        const auto one = static_cast<StoreFault>(fault);
        all.push_back(one);
        // Nothing is erased from a store that does no other wrong.
        const std::vector<StoreFault> faults = one == StoreFault::kDropsErase
                                                   ? std::vector{one, StoreFault::kCutsShort}
                                                   : std::vector{one};
        for (const unsigned percent : {30U, 100U})
            EXPECT_GT(answers_stay_right(faults, percent, fault, hits), 0u) << fault;
    }
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        EXPECT_GT(answers_stay_right(all, 60, seed, hits), 0u);
    EXPECT_GT(hits, 0u);
}

TEST(ResolutionCache, AStoreWithoutFaultsAnswersEveryRepetition) {
    std::uint64_t hits = 0;
    EXPECT_EQ(answers_stay_right({}, 0, 1, hits), 0u);
    EXPECT_EQ(hits, 51u);  // 12 rounds of 5, the first two of them new but for what c implies
}

TEST(ResolutionCache, RootsThatFailedTogetherFailBesideOthers) {
    Bed bed("a 1.0.0 ; needs b ^1\nb 2.0.0\nc 1.0.0\nd 1.0.0");
    const std::string first = bed.answer(ask("a *, c *"));
    const std::uint64_t calls = bed.provider.calls();
    EXPECT_EQ(bed.answer(ask("d *, a *")), first);
    EXPECT_EQ(bed.cache.stats().implied, 1u);
    EXPECT_EQ(bed.provider.calls(), calls + 1) << "only whether there is a d";
    Request newest_last = ask("a *");
    newest_last.preference = Preference::kMinimal;
    EXPECT_EQ(bed.answer(newest_last), first) << "a preference cannot help";
    EXPECT_EQ(bed.cache.stats().implied, 2u);
}

TEST(ResolutionCache, AFailureSaysNothingOfRequestsThatDifferInMoreThanRoots) {
    Bed bed("a 1.0.0 ; needs b ^1\nb 1.0.0 yanked\nb 2.0.0\nc 1.0.0");
    EXPECT_NE(bed.answer(ask("a *")).find("cannot"), std::string::npos);
    Request locked = ask("a *, c *");
    locked.locked.push_back({"b", testing::ver("1.0.0"), ""});
    EXPECT_EQ(bed.answer(locked), "a 1.0.0, b 1.0.0, c 1.0.0");
    bed.cache.set_universe("universe-2");
    bed.repo.add({"b", {testing::ver("1.1.0"), false, ""}, {}});
    EXPECT_EQ(bed.answer(ask("a *, c *")), "a 1.0.0, b 1.1.0, c 1.0.0");
    EXPECT_EQ(bed.cache.stats().implied, 0u);
}

TEST(ResolutionCache, APeerThatAnotherRootMaySupplyIsNoLesson) {
    Bed bed("a 1.0.0 ; needs peer b ^1\nb 1.0.0");
    EXPECT_NE(bed.answer(ask("a *")).find("cannot"), std::string::npos);
    EXPECT_EQ(bed.answer(ask("a *, b *")), "a 1.0.0, b 1.0.0");
}

TEST(ResolutionCache, ARootThatNobodyHasIsStillSaidToBeUnknown) {
    Bed bed("a 1.0.0 ; needs b ^1\nb 2.0.0");
    static_cast<void>(bed.answer(ask("a *")));
    const auto failed = bed.cache.resolve(ask("a *, nobody *"), bed.provider, CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kUnknownPackage);
}

/// The roots of a failure, as a request of its own.
Request blamed(const Request& request, const ResolutionDetail& detail) {
    Request only = request;
    std::erase_if(only.roots, [&](const Root& root) {
        std::string text = root.target.name + " " + root.target.constraint.to_string();
        for (std::size_t i = 0; i < root.features.size(); ++i)
            text += (i == 0 ? " with " : ", ") + root.features[i];
        return std::ranges::find(detail.roots, text) == detail.roots.end();
    });
    return only;
}

// Random worlds, each asked for random choices among its roots: with and without a memory, through
// a provider and over a frozen universe.
TEST(ResolutionCache, GivesTheVerdictsOfAResolverWithoutMemory) {
    std::uint64_t implied = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        testing::World world = testing::make_world({}, seed);
        std::vector<Root> roots = world.request.roots;
        for (const Root& more : testing::make_world({}, seed + 100'000).request.roots)
            roots.push_back(more);
        SatResolver inner;
        SatResolver fresh;
        ResolutionCache cache(inner, std::make_shared<MemorySolutionCache>(), "sat", "universe");
        for (std::uint64_t draw = 1; draw <= 12; ++draw) {
            Request request = world.request;
            request.roots.clear();
            for (std::size_t i = 0; i < roots.size(); ++i)
                if ((((seed * 31 + draw) * 0x9e3779b97f4a7c15u) >> (20 + i)) % 2 != 0)
                    request.roots.push_back(roots[i]);
            const auto expected = fresh.resolve(request, world.repo.provider(), CallContext());
            const auto answer = cache.resolve(request, world.repo.provider(), CallContext());
            ASSERT_EQ(answer.has_value(), expected.has_value()) << "seed " << seed;
            if (answer) {
                ASSERT_EQ(whole_text(answer), whole_text(expected)) << "seed " << seed;
                continue;
            }
            ASSERT_EQ(answer.error().code(), expected.error().code())
                << "seed " << seed << ": " << answer.error().to_string() << " instead of "
                << expected.error().to_string() << world.to_text();
            if (const auto* detail = answer.error().detail_as<ResolutionDetail>()) {
                const Request only = blamed(request, *detail);
                ASSERT_FALSE(only.roots.empty());
                ASSERT_FALSE(fresh.resolve(only, world.repo.provider(), CallContext()))
                    << "seed " << seed;
            }
        }
        implied += cache.stats().implied;
    }
    EXPECT_GT(implied, 100u) << "too few failures that followed from others";
}

TEST(ResolutionCache, FailuresOfTheProviderAreNotRemembered) {
    Bed bed("a 1.0.0");
    bed.provider.fail_at(0, Error(Errc::kProviderFailed, "the disk is gone"));
    EXPECT_NE(bed.answer(ask("a *")), "a 1.0.0");
    EXPECT_TRUE(bed.store->values.empty());
    EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0");
}

TEST(ResolutionCache, WithoutAUniverseNothingIsRemembered) {
    Bed bed("a 1.0.0");
    bed.cache.set_universe("");
    EXPECT_EQ(bed.answer(ask("a *")), "a 1.0.0");
    EXPECT_TRUE(bed.store->values.empty());
}

TEST(MemorySolutionCache, ForgetsWhatWasNotUsedForLongest) {
    MemorySolutionCache cache(2, 1'000);
    cache.put("a", "1");
    cache.put("b", "2");
    EXPECT_EQ(cache.get("a"), "1");
    cache.put("c", "3");
    EXPECT_EQ(cache.get("b"), std::nullopt);
    EXPECT_EQ(cache.get("a"), "1");
    EXPECT_EQ(cache.size(), 2u);
    cache.put("a", "11");
    EXPECT_EQ(cache.get("a"), "11");
    EXPECT_EQ(cache.bytes(), 5u);
    cache.erase("a");
    EXPECT_EQ(cache.bytes(), 2u);
}

TEST(MemorySolutionCache, KeepsItsBytesBounded) {
    MemorySolutionCache cache(100, 10);
    cache.put("a", "123456789");
    EXPECT_EQ(cache.size(), 1u);
    cache.put("b", "1234567890");
    EXPECT_EQ(cache.get("b"), std::nullopt);
    cache.put("c", "12345");
    EXPECT_EQ(cache.get("a"), std::nullopt);
    EXPECT_EQ(cache.bytes(), 6u);
}

}  // namespace
}  // namespace catalog::resolve
