#include "catalog/package/file_table.hpp"

#include <algorithm>
#include <limits>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"
#include "file_table_format.hpp"
#include "package_path.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

constexpr std::uint32_t kModePlain = 0644;
constexpr std::uint32_t kModeExecutable = 0755;
constexpr std::uint32_t kModeLink = 0777;

bool is_mode_allowed(const FileEntry& entry) noexcept {
    switch (entry.kind) {
        case FileEntryKind::kRegular:
            return entry.mode == kModePlain || entry.mode == kModeExecutable;
        case FileEntryKind::kSymlink:
            return entry.mode == kModeLink;
        case FileEntryKind::kDirectory:
            return entry.mode == kModeExecutable;
    }
    return false;
}

std::string octal(std::uint32_t mode) {
    std::string digits;
    for (; mode != 0; mode >>= 3) digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
    return "0" + digits;
}

const FileEntry* find_entry(const std::vector<FileEntry>& entries, std::string_view path) noexcept {
    const auto at = std::ranges::lower_bound(
        entries, path, {}, [](const FileEntry& entry) { return std::string_view(entry.path); });
    return at != entries.end() && at->path == path ? &*at : nullptr;
}

Result<void> check_neighbours(const std::vector<FileEntry>& entries) {
    const auto is_entry = [&entries](std::string_view path) {
        return find_entry(entries, path) != nullptr;
    };
    for (std::size_t i = 1; i < entries.size(); ++i)
        CATALOG_TRY_VOID(check_order(entries[i - 1].path, entries[i].path, is_entry));
    return {};
}

/// Checks entries that are in order and returns the sum of their sizes.
Result<std::uint64_t> check_entries(const std::vector<FileEntry>& entries, const Limits& limits) {
    std::uint64_t total = 0;
    for (const FileEntry& entry : entries) {
        CATALOG_TRY_VOID(check_entry(entry, limits));
        if (entry.size > limits.package_bytes_max - total) return fail(too_large_together(limits));
        total += entry.size;
    }
    CATALOG_TRY_VOID(check_neighbours(entries));
    const auto is_link = [&entries](std::string_view path) {
        const FileEntry* entry = find_entry(entries, path);
        return entry != nullptr && entry->kind == FileEntryKind::kSymlink;
    };
    for (const FileEntry& entry : entries)
        if (entry.kind == FileEntryKind::kSymlink)
            CATALOG_TRY_VOID(check_link_walk(entry.path, entry.target, limits, is_link));
    return total;
}

/// Takes fields from the front of an encoded table.
class TableReader {
public:
    explicit TableReader(ByteView bytes) : rest_(bytes), total_(bytes.size()) {}

    [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }

    [[nodiscard]] Error error(std::string_view reason) const {
        const std::uint64_t offset = total_ - rest_.size();
        return Error(Errc::kFileTableInvalid,
                     "file table: " + std::string(reason) + " at byte " + std::to_string(offset),
                     LocationDetail{0, 0, offset});
    }

    [[nodiscard]] Result<ByteView> take(std::size_t count) {
        if (rest_.size() < count) return fail(error("cut short"));
        const ByteView taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    template <class T>
    [[nodiscard]] Result<T> number() {
        CATALOG_TRY(const ByteView bytes, take(sizeof(T)));
        return load_le<T>(bytes.data());
    }

    [[nodiscard]] Result<std::string> text(std::size_t count) {
        CATALOG_TRY(const ByteView bytes, take(count));
        return std::string(as_text(bytes));
    }

private:
    ByteView rest_;
    std::size_t total_;
};

Result<FileEntry> read_entry(TableReader& reader) {
    FileEntry entry;
    CATALOG_TRY(const auto kind, reader.number<std::uint8_t>());
    entry.kind = static_cast<FileEntryKind>(kind);
    CATALOG_TRY(entry.mode, reader.number<std::uint16_t>());
    CATALOG_TRY(const auto path_bytes, reader.number<std::uint16_t>());
    CATALOG_TRY(entry.size, reader.number<std::uint64_t>());
    CATALOG_TRY(entry.path, reader.text(path_bytes));
    switch (entry.kind) {
        case FileEntryKind::kRegular: {
            CATALOG_TRY(const ByteView digest, reader.take(ContentHash::kDigestBytes));
            std::ranges::copy(digest, entry.tree.digest.begin());
            break;
        }
        case FileEntryKind::kSymlink: {
            CATALOG_TRY(const auto target_bytes, reader.number<std::uint16_t>());
            CATALOG_TRY(entry.target, reader.text(target_bytes));
            break;
        }
        case FileEntryKind::kDirectory:
            break;
        default:
            return fail(reader.error("unknown kind of entry " + std::to_string(kind)));
    }
    return entry;
}

}  // namespace

Error entry_invalid(std::string_view path, std::string_view reason) {
    return Error(Errc::kFileTableInvalid, "entry " + quoted(path) + " " + std::string(reason));
}

Error too_large_together(const Limits& limits) {
    return Error(
        Errc::kLimitExceeded, "the files of the package are too large together",
        LimitDetail{"package_bytes_max", limits.package_bytes_max, limits.package_bytes_max + 1});
}

Error too_many_files(const Limits& limits, std::uint64_t count) {
    return Error(Errc::kLimitExceeded,
                 "the package has " + std::to_string(count) + " entries, at most " +
                     std::to_string(limits.package_files_max) + " are allowed",
                 LimitDetail{"package_files_max", limits.package_files_max, count});
}

Result<void> check_entry(const FileEntry& entry, const Limits& limits) {
    CATALOG_TRY_VOID(check_package_path(entry.path, limits));
    if (entry.path.size() > kTextBytesFormatMax || entry.target.size() > kTextBytesFormatMax)
        return fail(Errc::kLimitExceeded, "path " + quoted(entry.path) + " does not fit the format",
                    LimitDetail{"path_bytes_max", kTextBytesFormatMax, entry.path.size()});
    if (entry.kind != FileEntryKind::kRegular && entry.kind != FileEntryKind::kSymlink &&
        entry.kind != FileEntryKind::kDirectory)
        return fail(entry_invalid(entry.path, "is of an unknown kind"));
    if (!is_mode_allowed(entry))
        return fail(Error(Errc::kModeRefused,
                          "mode " + octal(entry.mode) + " of " + quoted(entry.path) + " is refused")
                        .with_hint("a file has mode 0644 or 0755; set-id bits are never kept"));
    if (entry.tree.algorithm != HashAlgorithm::kSha256)
        return fail(entry_invalid(entry.path, "has a tree that is not SHA-256"));
    if (entry.kind != FileEntryKind::kRegular && (entry.size != 0 || entry.tree != ContentHash{}))
        return fail(entry_invalid(entry.path, "is no file but has a size or a tree"));
    if (entry.kind != FileEntryKind::kSymlink && !entry.target.empty())
        return fail(entry_invalid(entry.path, "is no link but has a target"));
    return {};
}

void append_entry(std::string& out, const FileEntry& entry) {
    append_le(out, static_cast<std::uint8_t>(entry.kind));
    append_le(out, static_cast<std::uint16_t>(entry.mode));
    append_le(out, static_cast<std::uint16_t>(entry.path.size()));
    append_le(out, entry.size);
    out += entry.path;
    if (entry.kind == FileEntryKind::kRegular) out += as_text(entry.tree.bytes());
    if (entry.kind == FileEntryKind::kSymlink) {
        append_le(out, static_cast<std::uint16_t>(entry.target.size()));
        out += entry.target;
    }
}

std::size_t encoded_bytes(const FileEntry& entry) noexcept {
    std::size_t bytes = kEntryHeadBytes + entry.path.size();
    if (entry.kind == FileEntryKind::kRegular) bytes += ContentHash::kDigestBytes;
    if (entry.kind == FileEntryKind::kSymlink) bytes += sizeof(std::uint16_t) + entry.target.size();
    return bytes;
}

Result<FileTable> FileTable::make(std::vector<FileEntry> entries, const Limits& limits) {
    if (entries.size() > limits.package_files_max)
        return fail(too_many_files(limits, entries.size()));
    std::ranges::sort(entries, {}, &FileEntry::path);
    FileTable table;
    CATALOG_TRY(table.total_bytes_, check_entries(entries, limits));
    table.entries_ = std::move(entries);
    return table;
}

Result<FileTable> FileTable::decode(ByteView bytes, const Limits& limits) {
    TableReader reader(bytes);
    if (!as_text(bytes).starts_with(kTableMagic)) return fail(reader.error("wrong magic"));
    CATALOG_TRY_VOID(reader.take(kTableMagic.size()));
    CATALOG_TRY(const auto count, reader.number<std::uint32_t>());
    if (count > limits.package_files_max) return fail(too_many_files(limits, count));
    // A count alone must not make us allocate: the bytes have to be there.
    if (count > reader.remaining() / kEntryBytesMin)
        return fail(reader.error("fewer bytes than " + std::to_string(count) + " entries need"));

    FileTable table;
    table.entries_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        CATALOG_TRY(FileEntry entry, read_entry(reader));
        table.entries_.push_back(std::move(entry));
    }
    if (reader.remaining() != 0) return fail(reader.error("bytes after the last entry"));
    CATALOG_TRY(table.total_bytes_, check_entries(table.entries_, limits));
    return table;
}

Bytes FileTable::encode() const {
    std::size_t size = kTableHeaderBytes;
    for (const FileEntry& entry : entries_) size += encoded_bytes(entry);
    Bytes out;
    out.reserve(size);
    // Piece by piece: a table may be large, and is in memory once already.
    std::string piece(kTableMagic);
    append_le(piece, static_cast<std::uint32_t>(entries_.size()));
    const auto flush = [&] {
        const ByteView bytes = as_bytes(piece);
        out.insert(out.end(), bytes.begin(), bytes.end());
        piece.clear();
    };
    for (const FileEntry& entry : entries_) {
        flush();
        append_entry(piece, entry);
    }
    flush();
    return out;
}

Result<void> for_each_tree(ByteView table,
                           const std::function<Result<void>(const ContentHash&)>& each) {
    TableReader reader(table);
    if (!as_text(table).starts_with(kTableMagic)) return fail(reader.error("wrong magic"));
    CATALOG_TRY_VOID(reader.take(kTableMagic.size()));
    CATALOG_TRY(const auto count, reader.number<std::uint32_t>());
    for (std::uint32_t i = 0; i < count; ++i) {
        CATALOG_TRY(const FileEntry entry, read_entry(reader));
        if (entry.kind == FileEntryKind::kRegular) CATALOG_TRY_VOID(each(entry.tree));
    }
    if (reader.remaining() != 0) return fail(reader.error("bytes after the last entry"));
    return {};
}

const FileEntry* FileTable::find(std::string_view path) const noexcept {
    return find_entry(entries_, path);
}

ContentHash FileTable::files_root() const {
    merkle::Frontier frontier;
    std::string leaf;
    for (const FileEntry& entry : entries_) {
        leaf.clear();
        append_entry(leaf, entry);
        frontier.append(merkle::leaf_hash(as_bytes(leaf)));
    }
    return frontier.root();
}

Bytes FileTable::encode_entry(const FileEntry& entry) {
    std::string out;
    append_entry(out, entry);
    return to_bytes(as_bytes(out));
}

}  // namespace catalog::package
