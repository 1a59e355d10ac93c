// docs/errors.md against the table of core/errc.hpp. Meanings are written by hand and kept when the
// page is rewritten.

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "catalog/core/errc.hpp"
#include "page.hpp"

namespace catalog::docs {
namespace {

struct Code {
    Errc code;
    std::string_view enumerator;
};

constexpr Code kCodes[] = {
#define CATALOG_PAGE_CODE(name, number, text, category, status) {Errc::name, #name},
    CATALOG_ERRC_TABLE(CATALOG_PAGE_CODE)
#undef CATALOG_PAGE_CODE
};

struct CategoryText {
    std::string_view name;
    int exit_code;
};

CategoryText describe(ErrorCategory category) {
    switch (category) {
        case ErrorCategory::kAnswer:
            return {"answer", 1};
        case ErrorCategory::kUsage:
            return {"usage", 2};
        case ErrorCategory::kInput:
            return {"input", 3};
        case ErrorCategory::kEnvironment:
            return {"environment", 4};
        case ErrorCategory::kRefused:
            return {"refused", 5};
        case ErrorCategory::kInterrupted:
            return {"interrupted", 130};
        case ErrorCategory::kInternal:
            return {"internal", 4};
    }
    return {"unknown", 4};
}

/// Cells of a table's row, trimmed.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    std::string cell;
    std::getline(row, cell, '|');
    while (std::getline(row, cell, '|')) {
        const std::size_t first = cell.find_first_not_of(' ');
        const std::size_t last = cell.find_last_not_of(' ');
        cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
    }
    return cells;
}

/// Meanings by the number of their code, as the page has them now.
std::map<std::string, std::string> meanings_of(const std::string& text) {
    std::map<std::string, std::string> meanings;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> cells = cells_of(line);
        if (cells.size() == 7) meanings[cells[0]] = cells[6];
    }
    return meanings;
}

std::string page_text(const std::map<std::string, std::string>& meanings) {
    std::ostringstream out;
    std::string_view module;
    for (const Code& row : kCodes) {
        const auto number = static_cast<unsigned>(row.code);
        if (errc_module(row.code) != module) {
            module = errc_module(row.code);
            out << "\n### " << module << "\n\n"
                << "| number | enumerator | name | category | exit | C status | meaning |\n"
                << "|---|---|---|---|---|---|---|\n";
        }
        const CategoryText category = describe(errc_category(row.code));
        const auto meaning = meanings.find(std::to_string(number));
        out << "| " << number << " | `" << row.enumerator << "` | `" << errc_name(row.code)
            << "` | " << category.name << " | " << category.exit_code << " | "
            << errc_abi_status(row.code) << " | "
            << (meaning == meanings.end() ? "" : meaning->second) << " |\n";
    }
    out << "\n";
    return out.str();
}

TEST(ErrorsPage, ListsEveryCodeAsTheTableHasIt) {
    const Page page = read_page("docs/errors.md", "codes");
    expect_generated(page, page_text(meanings_of(page.generated)));
}

TEST(ErrorsPage, SaysWhatEveryCodeMeans) {
    const auto meanings = meanings_of(read_page("docs/errors.md", "codes").generated);
    for (const Code& row : kCodes) {
        const auto found = meanings.find(std::to_string(static_cast<unsigned>(row.code)));
        EXPECT_TRUE(found != meanings.end() && !found->second.empty())
            << row.enumerator << " has no meaning in docs/errors.md";
    }
}

TEST(ErrorsPage, CodesStandInTheGroupOfTheirModule) {
    std::string_view module;
    std::map<std::string_view, int> groups;
    for (const Code& row : kCodes) {
        if (errc_module(row.code) != module) ++groups[module = errc_module(row.code)];
        EXPECT_NE(module, "unknown") << row.enumerator;
    }
    for (const auto& [name, count] : groups) EXPECT_EQ(count, 1) << name << " is split";
}

}  // namespace
}  // namespace catalog::docs
