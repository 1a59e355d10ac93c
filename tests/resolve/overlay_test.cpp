// Overlays: a frozen universe with changes answers like a universe that was frozen from everything.

#include "catalog/resolve/overlay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "support/resolve/agreement.hpp"
#include "support/resolve/faulty_provider.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/provider_contract.hpp"
#include "support/resolve/random_world.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::make_world;
using testing::Repo;
using testing::RepoEntry;
using testing::World;
using testing::WorldShape;

/// What there was, what there is, and what the difference touches.
struct Change {
    Repo base;
    std::vector<std::string> names;
    std::vector<std::string> virtuals;
};

using ByName = std::map<std::string, std::vector<RepoEntry>>;

ByName by_name(const std::vector<RepoEntry>& entries) {
    ByName names;
    for (const RepoEntry& entry : entries) names[entry.name].push_back(entry);
    return names;
}

/// Makes up what the packages of a repo were before: without versions or whole names, with other
/// records, with other yanks, with names that went.
Change change_before(const Repo& now, std::mt19937& random) {
    const auto one_in = [&random](std::uint32_t n) { return random() % n == 0; };
    const std::vector<RepoEntry>& all = now.entries();
    Change change;
    std::set<std::string> virtuals;
    for (const auto& [name, versions] : by_name(all)) {
        const bool changed = one_in(2);
        const bool absent = changed && one_in(3);
        if (changed) change.names.push_back(name);
        for (RepoEntry entry : versions) {
            if (changed) {
                for (const Provided& provided : entry.record.provides) {
                    virtuals.insert(provided.name);
                }
            }
            if (absent || (changed && one_in(3))) continue;
            if (changed && one_in(3)) entry.candidate.yanked = !entry.candidate.yanked;
            if (changed && one_in(3)) entry.record = all[random() % all.size()].record;
            change.base.add(std::move(entry));
        }
    }
    if (one_in(2)) {
        RepoEntry gone = all[random() % all.size()];
        gone.name = one_in(2) ? "gone" : "z";
        change.names.push_back(gone.name);
        change.base.add(std::move(gone));
    }
    std::shuffle(change.names.begin(), change.names.end(), random);
    change.virtuals.assign(virtuals.begin(), virtuals.end());
    return change;
}

std::vector<std::string> all_names() {
    std::vector<std::string> names = testing::letters();
    names.emplace_back("gone");
    return names;
}

/// Everything that an answer says but the time that it took.
std::string whole_text(const Result<Solution>& answer) {
    if (!answer) {
        std::string text(errc_name(answer.error().code()));
        text += ": " + std::string(answer.error().message());
        if (const auto* detail = answer.error().detail_as<ResolutionDetail>()) {
            for (const std::string& step : detail->steps) text += "\n" + step;
        }
        return text;
    }
    std::string text = testing::to_text(*answer);
    for (const std::size_t root : answer->roots) text += " root " + std::to_string(root);
    for (const Edge& edge : answer->edges) {
        text +=
            "\n" + std::to_string(edge.from) + " to " + std::to_string(edge.to) + " as " + edge.as;
    }
    for (const auto& component : answer->order) {
        text += "\n";
        for (const std::size_t package : component) text += std::to_string(package) + " ";
    }
    return text;
}

struct OverlaidMaker {
    /// Half of the packages are changed: of these every other version is new.
    static std::unique_ptr<DependencyProvider> make(const std::vector<RepoEntry>& entries) {
        struct Whole final : DependencyProvider {
            explicit Whole(const std::vector<RepoEntry>& entries) {
                Repo before;
                std::vector<std::string> names;
                std::vector<std::string> virtuals;
                bool changes = false;
                bool added = false;
                std::string last;
                for (const RepoEntry& entry : entries) {
                    now.add(entry);
                    if (entry.name != last) changes = !changes;
                    last = entry.name;
                    added = !added;
                    if (changes) {
                        names.push_back(entry.name);
                        for (const Provided& one : entry.record.provides) {
                            virtuals.push_back(one.name);
                        }
                    }
                    if (!changes || added) before.add(entry);
                }
                UniverseBuilder builder;
                for (const RepoEntry& entry : before.entries()) {
                    EXPECT_TRUE(builder.add(entry.name, entry.candidate, entry.record));
                }
                const auto bytes = std::make_shared<Bytes>(builder.finish().value());
                overlay = std::make_unique<OverlayProvider>(
                    UniverseChanges(FrozenUniverse::open(ByteView(*bytes), bytes).value(), names,
                                    virtuals),
                    now.provider());
            }
            [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override {
                return overlay->versions(name);
            }
            [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                                       const Candidate& candidate) override {
                return overlay->record(name, candidate);
            }
            [[nodiscard]] Result<std::vector<VirtualProvider>> providers(
                std::string_view name) override {
                return overlay->providers(name);
            }
            Repo now;
            std::unique_ptr<OverlayProvider> overlay;
        };
        return std::make_unique<Whole>(entries);
    }
};

}  // namespace

namespace testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Overlaid, ProviderContract, OverlaidMaker);
}  // namespace testing

namespace {

struct Counts {
    int sat = 0;
    int unsat = 0;
    std::uint64_t asked = 0;
};

/// Compares answers over an overlay with those over a universe of everything. False, with the
/// difference printed, when they differ.
bool agree(const WorldShape& shape, std::uint64_t seed, Engine engine, Counts& counts) {
    World world = make_world(shape, seed);
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    if (world.repo.entries().empty()) return true;
    Change change = change_before(world.repo, random);
    SatOptions options;
    options.engine = engine;
    const FrozenUniverse everything = testing::freeze(world.repo.provider(), all_names()).value();
    UniverseProvider frozen(everything);
    SatResolver frozen_resolver(make_system_clock(), options);
    const auto expected = frozen_resolver.resolve(world.request, frozen, CallContext());

    testing::FaultyProvider counted(world.repo.provider());
    OverlayProvider overlay(
        UniverseChanges(testing::freeze(change.base.provider(), all_names()).value(), change.names,
                        change.virtuals),
        counted);
    SatResolver resolver(make_system_clock(), options);
    const auto found = resolver.resolve(world.request, overlay, CallContext());
    EXPECT_EQ(whole_text(found), whole_text(expected)) << "seed " << seed << "\nbefore:\n"
                                                       << change.base.to_text() << "\nnow:\n"
                                                       << world.to_text();
    EXPECT_TRUE(counted.repeated().empty()) << *counted.repeated().begin();
    ++(expected ? counts.sat : counts.unsat);
    counts.asked += counted.calls();
    return whole_text(found) == whole_text(expected) && counted.repeated().empty();
}

void expect_agreement_with_everything(const WorldShape& shape, std::uint64_t seed, int worlds,
                                      Engine engine) {
    Counts counts;
    for (int i = 0; i < worlds; ++i) {
        if (!agree(shape, seed + static_cast<std::uint64_t>(i), engine, counts)) return;
    }
    EXPECT_GT(counts.sat, worlds / 10);
    EXPECT_GT(counts.unsat, worlds / 50);
    EXPECT_GT(counts.asked, 0u);
}

TEST(Overlay, AnswersLikeAUniverseOfEverything) {
    WorldShape shape;
    shape.names_max = 9;
    shape.kinds = false;
    shape.features = false;
    shape.per_major = false;
    expect_agreement_with_everything(shape, 1'000'000, 3'000, Engine::kDomains);
}

TEST(Overlay, AnswersLikeAUniverseOfEverythingWhateverIsAsked) {
    expect_agreement_with_everything(WorldShape(), 2'000'000, 2'000, Engine::kAutomatic);
}

TEST(Overlay, AsksOnlyForChangedPackagesThatTheSearchComesAcross) {
    Repo before(R"(
        a 1.0.0 ; needs b ^1
        b 1.0.0
        c 1.0.0
        d 1.0.0
    )");
    Repo now(R"(
        a 1.0.0 ; needs b ^1
        b 1.0.0
        b 1.1.0 ; needs d ^1
        c 1.0.0
        c 2.0.0
        d 1.0.0
    )");
    testing::FaultyProvider counted(now.provider());
    const std::vector<std::string> changed{"b", "c"};
    OverlayProvider overlay(
        UniverseChanges(testing::freeze(before.provider(), all_names()).value(), changed, {}),
        counted);
    SatResolver resolver;
    const auto answer = resolver.resolve(ask("a *"), overlay, CallContext());
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(testing::to_text(*answer), "a 1.0.0, b 1.1.0, d 1.0.0");
    EXPECT_EQ(counted.calls(), 2u) << "versions of b, record of b 1.1.0";
}

/// What is wanted by an old and by a new package alike is one choice: decided twice, the second
/// would fall on p, which the choice between them has brought in.
TEST(Overlay, AChoiceIsOneForOldAndNewPackages) {
    const std::string old_text = R"(
        p 1.0.0
        q 1.0.0
        r 1.0.0 ; needs p *
        s 1.0.0
        x 1.0.0 ; needs p * | q *, r * | s *
        z 1.0.0 ; needs q *
    )";
    Repo before(old_text);
    Repo now(old_text + "\n y 1.0.0 ; needs p * | q *");
    const std::vector<std::string> changed{"y"};
    OverlayProvider overlay(
        UniverseChanges(testing::freeze(before.provider(), all_names()).value(), changed, {}),
        now.provider());
    UniverseProvider frozen(testing::freeze(now.provider(), all_names()).value());
    const Request request = ask("x *, z *, y *");
    const auto found = SatResolver().resolve(request, overlay, CallContext());
    EXPECT_EQ(whole_text(found), whole_text(SatResolver().resolve(request, frozen, CallContext())));
    ASSERT_TRUE(found) << found.error().to_string();
    EXPECT_NE(whole_text(found).find("4 to 1 as q"), std::string::npos) << whole_text(found);
}

TEST(Overlay, ServesOneResolverForManyRequests) {
    Repo before("a 1.0.0 ; needs v *\n p 1.0.0 ; provides v 1.0.0");
    Repo now(
        "a 1.0.0 ; needs v *\n p 1.0.0 ; provides v 1.0.0\n q 1.0.0 ; provides v 2.0.0, w 1.0.0");
    const std::vector<std::string> changed{"q"};
    const std::vector<std::string> virtuals{"v", "w"};
    OverlayProvider overlay(
        UniverseChanges(testing::freeze(before.provider(), all_names()).value(), changed, virtuals),
        now.provider());
    SatResolver resolver;
    for (int i = 0; i < 3; ++i) {
        for (const char* roots : {"a *", "w *", "a *, p *", "q *", "p *"}) {
            const auto answer = resolver.resolve(ask(roots), overlay, CallContext());
            SatResolver fresh;
            const auto expected = fresh.resolve(ask(roots), now.provider(), CallContext());
            EXPECT_EQ(whole_text(answer), whole_text(expected)) << roots;
        }
    }
}

TEST(Overlay, AFailureOfTheOtherProviderIsTheAnswer) {
    Repo before("a 1.0.0 ; needs b *, c *\n b 1.0.0\n c 1.0.0");
    Repo now("a 1.0.0 ; needs b *, c *\n b 2.0.0 ; provides v 1.0.0\n c 1.0.0");
    const std::vector<std::string> changed{"b"};
    const std::vector<std::string> virtuals{"v"};
    const FrozenUniverse base = testing::freeze(before.provider(), all_names()).value();
    std::uint64_t calls = 0;
    for (std::uint64_t at = 0;; ++at) {
        testing::FaultyProvider faulty(now.provider());
        faulty.fail_at(at, Error(Errc::kIo, "the disk is gone"));
        OverlayProvider overlay(UniverseChanges(base, changed, virtuals), faulty);
        SatResolver resolver;
        const auto answer = resolver.resolve(ask("a *, v *"), overlay, CallContext());
        if (answer) break;
        ++calls;
        EXPECT_EQ(answer.error().code(), Errc::kProviderFailed);
        ASSERT_NE(answer.error().cause(), nullptr);
        EXPECT_EQ(answer.error().cause()->code(), Errc::kIo);
        ASSERT_LT(at, 100u);
    }
    EXPECT_EQ(calls, 3u) << "providers of v, versions and record of b";
}

TEST(Overlay, AnInterruptionKeepsItsCode) {
    Repo now("a 1.0.0");
    testing::FaultyProvider faulty(now.provider());
    faulty.fail_at(0, Error(Errc::kCancelled, "stop"));
    const std::vector<std::string> changed{"a"};
    OverlayProvider overlay(
        UniverseChanges(testing::freeze(Repo().provider(), all_names()).value(), changed, {}),
        faulty);
    const auto answer = SatResolver().resolve(ask("a *"), overlay, CallContext());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Errc::kCancelled);
}

TEST(Overlay, CountsEachChangedPackageOnce) {
    Repo before("a 1.0.0\n b 1.0.0");
    const std::vector<std::string> changed{"b", "new", "b", "new"};
    const UniverseChanges changes(testing::freeze(before.provider(), all_names()).value(), changed,
                                  {});
    EXPECT_EQ(changes.count(), 2u);
    EXPECT_EQ(changes.base().name_count(), 2u);
}

}  // namespace
}  // namespace catalog::resolve
