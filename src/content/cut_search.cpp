#include "cut_search.hpp"

namespace catalog::content {

std::size_t search_cut_scalar(const CutRule& rule, const CutRange& range) noexcept {
    // The shift pushes what is older than eight bytes out of the eight bits.
    std::uint8_t hash = 0;
    for (std::size_t at = range.begin - 7; at < range.begin; ++at)
        hash = static_cast<std::uint8_t>((hash << 1) ^ rule.table(range.data[at]));
    for (std::size_t at = range.begin; at < range.end; ++at) {
        hash = static_cast<std::uint8_t>((hash << 1) ^ rule.table(range.data[at]));
        if (hash == 0 && is_cut(rule, range, at)) return at;
    }
    return range.end;
}

const CutSearches& cut_searches() noexcept {
    static const CutSearches searches = [] {
        CutSearches found;
#ifdef CATALOG_CUT_SEARCH_X86
        if (__builtin_cpu_supports("avx2")) found.avx2 = search_cut_avx2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
            found.avx512 = search_cut_avx512;
#endif
        return found;
    }();
    return searches;
}

CutSearch choose_cut_search() noexcept {
    const CutSearches& searches = cut_searches();
    if (searches.avx512 != nullptr) return searches.avx512;
    if (searches.avx2 != nullptr) return searches.avx2;
    return search_cut_scalar;
}

}  // namespace catalog::content
