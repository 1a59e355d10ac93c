#include "segment_names.hpp"

#include <numeric>

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kPoolBytesMax = 0xffffffff;

// Texts one after another, where each begins, and where the last ends.
Result<void> write_pool(SegmentFile& file, SectionKind offsets_kind, SectionKind texts_kind,
                        const SegmentInterner& texts, std::span<const std::uint32_t> numbers) {
    std::vector<std::uint32_t> offsets;
    offsets.reserve(numbers.size() + 1);
    std::uint64_t at = 0;
    for (const std::uint32_t number : numbers) {
        offsets.push_back(static_cast<std::uint32_t>(at));
        at += texts.text(number).size();
    }
    offsets.push_back(static_cast<std::uint32_t>(at));
    if (at > kPoolBytesMax)
        return fail(Errc::kLimitExceeded, "segment would have 4 GiB of texts of one kind",
                    LimitDetail{"segment_text_bytes_max", kPoolBytesMax, at});
    CATALOG_TRY_VOID(file.write(offsets_kind, offsets));
    CATALOG_TRY_VOID(file.begin(texts_kind));
    for (const std::uint32_t number : numbers)
        CATALOG_TRY_VOID(file.append(as_bytes(texts.text(number))));
    return {};
}

// Calls `use` with the name of each dependency of a version; conflicts and provided names are none.
template <class Use>
void for_each_dependency(const DraftRow& row, const std::vector<bool>& is_dependency,
                         const Use& use) {
    const std::span<const std::uint32_t> relations = row.relations();
    for (std::size_t i = 0; i < relations.size(); i += 2)
        if (is_dependency[relations[i + 1]]) use(relations[i]);
}

// By text: whether it is the terms of a dependency, had it been used as terms.
std::vector<bool> dependency_terms(const SegmentDraft& draft) {
    std::vector<bool> is_dependency(draft.texts.size());
    for (std::uint32_t text = 0; text < draft.texts.size(); ++text)
        is_dependency[text] =
            decode_terms(draft.texts.text(text)).role == RelationRole::kDependency;
    return is_dependency;
}

}  // namespace

Result<void> write_names(SegmentFile& file, const SegmentDraft& draft, const SegmentOrder& order) {
    CATALOG_TRY_VOID(file.write(SectionKind::kFirstDocs, order.first_docs));
    std::vector<std::uint64_t> fences;
    for (std::uint32_t name = 0; name < order.own_names; name += kFenceStep)
        fences.push_back(fence_of(draft.names.text(order.names[name])));
    CATALOG_TRY_VOID(file.write(SectionKind::kNameFences, fences));
    return write_pool(file, SectionKind::kForeignOffsets, SectionKind::kForeignNames, draft.names,
                      std::span(order.names).subspan(order.own_names));
}

Result<void> write_reverse(SegmentFile& file, const SegmentDraft& draft,
                           const SegmentOrder& order) {
    const std::vector<bool> is_dependency = dependency_terms(draft);
    const auto docs = static_cast<std::uint32_t>(order.docs.size());
    std::vector<std::uint32_t> firsts(order.names.size() + 1);
    std::vector<std::uint32_t> last(order.names.size(), kNoNumber);
    std::uint64_t edges = 0;
    for (std::uint32_t doc = 0; doc < docs; ++doc) {
        order.prefetch_behind(doc);
        order.prefetch_facts_behind(doc);
        for_each_dependency(DraftRow(order.docs[doc]), is_dependency, [&](std::uint32_t name) {
            const std::uint32_t rank = order.name_ranks[name];
            if (std::exchange(last[rank], doc) == doc) return;
            ++firsts[std::size_t{rank} + 1];
            ++edges;
        });
    }
    if (edges >= kNoNumber)
        return fail(Errc::kLimitExceeded, "segment would have 2^32 dependencies",
                    LimitDetail{"segment_dependencies_max", kNoNumber, edges});
    std::partial_sum(firsts.begin(), firsts.end(), firsts.begin());
    std::vector<std::uint32_t> dependents(edges);
    // From the last version on, so that what counts down to a name's first is what stands there.
    std::vector<std::uint32_t> next(firsts.begin() + 1, firsts.end());
    std::fill(last.begin(), last.end(), kNoNumber);
    for (std::uint32_t doc = docs; doc-- > 0;)
        for_each_dependency(DraftRow(order.docs[doc]), is_dependency, [&](std::uint32_t name) {
            const std::uint32_t rank = order.name_ranks[name];
            if (std::exchange(last[rank], doc) == doc) return;
            dependents[--next[rank]] = doc;
        });
    CATALOG_TRY_VOID(file.write(SectionKind::kReverseFirsts, firsts));
    const unsigned width = width_of(docs);
    Bytes narrow(dependents.size() * width);
    for (std::size_t i = 0; i < dependents.size(); ++i)
        store_narrow(&narrow[i * width], dependents[i], width);
    CATALOG_TRY_VOID(file.begin(SectionKind::kReverseDocs));
    return file.append(narrow);
}

Result<void> write_texts(SegmentFile& file, const SegmentDraft& draft, const SegmentOrder& order) {
    return write_pool(file, SectionKind::kTextOffsets, SectionKind::kTexts, draft.texts,
                      order.texts);
}

}  // namespace catalog::index
