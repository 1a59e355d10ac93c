#include "rocksdb_follower.hpp"

#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>

#include "recovery_guard.hpp"
#include "rocksdb_database.hpp"

namespace catalog::kv {
namespace {

using DatabaseLink = std::shared_ptr<const RocksDatabase>;

/// Attempts to open while the writer replaces files under the follower's feet. The writer would
/// have to flush during each of them.
constexpr int kOpenAttemptsMax = 50;
constexpr std::uint64_t kCurrentBytesMax = 4096;

/// What tells one state of the store's files from another.
struct Stamp {
    std::string current;               // text of CURRENT: which manifest
    std::uint64_t manifest_bytes = 0;  // grows with every flush and compaction
    std::uint64_t wal = 0;             // youngest write-ahead log
    std::uint64_t wal_bytes = 0;       // grows with every commit
    friend bool operator==(const Stamp&, const Stamp&) = default;

    /// Tells whether the set of files is the same: commits only add to the youngest log.
    [[nodiscard]] bool same_files(const Stamp& other) const {
        return current == other.current && manifest_bytes == other.manifest_bytes;
    }
};

Result<Stamp> take_stamp(io::FileSystem& fs, const std::string& path) {
    Stamp stamp;
    CATALOG_TRY(stamp.current, io::read_file(fs, io::join_path(path, "CURRENT"), kCurrentBytesMax));
    const std::string manifest = stamp.current.substr(0, stamp.current.find('\n'));
    CATALOG_TRY(const io::FileInfo manifest_info, fs.info(io::join_path(path, manifest)));
    stamp.manifest_bytes = manifest_info.size;
    CATALOG_TRY(const auto entries, fs.list(path));
    std::string youngest;
    for (const io::DirectoryEntry& entry : entries)
        if (const auto number = wal_number(entry.name); number && *number >= stamp.wal) {
            stamp.wal = *number;
            youngest = entry.name;
        }
    if (youngest.empty()) return stamp;
    CATALOG_TRY(const io::FileInfo wal_info, fs.info(io::join_path(path, youngest)));
    stamp.wal_bytes = wal_info.size;
    return stamp;
}

/// A moment of a follower: a database that was opened then and never changes.
class FollowerSnapshot final : public Snapshot {
public:
    explicit FollowerSnapshot(DatabaseLink database) : database_(std::move(database)) {}
    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override {
        return database_->get(family, key, nullptr);
    }
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override {
        return RocksDatabase::iterate(database_, family, nullptr, database_);
    }

private:
    DatabaseLink database_;
};

class RocksFollower final : public KeyValueStore {
public:
    RocksFollower(std::shared_ptr<io::FileSystem> fs, std::string path, OpenOptions options)
        : fs_(std::move(fs)),
          path_(std::move(path)),
          options_(std::move(options)),
          memory_(make_rocksdb_memory(options_)) {}

    /// Opens what the writer has committed by now.
    Result<void> look() {
        const internal::MutexLock refreshing(refresh_mutex_);
        Result<void> last = fail(Errc::kDatabaseIo, "the writer keeps replacing files",
                                 StorageDetail{path_, "open", 0});
        for (int attempt = 0; attempt < kOpenAttemptsMax; ++attempt) {
            // Files may vanish between any two calls; then the next attempt sees the new ones.
            const auto before = take_stamp(*fs_, path_);
            if (!before) {
                last = fail(before.error());
                continue;
            }
            if (now() != nullptr && *before == stamp_) return {};
            auto opened = RocksDatabase::open(fs_, path_, options_, memory_);
            const auto after = take_stamp(*fs_, path_);
            const bool undisturbed = after && after->same_files(*before);
            if (opened && undisturbed) {
                stamp_ = *before;
                const internal::MutexLock lock(mutex_);
                database_ = *std::move(opened);
                return {};
            }
            if (opened) continue;
            last = fail(opened.error());
            if (undisturbed) return last;
        }
        return last;
    }

    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override {
        return now()->get(family, key, nullptr);
    }
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override {
        const DatabaseLink database = now();
        return RocksDatabase::iterate(database, family, nullptr, database);
    }
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<FollowerSnapshot>(now());
    }
    [[nodiscard]] Result<void> write(const WriteBatch&, Durability) override {
        return fail(Error(Errc::kLibraryReadOnly, "the database is open for reading only")
                        .with_input(path_));
    }
    [[nodiscard]] Result<void> refresh() override {
        auto looked = look();
        if (looked || looked.error().code() == Errc::kDatabaseCorrupt) return looked;
        return fail(Error(Errc::kDatabaseIo, "the database could not be looked at again",
                          StorageDetail{path_, "refresh", 0})
                        .with_input(path_)
                        .with_cause(looked.error()));
    }
    [[nodiscard]] Result<std::uint64_t> disk_bytes() const override {
        return folder_bytes(*fs_, path_);
    }
    [[nodiscard]] Result<std::vector<std::string>> verify() const override {
        return now()->verify();
    }

private:
    [[nodiscard]] DatabaseLink now() const {
        const internal::MutexLock lock(mutex_);
        return database_;
    }

    std::shared_ptr<io::FileSystem> fs_;
    std::string path_;
    OpenOptions options_;
    RocksMemory memory_;
    internal::Mutex refresh_mutex_;
    Stamp stamp_ CATALOG_GUARDED_BY(refresh_mutex_);
    mutable internal::Mutex mutex_;
    DatabaseLink database_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<KeyValueStore>> open_follower(std::shared_ptr<io::FileSystem> fs,
                                                     const std::string& path,
                                                     const OpenOptions& options) {
    auto follower = std::make_unique<RocksFollower>(std::move(fs), path, options);
    CATALOG_TRY_VOID(follower->look());
    return follower;
}

Result<std::uint64_t> folder_bytes(io::FileSystem& fs, const std::string& path) {
    const auto failed = [&](const Error& error) {
        return fail(Error(Errc::kDatabaseIo, "the database's files could not be counted",
                          StorageDetail{path, "list", 0})
                        .with_input(path)
                        .with_cause(error));
    };
    const auto entries = fs.list(path);
    if (!entries) return failed(entries.error());
    std::uint64_t bytes = 0;
    for (const io::DirectoryEntry& entry : *entries) {
        const auto info = fs.info(io::join_path(path, entry.name));
        if (info) {
            bytes += info->size;
        } else if (info.error().code() != Errc::kFileNotFound) {
            return failed(info.error());
        }
    }
    return bytes;
}

}  // namespace catalog::kv
