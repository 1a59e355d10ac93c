// Freezing reads manifests in a way of its own, and may begin with what was frozen before: both
// must give the bytes that everything, read the long way, gives.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "catalog/index/index_provider.hpp"
#include "catalog/resolve/universe.hpp"
#include "manifest_relations.hpp"
#include "support/index/index_bed.hpp"
#include "support/package/random_package.hpp"

namespace catalog::index {
namespace {

using io::testing::must;

Result<void> go_on(std::uint64_t, std::uint64_t) { return {}; }

Bytes frozen_alone(const resolve::RecordText& record) {
    resolve::UniverseBuilder builder;
    must(builder.add(true, record));
    return must(builder.finish());
}

Bytes frozen_alone(const package::PackageMetadata& metadata) {
    resolve::UniverseBuilder builder;
    must(builder.add(metadata.name.view(), {metadata.version, true, ""}, record_of(metadata)));
    return must(builder.finish());
}

TEST(ManifestRelations, AreThoseOfTheDecodedManifest) {
    package::testing::RandomEngine random(20);
    int plain = 0;
    resolve::RecordText relations;
    for (int i = 0; i < 600; ++i) {
        const std::string bytes = must(package::testing::random_manifest(random).encode());
        if (!read_relations(bytes, relations)) continue;
        ++plain;
        const package::Manifest manifest = must(package::Manifest::decode(bytes));
        ASSERT_EQ(frozen_alone(relations), frozen_alone(manifest.metadata)) << bytes;
    }
    EXPECT_GT(plain, 200) << "else next to nothing was compared";
}

TEST(ManifestRelations, OfWhatIsCutOffAreNotRead) {
    package::testing::RandomEngine random(21);
    resolve::RecordText relations;
    for (int i = 0; i < 40; ++i) {
        const std::string bytes = must(package::testing::random_manifest(random).encode());
        for (std::size_t size = 0; size < bytes.size(); ++size)
            ASSERT_FALSE(read_relations(std::string_view(bytes).substr(0, size), relations));
        EXPECT_FALSE(read_relations(bytes + "}", relations));
    }
}

TEST(ManifestRelations, AreLeftToTheDecoderWhereTextsAreNotPlain) {
    resolve::RecordText relations;
    const auto read = [&](const std::string& package) {
        return read_relations(R"({"package":{)" + package + R"(},"schema":"catalog.manifest.v1"})",
                              relations);
    };
    const std::string id = R"("name":"a","version":"1.0.0")";
    EXPECT_TRUE(read(id));
    EXPECT_TRUE(read(R"("description":"a \"{[ word\\",)" + id));
    EXPECT_TRUE(read(R"("extra":{"deep":[[{"x":[1,true,null,"]"]}]]},)" + id));
    EXPECT_FALSE(read(R"("name":"a")"));
    EXPECT_FALSE(read(R"("features":{"\u0066ast":[]},)" + id));
    EXPECT_FALSE(read("\"features\":{\"f\xc3\xa4st\":[]}," + id));
    EXPECT_FALSE(read(R"("dependencies":[{"name":"b","req":null}],)" + id));
    EXPECT_FALSE(read(R"("dependencies":[{"kind":"other","name":"b","req":"*"}],)" + id));
    EXPECT_FALSE(read(R"("dependencies":[{"default_features":true,"name":"b","req":"*"}],)" + id));
    EXPECT_FALSE(read(R"("conflicts":[{"name":"b","req":"*","why":"x"}],)" + id));
    EXPECT_FALSE(read_relations(R"({"package":{)" + id + R"(},"schema":"another"})", relations));
}

TEST(ManifestRelations, InheritTheDialectOfTheirDependency) {
    resolve::RecordText relations;
    ASSERT_TRUE(read_relations(
        R"({"package":{"dependencies":[{"any_of":[{"name":"c","req":"1"},)"
        R"({"dialect":"cargo","name":"d","req":"1"}],"dialect":"npm","name":"b","req":"1.0.0"}],)"
        R"("name":"a","version":"1.0.0"},"schema":"catalog.manifest.v1"})",
        relations));
    ASSERT_EQ(relations.dependencies.size(), 1u);
    const resolve::RequirementText& one = relations.dependencies.front();
    EXPECT_EQ(one.target.dialect, version::Dialect::kNpm);
    ASSERT_EQ(one.any_of.size(), 2u);
    EXPECT_EQ(one.any_of[0].dialect, version::Dialect::kNpm);
    EXPECT_EQ(one.any_of[1].dialect, version::Dialect::kCargo);
}

/// Lines of a list: names a to p, so that they meet, and everything that a resolver may see.
std::string random_package(std::mt19937& random, int number) {
    const auto name = [&random] { return std::string(1, static_cast<char>('a' + random() % 16)); };
    const auto one_of = [&random](std::initializer_list<const char*> texts) {
        return std::string(*(texts.begin() + random() % texts.size()));
    };
    std::string line = R"({"name":")" + name() + R"(","version":")" + std::to_string(random() % 3) +
                       "." + std::to_string(number) + ".0" +
                       one_of({"", "", "", "-rc.1", "+build"}) + R"(","dependencies":[)";
    const std::size_t count = random() % 4;
    for (std::size_t i = 0; i < count; ++i) {
        line += std::string(i == 0 ? "" : ",") + R"({"name":")" + one_of({"v", "w", "", "", ""});
        if (line.back() == '"') line += name();
        line += R"(","req":")" + one_of({"*", "^1", ">=1.3", "<2", "latest", "=1.2.0"}) + '"';
        if (random() % 5 == 0) line += R"(,"kind":")" + one_of({"optional", "peer", "build"}) + '"';
        if (random() % 7 == 0) line += R"(,"platform":"linux-*")";
        if (random() % 7 == 0) line += R"(,"features":["fast"])";
        if (random() % 7 == 0) line += R"(,"default_features":false)";
        if (random() % 5 == 0) line += R"(,"any_of":[{"name":")" + name() + R"(","req":"^1"}])";
        line += "}";
    }
    line += "]";
    if (random() % 6 == 0)
        line += R"(,"provides":[{"name":"v","version":"1.0.0-x"}])";
    else if (random() % 9 == 0)
        line += R"(,"provides":[{"name":"w"}])";
    if (random() % 6 == 0) line += R"(,"conflicts":[{"name":")" + name() + R"(","req":"<1"}])";
    if (random() % 6 == 0)
        line += R"(,"features":{"default":["fast"],"fast":["dep:b"],"f\u00e4st":["fast"]})";
    return line + "}";
}

void change_something(IndexBed& bed, std::mt19937& random, std::vector<std::string>& ids) {
    const std::string& id = ids[random() % ids.size()];
    switch (random() % 4) {
        case 0:
            return bed.change(id, std::nullopt, true);
        case 1:
            return bed.change(id, std::nullopt, false);
        default:
            break;
    }
    const IndexEntry entry = must(bed.index->find(must(PackageId::parse(id))));
    if (entry.state == package::PackageState::kPublished)
        bed.change(id, package::PackageState::kDeprecated, std::nullopt);
    else if (entry.state == package::PackageState::kDeprecated)
        bed.change(id, package::PackageState::kArchived, std::nullopt);
}

void grow(IndexBed& bed, std::mt19937& random, int& number, std::vector<std::string>& ids) {
    for (int i = 0; i < 12; ++i) {
        if (ids.size() > 5 && random() % 3 == 0) {
            change_something(bed, random, ids);
        } else if (const auto entry = bed.try_add(random_package(random, number++)); entry) {
            ids.push_back(entry->id.to_string());
        }
    }
}

TEST(FrozenIndex, HasTheBytesOfWhatAProviderLists) {
    std::mt19937 random(5);
    IndexBed bed;
    int number = 0;
    std::vector<std::string> ids;
    std::vector<std::string> names;
    for (char name = 'a'; name <= 'p'; ++name) names.emplace_back(1, name);
    for (int step = 0; step < 20; ++step) {
        grow(bed, random, number, ids);
        IndexProvider provider(*bed.index, {});
        resolve::UniverseBuilder builder;
        must(builder.add_all(provider, names));
        ASSERT_EQ(must(bed.index->freeze(go_on)), must(builder.finish())) << step;
    }
}

TEST(FrozenIndex, MadeOfAnEarlierOneIsTheSame) {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        std::mt19937 random(seed);
        IndexBed bed;
        int number = 0;
        std::vector<std::string> ids;
        grow(bed, random, number, ids);
        auto owner = std::make_shared<const Bytes>(must(bed.index->freeze(go_on)));
        IndexState state = must(bed.index->state());
        for (int step = 0; step < 10; ++step) {
            grow(bed, random, number, ids);
            const auto delta = must(bed.index->changes_since(state, 1'000));
            ASSERT_TRUE(delta);
            const auto base = must(resolve::FrozenUniverse::open(ByteView(*owner), owner));
            const resolve::UniverseChanges changes(base, delta->names, delta->virtual_names);
            Bytes merged = must(bed.index->refreeze(changes, go_on));
            ASSERT_EQ(merged, must(bed.index->freeze(go_on))) << "seed " << seed << " " << step;
            owner = std::make_shared<const Bytes>(std::move(merged));
            state = delta->to;
        }
    }
}

TEST(FrozenIndex, StandsBehindAsManyZeroBytesAsAreAskedFor) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const Bytes alone = must(bed.index->freeze(go_on));
    const Bytes behind = must(bed.index->freeze(go_on, 64));
    ASSERT_EQ(behind.size(), alone.size() + 64);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), behind.begin() + 64));
    EXPECT_EQ(Bytes(behind.begin(), behind.begin() + 64), Bytes(64));
}

TEST(FrozenIndex, IsNotMadeOfADamagedManifest) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const auto owner = std::make_shared<const Bytes>(must(bed.index->freeze(go_on)));
    const auto base = must(resolve::FrozenUniverse::open(ByteView(*owner), owner));
    const IndexEntry entry = bed.add(R"({"name":"b","version":"1.0.0"})");
    const std::string key(as_text(entry.digest.hash.bytes()));
    std::string stored = *must(bed.store->get(kv::Family{0}, key));
    stored[stored.find("1.0.0")] = '2';
    kv::Commit commit;
    commit.batch.put(kv::Family{0}, key, stored);
    must(bed.queue.submit(std::move(commit)));
    const std::vector<std::string> names{"b"};
    const auto merged = bed.index->refreeze(resolve::UniverseChanges(base, names, {}), go_on);
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code(), Errc::kIndexCorrupted);
    EXPECT_FALSE(bed.index->freeze(go_on));
}

TEST(FrozenIndex, EndsAMergeWithWhatItsListenerReturns) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const auto owner = std::make_shared<const Bytes>(must(bed.index->freeze(go_on)));
    const auto base = must(resolve::FrozenUniverse::open(ByteView(*owner), owner));
    for (int calls = 0; calls < 2; ++calls) {
        int left = calls;
        const auto stop = [&](std::uint64_t, std::uint64_t) -> Result<void> {
            if (left-- > 0) return {};
            return fail(Errc::kCancelled, "stop");
        };
        const std::vector<std::string> names{"a"};
        const auto merged = bed.index->refreeze(resolve::UniverseChanges(base, names, {}), stop);
        ASSERT_FALSE(merged) << calls;
        EXPECT_EQ(merged.error().code(), Errc::kCancelled);
    }
}

}  // namespace
}  // namespace catalog::index
