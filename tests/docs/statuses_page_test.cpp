// The table of statuses in docs/abi.md against the header and the table of error codes.

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <string_view>

#include "boundary.hpp"
#include "catalog/abi/extension.h"
#include "catalog/core/errc.hpp"
#include "page.hpp"

namespace catalog::docs {
namespace {

struct Status {
    hmx_status value;
    std::string_view name;
};

constexpr Status kStatuses[] = {
#define CATALOG_PAGE_STATUS(name, value) {value, "HMX_" #name},
    HMX_STATUS_TABLE(CATALOG_PAGE_STATUS)
#undef CATALOG_PAGE_STATUS
};

constexpr std::string_view kErrors[] = {
#define CATALOG_PAGE_ERROR(name, number, text, category, abi_status) text,
    CATALOG_ERRC_TABLE(CATALOG_PAGE_ERROR)
#undef CATALOG_PAGE_ERROR
};

int rows_with(std::string_view table, std::string_view error) {
    const std::string quoted = "`" + std::string(error) + "`";
    int rows = 0;
    for (std::size_t at = table.find(quoted); at != table.npos; at = table.find(quoted, at + 1))
        ++rows;
    return rows;
}

/// Names of the library's errors that become `status`.
std::string errors_of(hmx_status status) {
    std::string names;
#define CATALOG_PAGE_ERROR(name, number, text, category, abi_status) \
    if ((abi_status) == status) names += std::string(names.empty() ? "" : ", ") + "`" text "`";
    CATALOG_ERRC_TABLE(CATALOG_PAGE_ERROR)
#undef CATALOG_PAGE_ERROR
    return names;
}

std::string flag_of(hmx_status status) {
    const std::uint32_t flags = extension::status_flags(status);
    if ((flags & HMX_ERR_RETRYABLE) != 0) return "retryable";
    return (flags & HMX_ERR_PERMANENT) != 0 ? "permanent" : "";
}

/// Cells that are empty have one blank, as formatters leave them.
std::string cell(const std::string& text) { return text.empty() ? " |" : " " + text + " |"; }

TEST(AbiPage, HasTheTableOfStatuses) {
    std::ostringstream out;
    out << "\n| number | status | flag | errors of the library |\n|---|---|---|---|\n";
    for (const Status& status : kStatuses) {
        out << "| " << status.value << " | `" << status.name << "` |" << cell(flag_of(status.value))
            << cell(errors_of(status.value)) << "\n";
    }
    out << "\n";
    // Each error stands in one row, so that an empty or a halved table is not its own measure.
    for (const std::string_view error : kErrors) EXPECT_EQ(rows_with(out.str(), error), 1) << error;
    expect_generated(read_page("docs/abi.md", "statuses"), out.str());
}

}  // namespace
}  // namespace catalog::docs
