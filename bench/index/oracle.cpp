#include "oracle.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "segment_words.hpp"

namespace catalog::bench {

namespace {

constexpr std::size_t kBest = 20;
constexpr double kTie = 1e-6;  // Relative: what single precision does not tell apart.

using Words = std::map<std::string, unsigned, std::less<>>;

// Words of a row and what they weigh; a word counts once a text.
Words words_of(const index::SegmentRow& row) {
    Words words;
    const auto add = [&words](std::string_view text, unsigned weight) {
        std::vector<std::string> seen;
        index::for_each_word(text, 'w', [&](std::string_view word) {
            if (std::ranges::find(seen, word) != seen.end()) return;
            seen.emplace_back(word);
            words[std::string(word)] += weight;
        });
    };
    add(row.name, 6);
    add(row.description, 1);
    for (const std::string_view keyword : row.keywords) add(keyword, 3);
    return words;
}

class Oracle {
public:
    Oracle(const Catalogue& catalogue, std::span<const std::string> queries) {
        for (const std::string& query : queries)
            for (const std::string& word : split(query)) postings_[word];
        lengths_.reserve(catalogue.rows.size());
        for (const index::SegmentRow& row : catalogue.rows) {
            double length = 0;
            for (const auto& [word, weight] : words_of(row)) {
                length += weight;
                const auto found = postings_.find(word);
                if (found != postings_.end())
                    found->second.emplace_back(static_cast<std::uint32_t>(lengths_.size()), weight);
            }
            lengths_.push_back(length);
            mean_ += length / static_cast<double>(catalogue.rows.size());
        }
    }

    static std::vector<std::string> split(const std::string& query) {
        std::vector<std::string> words;
        index::for_each_word(query, 'w', [&words](std::string_view word) {
            if (std::ranges::find(words, word) == words.end()) words.emplace_back(word);
        });
        return words;
    }

    // True scores of all rows that have all words, by row.
    [[nodiscard]] std::unordered_map<std::uint32_t, double> scores(const std::string& query) const {
        std::unordered_map<std::uint32_t, double> scores;
        bool is_first = true;
        for (const std::string& word : split(query)) {
            const auto& postings = postings_.at(word);
            const auto df = static_cast<double>(postings.size());
            const double rarity =
                std::log(1 + (static_cast<double>(lengths_.size()) - df + 0.5) / (df + 0.5));
            std::unordered_map<std::uint32_t, double> next;
            for (const auto& [row, weight] : postings) {
                const auto before = scores.find(row);
                if (!is_first && before == scores.end()) continue;
                const double norm = 1.2 * (0.25 + 0.75 * lengths_[row] / mean_);
                next[row] =
                    (is_first ? 0 : before->second) + rarity * weight * 2.2 / (weight + norm);
            }
            scores = std::move(next);
            is_first = false;
        }
        return scores;
    }

private:
    std::unordered_map<std::string, std::vector<std::pair<std::uint32_t, unsigned>>> postings_;
    std::vector<double> lengths_;
    double mean_ = 0;
};

}  // namespace

Precision measure_precision(const index::Segment& segment, const Catalogue& catalogue,
                            std::span<const std::string> queries) {
    const Oracle oracle(catalogue, queries);
    std::vector<std::uint32_t> row_of(segment.version_count());
    for (std::uint32_t row = 0; row < catalogue.rows.size(); ++row) {
        const auto found = segment.find(catalogue.rows[row].name, catalogue.rows[row].version);
        if (found) row_of[static_cast<std::uint32_t>(found->doc())] = row;
    }
    double right = 0;
    double wanted = 0;
    double score = 0;
    double best_score = 0;
    for (const std::string& query : queries) {
        const auto scores = oracle.scores(query);
        std::vector<double> best;
        for (const auto& [row, value] : scores) best.push_back(value);
        std::ranges::sort(best, std::greater<>());
        best.resize(std::min(best.size(), kBest));
        const auto hits = segment.search(query, kBest);
        wanted += static_cast<double>(best.size());
        for (const double value : best) best_score += value;
        for (std::size_t i = 0; hits && i < hits->size(); ++i) {
            const auto found = scores.find(row_of[static_cast<std::uint32_t>((*hits)[i].doc)]);
            if (found == scores.end()) continue;
            score += found->second;
            if (found->second >= best.back() * (1 - kTie)) right += 1;
        }
    }
    return {right / wanted, score / best_score};
}

}  // namespace catalog::bench
