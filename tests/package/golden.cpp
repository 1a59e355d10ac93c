#include "golden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace catalog::package {

void expect_golden(const std::string& path, std::string_view actual) {
    if (std::getenv("CATALOG_UPDATE_GOLDEN") != nullptr) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << actual;
        GTEST_SKIP() << "wrote " << path;
    }
    std::ifstream file(path, std::ios::binary);
    ASSERT_TRUE(file) << path << " cannot be read; CATALOG_UPDATE_GOLDEN=1 writes it";
    std::ostringstream wanted;
    wanted << file.rdbuf();
    EXPECT_EQ(wanted.str(), actual) << path;
}

std::string golden_path(std::string_view name) {
    return std::string(CATALOG_GOLDEN_DIR) + "/package/" + std::string(name);
}

}  // namespace catalog::package
