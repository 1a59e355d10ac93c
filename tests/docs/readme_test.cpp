// The README's example is the one that is compiled and run.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace catalog::docs {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(std::string(CATALOG_SOURCE_DIR) + "/" + path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Readme, ShowsTheExampleThatIsCompiled) {
    const std::string page = text_of("README.md");
    const std::size_t begin = page.find("```cpp\n");
    ASSERT_NE(begin, std::string::npos);
    const std::size_t end = page.find("```", begin + 7);
    EXPECT_EQ(page.substr(begin + 7, end - begin - 7), text_of("tests/docs/readme_example.cpp"));
}

}  // namespace
}  // namespace catalog::docs
