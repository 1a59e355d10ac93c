#pragma once
// Files that must never change: compared in tests, rewritten with CATALOG_UPDATE_GOLDEN=1.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace catalog::lifecycle::testing {

/// Compares `actual` with tests/golden/lifecycle/`name`. With CATALOG_UPDATE_GOLDEN set in the
/// environment it writes the file and skips the test, so that a run that records is never green.
inline void expect_golden(std::string_view name, std::string_view actual) {
    const std::string path = std::string(CATALOG_GOLDEN_DIR) + "/lifecycle/" + std::string(name);
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

}  // namespace catalog::lifecycle::testing
