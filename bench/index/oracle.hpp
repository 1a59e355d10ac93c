#pragma once
// BM25 in double precision, straight from its definition: what a search is compared with.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/index/segment.hpp"
#include "catalogue.hpp"

namespace catalog::bench {

/// How good searches are.
struct Precision {
    double precision = 0;  ///< Part of the hits that belong to the best 20; ties count as best.
    double score = 0;      ///< Sum of the hits' true scores as a part of the best possible.
};

/// Compares the best 20 of the segment with the best 20 of all versions, query by query.
[[nodiscard]] Precision measure_precision(const index::Segment& segment, const Catalogue& catalogue,
                                          std::span<const std::string> queries);

}  // namespace catalog::bench
