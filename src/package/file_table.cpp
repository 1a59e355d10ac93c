#include "catalog/package/file_table.hpp"

#include <algorithm>
#include <limits>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"
#include "package_path.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

// docs/formats/file-table.md
constexpr std::string_view kTableMagic = "CATFTBL1";
constexpr std::size_t kTableHeaderBytes = 8 + 4;
constexpr std::size_t kEntryHeadBytes = 1 + 2 + 2 + 8;
constexpr std::size_t kEntryBytesMin = kEntryHeadBytes + 1;
constexpr std::uint64_t kTextBytesFormatMax = std::numeric_limits<std::uint16_t>::max();

constexpr std::uint32_t kModePlain = 0644;
constexpr std::uint32_t kModeExecutable = 0755;
constexpr std::uint32_t kModeLink = 0777;

Error entry_invalid(const FileEntry& entry, std::string_view reason) {
    return Error(Errc::kFileTableInvalid,
                 "entry " + quoted(entry.path) + " " + std::string(reason));
}

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

/// Checks one entry apart from all others.
Result<void> check_entry(const FileEntry& entry, const Limits& limits) {
    CATALOG_TRY_VOID(check_package_path(entry.path, limits));
    if (entry.path.size() > kTextBytesFormatMax || entry.target.size() > kTextBytesFormatMax)
        return fail(Errc::kLimitExceeded, "path " + quoted(entry.path) + " does not fit the format",
                    LimitDetail{"path_bytes_max", kTextBytesFormatMax, entry.path.size()});
    if (entry.kind != FileEntryKind::kRegular && entry.kind != FileEntryKind::kSymlink &&
        entry.kind != FileEntryKind::kDirectory)
        return fail(entry_invalid(entry, "is of an unknown kind"));
    if (!is_mode_allowed(entry))
        return fail(Error(Errc::kModeRefused,
                          "mode " + octal(entry.mode) + " of " + quoted(entry.path) + " is refused")
                        .with_hint("a file has mode 0644 or 0755; set-id bits are never kept"));
    if (entry.tree.algorithm != HashAlgorithm::kSha256)
        return fail(entry_invalid(entry, "has a tree that is not SHA-256"));
    if (entry.kind != FileEntryKind::kRegular && (entry.size != 0 || entry.tree != ContentHash{}))
        return fail(entry_invalid(entry, "is no file but has a size or a tree"));
    if (entry.kind != FileEntryKind::kSymlink && !entry.target.empty())
        return fail(entry_invalid(entry, "is no link but has a target"));
    return {};
}

const FileEntry* find_entry(const std::vector<FileEntry>& entries, std::string_view path) noexcept {
    const auto at = std::ranges::lower_bound(
        entries, path, {}, [](const FileEntry& entry) { return std::string_view(entry.path); });
    return at != entries.end() && at->path == path ? &*at : nullptr;
}

/// Checks what entries in byte order mean for each other.
///
/// A folder of `path` that is longer than what `path` shares with its predecessor would stand
/// between the two, and a shorter one is also a folder of the predecessor. So only the folder that
/// is exactly the shared part is left to be looked up.
Result<void> check_neighbours(const std::vector<FileEntry>& entries) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
        const std::string& previous = entries[i - 1].path;
        const std::string& path = entries[i].path;
        if (previous == path)
            return fail(Errc::kDuplicatePath, "path " + quoted(path) + " stands twice");
        if (previous > path)
            return fail(Errc::kFileTableInvalid,
                        "path " + quoted(path) + " is not in byte order after " + quoted(previous));
        const auto shared =
            static_cast<std::size_t>(std::ranges::mismatch(previous, path).in2 - path.begin());
        if (path[shared] != '/') continue;
        if (find_entry(entries, std::string_view(path).substr(0, shared)) != nullptr)
            return fail(entry_invalid(entries[i], "is below an entry that has nothing below it"));
    }
    return {};
}

/// Checks entries that are in order and returns the sum of their sizes.
Result<std::uint64_t> check_entries(const std::vector<FileEntry>& entries, const Limits& limits) {
    std::uint64_t total = 0;
    for (const FileEntry& entry : entries) {
        CATALOG_TRY_VOID(check_entry(entry, limits));
        if (entry.size > limits.package_bytes_max - total)
            return fail(Errc::kLimitExceeded, "the files of the package are too large together",
                        LimitDetail{"package_bytes_max", limits.package_bytes_max,
                                    limits.package_bytes_max + 1});
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

Error too_many_files(const Limits& limits, std::uint64_t count) {
    return Error(Errc::kLimitExceeded,
                 "the package has " + std::to_string(count) + " entries, at most " +
                     std::to_string(limits.package_files_max) + " are allowed",
                 LimitDetail{"package_files_max", limits.package_files_max, count});
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
    for (const FileEntry& entry : entries_)
        size +=
            kEntryHeadBytes + entry.path.size() + ContentHash::kDigestBytes + entry.target.size();
    std::string out;
    out.reserve(size);
    out += kTableMagic;
    append_le(out, static_cast<std::uint32_t>(entries_.size()));
    for (const FileEntry& entry : entries_) append_entry(out, entry);
    return to_bytes(as_bytes(out));
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
