// Searches: a query against a look at every version, wherever versions lie.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "catalog/index/query.hpp"
#include "records.hpp"
#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;
using Names = std::vector<std::string>;

constexpr IndexForm kForms[] = {IndexForm::kPlain, IndexForm::kDelta,  IndexForm::kSealed,
                                IndexForm::kHalf,  IndexForm::kMerged, IndexForm::kDistinct};

const Names& vocabulary() {
    static const Names kWords{"red", "green", "blue", "fast", "slow-json", "tinyThing", "huge"};
    return kWords;
}

std::string random_text(std::mt19937& random, std::size_t most) {
    std::string text;
    for (std::size_t i = random() % (most + 1); i > 0; --i)
        text += (text.empty() ? "" : " ") + vocabulary()[random() % vocabulary().size()];
    return text;
}

std::string random_name(std::mt19937& random) {
    static const Names kNames{"red", "green-json", "a", "Red", "@x/c", "fastThing", "b.red", "zz"};
    return kNames[random() % kNames.size()];
}

std::string random_line(std::mt19937& random) {
    std::string line = R"({"name":")" + random_name(random) + R"(","version":")" +
                       std::to_string(random() % 3) + "." + std::to_string(random() % 9) + ".0" +
                       (random() % 4 == 0 ? "-rc.1" : "") + R"(","description":")" +
                       random_text(random, 6) + '"';
    const std::string keyword = random_text(random, 2);
    if (!keyword.empty()) line += R"(,"keywords":["x",")" + keyword + R"("])";
    if (random() % 2 == 0) line += R"(,"license":"MIT")";
    if (random() % 3 == 0) line += R"(,"type":"application")";
    if (random() % 2 == 0)
        line += R"(,"dependencies":[{"name":")" + random_name(random) + R"(","req":"^1"}])";
    return line + "}";
}

/// One version as a look at every one sees it.
struct Known {
    IndexEntry entry;
    package::PackageMetadata metadata;
    std::map<std::string, std::uint32_t> words;
    std::uint32_t length = 0;
};

std::vector<Known> all_of(const PackageIndex& index) {
    std::vector<Known> all;
    must(index.for_each([&](const IndexEntry& entry) -> Result<void> {
        Known known{entry, must(index.manifest(entry.digest)).metadata, {}, 0};
        for (const Term& term : terms_of(known.metadata)) {
            if (term.kind != TermKind::kWord) continue;
            known.words[term.text] = term.weight;
            known.length += term.weight;
        }
        all.push_back(std::move(known));
        return {};
    }));
    return all;
}

bool has_phrase(const std::string& text, const Names& words) {
    Names parts;
    for_each_part(text, [&](std::string_view part) { parts.emplace_back(part); });
    return std::ranges::search(parts, words).begin() != parts.end() || words.empty();
}

bool holds(const QueryAlternative& way, const Known& known) {
    for (const std::string& word : way.words)
        if (!known.words.contains(word)) return false;
    if (!way.is_phrase) return true;
    Names texts = known.metadata.keywords;
    texts.push_back(known.entry.id.name().str());
    texts.push_back(known.entry.description);
    return std::ranges::any_of(texts,
                               [&](const auto& text) { return has_phrase(text, way.words); });
}

bool is_wanted(const Query& query, const Known& known) {
    const IndexEntry& entry = known.entry;
    const Filter& filter = query.filter;
    if (entry.yanked && !filter.include_yanked) return false;
    if (entry.state == package::PackageState::kArchived) return false;
    if (filter.type && entry.type != *filter.type) return false;
    if (!filter.license.empty() && lower_case(entry.license) != lower_case(filter.license))
        return false;
    if (!entry.id.name().view().starts_with(filter.name_prefix)) return false;
    for (const QueryClause& clause : query.clauses) {
        const bool any =
            std::ranges::any_of(clause.any_of, [&](const auto& way) { return holds(way, known); });
        if (any == clause.is_excluded) return false;
    }
    for (const QueryDependency& one : query.depends) {
        const bool depends = std::ranges::any_of(
            known.metadata.dependencies,
            [&](const package::Dependency& d) { return d.target.name.view() == one.name; });
        if (depends == one.is_excluded) return false;
    }
    return true;
}

/// BM25 as the books have it, over everything.
class Oracle {
public:
    explicit Oracle(const std::vector<Known>& all) : all_(all) {
        for (const Known& known : all) {
            mean_ += known.length;
            for (const auto& [word, weight] : known.words) ++having_[word];
            std::set<std::string> targets;
            for (const package::Dependency& dependency : known.metadata.dependencies)
                targets.insert(dependency.target.name.str());
            for (const std::string& target : targets) ++dependents_[target];
        }
        mean_ = std::max(1.0, mean_ / static_cast<double>(std::max<std::size_t>(all.size(), 1)));
    }

    double score(const Query& query, const Known& known) {
        std::set<std::string> words;
        for (const QueryClause& clause : query.clauses)
            for (const QueryAlternative& way : clause.any_of)
                if (!clause.is_excluded) words.insert(way.words.begin(), way.words.end());
        double sum = 0;
        for (const std::string& word : words) {
            const double weight = weight_of(query, known, word);
            if (!known.words.contains(word)) continue;
            const double norm = 1.2 * (0.25 + 0.75 * known.length / mean_);
            const double n = static_cast<double>(all_.size());
            const double rarity = std::log(1 + (n - having_[word] + 0.5) / (having_[word] + 0.5));
            sum += rarity * weight * 2.2 / (weight + norm);
        }
        const std::string& name = known.entry.id.name().str();
        if (!query.exact.empty() && (name == query.exact || name == lower_case(query.exact)))
            sum += 1000;
        return sum + query.popularity * std::log1p(dependents_[name]) / std::log1p(1000.0);
    }

    /// Ids in order with their scores.
    std::vector<std::pair<std::string, double>> search(const Query& query) {
        std::vector<std::pair<double, const Known*>> hits;
        for (const Known& known : all_) {
            if (!is_wanted(query, known)) continue;
            const bool is_old = std::ranges::any_of(all_, [&](const Known& other) {
                return other.entry.id.name() == known.entry.id.name() &&
                       compare_precedence(other.entry.version, known.entry.version) > 0 &&
                       is_wanted(query, other);
            });
            if (query.filter.newest_only && is_old) continue;
            hits.emplace_back(score(query, known), &known);
        }
        std::ranges::sort(hits, [](const auto& a, const auto& b) {
            if (std::abs(a.first - b.first) > 1e-9) return a.first > b.first;
            const IndexEntry& left = a.second->entry;
            const IndexEntry& right = b.second->entry;
            if (left.id.name() != right.id.name()) return left.id.name() < right.id.name();
            return compare_precedence(left.version, right.version) > 0;
        });
        std::vector<std::pair<std::string, double>> found;
        for (const auto& [score, known] : hits)
            found.emplace_back(known->entry.id.to_string(), score);
        return found;
    }

private:
    static double weight_of(const Query& query, const Known& known, const std::string& word) {
        const auto counts = [&](const std::string& text) {
            return std::ranges::count(words_of(text), word) != 0 ? 1.0 : 0.0;
        };
        double keywords = 0;
        for (const std::string& keyword : known.metadata.keywords) keywords += counts(keyword);
        return 6 * query.name_boost * counts(known.entry.id.name().str()) +
               3 * query.keyword_boost * keywords +
               query.description_boost * counts(known.entry.description);
    }

    const std::vector<Known>& all_;
    std::map<std::string, int> having_;
    std::map<std::string, int> dependents_;
    double mean_ = 0;
};

Query random_query(std::mt19937& random) {
    static const Names kPieces{"red",
                               "green",
                               "blue",
                               "json",
                               "thing",
                               "tiny",
                               "slow-json",
                               "red OR blue",
                               "huge OR json",
                               "\"slow json\"",
                               "\"red green\"",
                               "-huge",
                               "-\"red blue\"",
                               "depends:red",
                               "-depends:a",
                               "license:mit",
                               "fast OR \"tiny thing\"",
                               "type:application",
                               "name:r"};
    for (;;) {
        std::string text;
        for (std::size_t i = 1 + random() % 3; i > 0; --i)
            text += (text.empty() ? "" : " ") + kPieces[random() % kPieces.size()];
        Result<Query> query = Query::parse(text);
        if (!query) continue;
        if (random() % 3 == 0) query->popularity = 2;
        if (random() % 3 == 0) {
            query->name_boost = 0.5;
            query->keyword_boost = 3;
            query->description_boost = static_cast<double>(random() % 3);
        }
        query->filter.newest_only = random() % 2 == 0;
        query->filter.include_yanked = random() % 2 == 0;
        query->limit = 1 + random() % 6;
        return *std::move(query);
    }
}

void change_some(IndexBed& bed, const std::vector<std::string>& ids, std::mt19937& random) {
    for (int i = 0; i < 4; ++i) bed.change(ids[random() % ids.size()], std::nullopt, true);
    const std::string& id = ids[random() % ids.size()];
    bed.change(id, package::PackageState::kDeprecated, std::nullopt);
    bed.change(id, package::PackageState::kArchived, std::nullopt);
}

TEST(QuerySearch, FindsAndRanksAsALookAtEveryVersionDoes) {
    for (std::uint32_t seed = 1; seed <= 24; ++seed) {
        std::mt19937 random(seed);
        IndexBed bed(kForms[seed % std::size(kForms)]);
        Names ids;
        for (int i = 0; i < 60; ++i)
            if (const auto added = bed.try_add(random_line(random)); added)
                ids.push_back(added->id.to_string());
        change_some(bed, ids, random);
        const std::vector<Known> all = all_of(*bed.index);
        Oracle oracle(all);
        for (int i = 0; i < 60; ++i) {
            Query query = random_query(random);
            const auto wanted = oracle.search(query);
            std::vector<std::pair<std::string, double>> found;
            do {
                const SearchPage page = must(bed.index->search(query));
                ASSERT_LE(page.hits.size(), query.limit);
                for (const SearchHit& hit : page.hits)
                    found.emplace_back(hit.entry.id.to_string(), hit.score);
                query.cursor = page.cursor;
                ASSERT_TRUE(page.cursor.empty() || page.hits.size() == query.limit);
            } while (!query.cursor.empty() && found.size() <= wanted.size());
            ASSERT_EQ(found.size(), wanted.size()) << "seed " << seed << " query " << i;
            for (std::size_t k = 0; k < found.size(); ++k) {
                EXPECT_EQ(found[k].first, wanted[k].first) << "seed " << seed << " query " << i;
                EXPECT_NEAR(found[k].second, wanted[k].second, 1e-4);
            }
        }
    }
}

/// Enough versions that words have many blocks of postings and champions.
void fill_blocks(IndexBed& bed, std::mt19937& random) {
    for (int i = 0; i < 900; ++i) {
        std::string line = R"({"name":"n)" + std::to_string(i % 700) + R"(","version":"1.)" +
                           std::to_string(i / 700) + R"(.0","description":"red )" +
                           random_text(random, 12) + '"';
        if (random() % 8 == 0) line += R"(,"keywords":["red","blue"])";
        if (i % 5 == 0)
            line += R"(,"dependencies":[{"name":"n)" + std::to_string(i % 13) + R"(","req":"*"}])";
        bed.add(line + "}");
        if (i == 500 || i == 800) bed.seal();
    }
}

TEST(QuerySearch, PassesOverBlocksThatHoldNoResult) {
    std::mt19937 random(5);
    IndexBed bed(IndexForm::kDelta);
    fill_blocks(bed, random);
    bed.change("n3@1.0.0", std::nullopt, true);
    const std::vector<Known> all = all_of(*bed.index);
    Oracle oracle(all);
    for (const std::string_view text : {"red", "blue", "red blue", "red OR green OR huge",
                                        "json -tiny", "red \"blue green\"", "n5 red"}) {
        for (const double popularity : {0.0, 3.0}) {
            for (const bool newest_only : {true, false}) {
                Query query = must(Query::parse(text));
                query.limit = 5;
                query.popularity = popularity;
                query.filter.newest_only = newest_only;
                const auto wanted = oracle.search(query);
                Names found;
                for (int pages = 0; pages < 3; ++pages) {
                    const SearchPage page = must(bed.index->search(query));
                    for (const SearchHit& hit : page.hits)
                        found.push_back(hit.entry.id.to_string());
                    query.cursor = page.cursor;
                    if (page.cursor.empty()) break;
                }
                ASSERT_LE(found.size(), wanted.size());
                ASSERT_EQ(found.size(), std::min<std::size_t>(wanted.size(), 15));
                for (std::size_t k = 0; k < found.size(); ++k)
                    EXPECT_EQ(found[k], wanted[k].first) << text << ' ' << k;
            }
        }
    }
}

TEST(QuerySearch, ACursorKeepsItsPlaceWhilePackagesArePublished) {
    IndexBed bed(IndexForm::kDelta);
    Names wanted;
    for (int i = 0; i < 30; ++i) {
        const std::string number = std::to_string(10 + i);
        bed.add(R"({"name":"n)" + number + R"(","version":"1.0.0","description":"red )" +
                std::string(static_cast<std::size_t>(i) * 3, 'x') + " a b c" + '"' +
                (i % 3 == 0 ? R"(,"keywords":["red"])" : "") + "}");
    }
    Query query = must(Query::parse("red"));
    query.limit = 100;
    for (const SearchHit& hit : must(bed.index->search(query)).hits)
        wanted.push_back(hit.entry.id.to_string());
    query.limit = 7;
    Names found;
    int more = 0;
    do {
        const SearchPage page = must(bed.index->search(query));
        for (const SearchHit& hit : page.hits)
            if (hit.entry.id.name().view().starts_with('n'))
                found.push_back(hit.entry.id.to_string());
        query.cursor = page.cursor;
        if (++more == 2) bed.seal();
        for (int i = 0; i < 5; ++i)
            bed.add(R"({"name":"z)" + std::to_string(more * 10 + i) +
                    R"(","version":"1.0.0","description":"red other words"})");
    } while (!query.cursor.empty());
    EXPECT_EQ(found, wanted);
}

TEST(QuerySearch, RefusesACursorOfAnotherSearch) {
    IndexBed bed(IndexForm::kHalf);
    for (int i = 0; i < 4; ++i) bed.add(random_line(*std::make_unique<std::mt19937>(i)));
    bed.add(R"({"name":"p","version":"1.0.0","description":"red"})");
    bed.add(R"({"name":"q","version":"1.0.0","description":"red"})");
    Query query = must(Query::parse("red"));
    query.limit = 1;
    const std::string cursor = must(bed.index->search(query)).cursor;
    ASSERT_NE(cursor, "");
    Query other = must(Query::parse("green"));
    for (const std::string& wrong : {cursor, std::string("nonsense"), cursor.substr(0, 12)}) {
        other.cursor = wrong;
        EXPECT_EQ(code_of(bed.index->search(other)), Errc::kQueryInvalid);
    }
    query.limit = 0;
    EXPECT_EQ(code_of(bed.index->search(query)), Errc::kQueryInvalid);
}

TEST(QueryParse, ReadsWordsPhrasesAlternativesAndFilters) {
    const Query query = must(Query::parse(
        R"(fast OR "Quick start" json -slow license:MIT author:"Ada L" -depends:acme/blas type:model)"));
    ASSERT_EQ(query.clauses.size(), 3u);
    EXPECT_EQ(query.clauses[0].any_of,
              (std::vector<QueryAlternative>{{{"fast"}, false}, {{"quick", "start"}, true}}));
    EXPECT_TRUE(query.clauses[2].is_excluded);
    EXPECT_EQ(query.filter.license, "MIT");
    EXPECT_EQ(query.filter.author, "Ada L");
    EXPECT_EQ(query.filter.type, package::PackageType::kModel);
    EXPECT_EQ(query.depends, (std::vector<QueryDependency>{{"acme/blas", true}}));
    EXPECT_EQ(query.exact, "");
    EXPECT_EQ(must(Query::parse("Fast-Json")).exact, "Fast-Json");
    EXPECT_EQ(must(Query::parse("Fast-Json")).clauses.front().any_of.front().words,
              (Names{"fast", "json", "fast-json"}));
}

TEST(QueryParse, SaysWhatIsWrongAndWhere) {
    const auto message = [](std::string_view text) {
        const Result<Query> query = Query::parse(text);
        return query ? std::string("none") : std::string(query.error().message());
    };
    EXPECT_EQ(message("red \"green"), "a quote is not closed (at byte 5)");
    EXPECT_EQ(message("OR red"), "OR stands between two words or phrases (at byte 1)");
    EXPECT_EQ(message("red OR"), "OR stands between two words or phrases (at byte 7)");
    EXPECT_EQ(message("red OR OR blue"), "OR stands between two words or phrases (at byte 8)");
    EXPECT_EQ(message("red OR -blue"), "OR does not join what is excluded (at byte 8)");
    EXPECT_EQ(message("red OR type:model"), "OR does not join filters (at byte 8)");
    EXPECT_EQ(message("type:modell"), "there is no such type of package (at byte 1)");
    EXPECT_EQ(message("red colour:blue"), "there is no such field (at byte 5)");
    EXPECT_EQ(message("tag:a tag:b"), "a filter stands twice (at byte 7)");
    EXPECT_EQ(message("tag: red"), "a filter has no value (at byte 1)");
    EXPECT_EQ(message("-license:MIT"),
              "only words, phrases and depends can be excluded (at byte 1)");
    EXPECT_EQ(message("-red"), "the search has no word (at byte 1)");
    EXPECT_EQ(message(" & "), "the search has no word (at byte 1)");
    EXPECT_EQ(message("a b c d e f g h i j k l m n o p q"),
              "a search has at most 16 words (at byte 33)");
    EXPECT_EQ(message(std::string(5000, 'a')), "a search has at most 4,096 bytes");
    EXPECT_EQ(message("red & green"), "none");
}

}  // namespace
}  // namespace catalog::index
