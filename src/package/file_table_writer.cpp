#include "catalog/package/file_table_writer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "catalog/internal/try.hpp"
#include "file_table_format.hpp"
#include "package_path.hpp"

namespace catalog::package {

FileTableWriter::FileTableWriter(Limits limits, std::size_t bytes_expected)
    : limits_(std::move(limits)), piece_(kTableMagic) {
    out_.reserve(kTableHeaderBytes + bytes_expected);
    append_le(piece_, std::uint32_t{0});  // How many there are is known at the end.
    const ByteView header = as_bytes(piece_);
    out_.assign(header.begin(), header.end());
}

std::size_t FileTableWriter::entry_bytes_max(std::string_view path,
                                             std::string_view target) noexcept {
    return kEntryHeadBytes + path.size() +
           std::max(ContentHash::kDigestBytes, sizeof(std::uint16_t) + target.size());
}

Result<void> FileTableWriter::add(const FileEntry& entry) {
    if (offsets_.size() >= limits_.package_files_max)
        return fail(too_many_files(limits_, offsets_.size() + 1));
    CATALOG_TRY_VOID(check_entry(entry, limits_));
    if (entry.size > limits_.package_bytes_max - total_bytes_)
        return fail(too_large_together(limits_));
    if (!offsets_.empty())
        CATALOG_TRY_VOID(
            check_order(path_at(offsets_.back()), entry.path,
                        [this](std::string_view path) { return find(path).has_value(); }));
    if (out_.size() > std::numeric_limits<std::uint32_t>::max() - encoded_bytes(entry))
        return fail(Errc::kLimitExceeded, "the file table is longer than 4 GiB",
                    LimitDetail{"file_table_bytes_max", std::numeric_limits<std::uint32_t>::max(),
                                out_.size() + encoded_bytes(entry)});
    const auto offset = static_cast<std::uint32_t>(out_.size());
    offsets_.push_back(offset);
    if (entry.kind == FileEntryKind::kSymlink) links_.push_back(offset);
    total_bytes_ += entry.size;
    piece_.clear();
    append_entry(piece_, entry);
    const ByteView bytes = as_bytes(piece_);
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return {};
}

// An entry begins with its kind, its mode, the length of its path and its size; behind the path of
// a file stands its tree.
FileTableWriter::Added FileTableWriter::added(std::size_t index) const {
    const std::uint32_t offset = offsets_[index];
    return {kind_at(offset), load_le<std::uint64_t>(out_.data() + offset + 5), path_at(offset)};
}

void FileTableWriter::set_tree(std::size_t index, const ContentHash& tree) {
    const std::uint32_t offset = offsets_[index];
    const std::size_t at = offset + kEntryHeadBytes + path_at(offset).size();
    std::ranges::copy(tree.bytes(), out_.begin() + static_cast<std::ptrdiff_t>(at));
}

Result<Bytes> FileTableWriter::finish() {
    const IsLink is_link = [this](std::string_view path) {
        const auto found = find(path);
        return found && kind_at(*found) == FileEntryKind::kSymlink;
    };
    for (const std::uint32_t link : links_)
        CATALOG_TRY_VOID(check_link_walk(path_at(link), target_at(link), limits_, is_link));
    piece_.clear();
    append_le(piece_, static_cast<std::uint32_t>(offsets_.size()));
    std::ranges::copy(as_bytes(piece_),
                      out_.begin() + static_cast<std::ptrdiff_t>(kTableMagic.size()));
    return std::move(out_);
}

// An entry begins with its kind, its mode and the length of its path.
std::string_view FileTableWriter::path_at(std::uint32_t offset) const {
    const auto bytes = load_le<std::uint16_t>(out_.data() + offset + 3);
    return as_text(ByteView(out_).subspan(offset + kEntryHeadBytes, bytes));
}

FileEntryKind FileTableWriter::kind_at(std::uint32_t offset) const {
    return static_cast<FileEntryKind>(out_[offset]);
}

// Of a link: the target's length follows the path.
std::string_view FileTableWriter::target_at(std::uint32_t offset) const {
    const std::size_t at = offset + kEntryHeadBytes + path_at(offset).size();
    const auto bytes = load_le<std::uint16_t>(out_.data() + at);
    return as_text(ByteView(out_).subspan(at + sizeof bytes, bytes));
}

std::optional<std::uint32_t> FileTableWriter::find(std::string_view path) const {
    const auto at = std::ranges::lower_bound(
        offsets_, path, {}, [this](std::uint32_t offset) { return path_at(offset); });
    if (at == offsets_.end() || path_at(*at) != path) return std::nullopt;
    return *at;
}

}  // namespace catalog::package
