// MemoryProvider keeps the contract of every provider, and what the resolver asks of one.

#include <gtest/gtest.h>

#include <stdexcept>

#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/faulty_provider.hpp"
#include "support/resolve/provider_contract.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::FaultyProvider;
using testing::Repo;
using testing::RepoEntry;
using testing::ver;

struct MemoryMaker {
    static std::unique_ptr<DependencyProvider> make(const std::vector<RepoEntry>& entries) {
        auto provider = std::make_unique<MemoryProvider>();
        for (const RepoEntry& entry : entries) {
            const auto added = provider->add(entry.name, entry.candidate, entry.record);
            EXPECT_TRUE(added) << added.error().to_string();
        }
        return provider;
    }
};

/// Forwards everything: a wrapper must keep the contract of what it wraps.
struct FaultyMaker {
    struct Owner final : DependencyProvider {
        std::unique_ptr<DependencyProvider> base;
        std::unique_ptr<FaultyProvider> faulty;
        Result<std::vector<Candidate>> versions(std::string_view name) override {
            return faulty->versions(name);
        }
        Result<PackageRecord> record(std::string_view name, const Candidate& c) override {
            return faulty->record(name, c);
        }
        Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
            return faulty->providers(name);
        }
    };
    static std::unique_ptr<DependencyProvider> make(const std::vector<RepoEntry>& entries) {
        auto owner = std::make_unique<Owner>();
        owner->base = MemoryMaker::make(entries);
        owner->faulty = std::make_unique<FaultyProvider>(*owner->base);
        return owner;
    }
};

}  // namespace

namespace testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ProviderContract, MemoryMaker);
INSTANTIATE_TYPED_TEST_SUITE_P(Faulty, ProviderContract, FaultyMaker);
}  // namespace testing

namespace {

TEST(MemoryProvider, RefusesAVersionThatIsThere) {
    MemoryProvider provider;
    ASSERT_TRUE(provider.add("a", {ver("1.0.0"), false, ""}, {}));
    const auto again = provider.add("a", {ver("1.0.0+build"), false, ""}, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), Errc::kAlreadyExists);
    EXPECT_TRUE(provider.add("a", {ver("1.0.0"), false, "git+https://example.org/a#m"}, {}))
        << "another source is another version";
}

/// A world that loads versions, records, providers and conflicts.
Repo sample() {
    return Repo(R"(
        a 1.0.0 ; needs b ^1, v *, optional o * ; conflicts z * ; feature default = dep:o
        a 2.0.0 ; needs b ^9
        b 1.0.0 ; needs c * | d *
        b 1.1.0 ; needs c ^5
        c 1.0.0 ; conflicts d *
        d 1.0.0
        o 1.0.0
        p 1.0.0 ; provides v 1.0.0
        z 1.0.0
        far 1.0.0
    )");
}

TEST(Provider, IsAskedEachQuestionOnce) {
    Repo repo = sample();
    FaultyProvider counting(repo.provider());
    SatResolver resolver;
    const auto solution = resolver.resolve(ask("a *, d *, a ^1"), counting, CallContext());
    ASSERT_TRUE(solution) << solution.error().to_string();
    EXPECT_TRUE(counting.repeated().empty()) << *counting.repeated().begin();
    EXPECT_GT(counting.prefetched(), 0u);
}

TEST(Provider, IsNotAskedForWhatIsOutOfReach) {
    Repo repo("a 1.0.0 ; needs b *, optional c *\nb 1.0.0\nb 0.1.0 ; needs d *\nc 1.0.0\nd 1.0.0");
    std::vector<std::string> asked;
    struct Listening final : DependencyProvider {
        Listening(DependencyProvider& base_provider, std::vector<std::string>& log)
            : base(base_provider), names(log) {}
        Result<std::vector<Candidate>> versions(std::string_view name) override {
            names.emplace_back(name);
            return base.versions(name);
        }
        Result<PackageRecord> record(std::string_view name, const Candidate& c) override {
            return base.record(name, c);
        }
        Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
            return base.providers(name);
        }
        DependencyProvider& base;
        std::vector<std::string>& names;
    } listening(repo.provider(), asked);
    SatResolver resolver;
    ASSERT_TRUE(resolver.resolve(ask("a *"), listening, CallContext()));
    EXPECT_EQ(asked, (std::vector<std::string>{"a", "b"}));
}

TEST(Provider, EveryFailureIsReportedWithItsCause) {
    Repo repo = sample();
    FaultyProvider counting(repo.provider());
    SatResolver resolver;
    ASSERT_TRUE(resolver.resolve(ask("a *"), counting, CallContext()));
    ASSERT_GT(counting.calls(), 10u);
    for (std::uint64_t call = 0; call < counting.calls(); ++call) {
        FaultyProvider faulty(repo.provider());
        faulty.fail_at(call, Error(Errc::kIo, "the disk is gone"));
        const auto failed = resolver.resolve(ask("a *"), faulty, CallContext());
        ASSERT_FALSE(failed) << "call " << call;
        EXPECT_EQ(failed.error().code(), Errc::kProviderFailed) << "call " << call;
        ASSERT_NE(failed.error().cause(), nullptr);
        EXPECT_EQ(failed.error().cause()->code(), Errc::kIo);
        EXPECT_FALSE(failed.error().input().empty()) << "call " << call;
    }
}

TEST(Provider, AnExceptionAtAnyCallIsReportedAsAFailure) {
    Repo repo = sample();
    FaultyProvider counting(repo.provider());
    SatResolver resolver;
    ASSERT_TRUE(resolver.resolve(ask("a *"), counting, CallContext()));
    for (std::uint64_t call = 0; call < counting.calls(); ++call) {
        FaultyProvider throwing(repo.provider());
        throwing.on_call([&](std::uint64_t now) {
            if (now != call) return;
            if (call % 2 == 0) throw std::runtime_error("a broken pipe");
            throw 42;
        });
        const auto failed = resolver.resolve(ask("a *"), throwing, CallContext());
        ASSERT_FALSE(failed) << "call " << call;
        EXPECT_EQ(failed.error().code(), Errc::kProviderFailed) << "call " << call;
        ASSERT_NE(failed.error().cause(), nullptr);
        EXPECT_EQ(failed.error().cause()->message(),
                  call % 2 == 0 ? "the provider threw a broken pipe"
                                : "the provider threw something that is not a std::exception");
        EXPECT_TRUE(resolver.resolve(ask("a *"), repo.provider(), CallContext()));
    }
}

TEST(Provider, AnInterruptionInsideAProviderKeepsItsCode) {
    Repo repo = sample();
    FaultyProvider faulty(repo.provider());
    faulty.fail_at(3, Error(Errc::kCancelled, "stopped"));
    SatResolver resolver;
    const auto failed = resolver.resolve(ask("a *"), faulty, CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kCancelled);
}

/// Lists a version that it has no record of, or a provider that it does not list.
class Inconsistent final : public DependencyProvider {
public:
    bool unlisted_provider = false;
    Result<std::vector<Candidate>> versions(std::string_view name) override {
        if (name != "a") return std::vector<Candidate>{};
        return std::vector<Candidate>{{ver("1.0.0"), false, ""}};
    }
    Result<PackageRecord> record(std::string_view, const Candidate&) override {
        return fail(Errc::kNotFound, "no record");
    }
    Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
        std::vector<VirtualProvider> none;
        if (!unlisted_provider) return none;
        return std::vector<VirtualProvider>{{"ghost", {ver("1.0.0"), false, ""}, ver("1.0.0")}};
        static_cast<void>(name);
    }
};

TEST(Provider, AListedVersionWithoutARecordIsAFailure) {
    Inconsistent provider;
    SatResolver resolver;
    const auto failed = resolver.resolve(ask("a *"), provider, CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kProviderFailed);
    EXPECT_EQ(failed.error().input(), "a@1.0.0");
    ASSERT_NE(failed.error().cause(), nullptr);
    EXPECT_EQ(failed.error().cause()->code(), Errc::kNotFound);
}

TEST(Provider, AProviderThatIsNotListedIsAFailure) {
    Inconsistent provider;
    provider.unlisted_provider = true;
    SatResolver resolver;
    const auto failed = resolver.resolve(ask("v *"), provider, CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kProviderFailed);
    EXPECT_EQ(failed.error().input(), "ghost@1.0.0");
}

}  // namespace
}  // namespace catalog::resolve
