#include "catalog/resolve/resolution_cache.hpp"

#include <gtest/gtest.h>

#include <map>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/faulty_provider.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::FaultyProvider;
using testing::Repo;

/// A store that can be looked into and tampered with.
class OpenStore final : public SolutionCache {
public:
    std::optional<std::string> get(std::string_view key) override {
        const auto at = values.find(std::string(key));
        return at == values.end() ? std::nullopt : std::optional(at->second);
    }
    void put(std::string_view key, std::string value) override {
        values[std::string(key)] = std::move(value);
    }
    void erase(std::string_view key) override { values.erase(std::string(key)); }

    std::map<std::string, std::string> values;
};

struct Bed {
    explicit Bed(std::string_view packages) : repo(packages), provider(repo.provider()) {}

    std::string answer(const Request& request) {
        const auto solution = cache.resolve(request, provider, CallContext());
        return solution ? testing::to_text(*solution) : solution.error().to_string();
    }

    Repo repo;
    FaultyProvider provider;
    SatResolver inner;
    std::shared_ptr<OpenStore> store = std::make_shared<OpenStore>();
    ResolutionCache cache{inner, store, "sat", "universe-1"};
};

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
