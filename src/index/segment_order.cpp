#include "segment_order.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "catalog/internal/try.hpp"
#include "catalog/version/release_key.hpp"
#include "catalog/version/semver.hpp"
#include "segment_sort.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kNumbersMax = kNoNumber - 1;

version::SemVer version_of(const DraftHead* head) {
    // It was parsed when it was added.
    return version::SemVer::parse(DraftRow(head).version()).value_or(version::SemVer());
}

// Newest first. The order key tells nearly all apart; pre-releases and huge numbers share one.
bool is_newer(const DraftHead* left, const DraftHead* right) {
    const std::uint64_t keys[] = {left->facts->release_key, right->facts->release_key};
    if (keys[0] != keys[1]) return keys[0] > keys[1];
    return compare_precedence(version_of(left), version_of(right)) > 0;
}

void order_names(const SegmentDraft& draft, SegmentOrder& order) {
    const std::uint32_t count = draft.names.size();
    std::vector<bool> own(count);
    for (const std::uint32_t name : draft.row_names) own[name] = true;
    std::vector<std::uint32_t> foreign;
    for (std::uint32_t name = 0; name < count; ++name)
        (own[name] ? order.names : foreign).push_back(name);
    const auto text = [&draft](std::uint32_t name) { return draft.names.text(name); };
    sort_by_text(order.names, text);
    sort_by_text(foreign, text);
    order.own_names = static_cast<std::uint32_t>(order.names.size());
    order.names.insert(order.names.end(), foreign.begin(), foreign.end());
    order.name_ranks.resize(count);
    for (std::uint32_t rank = 0; rank < count; ++rank) order.name_ranks[order.names[rank]] = rank;
}

void gather_by_name(const SegmentDraft& draft, SegmentOrder& order) {
    order.first_docs.assign(std::size_t{order.own_names} + 1, 0);
    for (const std::uint32_t name : draft.row_names)
        ++order.first_docs[std::size_t{order.name_ranks[name]} + 1];
    std::partial_sum(order.first_docs.begin(), order.first_docs.end(), order.first_docs.begin());
    std::vector<std::uint32_t> next(order.first_docs.begin(), order.first_docs.end() - 1);
    order.docs.resize(draft.size());
    for (std::size_t row = 0; row < draft.size(); ++row)
        order.docs[next[order.name_ranks[draft.row_names[row]]]++] = draft.rows[row];
}

Result<void> order_versions(const SegmentDraft& draft, SegmentOrder& order) {
    for (std::uint32_t name = 0; name < order.own_names; ++name) {
        const std::uint32_t first = order.first_docs[name];
        const std::uint32_t end = order.first_docs[name + 1];
        if (end - first == 1) continue;
        std::sort(order.docs.begin() + first, order.docs.begin() + end, is_newer);
        for (std::uint32_t doc = first + 1; doc < end; ++doc)
            if (!is_newer(order.docs[doc - 1], order.docs[doc]))
                return fail(
                    Errc::kPackageExists,
                    std::string(draft.names.text(order.names[name])) + " has versions " +
                        std::string(DraftRow(order.docs[doc - 1]).version()) + " and " +
                        std::string(DraftRow(order.docs[doc]).version()) +
                        ", which are one: a segment holds each once, whatever the build metadata");
    }
    return {};
}

}  // namespace

Result<SegmentOrder> order_of(const SegmentDraft& draft) {
    if (draft.size() > kNumbersMax || draft.names.size() > kNumbersMax ||
        draft.texts.size() > kNumbersMax)
        return fail(Errc::kLimitExceeded, "segment would have more than 2^32 - 2 numbers",
                    LimitDetail{"segment_numbers_max", kNumbersMax, draft.size()});
    SegmentOrder order;
    order_names(draft, order);
    gather_by_name(draft, order);
    CATALOG_TRY_VOID(order_versions(draft, order));
    order.texts.resize(draft.texts.size());
    std::iota(order.texts.begin(), order.texts.end(), 0U);
    sort_by_text(order.texts, [&draft](std::uint32_t text) { return draft.texts.text(text); });
    order.text_ranks.resize(order.texts.size());
    for (std::uint32_t rank = 0; rank < order.texts.size(); ++rank)
        order.text_ranks[order.texts[rank]] = rank;
    order.terms_end = static_cast<std::uint32_t>(order.texts.size());
    while (order.terms_end > 0 && !draft.texts.is_marked(order.texts[order.terms_end - 1]))
        --order.terms_end;
    return order;
}

}  // namespace catalog::index
