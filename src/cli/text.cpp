#include "text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace catalog::cli {

namespace {

/// Columns that a cell takes: one for each code point.
std::size_t columns_of(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool starts_with_digit(std::string_view text) noexcept {
    return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

std::string padded(const std::string& cell, std::size_t width, bool right) {
    const std::string spaces(width - std::min(width, columns_of(cell)), ' ');
    return right ? spaces + cell : cell + spaces;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 =
            byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (c1) ++i;
        result.push_back(byte < 0x20 || byte == 0x7f || c1 ? '?' : text[i]);
    }
    return result;
}

std::string size_text(std::uint64_t bytes) {
    static constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), value < 10 ? "%.2f %s" : "%.1f %s", value,
                  kUnits[unit]);
    return buffer.data();
}

std::string count_text(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
    return digits;
}

std::string counted(std::uint64_t count, std::string_view noun) {
    std::string text = count_text(count) + " ";
    text += noun;
    if (count == 1) return text;
    if (!noun.ends_with("ry")) return text + "s";
    text.back() = 'i';
    return text + "es";
    return text;
}

std::string time_text(WallTime time) {
    if (time.time_since_epoch().count() == 0) return "-";
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u %02d:%02d:%02d UTC",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return buffer.data();
}

void Table::add(std::vector<std::string> row) {
    for (std::string& cell : row) cell = printable(cell);
    row.resize(header_.size());
    rows_.push_back(std::move(row));
}

std::string Table::to_string(std::size_t width) const {
    std::vector<std::size_t> widths;
    std::vector<bool> right;
    for (std::size_t c = 0; c < header_.size(); ++c) {
        std::size_t widest = columns_of(header_[c]);
        for (const auto& row : rows_) widest = std::max(widest, columns_of(row[c]));
        widths.push_back(widest);
        right.push_back(c > 0 && std::ranges::all_of(rows_, [&](const auto& row) {
                            return starts_with_digit(row[c]) &&
                                   row[c].find('.') == row[c].rfind('.') &&
                                   row[c].find('-') == std::string::npos;
                        }));
    }
    std::string text;
    const auto append = [&](const std::vector<std::string>& row) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c)
            line += (c == 0 ? "" : "  ") + padded(row[c], widths[c], right[c]);
        while (line.ends_with(' ')) line.pop_back();
        if (width > 0 && columns_of(line) > width) {
            std::size_t end = 0;
            for (std::size_t seen = 0; end < line.size(); ++end)
                if ((static_cast<unsigned char>(line[end]) & 0xc0) != 0x80 && ++seen > width) break;
            line.resize(end);
        }
        text += line + "\n";
    };
    append(header_);
    for (const auto& row : rows_) append(row);
    return text;
}

std::string flags_text(const index::IndexEntry& entry) {
    std::string text(package::package_type_name(entry.type));
    if (entry.state != package::PackageState::kPublished)
        text += ", " + std::string(package::state_name(entry.state));
    if (entry.yanked) text += ", yanked";
    if (entry.origin == index::Origin::kImported) text += ", metadata only";
    return text;
}

}  // namespace catalog::cli
