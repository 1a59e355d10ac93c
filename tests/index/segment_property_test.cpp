// Segments of random package versions against a plain map of the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/index/segment.hpp"
#include "catalog/index/segment_builder.hpp"
#include "records.hpp"
#include "support/index/segment_samples.hpp"

namespace catalog::index {
namespace {

using io::testing::must;
using testing::SampleRows;

constexpr unsigned kSeeds = 40;

struct NewestFirst {
    bool operator()(const version::SemVer& left, const version::SemVer& right) const {
        return compare_precedence(left, right) > 0;
    }
};
using Versions = std::map<version::SemVer, SegmentRow, NewestFirst>;
using Model = std::map<std::string, Versions>;

version::SemVer semver(std::string_view text) { return must(version::SemVer::parse(text)); }

// Random rows, each id once, and the model of them.
Model random_model(std::mt19937_64& random, SampleRows& sample, std::size_t rows) {
    Model model;
    while (sample.rows.size() < rows) {
        testing::add_random_row(random, sample);
        const SegmentRow& row = sample.rows.back();
        if (!model[std::string(row.name)].emplace(semver(row.version), row).second)
            sample.rows.pop_back();
    }
    return model;
}

std::string feature_text(const SegmentRelation& relation) {
    std::string text;
    for (const std::string_view feature : relation.features) {
        if (!text.empty()) text += '\0';
        text += feature;
    }
    return text;
}

void expect_texts(const Segment& segment, const TextList& list,
                  std::span<const std::string_view> texts) {
    ASSERT_EQ(list.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(segment.text(list[i]), texts[i]);
}

void expect_relations(const Segment& segment, const SegmentRecord& record,
                      std::span<const SegmentRelation> relations) {
    const RelationList list = record.relations();
    ASSERT_EQ(list.size(), relations.size());
    for (std::size_t i = 0; i < relations.size(); ++i) {
        const SegmentRelation& relation = relations[i];
        const RelationTerms terms = segment.terms(list[i]);
        EXPECT_EQ(segment.name_text(list[i].name), relation.name);
        EXPECT_EQ(terms.role, relation.role);
        EXPECT_EQ(terms.dialect, relation.dialect);
        EXPECT_EQ(terms.kind, relation.kind);
        EXPECT_EQ(terms.default_features, relation.default_features);
        EXPECT_EQ(terms.is_alternative, relation.is_alternative);
        EXPECT_EQ(terms.constraint, relation.constraint);
        EXPECT_EQ(terms.platform, relation.platform);
        EXPECT_EQ(terms.features, feature_text(relation));
    }
}

void expect_row(const Segment& segment, const SegmentRecord& record, const SegmentRow& row) {
    EXPECT_EQ(record.name(), row.name);
    EXPECT_EQ(record.version(), row.version);
    EXPECT_EQ(record.digest(), row.digest);
    EXPECT_EQ(record.state(), row.state);
    EXPECT_EQ(record.is_yanked(), row.yanked);
    EXPECT_EQ(record.is_imported(), row.imported);
    EXPECT_EQ(record.type(), row.type);
    EXPECT_EQ(record.file_count(), row.file_count);
    EXPECT_EQ(record.file_bytes(), row.file_bytes);
    EXPECT_EQ(record.log_index(), row.log_index);
    EXPECT_EQ(record.published_us(), row.published_us);
    EXPECT_EQ(record.license() == kNoText, row.license.empty());
    EXPECT_EQ(segment.text(record.license()), row.license);
    expect_texts(segment, record.authors(), row.authors);
    expect_texts(segment, record.keywords(), row.keywords);
    expect_texts(segment, record.tags(), row.tags);
    expect_relations(segment, record, row.relations);
}

class SegmentProperty : public ::testing::TestWithParam<unsigned> {
protected:
    void SetUp() override {
        std::mt19937_64 random(GetParam());
        const std::size_t rows = testing::below(random, 3) == 0 ? testing::below(random, 4)
                                                                : testing::below(random, 700);
        model_ = random_model(random, sample_, rows);
        built_ = must(testing::build_segment(sample_.rows));
        segment_ = testing::open_bytes(built_.bytes);
    }

    // The model's rows in the order of the segment's versions.
    std::vector<const SegmentRow*> in_order() const {
        std::vector<const SegmentRow*> rows;
        for (const auto& [name, versions] : model_)
            for (const auto& [version, row] : versions) rows.push_back(&row);
        return rows;
    }

    SampleRows sample_;
    Model model_;
    testing::BuiltSegment built_;
    std::shared_ptr<const Segment> segment_;
};

TEST_P(SegmentProperty, IsVerifiedAndNamedByItsContent) {
    const auto verified = segment_->verify();
    EXPECT_TRUE(verified) << verified.error().message();
    EXPECT_EQ(segment_->name(), built_.summary.name);
    EXPECT_EQ(segment_->version_count(), sample_.rows.size());
    EXPECT_EQ(segment_->name_count(), model_.size());
    EXPECT_EQ(built_.summary.bytes, built_.bytes.size());
}

TEST_P(SegmentProperty, HasTheSameBytesInWhateverOrderRowsCame) {
    std::mt19937_64 random(GetParam() + 1000);
    std::ranges::shuffle(sample_.rows, random);
    EXPECT_EQ(must(testing::build_segment(sample_.rows)).bytes, built_.bytes);
}

TEST_P(SegmentProperty, FindsEveryVersionByIdKeyAndNumber) {
    const std::vector<const SegmentRow*> rows = in_order();
    std::vector<PackageKey> keys;
    for (std::uint32_t doc = 0; doc < rows.size(); ++doc) {
        const SegmentRow& row = *rows[doc];
        const auto by_id = segment_->find(row.name, row.version);
        ASSERT_TRUE(by_id) << row.name << "@" << row.version;
        EXPECT_EQ(by_id->doc(), DocId{doc});
        expect_row(*segment_, *by_id, row);
        keys.push_back(segment_->key_of(row.name, row.version));
        EXPECT_EQ(segment_->find_doc(keys.back()), DocId{doc});
        const auto by_key = segment_->find(keys.back());
        ASSERT_TRUE(by_key);
        EXPECT_EQ(by_key->bytes().data(), by_id->bytes().data());
        const auto by_number = segment_->record(DocId{doc});
        ASSERT_TRUE(by_number);
        EXPECT_EQ(by_number->bytes().data(), by_id->bytes().data());
    }
    keys.push_back({1, 2});
    std::vector<std::optional<SegmentRecord>> found(keys.size());
    segment_->find_many(keys, found);
    for (std::uint32_t doc = 0; doc < rows.size(); ++doc) {
        ASSERT_TRUE(found[doc]);
        EXPECT_EQ(found[doc]->doc(), DocId{doc});
    }
    EXPECT_FALSE(found.back());
}

TEST_P(SegmentProperty, FindsNothingThatIsNotThere) {
    std::mt19937_64 random(GetParam() + 2000);
    for (int i = 0; i < 300; ++i) {
        const std::string name = testing::random_name(random);
        const std::string version = testing::random_version(random);
        const auto versions = model_.find(name);
        bool known = false;
        if (versions != model_.end())
            for (const auto& [key, row] : versions->second) known |= row.version == version;
        EXPECT_EQ(segment_->find(name, version).has_value(), known) << name << "@" << version;
        EXPECT_EQ(segment_->find_name(name).has_value(), versions != model_.end()) << name;
    }
    EXPECT_FALSE(segment_->record(DocId{segment_->version_count()}));
    EXPECT_FALSE(segment_->find(std::string(300, 'a'), "1.0.0"));
    EXPECT_FALSE(segment_->find("", ""));
}

TEST_P(SegmentProperty, ListsTheVersionsOfANameNewestFirst) {
    std::uint32_t doc = 0;
    std::uint32_t number = 0;
    for (const auto& [name, versions] : model_) {
        const auto found = segment_->find_name(name);
        ASSERT_TRUE(found) << name;
        EXPECT_EQ(*found, NameId{number++});
        EXPECT_EQ(segment_->name_text(*found), name);
        EXPECT_EQ(segment_->versions(*found),
                  (DocRange{doc, doc + static_cast<std::uint32_t>(versions.size())}));
        for (const auto& [version, row] : versions)
            EXPECT_EQ(segment_->version_of(DocId{doc++}), version);
    }
}

TEST_P(SegmentProperty, GivesTheBestVersionThatAConstraintAdmits) {
    for (const std::string_view text : {"*", "^1", "=1.2.0", "<0.0.1", ">=1.0.0-alpha", "latest",
                                        ">=9007199254740991.0.0", "~2.3"}) {
        const auto constraint =
            must(version::VersionConstraint::parse(text, version::Dialect::kCargo));
        for (const auto& [name, versions] : model_) {
            const NameId number = *segment_->find_name(name);
            std::optional<DocId> expected;
            std::uint32_t doc = segment_->versions(number).first;
            for (const auto& [version, row] : versions) {
                if (!expected && constraint.matches(version) && !row.yanked &&
                    row.state != package::PackageState::kArchived)
                    expected = DocId{doc};
                ++doc;
            }
            EXPECT_EQ(segment_->best(number, constraint), expected) << name << " " << text;
        }
    }
}

TEST_P(SegmentProperty, ListsNamesByPrefix) {
    std::vector<std::string> names;
    for (const auto& [name, versions] : model_) names.push_back(name);
    for (const std::string prefix :
         {"", "a", "acme", "acme-", "@", "@scope/t", "zzzz", "b2-b2-b2"}) {
        const NameRange range = segment_->names_with_prefix(prefix);
        std::vector<std::string> found;
        for (std::uint32_t i = range.first; i < range.end; ++i)
            found.emplace_back(segment_->name_text(NameId{i}));
        std::vector<std::string> expected;
        std::ranges::copy_if(names, std::back_inserter(expected),
                             [&](const std::string& name) { return name.starts_with(prefix); });
        EXPECT_EQ(found, expected) << prefix;
    }
}

TEST_P(SegmentProperty, KnowsWhoDependsOnEachName) {
    std::map<std::string, std::set<std::uint32_t>> expected;
    std::uint32_t doc = 0;
    for (const SegmentRow* row : in_order()) {
        for (const SegmentRelation& relation : row->relations)
            if (relation.role == RelationRole::kDependency)
                expected[std::string(relation.name)].insert(doc);
        ++doc;
    }
    for (const auto& [name, docs] : expected) {
        const DocList list = segment_->dependents(name);
        std::set<std::uint32_t> found;
        for (std::size_t i = 0; i < list.size(); ++i)
            found.insert(static_cast<std::uint32_t>(list[i]));
        EXPECT_EQ(found, docs) << name;
        EXPECT_EQ(list.size(), docs.size());
    }
    EXPECT_EQ(segment_->dependents("nobody-knows").size(), 0U);
}

TEST_P(SegmentProperty, ReadsDescriptionsBack) {
    ColdReader reader(segment_);
    const std::vector<const SegmentRow*> rows = in_order();
    std::mt19937_64 random(GetParam());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t doc = i % 2 == 0 ? i : testing::below(random, rows.size());
        const ColdText text = must(reader.read(DocId{static_cast<std::uint32_t>(doc)}));
        EXPECT_EQ(text.description, rows[doc]->description);
        EXPECT_EQ(text.rest, rows[doc]->rest);
    }
    const auto behind = reader.read(DocId{segment_->version_count()});
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().code(), Errc::kInvalidArgument);
}

// What a version is found by, by the rules of the index in the key-value store.
std::set<std::pair<Facet, std::string>> facets_of(const SegmentRow& row) {
    std::set<std::pair<Facet, std::string>> facets;
    const auto add = [&](Facet facet, const std::string& value) {
        if (!value.empty()) facets.emplace(facet, value);
    };
    const auto add_words = [&](Facet facet, std::string_view text) {
        for (const std::string& word : words_of(text)) add(facet, word);
    };
    add_words(Facet::kWord, row.name);
    add_words(Facet::kWord, row.description);
    for (const std::string_view keyword : row.keywords) {
        add_words(Facet::kWord, keyword);
        add(Facet::kKeyword, lower_case(keyword));
    }
    for (const std::string_view author : row.authors) {
        add(Facet::kAuthor, lower_case(author));
        add_words(Facet::kAuthor, author);
    }
    for (const std::string_view tag : row.tags) add(Facet::kTag, std::string(tag));
    add(Facet::kLicense, lower_case(row.license));
    add(Facet::kType, std::string(package::package_type_name(row.type)));
    add(Facet::kState, std::string(package::state_name(row.state)));
    for (const SegmentRelation& relation : row.relations)
        if (relation.role == RelationRole::kProvide)
            add(Facet::kProvided, std::string(relation.name));
    return facets;
}

TEST_P(SegmentProperty, ListsAndCountsTheVersionsOfEachFacet) {
    std::map<std::pair<Facet, std::string>, std::vector<DocId>> expected;
    std::uint32_t doc = 0;
    for (const SegmentRow* row : in_order()) {
        for (const auto& facet : facets_of(*row)) expected[facet].push_back(DocId{doc});
        ++doc;
    }
    EXPECT_EQ(segment_->term_count(), expected.size());
    for (const auto& [facet, docs] : expected) {
        EXPECT_EQ(segment_->count(facet.first, facet.second), docs.size()) << facet.second;
        std::vector<DocId> found;
        segment_->list(facet.first, facet.second, DocId{0}, docs.size() + 1, found);
        EXPECT_EQ(found, docs) << facet.second;
        found.clear();
        const DocId middle = docs[docs.size() / 2];
        segment_->list(facet.first, facet.second, middle, 2, found);
        const std::vector<DocId> some(
            docs.begin() + static_cast<std::ptrdiff_t>(docs.size() / 2),
            docs.begin() + static_cast<std::ptrdiff_t>(std::min(docs.size(), docs.size() / 2 + 2)));
        EXPECT_EQ(found, some) << facet.second;
    }
    std::vector<std::pair<std::string, std::uint32_t>> values;
    segment_->values(Facet::kKeyword, "", 1000, values);
    std::vector<std::pair<std::string, std::uint32_t>> keywords;
    for (const auto& [facet, docs] : expected)
        if (facet.first == Facet::kKeyword)
            keywords.emplace_back(facet.second, static_cast<std::uint32_t>(docs.size()));
    EXPECT_EQ(values, keywords);
    EXPECT_EQ(segment_->count(Facet::kWord, "nowhere"), 0U);
}

// Words of a version and what each weighs, by the rules of the index in the key-value store.
std::map<std::string, unsigned> weights_of(const SegmentRow& row) {
    std::map<std::string, unsigned> weights;
    for (const std::string& word : words_of(row.name)) weights[word] += 6;
    for (const std::string& word : words_of(row.description)) weights[word] += 1;
    for (const std::string_view keyword : row.keywords)
        for (const std::string& word : words_of(keyword)) weights[word] += 3;
    return weights;
}

// BM25 in double precision, straight from its definition.
class Oracle {
public:
    explicit Oracle(const std::vector<const SegmentRow*>& rows) {
        for (const SegmentRow* row : rows) {
            weights_.push_back(weights_of(*row));
            lengths_.push_back(0);
            for (const auto& [word, weight] : weights_.back()) {
                lengths_.back() += weight;
                df_[word] += 1;
            }
            mean_ += lengths_.back() / static_cast<double>(rows.size());
        }
    }
    // The score of a version; negative when it does not have all words.
    double score(std::size_t doc, const std::vector<std::string>& words) const {
        double score = 0;
        for (const std::string& word : words) {
            const auto found = weights_[doc].find(word);
            if (found == weights_[doc].end()) return -1;
            const double w = found->second;
            const double norm = 1.2 * (0.25 + 0.75 * lengths_[doc] / mean_);
            score += rarity(word) * w * 2.2 / (w + norm);
        }
        return score;
    }
    // How far a score in single precision may be off.
    static double slack(const std::vector<std::string>& words) {
        return 1e-5 * static_cast<double>(words.size() + 1);
    }

private:
    double rarity(const std::string& word) const {
        const double df = df_.at(word);
        return std::log(1 + (static_cast<double>(weights_.size()) - df + 0.5) / (df + 0.5));
    }
    std::vector<std::map<std::string, unsigned>> weights_;
    std::vector<double> lengths_;
    std::map<std::string, double> df_;
    double mean_ = 0;
};

TEST_P(SegmentProperty, SearchesLikeBm25ThatIsNotRounded) {
    const std::vector<const SegmentRow*> rows = in_order();
    const Oracle oracle(rows);
    for (const std::string query :
         {"alpha", "kit", "json", "acme kit", "math gpu", "fastJson", "io_tools beta x",
          "zeta @scope/acme", "HTTP tool", "nowhere", "kit kit"}) {
        std::vector<std::string> words = words_of(query);
        std::vector<double> scores;
        for (std::size_t doc = 0; doc < rows.size(); ++doc)
            scores.push_back(oracle.score(doc, words));
        for (const std::size_t limit : {std::size_t{5}, std::size_t{100}, std::size_t{10'000}}) {
            const std::vector<SegmentHit> hits = must(segment_->search(query, limit));
            const auto matches = static_cast<std::size_t>(
                std::ranges::count_if(scores, [](double score) { return score >= 0; }));
            ASSERT_EQ(hits.size(), std::min(limit, matches)) << query;
            if (hits.empty()) continue;
            const double slack = Oracle::slack(words);
            std::vector<double> best = scores;
            std::ranges::sort(best, std::greater<>());
            for (std::size_t i = 0; i < hits.size(); ++i) {
                const double score = scores[static_cast<std::uint32_t>(hits[i].doc)];
                EXPECT_NEAR(hits[i].score, score, slack) << query;
                EXPECT_NEAR(score, best[i], 2 * slack) << query << " hit " << i;
                if (i == 0) continue;
                EXPECT_TRUE(hits[i - 1].score > hits[i].score ||
                            (hits[i - 1].score == hits[i].score && hits[i - 1].doc < hits[i].doc));
            }
        }
    }
    EXPECT_EQ(io::testing::code_of(segment_->search(" - ", 5)), Errc::kQueryInvalid);
    EXPECT_EQ(io::testing::code_of(segment_->search("a", 0)), Errc::kQueryInvalid);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SegmentProperty, ::testing::Range(0U, kSeeds));

}  // namespace
}  // namespace catalog::index
