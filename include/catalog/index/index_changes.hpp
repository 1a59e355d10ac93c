#pragma once
// What changed in an index since it was in a certain state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace catalog::index {

/// Names a state of an index. Two states of one library with equal names are equal, also when the
/// library was set back in between: `chain` depends on every change before.
struct IndexState {
    std::uint64_t sequence = 0;  ///< How many changes there were; an addition is one.
    std::array<std::byte, 16> chain{};
    friend bool operator==(const IndexState&, const IndexState&) = default;
};

/// From one state to a later one.
struct IndexDelta {
    IndexState to;
    std::vector<std::string> names;  ///< Packages of which a version was added or changed; sorted.
    std::vector<std::string> virtual_names;  ///< What added versions provide; sorted.
};

}  // namespace catalog::index
