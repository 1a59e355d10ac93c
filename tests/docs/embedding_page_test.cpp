// The pieces of code in docs/embedding.md stand, word by word, in sources that are compiled and
// run.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace catalog::docs {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(std::string(CATALOG_SOURCE_DIR) + "/" + path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Words with one space between them, so that indentation does not count.
std::string words_of(const std::string& text) {
    std::istringstream in(text);
    std::string words;
    for (std::string word; in >> word;) words += word + " ";
    return words;
}

/// Language and text of each fenced block.
std::vector<std::pair<std::string, std::string>> blocks_of(const std::string& page) {
    std::vector<std::pair<std::string, std::string>> blocks;
    std::istringstream lines(page);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            inside = !inside;
            if (inside) blocks.emplace_back(line.substr(3), "");
        } else if (inside) {
            blocks.back().second += line + "\n";
        }
    }
    return blocks;
}

TEST(EmbeddingPage, ShowsCodeThatIsCompiled) {
    const std::string cpp = words_of(text_of("docs/examples/host_cpp/main.cpp") +
                                     text_of("tests/docs/embedding_examples_test.cpp"));
    const std::string c = words_of(text_of("docs/examples/host_c/main.c"));
    int checked = 0;
    for (const auto& [language, text] : blocks_of(text_of("docs/embedding.md"))) {
        if (language != "cpp" && language != "c") continue;
        ++checked;
        EXPECT_NE((language == "c" ? c : cpp).find(words_of(text)), std::string::npos)
            << "no compiled source holds\n"
            << text;
    }
    EXPECT_GE(checked, 6);
}

}  // namespace
}  // namespace catalog::docs
