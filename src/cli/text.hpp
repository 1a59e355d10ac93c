#pragma once
// Text for people: tables, sizes, times, and nothing that could drive a terminal.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/index/package_index.hpp"

namespace catalog::cli {

/// Replaces control characters (C0, DEL, and C1 as UTF-8) by `?`, so that text from packages cannot
/// drive a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// Returns "512 B", "1.5 KiB", "3.2 GiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// Returns the number with thin groups of three digits, for example "12,345".
[[nodiscard]] std::string count_text(std::uint64_t count);

/// Returns "1 finding", "2 findings": `noun` takes an s.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

/// Returns "2026-01-31 12:34:56 UTC", or "-" for the epoch.
[[nodiscard]] std::string time_text(WallTime time);

/// Returns "library, deprecated, yanked" and the like.
[[nodiscard]] std::string flags_text(const index::IndexEntry& entry);

/// Rows of cells, printed with columns aligned; columns that hold only numbers and sizes stand to
/// the right.
class Table {
public:
    explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
    void add(std::vector<std::string> row);
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    /// Returns the table with a final newline. The last column is cut at `width` when that is not
    /// 0.
    [[nodiscard]] std::string to_string(std::size_t width = 0) const;

private:
    std::vector<std::string> header_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace catalog::cli
