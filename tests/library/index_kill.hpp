#pragma once
// The library that index_writer_process writes and index_kill_test looks at.

#include "catalog/library/asset_library.hpp"

namespace catalog::library::testing {

/// Few versions make a segment, so that a short life sees many seals, merges and imports.
inline LibraryOptions killed_options() {
    LibraryOptions options;
    options.create_if_missing = true;
    options.upkeep.seal_versions_min = 6;
    options.upkeep.merge_fan_out = 2;
    options.imports.segment_lines_min = 4;
    options.imports.commit_versions_max = 8;
    options.frozen_versions_min = 50;
    return options;
}

}  // namespace catalog::library::testing
