#include <rocksdb/write_batch.h>

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>

#include "batch_check.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "encrypted_file_system.hpp"
#include "recovery_guard.hpp"
#include "rocksdb_database.hpp"
#include "rocksdb_follower.hpp"

namespace catalog::kv {
namespace {

using DatabaseLink = std::shared_ptr<const RocksDatabase>;

/// A moment of a writable store: a sequence number that compactions respect.
class RocksSnapshot final : public Snapshot, public std::enable_shared_from_this<RocksSnapshot> {
public:
    explicit RocksSnapshot(DatabaseLink database)
        : database_(std::move(database)), moment_(database_->db().GetSnapshot()) {}
    ~RocksSnapshot() override { database_->db().ReleaseSnapshot(moment_); }

    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override {
        return database_->get(family, key, moment_);
    }
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override {
        return RocksDatabase::iterate(database_, family, moment_, shared_from_this());
    }

private:
    DatabaseLink database_;
    const rocksdb::Snapshot* moment_;
};

class RocksStore final : public KeyValueStore {
public:
    RocksStore(std::shared_ptr<io::FileSystem> fs, RocksMemory memory,
               std::shared_ptr<RocksDatabase> database)
        : fs_(std::move(fs)),
          memory_(std::move(memory)),
          database_(std::move(database)),
          durable_end_(database_->db().GetLatestSequenceNumber() + 1) {}

    ~RocksStore() override { mark_clean_close(); }

    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override {
        return database_->get(family, key, nullptr);
    }
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override {
        return RocksDatabase::iterate(database_, family, nullptr, database_);
    }
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<RocksSnapshot>(database_);
    }
    [[nodiscard]] Result<void> refresh() override { return {}; }

    [[nodiscard]] Result<void> write(const WriteBatch& batch, Durability durability) override {
        CATALOG_TRY_VOID(check_batch(batch, database_->families()));
        // One at a time: the mark of a batch speaks of all batches before it.
        const internal::MutexLock lock(mutex_);
        if (failure_)
            return fail(Error(Errc::kCommitFailed, "the store takes no writes after a failed one")
                            .with_hint("open the library again")
                            .with_cause(*failure_));
        const auto written = write_with_space(batch, durability);
        if (!written && !database_->short_of_space()) failure_ = written.error();
        // After the change is visible: a reader that saw the old number then asks again, which is
        // right; the other way round it would take old data for new.
        revision_.fetch_add(1, std::memory_order_release);
        return written;
    }
    [[nodiscard]] std::uint64_t revision() const noexcept override {
        return revision_.load(std::memory_order_acquire);
    }

    [[nodiscard]] Result<std::uint64_t> disk_bytes() const override {
        return folder_bytes(*fs_, database_->path());
    }
    [[nodiscard]] StoreUsage usage() const noexcept override {
        return {memory_.cache->GetUsage(), database_->threads()};
    }
    [[nodiscard]] Result<std::vector<std::string>> verify() const override {
        return database_->verify();
    }

private:
    // RocksDB refuses a write before it begins when a flush has met a full disk: the write can be
    // made again once there is space for the flush.
    Result<void> write_with_space(const WriteBatch& batch, Durability durability)
        CATALOG_REQUIRES(mutex_) {
        if (!database_->short_of_space()) {
            auto written = write_marked(&batch, durability);
            if (written || !database_->short_of_space()) return written;
        }
        CATALOG_TRY_VOID(database_->resume());
        return write_marked(&batch, durability);
    }

    Result<void> write_marked(const WriteBatch* batch, Durability durability)
        CATALOG_REQUIRES(mutex_) {
        const bool sync = durability == Durability::kSync;
        const std::string mark = make_durability_mark(durable_end_);
        CATALOG_TRY_VOID(call_rocksdb({Errc::kCommitFailed, "write", database_->path()}, [&]() {
            rocksdb::WriteBatch changes(batch != nullptr ? batch->bytes() + 64 : 64);
            rocksdb::Status status = changes.PutLogData(mark);
            if (batch != nullptr)
                for (const WriteBatch::Change& change : batch->changes())
                    if (status.ok()) status = add(changes, change);
            if (!status.ok()) return status;
            rocksdb::WriteOptions options;
            options.sync = sync;
            return database_->db().Write(options, &changes);
        }));
        unmarked_ = sync;
        if (sync) durable_end_ = database_->db().GetLatestSequenceNumber() + 1;
        return {};
    }

    rocksdb::Status add(rocksdb::WriteBatch& changes, const WriteBatch::Change& change) const {
        rocksdb::ColumnFamilyHandle* const in = database_->handle(change.family);
        return change.kind == WriteBatch::Kind::kPut ? changes.Put(in, change.key, change.value)
                                                     : changes.Delete(in, change.key);
    }

    /// Lets a later opening prove that the last commit was durable: marks speak of what stands
    /// before them. The mark itself need not be durable, so this costs no sync.
    void mark_clean_close() {
        const internal::MutexLock lock(mutex_);
        if (failure_ || !unmarked_) return;
        (void)write_marked(nullptr, Durability::kNoSync);
    }

    std::shared_ptr<io::FileSystem> fs_;
    RocksMemory memory_;
    std::shared_ptr<RocksDatabase> database_;
    std::atomic<std::uint64_t> revision_ = 1;
    internal::Mutex mutex_;
    std::uint64_t durable_end_ CATALOG_GUARDED_BY(mutex_);
    bool unmarked_ CATALOG_GUARDED_BY(mutex_) = false;  // the last commit has no mark behind it
    std::optional<Error> failure_ CATALOG_GUARDED_BY(mutex_);
};

Result<void> check_store_is_there(io::FileSystem& fs, const std::string& path) {
    CATALOG_TRY(const bool there, io::exists(fs, io::join_path(path, "CURRENT")));
    if (there) return {};
    return fail(
        Error(Errc::kDatabaseOpen, "there is no database here", StorageDetail{path, "open", 0})
            .with_input(path));
}

Result<void> make_folder(io::FileSystem& fs, const std::string& path) {
    CATALOG_TRY(const bool there, io::exists(fs, path));
    if (there) return {};
    CATALOG_TRY_VOID(fs.make_directories(path));
    return fs.sync_directory(io::parent_path(path));
}

/// Puts encryption under the store when there is a key, and checks that it is the right one.
Result<std::shared_ptr<io::FileSystem>> with_encryption(std::shared_ptr<io::FileSystem> fs,
                                                        const std::string& path,
                                                        const OpenOptions& options) {
    std::shared_ptr<const FileCipher> cipher;
    if (!options.encryption_key.empty()) {
        CATALOG_TRY(cipher, FileCipher::make(options.encryption_key));
    }
    CATALOG_TRY_VOID(check_store_key(*fs, path, cipher.get()));
    if (cipher == nullptr) return fs;
    auto random = options.random != nullptr ? options.random : make_system_random();
    return make_encrypted_file_system(std::move(fs), std::move(cipher), std::move(random));
}

Result<std::unique_ptr<KeyValueStore>> open_store(std::shared_ptr<io::FileSystem> plain_fs,
                                                  const std::string& path, OpenOptions options) {
    CATALOG_TRY(auto fs, with_encryption(std::move(plain_fs), path, options));
    // A follower keeps its options, and the key is borrowed.
    options.encryption_key = {};
    if (options.create_if_missing && !options.read_only) {
        CATALOG_TRY_VOID(make_folder(*fs, path));
    } else {
        CATALOG_TRY_VOID(check_store_is_there(*fs, path));
    }
    if (options.read_only) return open_follower(std::move(fs), path, options);
    RocksMemory memory = make_rocksdb_memory(options);
    CATALOG_TRY(auto database, RocksDatabase::open(fs, path, options, memory));
    return std::make_unique<RocksStore>(std::move(fs), std::move(memory), std::move(database));
}

}  // namespace

Result<std::unique_ptr<KeyValueStore>> open_rocksdb(std::shared_ptr<io::FileSystem> fs,
                                                    const std::string& path,
                                                    const OpenOptions& options) {
    auto opened = open_store(std::move(fs), path, options);
    if (opened) return opened;
    switch (opened.error().code()) {
        case Errc::kDatabaseOpen:
        case Errc::kDatabaseCorrupt:
        case Errc::kStorageFull:
        case Errc::kAccessDenied:
        case Errc::kKeyInvalid:
        case Errc::kInvalidArgument:
            return opened;
        default:
            return fail(Error(Errc::kDatabaseOpen, "the database could not be opened",
                              StorageDetail{path, "open", 0})
                            .with_input(path)
                            .with_cause(opened.error()));
    }
}

}  // namespace catalog::kv
