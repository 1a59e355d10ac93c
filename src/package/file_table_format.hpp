#pragma once
// The stored form of a file table and the checks of its entries, for what reads and writes it.
// Never installed. Format page: docs/formats/file-table.md.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "catalog/package/file_table.hpp"
#include "quote.hpp"

namespace catalog::package {

inline constexpr std::string_view kTableMagic = "CATFTBL1";
inline constexpr std::size_t kTableHeaderBytes = 8 + 4;
inline constexpr std::size_t kEntryHeadBytes = 1 + 2 + 2 + 8;
inline constexpr std::size_t kEntryBytesMin = kEntryHeadBytes + 1;
inline constexpr std::uint64_t kTextBytesFormatMax = std::numeric_limits<std::uint16_t>::max();

/// Checks one entry apart from all others. Errors: as FileTable::make.
[[nodiscard]] Result<void> check_entry(const FileEntry& entry, const Limits& limits);

/// Appends the stored form of an entry that was checked.
void append_entry(std::string& out, const FileEntry& entry);
/// Returns the length of that, bytes.
[[nodiscard]] std::size_t encoded_bytes(const FileEntry& entry) noexcept;

[[nodiscard]] Error entry_invalid(std::string_view path, std::string_view reason);
[[nodiscard]] Error too_many_files(const Limits& limits, std::uint64_t count);
[[nodiscard]] Error too_large_together(const Limits& limits);

/// Checks that entries in byte order may follow each other: `is_entry` tells whether an earlier one
/// has that path. Errors: kDuplicatePath, kFileTableInvalid.
///
/// A folder of `path` that is longer than what `path` shares with its predecessor would stand
/// between the two, and a shorter one is also a folder of the predecessor. So only the folder that
/// is exactly the shared part is left to be looked up.
template <class IsEntry>
[[nodiscard]] Result<void> check_order(std::string_view previous, std::string_view path,
                                       const IsEntry& is_entry) {
    if (previous == path)
        return fail(Errc::kDuplicatePath, "path " + quoted(path) + " stands twice");
    if (previous > path)
        return fail(Errc::kFileTableInvalid,
                    "path " + quoted(path) + " is not in byte order after " + quoted(previous));
    const auto shared = static_cast<std::size_t>(
        std::mismatch(previous.begin(), previous.end(), path.begin(), path.end()).second -
        path.begin());
    if (path[shared] != '/' || !is_entry(path.substr(0, shared))) return {};
    return fail(entry_invalid(path, "is below an entry that has nothing below it"));
}

}  // namespace catalog::package
