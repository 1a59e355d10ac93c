// Frozen universes: what goes in comes out, and nothing but a whole universe is taken.

#include "catalog/resolve/universe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "catalog/resolve/overlay.hpp"
#include "support/core/golden.hpp"
#include "support/resolve/agreement.hpp"
#include "support/resolve/freezing_resolver.hpp"
#include "support/resolve/provider_contract.hpp"

namespace catalog::resolve {
namespace {

using testing::ask;
using testing::Repo;
using testing::RepoEntry;
using testing::ver;
using testing::World;
using testing::WorldShape;

struct FrozenMaker {
    static std::unique_ptr<DependencyProvider> make(const std::vector<RepoEntry>& entries) {
        UniverseBuilder builder;
        for (const RepoEntry& entry : entries) {
            EXPECT_TRUE(builder.add(entry.name, entry.candidate, entry.record));
        }
        const auto owner = std::make_shared<Bytes>(builder.finish().value());
        return std::make_unique<UniverseProvider>(
            FrozenUniverse::open(ByteView(*owner), owner).value());
    }
};

Bytes frozen_bytes(const std::vector<RepoEntry>& entries) {
    UniverseBuilder builder;
    for (const RepoEntry& entry : entries) {
        EXPECT_TRUE(builder.add(entry.name, entry.candidate, entry.record));
    }
    return builder.finish().value();
}

Repo sample() {
    return Repo(R"(
        a 1.0.0 ; needs b ^1, v *, optional o * ; conflicts z * ; feature default = dep:o
        a 2.0.0 ; needs b ^9
        a 2.0.0-rc.1 ; needs b ^9
        b 1.0.0 ; needs c * | d *
        b 1.1.0 yanked ; needs c ^5 @linux-*
        c 1.0.0 ; conflicts d *, v <2
        d 1.0.0
        o 1.0.0
        p 1.0.0 ; provides v 1.0.0
        z 1.0.0 ; source git+https://example.org/z#main
    )");
}

}  // namespace

namespace testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Frozen, ProviderContract, FrozenMaker);
}  // namespace testing

namespace {

TEST(Universe, IsTheSameInWhateverOrderPackagesAreAdded) {
    std::vector<RepoEntry> entries = sample().entries();
    const Bytes bytes = frozen_bytes(entries);
    std::mt19937 random(7);
    for (int i = 0; i < 10; ++i) {
        std::shuffle(entries.begin(), entries.end(), random);
        EXPECT_EQ(frozen_bytes(entries), bytes);
    }
}

/// A name with more versions than a word has bits, wanted and excluded by ranges.
std::vector<RepoEntry> wide_world() {
    std::string text;
    for (int i = 0; i < 150; ++i) {
        const std::string n = std::to_string(i);
        text += "wide 1." + n + ".0" + (i % 7 == 0 ? "-rc.1" : "") + " ; needs low <1." + n + "\n";
        text += "low 1." + n + ".0 ; conflicts wide >1." + n + "\n";
    }
    return Repo(text).entries();
}

/// The file format is what readers of any age share, so bytes may not change unnoticed.
TEST(Universe, BytesOfTheSamePackagesNeverChange) {
    WorldShape shape;
    shape.names_max = 12;
    shape.versions_max = 6;
    std::string lines;
    const auto put = [&](const std::string& what, const std::vector<RepoEntry>& entries) {
        const auto owner = std::make_shared<Bytes>(frozen_bytes(entries));
        const FrozenUniverse universe = FrozenUniverse::open(ByteView(*owner), owner).value();
        lines += what + " " + std::to_string(universe.bytes()) + " " +
                 std::to_string(universe.identity()) + "\n";
    };
    put("sample", sample().entries());
    put("wide", wide_world());
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        put(std::to_string(seed), testing::make_world(shape, seed).repo.entries());
    }
    golden::expect("resolve/universe_v1.txt", lines);
}

FrozenUniverse frozen_of(const std::vector<RepoEntry>& entries) {
    const auto owner = std::make_shared<Bytes>(frozen_bytes(entries));
    return FrozenUniverse::open(ByteView(*owner), owner).value();
}

/// Some packages of one world become those of another, some go; the others are taken from what was
/// frozen before.
TEST(Universe, OfWhatDidNotChangeAndWhatDidIsThatOfEverything) {
    WorldShape shape;
    shape.names_max = 10;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        const World before = testing::make_world(shape, seed);
        const World after = testing::make_world(shape, seed + 1'000);
        std::mt19937 random(static_cast<std::uint32_t>(seed));
        std::vector<std::string> changed;
        for (char name = 'a'; name < 'a' + shape.names_max; ++name) {
            if (random() % 2 == 0) changed.emplace_back(1, name);
        }
        const auto is_changed = [&](const RepoEntry& entry) {
            return std::find(changed.begin(), changed.end(), entry.name) != changed.end();
        };
        std::vector<RepoEntry> now;
        UniverseBuilder builder;
        for (const RepoEntry& entry : after.repo.entries()) {
            if (!is_changed(entry)) continue;
            now.push_back(entry);
            ASSERT_TRUE(builder.add(entry.name, entry.candidate, entry.record));
        }
        for (const RepoEntry& entry : before.repo.entries()) {
            if (!is_changed(entry)) now.push_back(entry);
        }
        const UniverseChanges changes(frozen_of(before.repo.entries()), changed, {});
        ASSERT_TRUE(builder.add_unchanged(changes));
        ASSERT_EQ(builder.finish().value(), frozen_bytes(now)) << "seed " << seed;
    }
}

TEST(Universe, ChangesMayBeToldOneAfterTheOther) {
    const FrozenUniverse base = frozen_of(sample().entries());
    std::mt19937 random(3);
    std::vector<std::string> names;
    std::vector<std::string> virtuals;
    UniverseChanges grown(base, {}, {});
    for (int i = 0; i < 300; ++i) {
        const std::vector<std::string> more{
            i % 5 == 0 ? std::string(1, static_cast<char>('a' + random() % 6))
                       : "new" + std::to_string(random() % 200)};
        const std::vector<std::string> provided{"virtual" + std::to_string(random() % 50)};
        grown = grown.with(more, provided);
        names.insert(names.end(), more.begin(), more.end());
        virtuals.insert(virtuals.end(), provided.begin(), provided.end());
    }
    const UniverseChanges at_once(base, names, virtuals);
    EXPECT_EQ(grown.count(), at_once.count());
    std::vector<std::string> listed = grown.names();
    std::vector<std::string> expected = at_once.names();
    std::sort(listed.begin(), listed.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(listed, expected);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    EXPECT_EQ(listed, names);
    EXPECT_EQ(listed.size(), grown.count());
}

TEST(Universe, StopsWhereItsListenerSaysSo) {
    const Repo repo = sample();
    UniverseBuilder builder;
    for (const RepoEntry& entry : repo.entries()) {
        ASSERT_TRUE(builder.add(entry.name, entry.candidate, entry.record));
    }
    const auto bytes =
        builder.finish(0, []() -> Result<void> { return fail(Errc::kCancelled, "stop"); });
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code(), Errc::kCancelled);
}

TEST(Universe, RefusesAVersionThatWasAddedTwice) {
    UniverseBuilder builder;
    ASSERT_TRUE(builder.add("a", {ver("1.0.0"), false, ""}, {}));
    ASSERT_TRUE(builder.add("a", {ver("1.0.0"), false, ""}, {}));
    const auto bytes = builder.finish();
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code(), Errc::kAlreadyExists);
    EXPECT_EQ(bytes.error().input(), "a@1.0.0");
}

TEST(Universe, OfNothingHasNothing) {
    const auto owner = std::make_shared<Bytes>(UniverseBuilder().finish().value());
    auto universe = FrozenUniverse::open(ByteView(*owner), owner);
    ASSERT_TRUE(universe) << universe.error().to_string();
    EXPECT_EQ(universe->version_count(), 0u);
    UniverseProvider provider(*universe);
    SatResolver resolver;
    const auto failed = resolver.resolve(ask("a *"), provider, CallContext());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kUnknownPackage);
}

TEST(Universe, AForeignOrCutFileIsRefused) {
    const Bytes bytes = frozen_bytes(sample().entries());
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{511},
                                   std::size_t{512}, bytes.size() / 2, bytes.size() - 1}) {
        const auto owner = std::make_shared<Bytes>(bytes.begin(), bytes.begin() + size);
        const auto opened = FrozenUniverse::open(ByteView(*owner), owner);
        ASSERT_FALSE(opened) << size;
        EXPECT_EQ(opened.error().code(), Errc::kUniverseInvalid);
    }
    auto foreign = std::make_shared<Bytes>(4096, std::byte{'x'});
    EXPECT_EQ(FrozenUniverse::open(ByteView(*foreign), foreign).error().code(),
              Errc::kUniverseInvalid);
}

TEST(Universe, AFlippedBitIsFound) {
    const Bytes bytes = frozen_bytes(sample().entries());
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto owner = std::make_shared<Bytes>(bytes);
        (*owner)[at] ^= std::byte{0x10};
        const auto opened = FrozenUniverse::open(ByteView(*owner), owner);
        if (at < 512) {
            EXPECT_FALSE(opened) << at;
        } else {
            ASSERT_TRUE(opened) << at;
            const auto sound = opened->verify();
            ASSERT_FALSE(sound) << at;
            EXPECT_EQ(sound.error().code(), Errc::kUniverseInvalid);
        }
    }
}

/// Whoever does not verify gets wrong answers at worst.
TEST(Universe, DamageThatNobodyLookedForStaysWithinTheBytes) {
    const Bytes bytes = frozen_bytes(sample().entries());
    std::mt19937 random(3);
    SatOptions bounded;
    bounded.engine = Engine::kAutomatic;
    for (int round = 0; round < 2'000; ++round) {
        const auto owner = std::make_shared<Bytes>(bytes);
        const std::size_t flips = 1 + random() % 4;
        for (std::size_t i = 0; i < flips; ++i) {
            (*owner)[512 + random() % (bytes.size() - 512)] = static_cast<std::byte>(random());
        }
        auto opened = FrozenUniverse::open(ByteView(*owner), owner);
        ASSERT_TRUE(opened);
        UniverseProvider provider(*opened);
        SatResolver resolver(make_system_clock(), bounded);
        Request request = ask("a *, b *");
        request.conflicts_max = 1'000;
        static_cast<void>(resolver.resolve(request, provider, CallContext()));
    }
}

TEST(Universe, AnswersLikeTheProviderThatItWasMadeFrom) {
    Repo repo = sample();
    auto universe = testing::freeze(repo.provider(), testing::letters());
    ASSERT_TRUE(universe) << universe.error().to_string();
    UniverseProvider frozen(*universe);
    SatResolver resolver;
    for (const char* roots : {"a *", "b *", "b =1.1.0", "c *, d *", "v *", "b *, d *", "a ^2"}) {
        const auto live = resolver.resolve(ask(roots), repo.provider(), CallContext());
        const auto same = resolver.resolve(ask(roots), frozen, CallContext());
        ASSERT_EQ(live.has_value(), same.has_value()) << roots;
        if (live) {
            EXPECT_EQ(testing::to_text(*live), testing::to_text(*same)) << roots;
        } else {
            EXPECT_EQ(live.error().code(), same.error().code()) << roots;
        }
    }
}

}  // namespace
}  // namespace catalog::resolve
