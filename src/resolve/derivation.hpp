#pragma once
// Derivation: shows step by step that nogoods cannot all be kept.
//
// Conflict-driven search over whole packages, as in PubGrub (Weizenbaum 2018): propagate, decide,
// and on a conflict combine nogoods until one acts at an earlier level. Every combined nogood is a
// step; the last one is empty.

#include <cstdint>
#include <vector>

#include "nogoods.hpp"

namespace catalog::resolve::engine {

struct Line {
    Nogood nogood;
    std::vector<std::uint32_t> premises;  ///< Earlier lines; none for a given nogood.
};

/// Returns those of the nogoods that a derivation uses, without any that could be left out, as far
/// as looking at `effort` lines can tell; all when there is no derivation.
[[nodiscard]] std::vector<Nogood> minimise_nogoods(std::vector<Nogood> nogoods,
                                                   std::uint32_t conflicts_max,
                                                   std::uint64_t effort);

/// Returns the lines that the last, empty one rests on, each after its premises. Empty when it
/// takes more than `conflicts_max` conflicts, or when the nogoods can be kept.
[[nodiscard]] std::vector<Line> derive(std::vector<Nogood> nogoods, std::uint32_t conflicts_max);

}  // namespace catalog::resolve::engine
