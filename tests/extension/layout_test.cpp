#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "layout.h"

namespace {

struct Row {
    std::string type;
    std::string member;
    std::size_t offset;
    std::size_t size;
};

std::vector<Row> rows() {
    std::vector<Row> result;
    hmx_layout(
        [](void* user, const char* type, const char* member, size_t offset, size_t size) {
            static_cast<std::vector<Row>*>(user)->push_back({type, member, offset, size});
        },
        &result);
    return result;
}

TEST(Layout, IsTheOneThatIsWrittenDown) {
    std::ostringstream text;
    for (const Row& row : rows()) {
        if (row.member.empty())
            text << row.type << " " << row.size << "\n";
        else
            text << "  " << row.offset << " " << row.size << " " << row.member << "\n";
    }
    const std::string path = std::string(CATALOG_GOLDEN_DIR) + "/extension/layout.txt";
    if (std::getenv("CATALOG_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text.str();
        GTEST_SKIP() << "rewrote " << path;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string golden((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(text.str(), golden) << "within a major, members may only be appended";
}

// Also shows that no member was forgotten in layout.c: a hole would be left.
TEST(Layout, MembersFillTheirStructWithoutHoles) {
    std::size_t end = 0;
    std::size_t size = 0;
    std::string type;
    for (const Row& row : rows()) {
        if (row.member.empty()) {
            EXPECT_EQ(end, size) << type;
            type = row.type;
            size = row.size;
            end = 0;
            continue;
        }
        EXPECT_EQ(row.offset, end) << row.type << "." << row.member;
        end = row.offset + row.size;
    }
    EXPECT_EQ(end, size) << type;
}

}  // namespace
