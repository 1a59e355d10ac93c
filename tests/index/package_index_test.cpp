#include "catalog/index/package_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;
using Ids = std::vector<std::string>;

/// Ten versions with every facet.
std::unique_ptr<IndexBed> filled(IndexForm form) {
    auto bed = std::make_unique<IndexBed>(form);
    bed->add(
        R"({"name":"fast-json","version":"1.0.0","description":"a parser","keywords":["json","Speed"],"license":"MIT","author":"Ada <ada@example.org>","tags":["web"]})");
    bed->add(
        R"({"name":"fast-json","version":"1.10.0","description":"a quick parser","keywords":["json"],"license":"MIT","author":"Ada <ada@example.org>"})");
    bed->add(R"({"name":"fast-json","version":"1.9.0","description":"a parser","license":"MIT"})");
    bed->add(R"({"name":"fast-json","version":"2.0.0-rc.1","description":"a parser of tomorrow"})");
    bed->add(
        R"({"name":"slow-json","version":"1.0.0","description":"parser without haste","type":"application","license":"Apache-2.0","dependencies":[{"name":"fast-json","req":"^1"}]})");
    bed->add(
        R"({"name":"json","version":"0.1.0","description":"the format","dependencies":[{"name":"base","req":"*","any_of":[{"name":"fast-json","req":"^1.9"}]}]})");
    bed->add(R"({"name":"json","version":"0.2.0","description":"the format"})");
    bed->add(
        R"({"name":"provider","version":"1.0.0","provides":[{"name":"virtual-json","version":"3.0.0"}]})");
    bed->add(R"({"name":"@ada/tools","version":"1.0.0","author":"Ada"})");
    return bed;
}

class PackageIndexTest : public ::testing::TestWithParam<IndexForm> {};

INSTANTIATE_TEST_SUITE_P(Forms, PackageIndexTest,
                         ::testing::Values(IndexForm::kPlain, IndexForm::kDelta, IndexForm::kSealed,
                                           IndexForm::kHalf, IndexForm::kMerged,
                                           IndexForm::kDistinct));

TEST_P(PackageIndexTest, ListsVersionsNewestFirst) {
    const auto bed = filled(GetParam());
    EXPECT_EQ(
        ids_of(must(bed->index->versions(name_of("fast-json")))),
        (Ids{"fast-json@2.0.0-rc.1", "fast-json@1.10.0", "fast-json@1.9.0", "fast-json@1.0.0"}));
    EXPECT_TRUE(must(bed->index->versions(name_of("fast"))).empty());
}

TEST_P(PackageIndexTest, FindsTheBestVersionForAConstraint) {
    const auto bed = filled(GetParam());
    const auto best = [&](std::string_view text) {
        const auto constraint =
            must(version::VersionConstraint::parse(text, version::Dialect::kCargo));
        const Result<IndexEntry> entry = bed->index->best(name_of("fast-json"), constraint);
        return entry ? entry->id.version() : std::string(errc_name(entry.error().code()));
    };
    EXPECT_EQ(best("^1"), "1.10.0");
    EXPECT_EQ(best("<1.10"), "1.9.0");
    EXPECT_EQ(best("=2.0.0-rc.1"), "2.0.0-rc.1");
    EXPECT_EQ(best("latest"), "1.10.0");
    EXPECT_EQ(best("^3"), "version_conflict");
    bed->change("fast-json@1.10.0", std::nullopt, true);
    EXPECT_EQ(best("^1"), "1.9.0");
    bed->change("fast-json@1.9.0", package::PackageState::kArchived, std::nullopt);
    EXPECT_EQ(best("^1"), "1.0.0");
}

TEST_P(PackageIndexTest, NamesNearNamesWhenThereIsNone) {
    const auto bed = filled(GetParam());
    const Result<IndexEntry> entry = bed->index->find(must(PackageId::parse("fast-jsn@1.0.0")));
    ASSERT_EQ(code_of(entry), Errc::kPackageNotFound);
    EXPECT_NE(entry.error().hint().find("fast-json"), std::string::npos);
}

TEST_P(PackageIndexTest, RefusesAnIdThatDiffersInBuildMetadataAlone) {
    const auto bed = filled(GetParam());
    EXPECT_EQ(code_of(bed->try_add(R"({"name":"fast-json","version":"1.0.0+build"})")),
              Errc::kPackageExists);
    EXPECT_EQ(must(bed->index->counts()).versions, 9u);
}

TEST_P(PackageIndexTest, FiltersListsByEveryFacet) {
    const auto bed = filled(GetParam());
    const auto list = [&](auto change) {
        Filter filter;
        change(filter);
        return ids_of(must(bed->index->list(filter, 100)).entries);
    };
    EXPECT_EQ(list([](Filter&) {}), (Ids{"@ada/tools@1.0.0", "fast-json@2.0.0-rc.1", "json@0.2.0",
                                         "provider@1.0.0", "slow-json@1.0.0"}));
    EXPECT_EQ(list([](Filter& f) { f.type = package::PackageType::kApplication; }),
              (Ids{"slow-json@1.0.0"}));
    EXPECT_EQ(list([](Filter& f) { f.license = "mit"; }), (Ids{"fast-json@1.10.0"}));
    EXPECT_EQ(list([](Filter& f) { f.tag = "web"; }), (Ids{"fast-json@1.0.0"}));
    EXPECT_EQ(list([](Filter& f) { f.keyword = "speed"; }), (Ids{"fast-json@1.0.0"}));
    EXPECT_EQ(list([](Filter& f) { f.author = "ADA"; }),
              (Ids{"@ada/tools@1.0.0", "fast-json@1.10.0"}));
    EXPECT_EQ(list([](Filter& f) {
                  f.name_prefix = "js";
                  f.newest_only = false;
              }),
              (Ids{"json@0.2.0", "json@0.1.0"}));
    bed->change("json@0.2.0", package::PackageState::kDeprecated, std::nullopt);
    EXPECT_EQ(list([](Filter& f) { f.state = package::PackageState::kDeprecated; }),
              (Ids{"json@0.2.0"}));
}

TEST_P(PackageIndexTest, PagesCoverEverythingOnce) {
    const auto bed = filled(GetParam());
    for (const bool newest_only : {true, false}) {
        Filter filter;
        filter.newest_only = newest_only;
        const Ids whole = ids_of(must(bed->index->list(filter, 100)).entries);
        for (std::size_t limit = 1; limit <= whole.size() + 1; ++limit) {
            Ids collected;
            std::string cursor;
            do {
                const Page page = must(bed->index->list(filter, limit, cursor));
                EXPECT_LE(page.entries.size(), limit);
                for (const std::string& id : ids_of(page.entries)) collected.push_back(id);
                cursor = page.cursor;
            } while (!cursor.empty());
            EXPECT_EQ(collected, whole) << limit;
        }
    }
    EXPECT_EQ(code_of(bed->index->list({}, 0)), Errc::kQueryInvalid);
    EXPECT_EQ(code_of(bed->index->list({}, 10, "garbage")), Errc::kQueryInvalid);
}

Ids found(const PackageIndex& index, std::string_view words, const Filter& filter = {}) {
    Ids ids;
    for (const SearchHit& hit : must(index.search(words, filter, 100)))
        ids.push_back(hit.entry.id.to_string());
    return ids;
}

TEST_P(PackageIndexTest, SearchesForAllWordsBestFirst) {
    const auto bed = filled(GetParam());
    EXPECT_EQ(found(*bed->index, "json").front(), "json@0.2.0");
    EXPECT_EQ(found(*bed->index, "quick parser"), (Ids{"fast-json@1.10.0"}));
    EXPECT_EQ(found(*bed->index, "PARSER haste"), (Ids{"slow-json@1.0.0"}));
    EXPECT_EQ(found(*bed->index, "parser nothing"), Ids());
    EXPECT_EQ(code_of(bed->index->search("  ", {}, 10)), Errc::kQueryInvalid);
}

TEST_P(PackageIndexTest, SearchAgreesWithLookingAtEveryPackage) {
    constexpr unsigned kSeed = 20;
    std::mt19937 random(kSeed);
    const Ids vocabulary{"red", "green", "blue", "fast", "slow", "tiny", "huge"};
    IndexBed bed(GetParam());
    std::vector<std::pair<std::string, Ids>> packages;
    for (int number = 0; number < 120; ++number) {
        Ids words;
        std::string description;
        for (int i = 0; i < 3; ++i) {
            words.push_back(vocabulary[random() % vocabulary.size()]);
            description += words.back() + " ";
        }
        const std::string id = "p" + std::to_string(number % 60);
        const std::string version = "1." + std::to_string(number / 60) + ".0";
        bed.add("{\"name\":\"" + id + "\",\"version\":\"" + version + "\",\"description\":\"" +
                description + "\"}");
        packages.emplace_back(id + "@" + version, words);
    }
    Filter filter;
    filter.newest_only = false;
    for (const std::string& a : vocabulary) {
        for (const std::string& b : vocabulary) {
            Ids expected;
            for (const auto& [id, words] : packages)
                if (std::ranges::count(words, a) > 0 && std::ranges::count(words, b) > 0)
                    expected.push_back(id);
            Ids actual = found(*bed.index, a + " " + b, filter);
            std::ranges::sort(expected);
            std::ranges::sort(actual);
            EXPECT_EQ(actual, expected) << a << " " << b << ", seed " << kSeed;
        }
    }
}

TEST_P(PackageIndexTest, KnowsWhoNeedsAPackage) {
    const auto bed = filled(GetParam());
    const auto dependents = [&](bool all) {
        Ids ids;
        for (const DependencyEdge& edge : must(bed->index->dependents(name_of("fast-json"), all)))
            ids.push_back(edge.from.to_string());
        return ids;
    };
    EXPECT_EQ(dependents(true), (Ids{"json@0.1.0", "slow-json@1.0.0"}));
    EXPECT_EQ(dependents(false), (Ids{"slow-json@1.0.0"}));
    EXPECT_EQ(ids_of(must(bed->index->providers_of(name_of("virtual-json")))),
              (Ids{"provider@1.0.0"}));
    EXPECT_EQ(must(bed->index->complete("fa", 10)), (Ids{"fast-json"}));
    EXPECT_EQ(must(bed->index->complete("", 2)).size(), 2u);
}

TEST_P(PackageIndexTest, VerifiesAndNoticesEveryMissingOrChangedRecord) {
    const auto bed = filled(GetParam());
    EXPECT_EQ(must(bed->index->verify()), Ids());
    for (const kv::Family family : {kv::Family{0}, kv::Family{1}, kv::Family{2}, kv::Family{4}}) {
        std::vector<std::pair<std::string, std::string>> records;
        const auto iterator = bed->store->iterate(family);
        for (iterator->seek(""); iterator->valid(); iterator->next())
            records.emplace_back(iterator->key(), iterator->value());
        for (const auto& [key, value] : records) {
            kv::WriteBatch damage;
            damage.remove(family, key);
            must(bed->store->write(damage, kv::Durability::kSync));
            EXPECT_NE(must(bed->index->verify()), Ids()) << key;
            kv::WriteBatch mend;
            mend.put(family, key, value);
            must(bed->store->write(mend, kv::Durability::kSync));
        }
    }
    EXPECT_EQ(must(bed->index->verify()), Ids());
    kv::WriteBatch stale;
    stale.put(kv::Family{2}, std::string("wghost\0json\0x", 13), "xx");
    must(bed->store->write(stale, kv::Durability::kSync));
    EXPECT_EQ(must(bed->index->verify()).size(), 1u);
}

TEST_P(PackageIndexTest, CountsFollowEveryChange) {
    const auto bed = filled(GetParam());
    bed->change("json@0.1.0", std::nullopt, true);
    bed->change("json@0.1.0", std::nullopt, true);
    const PackageIndex::Counts counts = must(bed->index->counts());
    EXPECT_EQ(counts.names, 5u);
    EXPECT_EQ(counts.versions, 9u);
    EXPECT_EQ(counts.yanked, 1u);
    bed->change("json@0.1.0", std::nullopt, false);
    EXPECT_EQ(must(bed->index->counts()).yanked, 0u);
}

}  // namespace
}  // namespace catalog::index
