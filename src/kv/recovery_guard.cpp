#include "recovery_guard.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <charconv>

#include "catalog/core/bytes.hpp"
#include "record_log.hpp"

namespace catalog::kv {
namespace {

// A write batch begins with {first sequence number, u64; number of changes, u32}; the mark follows
// as its first entry: tag 3 ("log data"), length, then these bytes and a u64.
constexpr std::string_view kMarkMagic = "CKVd";
constexpr std::size_t kMarkBytes = 12;
constexpr std::size_t kBatchHeaderBytes = 12;
constexpr std::size_t kMarkAt = kBatchHeaderBytes + 2;
constexpr char kLogDataTag = 3;

bool holds_mark(std::string_view head) noexcept {
    return head.size() >= kMarkAt + kMarkBytes && head[kBatchHeaderBytes] == kLogDataTag &&
           head[kBatchHeaderBytes + 1] == static_cast<char>(kMarkBytes) &&
           head.substr(kMarkAt, kMarkMagic.size()) == kMarkMagic;
}

template <class T>
T load_text_le(std::string_view text, std::size_t at) noexcept {
    return load_le<T>(as_bytes(text.substr(at, sizeof(T))).data());
}

/// What the marks that stand behind damage, or in logs that cannot be used, prove.
class Evidence {
public:
    void add(std::string_view head) {
        const auto record = parse_wal_record(head);
        if (!record || !record->durable_end) return;
        const std::uint64_t durable_end = *record->durable_end;
        lowest_ = std::min(lowest_, durable_end);
        highest_ = std::max(highest_, durable_end);
        // Something before this record is missing, and everything before it was durable.
        if (durable_end >= record->sequence) previous_was_durable_ = true;
    }

    /// Tells whether a durable change is missing. `next` is the sequence number after the last
    /// change that is there; nullopt when nothing at all is left to count from.
    [[nodiscard]] bool proves_loss(std::optional<std::uint64_t> next) const noexcept {
        if (next) return highest_ > *next;
        return previous_was_durable_ || highest_ > lowest_;
    }

private:
    std::uint64_t lowest_ = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t highest_ = 0;
    bool previous_was_durable_ = false;
};

/// Follows the sequence numbers through the logs that a store still needs, oldest first.
class WalChain {
public:
    /// Returns how many bytes of this log belong to the chain.
    Result<std::uint64_t> add(const io::ReadableFile& file) {
        LogVisitor visitor;
        visitor.plausible = holds_mark;
        visitor.stray = [this](std::string_view head) { evidence_.add(head); };
        visitor.intact = [&](std::string_view head) {
            const auto record = parse_wal_record(head);
            if (!record || broken_ || (next_ && record->sequence != *next_)) {
                broken_ = true;
                evidence_.add(head);
                return false;
            }
            next_ = record->sequence + record->changes;
            closed_clean_ = record->changes == 0 && record->durable_end == next_;
            return true;
        };
        CATALOG_TRY(const LogExtent extent, read_record_log(file, visitor));
        damaged_ = damaged_ || extent.damaged();
        // With a number to go on from, the next log shows whether the damage hid a change. Without
        // one nothing behind the damage can be used.
        broken_ = broken_ || (extent.damaged() && !next_);
        return extent.intact_bytes;
    }

    /// Notes a log of which nothing can be read, not even whether there was something in it.
    void lose_log() noexcept {
        lost_log_ = true;
        broken_ = true;
    }

    [[nodiscard]] bool lost_something() const noexcept {
        return lost_log_ || evidence_.proves_loss(next_);
    }
    /// Tells whether the last record is a mark alone that covers everything before it.
    [[nodiscard]] bool closed_clean() const noexcept {
        return closed_clean_ && !broken_ && !damaged_;
    }

private:
    std::optional<std::uint64_t> next_;
    bool closed_clean_ = true;
    bool damaged_ = false;
    bool broken_ = false;
    bool lost_log_ = false;
    Evidence evidence_;
};

}  // namespace

std::string make_durability_mark(std::uint64_t durable_end) {
    std::string mark(kMarkMagic);
    append_le(mark, durable_end);
    return mark;
}

std::optional<WalRecord> parse_wal_record(std::string_view head) noexcept {
    if (head.size() < kBatchHeaderBytes) return std::nullopt;
    WalRecord record;
    record.sequence = load_text_le<std::uint64_t>(head, 0);
    record.changes = load_text_le<std::uint32_t>(head, 8);
    if (holds_mark(head))
        record.durable_end = load_text_le<std::uint64_t>(head, kMarkAt + kMarkMagic.size());
    return record;
}

std::optional<std::uint64_t> wal_number(std::string_view name) noexcept {
    constexpr std::string_view kSuffix = ".log";
    if (!name.ends_with(kSuffix)) return std::nullopt;
    name.remove_suffix(kSuffix.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    return number;
}

std::string_view file_name(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

bool is_manifest(std::string_view path) noexcept {
    return file_name(path).starts_with("MANIFEST-");
}

std::string wal_name(std::uint64_t number) {
    std::string name = std::to_string(number) + ".log";
    if (name.size() < 10) name.insert(0, 10 - name.size(), '0');
    return name;
}

Result<std::uint64_t> RecoveryGuard::readable_bytes(io::FileSystem& fs, const std::string& path) {
    if (is_manifest(path)) return manifest_bytes(fs, path);
    const auto number = wal_number(file_name(path));
    if (!number) return kEverything;
    if (!decided_) CATALOG_TRY_VOID(decide(fs, io::parent_path(path), *number));
    const auto found = wal_bytes_.find(*number);
    return found == wal_bytes_.end() ? kEverything : found->second;
}

Result<std::uint64_t> RecoveryGuard::manifest_bytes(io::FileSystem& fs,
                                                    const std::string& path) const {
    CATALOG_TRY(const auto file, fs.open_read(path));
    bool more_behind = false;
    LogVisitor visitor;
    visitor.stray = [&more_behind](std::string_view) { more_behind = true; };
    CATALOG_TRY(const LogExtent extent, read_record_log(*file, visitor));
    // The adapter syncs each record before it writes the next one, so only the last can be torn.
    if (more_behind)
        return fail(Errc::kDatabaseCorrupt, "the manifest is damaged before its end",
                    StorageDetail{path, "read", 0});
    return extent.intact_bytes;
}

Result<void> RecoveryGuard::decide(io::FileSystem& fs, const std::string& folder,
                                   std::uint64_t oldest) {
    CATALOG_TRY(const auto entries, fs.list(folder));
    std::map<std::uint64_t, std::uint64_t> bytes;
    for (const io::DirectoryEntry& entry : entries)
        if (const auto number = wal_number(entry.name); number && *number >= oldest)
            bytes.emplace(*number, 0);
    WalChain chain;
    std::vector<LostLog> unusable;
    for (auto& [number, readable] : bytes) {
        recovered_.youngest = io::join_path(folder, wal_name(number));
        CATALOG_TRY(const auto file, fs.open_read(recovered_.youngest));
        CATALOG_TRY(const io::FileInfo info, file->info());
        const Result<std::uint64_t> belonging = chain.add(*file);
        const bool unreadable =
            !belonging && salvage_ && belonging.error().code() == Errc::kDatabaseCorrupt;
        if (unreadable) chain.lose_log();
        if (!belonging && !unreadable) return fail(belonging.error());
        readable = belonging.value_or(0);
        if (readable < info.size) unusable.push_back({recovered_.youngest, readable});
        recovered_.bytes += readable;
    }
    if (chain.lost_something() && salvage_) recovered_.lost = std::move(unusable);
    if (chain.lost_something() && !salvage_)
        return fail(Errc::kDatabaseCorrupt, "a durable commit in the write-ahead log is damaged",
                    StorageDetail{folder, "read", 0});
    recovered_.logs = bytes.size();
    recovered_.closed_clean = chain.closed_clean();
    wal_bytes_ = std::move(bytes);
    decided_ = true;
    return {};
}

}  // namespace catalog::kv
