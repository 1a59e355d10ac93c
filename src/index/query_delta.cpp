#include "query_delta.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "records.hpp"

namespace catalog::index {

Result<void> DeltaQuery::read() {
    postings_.resize(plan_->words.size());
    const std::unique_ptr<kv::Iterator> iterator = moment_->iterate(moment_->families().postings);
    for (std::size_t word = 0; word < plan_->words.size(); ++word) {
        const std::string prefix = posting_prefix(TermKind::kWord, plan_->words[word]);
        for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
             iterator->next())
            postings_[word].push_back(
                {std::string(iterator->key().substr(prefix.size())),
                 static_cast<std::uint16_t>(std::min(decode_weight(iterator->value()), 255U)),
                 static_cast<std::uint16_t>(decode_length(iterator->value()))});
        CATALOG_TRY_VOID(iterator->status());
    }
    return {};
}

const DeltaQuery::Posting* DeltaQuery::find(std::size_t word, std::string_view key) const noexcept {
    const std::vector<Posting>& all = postings_[word];
    const auto found = std::ranges::lower_bound(
        all, key, {}, [](const Posting& posting) { return std::string_view(posting.key); });
    return found != all.end() && found->key == key ? &*found : nullptr;
}

VersionWeights DeltaQuery::weights_of(std::string_view key) const noexcept {
    VersionWeights weights;
    for (std::size_t word = 0; word < plan_->words.size(); ++word) {
        const Posting* const posting = find(word, key);
        if (posting == nullptr) continue;
        weights.words[word] = posting->weight;
        weights.length = posting->length;
    }
    return weights;
}

std::vector<DeltaMatch> DeltaQuery::matches() const {
    // The clause with the fewest postings leads.
    std::vector<std::string_view> keys;
    std::size_t fewest = 0;
    const PlannedClause* lead = nullptr;
    for (const PlannedClause& clause : plan_->required) {
        std::size_t count = 0;
        for (const PlannedAlternative& way : clause) count += postings_[way.words.front()].size();
        if (lead != nullptr && count >= fewest) continue;
        lead = &clause;
        fewest = count;
    }
    if (lead == nullptr) return {};
    for (const PlannedAlternative& way : *lead)
        for (const Posting& posting : postings_[way.words.front()]) keys.push_back(posting.key);
    std::ranges::sort(keys);
    const auto rest = std::ranges::unique(keys);
    keys.erase(rest.begin(), rest.end());
    std::vector<DeltaMatch> matches;
    for (const std::string_view key : keys) {
        const VersionWeights weights = weights_of(key);
        if (plan_->holds(weights)) matches.push_back({std::string(key), weights});
    }
    return matches;
}

Result<std::uint64_t> delta_length(const Moment& moment) {
    // Each version has one type.
    std::uint64_t sum = 0;
    const std::string_view prefix("t");
    const std::unique_ptr<kv::Iterator> iterator = moment.iterate(moment.families().postings);
    for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next())
        sum += decode_length(iterator->value());
    CATALOG_TRY_VOID(iterator->status());
    return sum;
}

}  // namespace catalog::index
