#include "page.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace catalog::docs {

Page read_page(const std::string& path, std::string_view marker) {
    std::ifstream file(std::string(CATALOG_SOURCE_DIR) + "/" + path, std::ios::binary);
    EXPECT_TRUE(file) << path << " is missing";
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const std::string opening = "<!-- " + std::string(marker) + ":begin -->\n";
    const std::string closing = "<!-- " + std::string(marker) + ":end -->";
    const std::size_t begin = text.find(opening);
    const std::size_t end = text.find(closing);
    if (begin == std::string::npos || end == std::string::npos || end < begin) {
        ADD_FAILURE() << path << " does not hold the markers " << opening << " and " << closing;
        return {};
    }
    const std::size_t inside = begin + opening.size();
    return {path, text.substr(0, inside), text.substr(inside, end - inside), text.substr(end)};
}

void expect_generated(const Page& page, const std::string& wanted) {
    if (page.path.empty()) return;
    if (std::getenv("CATALOG_UPDATE_GOLDEN") != nullptr) {
        std::ofstream file(std::string(CATALOG_SOURCE_DIR) + "/" + page.path, std::ios::binary);
        file << page.before << wanted << page.after;
        GTEST_SKIP() << page.path << " was rewritten";
    }
    EXPECT_EQ(page.generated, wanted)
        << page.path << " differs from the code; CATALOG_UPDATE_GOLDEN=1 rewrites it";
}

}  // namespace catalog::docs
