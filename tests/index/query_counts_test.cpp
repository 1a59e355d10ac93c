// Counts of hits by fields, and all that needs a package: against a look at every version.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "catalog/index/query.hpp"
#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;

constexpr IndexForm kForms[] = {IndexForm::kPlain, IndexForm::kDelta,  IndexForm::kSealed,
                                IndexForm::kHalf,  IndexForm::kMerged, IndexForm::kDistinct};
constexpr CountedField kFields[] = {CountedField::kType,  CountedField::kLicense,
                                    CountedField::kState, CountedField::kKeyword,
                                    CountedField::kTag,   CountedField::kAuthor};

template <std::size_t N>
std::string any_of(std::mt19937& random, const char* const (&texts)[N]) {
    return texts[random() % N];
}

std::string random_line(std::mt19937& random) {
    const std::string number = std::to_string(random() % 12);
    std::string line = R"({"name":"n)" + number + R"(","version":"1.)" +
                       std::to_string(random() % 4) + R"(.0)" + (random() % 5 == 0 ? "-rc" : "") +
                       R"(","description":")" + any_of(random, {"red", "red fox", "green"}) + '"';
    if (random() % 3 != 0)
        line += R"(,"keywords":[")" + any_of(random, {"One", "two"}) + R"(","three"])";
    if (random() % 3 != 0) line += R"(,"tags":[")" + any_of(random, {"t", "T", "u"}) + R"("])";
    if (random() % 2 != 0) line += R"(,"authors":[")" + any_of(random, {"Ada L", "Bo"}) + R"("])";
    if (random() % 2 != 0) line += R"(,"license":")" + any_of(random, {"MIT", "ISC"}) + '"';
    if (random() % 3 == 0) line += R"(,"type":"dataset")";
    if (random() % 3 != 0)
        line +=
            R"(,"dependencies":[{"name":"n)" + std::to_string(random() % 12) + R"(","req":"^1"}])";
    return line + "}";
}

std::unique_ptr<IndexBed> random_bed(IndexForm form, std::mt19937& random) {
    auto bed = std::make_unique<IndexBed>(form);
    std::vector<std::string> ids;
    for (int i = 0; i < 40; ++i)
        if (const auto added = bed->try_add(random_line(random)); added)
            ids.push_back(added->id.to_string());
    for (int i = 0; i < 3; ++i) bed->change(ids[random() % ids.size()], std::nullopt, true);
    bed->change(ids.front(), package::PackageState::kDeprecated, std::nullopt);
    return bed;
}

/// What a walk over all pages counts.
HitCounts counts_by_walking(const PackageIndex& index, Query query) {
    std::map<CountedField, std::map<std::string, std::uint64_t>> counted;
    HitCounts counts;
    do {
        const SearchPage page = must(index.search(query));
        for (const SearchHit& hit : page.hits) {
            ++counts.hits;
            const package::PackageMetadata metadata =
                must(index.manifest(hit.entry.digest)).metadata;
            ++counted[CountedField::kType][std::string(package_type_name(metadata.type))];
            ++counted[CountedField::kState][std::string(state_name(hit.entry.state))];
            if (!metadata.license.empty()) ++counted[CountedField::kLicense][metadata.license];
            for (const auto& value : metadata.keywords) ++counted[CountedField::kKeyword][value];
            for (const auto& value : metadata.tags) ++counted[CountedField::kTag][value];
            for (const auto& value : metadata.authors) ++counted[CountedField::kAuthor][value];
        }
        query.cursor = page.cursor;
    } while (!query.cursor.empty());
    for (const CountedField field : kFields) {
        FieldCounts& one = counts.fields.emplace_back();
        one.field = field;
        one.distinct_values = counted[field].size();
        for (const auto& [value, hits] : counted[field]) one.values.push_back({value, hits});
        // Of equal counts the map's order, which is that of bytes, stays.
        std::ranges::stable_sort(one.values, std::ranges::greater(), &ValueCount::hits);
    }
    return counts;
}

TEST(QueryCounts, AreThoseOfAWalkOverAllPages) {
    for (std::uint32_t seed = 1; seed <= 18; ++seed) {
        std::mt19937 random(seed);
        const auto bed = random_bed(kForms[seed % std::size(kForms)], random);
        for (const std::string_view text :
             {"red", "red -fox", "red OR green", "\"red fox\"", "license:MIT", "n3", "type:dataset",
              "depends:n1", "nothing"}) {
            Query query = must(Query::parse(text));
            query.filter.newest_only = random() % 2 == 0;
            query.limit = 7;
            const HitCounts wanted = counts_by_walking(*bed->index, query);
            query.cursor.clear();
            EXPECT_EQ(must(bed->index->count(query, kFields, 1'000)), wanted)
                << text << ", seed " << seed;
        }
    }
}

TEST(QueryCounts, ReturnTheMostFrequentValues) {
    IndexBed bed;
    for (int i = 0; i < 9; ++i)
        bed.add(R"({"name":"n)" + std::to_string(i) + R"(","version":"1.0.0","license":")" +
                (i < 5   ? "MIT"
                 : i < 7 ? "ISC"
                         : "0BSD") +
                R"("})");
    const CountedField licenses[] = {CountedField::kLicense};
    const Query query = must(Query::parse("name:n"));
    const HitCounts counts = must(bed.index->count(query, licenses, 2));
    EXPECT_EQ(counts.hits, 9u);
    ASSERT_EQ(counts.fields.size(), 1u);
    EXPECT_EQ(counts.fields[0].values, (std::vector<ValueCount>{{"MIT", 5}, {"0BSD", 2}}));
    EXPECT_EQ(counts.fields[0].distinct_values, 3u);
    EXPECT_EQ(must(bed.index->count(query, {}, 1)).hits, 9u);
    EXPECT_EQ(code_of(bed.index->count(query, licenses, 0)), Errc::kQueryInvalid);
    EXPECT_EQ(code_of(bed.index->count(query, licenses, 1'001)), Errc::kQueryInvalid);
}

TEST(QueryCounts, FieldsHaveNames) {
    for (const CountedField field : kFields)
        EXPECT_EQ(must(parse_counted_field(counted_field_name(field))), field);
    EXPECT_EQ(code_of(parse_counted_field("size")), Errc::kQueryInvalid);
}

/// Distances of all packages whose newest visible version needs `name`.
std::map<std::string, std::uint32_t> dependents_by_force(const PackageIndex& index,
                                                         const std::string& name) {
    std::map<std::string, IndexEntry> newest;
    must(index.for_each([&](const IndexEntry& entry) -> Result<void> {
        if (entry.yanked) return {};
        const std::string of = entry.id.name().str();
        const auto known = newest.find(of);
        const auto rank = [](const IndexEntry& e) { return !e.version.is_prerelease(); };
        if (known == newest.end() || rank(entry) > rank(known->second) ||
            (rank(entry) == rank(known->second) &&
             compare_precedence(entry.version, known->second.version) > 0))
            newest.insert_or_assign(of, entry);
        return {};
    }));
    std::map<std::string, std::uint32_t> distances;
    std::set<std::string> level{name};
    for (std::uint32_t distance = 1; !level.empty(); ++distance) {
        std::set<std::string> next;
        for (const auto& [of, entry] : newest) {
            const auto needs = must(index.manifest(entry.digest)).metadata.dependencies;
            if (of != name && !distances.contains(of) &&
                std::ranges::any_of(
                    needs, [&](const auto& d) { return level.contains(d.target.name.str()); }))
                next.insert(of);
        }
        for (const std::string& of : next) distances.emplace(of, distance);
        level = std::move(next);
    }
    return distances;
}

TEST(AllDependents, AreThoseOfTheNewestVersionsAtTheirLeastDistance) {
    for (std::uint32_t seed = 1; seed <= 18; ++seed) {
        std::mt19937 random(seed);
        const auto bed = random_bed(kForms[seed % std::size(kForms)], random);
        for (int i = 0; i < 12; ++i) {
            const std::string name = "n" + std::to_string(i);
            const auto wanted = dependents_by_force(*bed->index, name);
            const Dependents found =
                must(bed->index->all_dependents(must(PackageName::parse(name)), 1'000));
            std::map<std::string, std::uint32_t> distances;
            for (const Dependent& one : found.packages) {
                distances.emplace(one.id.name().str(), one.distance);
                const auto through = wanted.find(one.needs.str());
                EXPECT_EQ(one.distance, through == wanted.end() ? 1 : through->second + 1);
                EXPECT_TRUE(one.distance > 1 || one.needs.view() == name);
            }
            EXPECT_EQ(distances, wanted) << name << ", seed " << seed;
            EXPECT_TRUE(std::ranges::is_sorted(found.packages, [](const auto& a, const auto& b) {
                return a.distance != b.distance ? a.distance < b.distance
                                                : a.id.name() < b.id.name();
            }));
            EXPECT_FALSE(found.is_truncated);
        }
    }
}

TEST(AllDependents, SayWhenThereAreMore) {
    IndexBed bed;
    for (const std::string_view line :
         {R"({"name":"a","version":"1.0.0"})",
          R"({"name":"b","version":"1.0.0","dependencies":[{"name":"a","req":"*"}]})",
          R"({"name":"c","version":"1.0.0","dependencies":[{"name":"b","req":"*"}]})"})
        bed.add(std::string(line));
    const PackageName name = must(PackageName::parse("a"));
    EXPECT_TRUE(must(bed.index->all_dependents(name, 1)).is_truncated);
    EXPECT_FALSE(must(bed.index->all_dependents(name, 2)).is_truncated);
    EXPECT_EQ(code_of(bed.index->all_dependents(name, 0)), Errc::kQueryInvalid);
    EXPECT_EQ(code_of(bed.index->all_dependents(name, 100'001)), Errc::kQueryInvalid);
}

}  // namespace
}  // namespace catalog::index
