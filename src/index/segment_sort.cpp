#include "segment_sort.hpp"

namespace catalog::index {

namespace {

constexpr unsigned kRadixBits = 11;
constexpr std::size_t kRadix = std::size_t{1} << kRadixBits;
using Counts = std::array<std::uint32_t, kRadix>;

// One pass over the digit at `shift`, whose counts are `next`.
template <class T, class Key>
void scatter(const std::vector<T>& from, std::vector<T>& to, Counts& next, unsigned shift,
             const Key& key) {
    std::uint32_t sum = 0;
    for (std::uint32_t& place : next) sum += std::exchange(place, sum);
    for (const T& entry : from) to[next[key(entry) >> shift & (kRadix - 1)]++] = entry;
}

}  // namespace

void sort_by_fence(std::vector<FencedNumber>& fenced) {
    constexpr unsigned kPasses = (64 + kRadixBits - 1) / kRadixBits;
    if (fenced.size() < kRadix) {
        std::stable_sort(fenced.begin(), fenced.end(),
                         [](const FencedNumber& left, const FencedNumber& right) {
                             return left.fence < right.fence;
                         });
        return;
    }
    std::vector<Counts> counts(kPasses);
    for (const FencedNumber& entry : fenced)
        for (unsigned pass = 0; pass < kPasses; ++pass)
            ++counts[pass][entry.fence >> (pass * kRadixBits) & (kRadix - 1)];
    std::vector<FencedNumber> scratch(fenced.size());
    for (unsigned pass = 0; pass < kPasses; ++pass) {
        const unsigned shift = pass * kRadixBits;
        // A digit that all have in common.
        if (counts[pass][fenced.front().fence >> shift & (kRadix - 1)] == fenced.size()) continue;
        scatter(fenced, scratch, counts[pass], shift,
                [](const FencedNumber& entry) { return entry.fence; });
        fenced.swap(scratch);
    }
}

void sort_by_upper(std::vector<std::uint64_t>& entries, std::vector<std::uint64_t>& scratch,
                   std::uint64_t end) {
    scratch.resize(entries.size());
    for (unsigned shift = 32; (end << 32) >> shift != 0; shift += kRadixBits) {
        Counts counts{};
        for (const std::uint64_t entry : entries) ++counts[entry >> shift & (kRadix - 1)];
        scatter(entries, scratch, counts, shift, [](std::uint64_t entry) { return entry; });
        entries.swap(scratch);
    }
}

}  // namespace catalog::index
