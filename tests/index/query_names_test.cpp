// Names that begin with a text, and names that are like one.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;
using Names = std::vector<std::string>;

constexpr IndexForm kForms[] = {IndexForm::kPlain, IndexForm::kDelta,  IndexForm::kSealed,
                                IndexForm::kHalf,  IndexForm::kMerged, IndexForm::kDistinct};

std::string folded(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '_' || c == '.') c = '-';
    }
    return text;
}

/// Optimal string alignment with the whole table.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1,
                                d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

/// What a look at every name finds.
Names near_by_force(const std::map<std::string, int>& dependents, const std::string& wanted,
                    std::size_t limit) {
    struct Found {
        std::size_t distance;
        int dependents;
        std::string name;
    };
    std::vector<Found> found;
    for (const std::size_t most : {std::size_t{1}, std::size_t{2}}) {
        if (!found.empty() || (most == 2 && wanted.size() < 4)) break;
        for (const auto& [name, count] : dependents) {
            const std::string a = folded(name);
            const std::string b = folded(wanted);
            const std::size_t far = distance(a, b);
            if (name == wanted || far > most) continue;
            if ((most == 2 || wanted.size() < 2) && a[0] != b[0]) continue;
            found.push_back({far, count, name});
        }
    }
    std::ranges::sort(found, [](const Found& a, const Found& b) {
        if (a.distance != b.distance) return a.distance < b.distance;
        return a.dependents != b.dependents ? a.dependents > b.dependents : a.name < b.name;
    });
    Names names;
    for (const Found& one : found)
        if (names.size() < limit) names.push_back(one.name);
    return names;
}

std::string random_name(std::mt19937& random) {
    static constexpr std::string_view kLetters = "aabbcCd-_.9";
    std::string name(1, "abCz"[random() % 4]);
    for (std::size_t i = random() % 6; i > 0; --i) name += kLetters[random() % kLetters.size()];
    while (name.ends_with('.')) name.pop_back();
    for (std::size_t at; (at = name.find("..")) != std::string::npos;) name.erase(at, 1);
    return name;
}

TEST(QueryNames, FindsTheNearNamesThatALookAtEveryNameFinds) {
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        std::mt19937 random(seed);
        IndexBed bed(kForms[seed % std::size(kForms)]);
        std::map<std::string, int> dependents;
        for (int i = 0; i < 60; ++i) {
            const std::string name = random_name(random);
            if (!PackageName::parse(name) || dependents.contains(name)) continue;
            dependents.emplace(name, 0);
            std::string line = R"({"name":")" + name + R"(","version":"1.0.0")";
            if (random() % 2 == 0) {
                auto target = dependents.begin();
                std::advance(target, random() % dependents.size());
                if (target->first != name) {
                    line += R"(,"dependencies":[{"name":")" + target->first + R"(","req":"*"}])";
                    ++target->second;
                }
            }
            bed.add(line + "}");
        }
        for (int i = 0; i < 150; ++i) {
            const std::string wanted = random_name(random);
            const std::size_t limit = 1 + random() % 8;
            EXPECT_EQ(must(bed.index->suggest(wanted, limit)),
                      near_by_force(dependents, wanted, limit))
                << "seed " << seed << " wanted " << wanted;
        }
    }
}

std::unique_ptr<IndexBed> bed_of(const Names& names, IndexForm form = IndexForm::kHalf) {
    auto bed = std::make_unique<IndexBed>(form);
    for (const std::string& name : names)
        bed->add(R"({"name":")" + name + R"(","version":"1.0.0"})");
    return bed;
}

TEST(QueryNames, SuggestsWhatAnErrorInTypingLeadsAwayFrom) {
    const auto bed = bed_of({"react", "react-dom", "lodash", "lodash.merge", "@types/node", "vue"});
    const auto suggest = [&](std::string_view name) { return must(bed->index->suggest(name, 3)); };
    EXPECT_EQ(suggest("raect"), Names{"react"});
    EXPECT_EQ(suggest("eract"), Names{"react"});
    EXPECT_EQ(suggest("Lodash"), Names{"lodash"});
    EXPECT_EQ(suggest("lodash-merge"), Names{"lodash.merge"});
    EXPECT_EQ(suggest("loadsh"), Names{"lodash"});
    EXPECT_EQ(suggest("@type/node"), Names{"@types/node"});
    EXPECT_EQ(suggest("vxy"), Names());
    EXPECT_EQ(suggest("react"), Names()) << "it is there";
    EXPECT_EQ(suggest(std::string(300, 'a')), Names());
    EXPECT_EQ(suggest(""), Names());
}

TEST(QueryNames, AHintNamesTheVersionsThatThereAre) {
    const auto bed = bed_of({"react", "reactor"});
    const auto found = bed->index->find(must(PackageId::parse("react@2.0.0")));
    ASSERT_EQ(code_of(found), Errc::kPackageNotFound);
    EXPECT_EQ(found.error().hint(), "there is 1.0.0");
}

TEST(QueryNames, CompletesNamesWhereverTheyAre) {
    for (const IndexForm form : kForms) {
        const auto bed = bed_of({"b", "ab", "abc", "a", "ab/x", "abd"}, form);
        const auto complete = [&](std::string_view prefix, std::size_t limit) {
            return must(bed->index->complete(prefix, limit));
        };
        EXPECT_EQ(complete("ab", 10), (Names{"ab", "ab/x", "abc", "abd"}));
        EXPECT_EQ(complete("ab", 2), (Names{"ab", "ab/x"}));
        EXPECT_EQ(complete("", 10), (Names{"a", "ab", "ab/x", "abc", "abd", "b"}));
        EXPECT_EQ(complete("c", 10), Names());
        EXPECT_EQ(code_of(bed->index->complete("a", 0)), Errc::kQueryInvalid);
        EXPECT_EQ(code_of(bed->index->suggest("a", 10'001)), Errc::kQueryInvalid);
    }
}

}  // namespace
}  // namespace catalog::index
