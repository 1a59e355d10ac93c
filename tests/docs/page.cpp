#include "page.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace catalog::docs {
namespace {

/// Words with one space between them, so that indentation does not count.
std::string words_of(const std::string& path) {
    std::ifstream file(std::string(CATALOG_SOURCE_DIR) + "/" + path);
    EXPECT_TRUE(file) << path << " is missing";
    std::string words;
    for (std::string word; file >> word;) words += word + " ";
    return words;
}

}  // namespace

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

void expect_compiled(const std::string& page, const std::string& source, int blocks) {
    const std::string compiled = words_of(source);
    const std::string text = words_of(page);
    int found = 0;
    for (std::size_t at = text.find("```cpp "); at != std::string::npos;
         at = text.find("```cpp ", at + 1)) {
        const std::size_t begin = at + 7;
        const std::string block = text.substr(begin, text.find("```", begin) - begin);
        EXPECT_NE(compiled.find(block), std::string::npos) << source << " does not hold\n" << block;
        ++found;
    }
    EXPECT_EQ(found, blocks) << page;
}

}  // namespace catalog::docs
