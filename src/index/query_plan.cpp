#include "query_plan.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "catalog/core/content_hash.hpp"
#include "catalog/merkle/hash.hpp"
#include "field_reader.hpp"
#include "records.hpp"
#include "segment_bm25.hpp"

namespace catalog::index {

QueryPlan::QueryPlan(const Query& of)
    : query(of),
      exact_(lower_case(of.exact)),
      boost_most_(std::max({1.0, of.name_boost, of.keyword_boost, of.description_boost})),
      is_boosted_(of.name_boost != 1 || of.keyword_boost != 1 || of.description_boost != 1) {
    for (const QueryClause& clause : query.clauses) {
        PlannedClause planned;
        for (const QueryAlternative& alternative : clause.any_of) {
            PlannedAlternative way;
            way.is_phrase = alternative.is_phrase;
            has_phrase = has_phrase || way.is_phrase;
            for (const std::string& word : alternative.words) {
                const auto found = std::ranges::find(words, word);
                const auto number = static_cast<std::size_t>(found - words.begin());
                if (found == words.end()) {
                    words.push_back(word);
                    is_scored.push_back(false);
                }
                if (!clause.is_excluded) is_scored[number] = true;
                way.words.push_back(static_cast<std::uint8_t>(number));
            }
            planned.push_back(std::move(way));
        }
        (clause.is_excluded ? excluded : required).push_back(std::move(planned));
    }
    having.resize(words.size());
}

void QueryPlan::finish_statistics() {
    rarity_.clear();
    for (const std::uint64_t df : having) {
        const auto rest = static_cast<double>(versions) - static_cast<double>(df) + 0.5;
        rarity_.push_back(std::log(1 + std::max(rest, 0.5) / (static_cast<double>(df) + 0.5)));
    }
}

bool QueryPlan::holds(const VersionWeights& weights) const noexcept {
    const auto has_way = [&](const PlannedClause& clause, bool of_words_alone) {
        return std::ranges::any_of(clause, [&](const PlannedAlternative& way) {
            return !(of_words_alone && way.is_phrase) &&
                   std::ranges::all_of(way.words,
                                       [&](std::uint8_t word) { return weights.words[word] != 0; });
        });
    };
    return std::ranges::all_of(required, [&](const auto& c) { return has_way(c, false); }) &&
           std::ranges::none_of(excluded, [&](const auto& c) { return has_way(c, true); });
}

double QueryPlan::boosted(std::size_t word, unsigned weight, std::string_view name) const {
    // A name counts a word once, and so does a description; keywords each time.
    unsigned rest = weight;
    double sum = 0;
    if (rest >= kNameWeight) {
        const std::vector<std::string> of_name = words_of(name);
        if (std::ranges::find(of_name, words[word]) != of_name.end()) {
            rest -= kNameWeight;
            sum += query.name_boost * kNameWeight;
        }
    }
    const unsigned described = rest % kKeywordWeight != 0 ? kDescriptionWeight : 0;
    sum += query.description_boost * described + query.keyword_boost * (rest - described);
    return sum;
}

double QueryPlan::text_score(const VersionWeights& weights, std::string_view name) const {
    const double norm = kBm25K1 * (1 - kBm25B) + kBm25K1 * kBm25B / mean_length * weights.length;
    double score = 0;
    for (std::size_t word = 0; word < words.size(); ++word) {
        if (!is_scored[word] || weights.words[word] == 0) continue;
        const unsigned whole = std::min<unsigned>(weights.words[word], 255);
        const double weight = is_boosted_ ? boosted(word, whole, name) : whole;
        score += rarity_[word] * weight * (kBm25K1 + 1) / (weight + norm);
    }
    return score;
}

double QueryPlan::bound(std::size_t word, float part, float mean) const noexcept {
    if (!is_scored[word]) return 0;
    // What length takes off may be less by the ratio of the means; no weight makes a word count
    // more than k1 + 1. The factor makes up for single precision.
    const double shift = std::max(1.0, mean_length / mean);
    return rarity_[word] * std::min(part * shift * boost_most_ * 1.0001, kBm25K1 + 1.0);
}

bool ranks_before(const RankKey& first, const RankKey& second) noexcept {
    if (first.score != second.score) return first.score > second.score;
    if (first.name != second.name) return first.name < second.name;
    return first.order > second.order;
}

namespace {

bool is_better(const RankedHit& a, const RankedHit& b) {
    if (a.score != b.score) return a.score > b.score;
    const IndexEntry& left = a.row.entry;
    const IndexEntry& right = b.row.entry;
    if (left.id.name() != right.id.name()) return left.id.name() < right.id.name();
    return compare_precedence(left.version, right.version) > 0;
}

constexpr char kCursorFormat = 1;

/// Distinguishes queries, so that a cursor is not taken for one of another.
std::string fingerprint(const QueryPlan& plan) {
    std::string text;
    const auto add = [&text](std::string_view part) {
        append_le(text, static_cast<std::uint32_t>(part.size()));
        text += part;
    };
    const Query& query = plan.query;
    for (const QueryClause& clause : query.clauses) {
        text += clause.is_excluded ? '-' : '+';
        for (const QueryAlternative& way : clause.any_of) {
            text += way.is_phrase ? 'p' : 'w';
            for (const std::string& word : way.words) add(word);
        }
    }
    for (const QueryDependency& one : query.depends) {
        text += one.is_excluded ? 'x' : 'd';
        add(one.name);
    }
    const Filter& filter = query.filter;
    for (const std::string* part : {&filter.name_prefix, &filter.tag, &filter.keyword,
                                    &filter.license, &filter.author, &query.exact})
        add(*part);
    text += static_cast<char>(filter.type ? static_cast<int>(*filter.type) : -1);
    text += static_cast<char>(filter.state ? static_cast<int>(*filter.state) : -1);
    text += filter.include_yanked ? 'y' : 'n';
    text += filter.newest_only ? 'y' : 'n';
    for (const double number :
         {query.name_boost, query.keyword_boost, query.description_boost, query.popularity})
        append_le(text, std::bit_cast<std::uint64_t>(number));
    return std::string(as_text(merkle::hash_of(as_bytes(text)).bytes().first(8)));
}

}  // namespace

bool BestHits::takes(double score, std::string_view name, const version::SemVer& version) const {
    if (!may_take(score)) return false;
    const std::string order = order_key(version);
    const RankKey key{score, name, order};
    if (after_ && !ranks_before(after_->key(), key)) return false;
    if (hits_.size() < limit_) return true;
    const RankedHit& worst = hits_.front();
    const std::string worst_order = order_key(worst.row.entry.version);
    return !ranks_before({worst.score, worst.row.entry.id.name().view(), worst_order}, key);
}

void BestHits::add(IndexRow row, double score) {
    RankedHit hit(std::move(row), score);
    if (hits_.size() == limit_) {
        std::ranges::pop_heap(hits_, is_better);
        hits_.pop_back();
    }
    hits_.push_back(std::move(hit));
    std::ranges::push_heap(hits_, is_better);
}

std::vector<RankedHit> BestHits::take() {
    std::ranges::sort(hits_, is_better);
    return std::move(hits_);
}

std::string encode_search_cursor(const QueryPlan& plan, const RankedHit& last) {
    std::string bytes(1, kCursorFormat);
    bytes += fingerprint(plan);
    append_le(bytes, plan.versions);
    append_le(bytes, std::bit_cast<std::uint64_t>(plan.mean_length));
    for (const std::uint64_t df : plan.having) append_le(bytes, df);
    append_le(bytes, std::bit_cast<std::uint64_t>(last.score));
    bytes += last.row.entry.id.name().view();
    bytes.push_back('\0');
    bytes += order_key(last.row.entry.version);
    return to_base64(as_bytes(bytes));
}

Result<SearchPosition> decode_search_cursor(std::string_view text, QueryPlan& plan) {
    const auto invalid = [] {
        return fail(Errc::kQueryInvalid,
                    "the cursor was not returned by an earlier page of the same search");
    };
    const Result<Bytes> decoded = from_base64(text);
    if (!decoded) return invalid();
    const std::string_view bytes = as_text(*decoded);
    const std::string print = fingerprint(plan);
    const std::size_t numbers = 3 + plan.words.size();
    if (bytes.size() < 1 + print.size() + 8 * numbers || bytes[0] != kCursorFormat ||
        bytes.substr(1, print.size()) != print)
        return invalid();
    FieldReader reader(bytes.substr(1 + print.size(), 8 * numbers));
    plan.versions = reader.number<std::uint64_t>();
    plan.mean_length = std::bit_cast<double>(reader.number<std::uint64_t>());
    for (std::uint64_t& df : plan.having) df = reader.number<std::uint64_t>();
    SearchPosition position;
    position.score = std::bit_cast<double>(reader.number<std::uint64_t>());
    const Result<NameAndOrder> split = split_name(bytes.substr(1 + print.size() + 8 * numbers));
    if (!split || !std::isfinite(plan.mean_length) || plan.mean_length < 1 ||
        plan.mean_length > 65'535 || !std::isfinite(position.score))
        return invalid();
    position.name = std::string(split->name);
    position.order = std::string(split->order);
    return position;
}

namespace {

bool has_phrase_in(std::string_view text, const QueryPlan& plan, const PlannedAlternative& way) {
    std::vector<std::string> parts;
    for_each_part(text, [&parts](std::string_view part) { parts.emplace_back(part); });
    const auto same = [&](const std::string& part, std::uint8_t word) {
        return part == plan.words[word];
    };
    return !std::ranges::search(parts, way.words, same).empty();
}

}  // namespace

bool phrases_hold(const QueryPlan& plan, const VersionWeights& weights,
                  const std::vector<std::string>& texts) {
    const auto has_way = [&](const PlannedClause& clause) {
        return std::ranges::any_of(clause, [&](const PlannedAlternative& way) {
            const bool has_words = std::ranges::all_of(
                way.words, [&](std::uint8_t word) { return weights.words[word] != 0; });
            return has_words &&
                   (!way.is_phrase || std::ranges::any_of(texts, [&](const std::string& text) {
                       return has_phrase_in(text, plan, way);
                   }));
        });
    };
    return std::ranges::all_of(plan.required, has_way) &&
           std::ranges::none_of(plan.excluded, has_way);
}

}  // namespace catalog::index
