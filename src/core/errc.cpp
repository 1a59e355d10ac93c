#include "catalog/core/errc.hpp"

namespace catalog {

namespace {

struct Row {
    Errc code;
    std::string_view name;
    ErrorCategory category;
    std::int32_t status;
};

constexpr Row kTable[] = {
#define CATALOG_ERRC_ROW(name, number, text, category, status) \
    {Errc::name, text, ErrorCategory::category, status},
    CATALOG_ERRC_TABLE(CATALOG_ERRC_ROW)
#undef CATALOG_ERRC_ROW
};

constexpr std::string_view kModules[] = {
    "core",    "json",  "version",  "merkle",    "io",           "kv",        "package", "content",
    "resolve", "index", "security", "consensus", "distribution", "lifecycle", "library"};

const Row* find_row(Errc code) noexcept {
    for (const Row& row : kTable)
        if (row.code == code) return &row;
    return nullptr;
}

}  // namespace

std::string_view errc_name(Errc code) noexcept {
    const Row* row = find_row(code);
    return row != nullptr ? row->name : "unknown";
}

ErrorCategory errc_category(Errc code) noexcept {
    const Row* row = find_row(code);
    return row != nullptr ? row->category : ErrorCategory::kInternal;
}

std::int32_t errc_abi_status(Errc code) noexcept {
    const Row* row = find_row(code);
    return row != nullptr ? row->status : 1;
}

std::string_view errc_module(Errc code) noexcept {
    const auto group = static_cast<std::size_t>(code) / 100;
    return group < std::size(kModules) ? kModules[group] : "unknown";
}

}  // namespace catalog
