#pragma once
// A page of docs/ with a part that is generated from the code: compared in tests, rewritten with
// CATALOG_UPDATE_GOLDEN=1.

#include <string>
#include <string_view>

namespace catalog::docs {

/// The text of one page, split at the markers `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
struct Page {
    std::string path;       ///< Relative to the project.
    std::string before;     ///< Up to and including the opening marker's line.
    std::string generated;  ///< Between the markers.
    std::string after;      ///< From the closing marker on.
};

/// Reads a page; records a test failure and returns empty parts when it or a marker is missing.
Page read_page(const std::string& path, std::string_view marker);

/// Compares the generated part with `wanted`. With CATALOG_UPDATE_GOLDEN set in the environment it
/// rewrites the page and skips the test, so that a run that records is never green.
void expect_generated(const Page& page, const std::string& wanted);

/// Expects that each of the `blocks` fenced blocks of C++ on a page stands, word by word, in a
/// source of the project, which is compiled and run.
void expect_compiled(const std::string& page, const std::string& source, int blocks);

}  // namespace catalog::docs
