#include "rocksdb_follower.hpp"

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>

#include "pinned_folder.hpp"
#include "rocksdb_database.hpp"

namespace catalog::kv {
namespace {

using DatabaseLink = std::shared_ptr<const RocksDatabase>;

/// Openings whose files a writer changed meanwhile, which can only be one that recovers after
/// another died.
constexpr int kOpenAttemptsMax = 20;

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
        if (now() != nullptr)
            if (const auto stamp = take_stamp(*fs_, path_); stamp && *stamp == stamp_) return {};
        for (int attempt = 1;; ++attempt) {
            CATALOG_TRY(const auto pinned, PinnedFolder::pin(*fs_, path_, pinned_.get()));
            // Before it is opened: what is committed meanwhile is looked for again.
            CATALOG_TRY(StoreStamp stamp, take_stamp(*pinned, path_));
            auto opened = RocksDatabase::open(pinned, path_, options_, memory_);
            // Said once. When there is something new, a writer has gone on from what it salvaged.
            if (opened) options_.salvage.reset();
            if (!opened) {
                const auto after = take_stamp(*fs_, path_);
                const bool undisturbed = after && *after == stamp;
                if (undisturbed || attempt == kOpenAttemptsMax) return fail(opened.error());
                continue;
            }
            pinned_ = pinned;
            stamp_ = std::move(stamp);
            const internal::MutexLock lock(mutex_);
            database_ = *std::move(opened);
            revision_.fetch_add(1, std::memory_order_release);
            return {};
        }
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
    [[nodiscard]] std::uint64_t revision() const noexcept override {
        return revision_.load(std::memory_order_acquire);
    }
    [[nodiscard]] Result<std::uint64_t> disk_bytes() const override {
        return folder_bytes(*fs_, path_);
    }
    [[nodiscard]] StoreUsage usage() const noexcept override {
        return {memory_.cache->GetUsage(), 0};
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
    std::shared_ptr<PinnedFolder> pinned_ CATALOG_GUARDED_BY(refresh_mutex_);
    StoreStamp stamp_ CATALOG_GUARDED_BY(refresh_mutex_);
    std::atomic<std::uint64_t> revision_ = 0;
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
