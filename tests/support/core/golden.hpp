#pragma once
// Golden files: bytes that must never change, under tests/golden. With CATALOG_UPDATE_GOLDEN in the
// environment they are written anew and the test counts as skipped, so a run that records is never
// green. CATALOG_GOLDEN_DIR is defined for every test.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"

namespace catalog::golden {

/// Returns the bytes of a file; fails the test when it cannot be read.
[[nodiscard]] inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path << " cannot be read; CATALOG_UPDATE_GOLDEN=1 writes it";
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Returns the bytes of tests/golden/NAME.
[[nodiscard]] inline std::string read(std::string_view name) {
    return read_file(std::filesystem::path(CATALOG_GOLDEN_DIR) / name);
}

/// Compares `actual` with the file at `path`, or writes it.
inline void expect_file(const std::filesystem::path& path, std::string_view actual) {
    if (std::getenv("CATALOG_UPDATE_GOLDEN") != nullptr) {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << actual;
        GTEST_SKIP() << "wrote " << path;
    }
    EXPECT_EQ(read_file(path), actual) << path << " differs; CATALOG_UPDATE_GOLDEN=1 rewrites it";
}

/// Compares `actual` with tests/golden/NAME, or writes it.
inline void expect(std::string_view name, std::string_view actual) {
    expect_file(std::filesystem::path(CATALOG_GOLDEN_DIR) / name, actual);
}

/// Named byte strings as text, for records that are not text: one "name hexadecimal" a line.
class HexLines {
public:
    HexLines& add(std::string_view name, std::string_view bytes) {
        text_.append(name).append(" ").append(to_hex(as_bytes(bytes))).append("\n");
        return *this;
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Returns name and bytes of each line of tests/golden/NAME; fails the test when a line is
    /// none.
    [[nodiscard]] static std::map<std::string, std::string> read(std::string_view name) {
        std::map<std::string, std::string> lines;
        std::istringstream text(golden::read(name));
        for (std::string line; std::getline(text, line);) {
            const std::size_t space = line.find(' ');
            const Result<Bytes> bytes = from_hex(std::string_view(line).substr(space + 1));
            EXPECT_TRUE(space != std::string::npos && bytes) << name << ": " << line;
            if (space != std::string::npos && bytes)
                lines.emplace(line.substr(0, space), as_text(*bytes));
        }
        return lines;
    }

private:
    std::string text_;
};

}  // namespace catalog::golden
