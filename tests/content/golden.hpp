#pragma once
// Comparing bytes with a file under tests/golden/content.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace catalog::content::testing {

[[nodiscard]] inline std::string golden_bytes(std::string_view name) {
    std::ifstream file(std::filesystem::path(CATALOG_GOLDEN_DIR) / "content" / name,
                       std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Compares, or with CATALOG_UPDATE_GOLDEN in the environment rewrites the file and skips the test.
inline void expect_golden(std::string_view name, std::string_view actual) {
    if (std::getenv("CATALOG_UPDATE_GOLDEN") != nullptr) {
        const auto path = std::filesystem::path(CATALOG_GOLDEN_DIR) / "content" / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << actual;
        GTEST_SKIP() << "rewrote " << path;
    }
    EXPECT_TRUE(golden_bytes(name) == actual)
        << name << " differs; CATALOG_UPDATE_GOLDEN=1 rewrites it";
}

}  // namespace catalog::content::testing
