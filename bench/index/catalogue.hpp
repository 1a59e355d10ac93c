#pragma once
// A generated catalogue in memory: rows for a segment, and queries.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/segment_row.hpp"

namespace catalog::bench {

/// Rows and the bytes that they borrow.
struct Catalogue {
    std::string bytes;
    std::vector<index::SegmentRow> rows;
    std::vector<std::string_view> texts;
    std::vector<index::SegmentRelation> relations;
};

/// Reads lines of JSON as the generator writes them: no escapes, members in its order. Ends the
/// process with a message when a line is another. At most `rows_max` rows.
[[nodiscard]] std::unique_ptr<Catalogue> read_catalogue(const std::string& path,
                                                        std::size_t rows_max);

/// Reads a file's lines; none when it is not there.
[[nodiscard]] std::vector<std::string> read_lines(const std::string& path);

}  // namespace catalog::bench
