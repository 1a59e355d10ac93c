#include "rocksdb_database.hpp"

#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <thread>

#include "batch_check.hpp"
#include "record_log.hpp"
#include "rocksdb_env.hpp"
#include "rocksdb_file_system.hpp"

namespace catalog::kv {
namespace {

/// Write-ahead logs of earlier openings that an opening leaves as they are.
constexpr std::uint64_t kLogsKeptMax = 8;

constexpr int kVerifyLogsAttemptsMax = 100;

/// Longest lost record that is read for its changes.
constexpr std::size_t kLostRecordBytesMax = std::size_t{64} << 20;

rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }
std::string_view text_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RocksIterator final : public Iterator {
public:
    RocksIterator(std::shared_ptr<const void> owner, std::unique_ptr<rocksdb::Iterator> walk,
                  std::string path)
        : owner_(std::move(owner)), walk_(std::move(walk)), path_(std::move(path)) {}

    void seek(std::string_view key) override { walk_->Seek(slice_of(key)); }
    void seek_for_prev(std::string_view key) override { walk_->SeekForPrev(slice_of(key)); }
    void next() override {
        if (walk_->Valid()) walk_->Next();
    }
    void prev() override {
        if (walk_->Valid()) walk_->Prev();
    }
    [[nodiscard]] bool valid() const override { return walk_->Valid(); }
    [[nodiscard]] std::string_view key() const override {
        return walk_->Valid() ? text_of(walk_->key()) : std::string_view();
    }
    [[nodiscard]] std::string_view value() const override {
        return walk_->Valid() ? text_of(walk_->value()) : std::string_view();
    }
    [[nodiscard]] Result<void> status() const override {
        return call_rocksdb({Errc::kDatabaseIo, "read", path_}, [&] { return walk_->status(); });
    }

private:
    std::shared_ptr<const void> owner_;  // first: the walk must go before what it reads
    std::unique_ptr<rocksdb::Iterator> walk_;
    std::string path_;
};

/// Stands for a family that is not there.
class EmptyIterator final : public Iterator {
public:
    explicit EmptyIterator(Result<void> status) : status_(std::move(status)) {}
    void seek(std::string_view) override {}
    void seek_for_prev(std::string_view) override {}
    void next() override {}
    void prev() override {}
    [[nodiscard]] bool valid() const override { return false; }
    [[nodiscard]] std::string_view key() const override { return {}; }
    [[nodiscard]] std::string_view value() const override { return {}; }
    [[nodiscard]] Result<void> status() const override { return status_; }

private:
    Result<void> status_;
};

/// Collects the changes of a batch of which nobody knows whether it is right.
class LostChanges final : public rocksdb::WriteBatch::Handler {
public:
    LostChanges(const std::map<std::uint32_t, Family>& families, bool intact,
                std::vector<LostChange>& changes)
        : families_(families), intact_(intact), changes_(changes) {}

    rocksdb::Status PutCF(std::uint32_t id, const rocksdb::Slice& key,
                          const rocksdb::Slice& value) override {
        if (const auto family = families_.find(id); family != families_.end())
            changes_.push_back({family->second, key.ToString(), value.ToString(), intact_});
        return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteCF(std::uint32_t id, const rocksdb::Slice& key) override {
        return PutCF(id, key, {});
    }
    void LogData(const rocksdb::Slice&) override {}

private:
    const std::map<std::uint32_t, Family>& families_;
    bool intact_;
    std::vector<LostChange>& changes_;
};

/// Turns the general error of an opening into the one that says what the caller can do.
Error refine_open_error(const Error& error) {
    const Errc origin = error.cause() != nullptr ? error.cause()->code() : error.code();
    switch (origin) {
        case Errc::kStorageFull:
            return Error(Errc::kStorageFull, std::string(error.message()), error.detail());
        case Errc::kAccessDenied:
        case Errc::kReadOnlyFileSystem:
            return Error(Errc::kAccessDenied, std::string(error.message()), error.detail());
        case Errc::kBusy:
            return error.with_hint("close the other program that writes to it, or open it to read");
        default:
            return error;
    }
}

}  // namespace

Result<std::shared_ptr<RocksDatabase>> RocksDatabase::open(
    const std::shared_ptr<io::FileSystem>& fs, const std::string& path, const OpenOptions& options,
    const RocksMemory& memory) {
    std::shared_ptr<RocksDatabase> opened(new RocksDatabase(fs, path));
    const auto guard = std::make_shared<RecoveryGuard>(options.salvage != nullptr);
    const auto env_made = call_rocksdb(opened->task(Errc::kDatabaseOpen, "open"), [&] {
        opened->env_ = make_rocksdb_env(make_rocksdb_file_system(fs, guard), !options.read_only);
        // RocksDB starts a timer of the process's while it opens, and loses what it has opened when
        // it gets no thread for it. Whether there is one is found out before.
        if (!options.read_only) std::thread([] {}).join();
        return rocksdb::Status::OK();
    });
    if (!env_made) return fail(env_made.error());
    auto done = opened->open_families(options, memory);
    const std::vector<LostLog>& lost = guard->recovered().lost;
    if (done && !lost.empty()) done = opened->report_lost(lost, *options.salvage);
    if (done && !lost.empty() && !options.read_only) done = opened->bury_lost();
    if (done && !options.read_only) done = opened->settle(guard->recovered(), options);
    if (!done) return fail(refine_open_error(done.error()).with_input(path));
    return opened;
}

std::uint64_t RocksDatabase::threads() const noexcept {
    const int threads = env_->GetBackgroundThreads(rocksdb::Env::HIGH) +
                        env_->GetBackgroundThreads(rocksdb::Env::LOW);
    constexpr std::uint64_t kTimer = 1;
    return static_cast<std::uint64_t>(threads) + kTimer;
}

Result<void> RocksDatabase::open_families(const OpenOptions& options, const RocksMemory& memory) {
    const RocksTask task = this->task(Errc::kDatabaseOpen, "open");
    RocksOptions made = make_rocksdb_options(options, memory, *env_);
    made.database.listeners.push_back(errors_);
    std::vector<std::string> names = options.families;
    if (options.read_only) {
        // A follower cannot make families: it opens those that are there.
        std::vector<std::string> existing;
        CATALOG_TRY_VOID(call_rocksdb(task, [&] {
            return rocksdb::DB::ListColumnFamilies(made.database, path_, &existing);
        }));
        std::erase_if(names, [&](const std::string& name) {
            return std::find(existing.begin(), existing.end(), name) == existing.end();
        });
    }
    if (std::find(names.begin(), names.end(), rocksdb::kDefaultColumnFamilyName) == names.end())
        names.push_back(rocksdb::kDefaultColumnFamilyName);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    descriptors.reserve(names.size());
    for (const std::string& name : names) descriptors.emplace_back(name, made.family);

    rocksdb::DB* db = nullptr;
    CATALOG_TRY_VOID(call_rocksdb(task, [&] {
        return options.read_only
                   ? rocksdb::DB::OpenForReadOnly(made.database, path_, descriptors, &all_handles_,
                                                  &db)
                   : rocksdb::DB::Open(made.database, path_, descriptors, &all_handles_, &db);
    }));
    db_.reset(db);
    for (const std::string& name : options.families) {
        const auto at = std::find(names.begin(), names.end(), name);
        handles_.push_back(at == names.end()
                               ? nullptr
                               : all_handles_[static_cast<std::size_t>(at - names.begin())]);
    }
    return {};
}

Result<void> RocksDatabase::resume() {
    errors_->set_short_of_space(false);
    auto resumed = call_rocksdb(task(Errc::kCommitFailed, "flush"), [&] { return db_->Resume(); });
    if (!resumed) errors_->set_short_of_space(true);
    return resumed;
}

Result<void> RocksDatabase::settle(const RecoveredLogs& recovered, const OpenOptions& options) {
    // What was found in logs that nobody closed may be in the page cache alone: after a failed sync
    // Linux calls such pages clean. Writing it to new files, with syncs of their own, makes it
    // durable before anybody builds on it. Logs that were closed stay as they are, which spares an
    // opening one file a family, until there are many.
    const bool keep = recovered.closed_clean && recovered.logs <= kLogsKeptMax &&
                      recovered.bytes <= options.memory_bytes / 16;
    if (!keep)
        return call_rocksdb(task(Errc::kDatabaseOpen, "open"),
                            [&] { return db_->Flush(rocksdb::FlushOptions(), all_handles_); });
    if (recovered.youngest.empty()) return {};
    // The mark that closed it was not synced, and from now on stands between two commits.
    const auto file = fs_->open_write(recovered.youngest, io::OpenMode::kReadWrite);
    if (!file && file.error().code() == Errc::kFileNotFound) return {};  // no longer needed
    if (!file) return fail(file.error());
    CATALOG_TRY_VOID((*file)->sync());
    return (*file)->close();
}

Result<void> RocksDatabase::report_lost(const std::vector<LostLog>& logs, Salvage& salvage) const {
    std::map<std::uint32_t, Family> families;
    for (std::size_t i = 0; i < handles_.size(); ++i)
        if (handles_[i] != nullptr)
            families.emplace(handles_[i]->GetID(), Family{static_cast<std::uint32_t>(i)});
    for (const LostLog& log : logs) {
        salvage.damages.push_back(std::string(file_name(log.path)) +
                                  ": durable commits are damaged or cannot be reached from byte " +
                                  std::to_string(log.from) + " on");
        const auto add = [&](std::string_view record, bool intact) {
            LostChanges changes(families, intact, salvage.changes);
            // A record that is not a batch to its end shows what stands before that.
            (void)call_rocksdb(task(Errc::kDatabaseOpen, "open"), [&] {
                return rocksdb::WriteBatch(std::string(record)).Iterate(&changes);
            });
        };
        CATALOG_TRY(const auto file, fs_->open_read(log.path));
        const auto read = read_lost_records(*file, log.from, kLostRecordBytesMax, add);
        // Of an encrypted log without its head nothing can be shown.
        if (!read && read.error().code() != Errc::kDatabaseCorrupt) return fail(read.error());
    }
    return {};
}

/// Lets the flush of `settle` write a table for each family, also for those of which nothing is
/// left: only then are the damaged logs no longer needed, and removed.
Result<void> RocksDatabase::bury_lost() {
    return call_rocksdb(task(Errc::kDatabaseOpen, "open"), [&] {
        rocksdb::WriteBatch nothing;
        for (rocksdb::ColumnFamilyHandle* handle : all_handles_)
            if (rocksdb::Status status = nothing.Delete(handle, ""); !status.ok()) return status;
        rocksdb::WriteOptions unlogged;
        unlogged.disableWAL = true;
        return db_->Write(unlogged, &nothing);
    });
}

RocksDatabase::~RocksDatabase() {
    if (db_ == nullptr) return;
    // Everything durable was made so by its own sync; there is nobody left to tell of an error.
    (void)call_rocksdb(task(Errc::kDatabaseIo, "close"), [&] {
        for (rocksdb::ColumnFamilyHandle* handle : all_handles_)
            db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
        return db_->Close();
    });
}

Result<std::optional<std::string>> RocksDatabase::get(Family family, std::string_view key,
                                                      const rocksdb::Snapshot* moment) const {
    CATALOG_TRY_VOID(check_family(family, families()));
    rocksdb::ColumnFamilyHandle* const in = handle(family);
    if (in == nullptr) return std::optional<std::string>();
    rocksdb::ReadOptions options;
    options.snapshot = moment;
    std::optional<std::string> value(std::in_place);
    CATALOG_TRY_VOID(call_rocksdb(task(Errc::kDatabaseIo, "read"), [&] {
        rocksdb::Status status = db_->Get(options, in, slice_of(key), &*value);
        if (!status.IsNotFound()) return status;
        value.reset();
        return rocksdb::Status::OK();
    }));
    return value;
}

std::unique_ptr<Iterator> RocksDatabase::iterate(
    const std::shared_ptr<const RocksDatabase>& database, Family family,
    const rocksdb::Snapshot* moment, std::shared_ptr<const void> owner) {
    if (auto known = check_family(family, database->families()); !known)
        return std::make_unique<EmptyIterator>(std::move(known));
    rocksdb::ColumnFamilyHandle* const in = database->handle(family);
    if (in == nullptr) return std::make_unique<EmptyIterator>(Result<void>());
    rocksdb::ReadOptions options;
    options.snapshot = moment;
    std::unique_ptr<rocksdb::Iterator> walk;
    const auto made = call_rocksdb(database->task(Errc::kDatabaseIo, "read"), [&] {
        walk.reset(database->db_->NewIterator(options, in));
        return rocksdb::Status::OK();
    });
    if (!made) return std::make_unique<EmptyIterator>(made);
    return std::make_unique<RocksIterator>(std::move(owner), std::move(walk), database->path_);
}

Result<std::vector<std::string>> RocksDatabase::verify() const {
    std::vector<std::string> damages;
    const auto checked = call_rocksdb(task(Errc::kDatabaseIo, "verify"), [&]() {
        return db_->VerifyChecksum(rocksdb::ReadOptions());
    });
    // What RocksDB has in memory came from logs that may have been damaged since.
    for (const Result<void>& result : {checked, verify_logs()}) {
        if (result) continue;
        if (result.error().code() != Errc::kDatabaseCorrupt) return fail(result.error());
        damages.push_back(result.error().to_string());
    }
    return damages;
}

Result<void> RocksDatabase::verify_logs() const {
    for (int attempt = 1;; ++attempt) {
        std::uint64_t oldest = 0;
        db_->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &oldest);
        CATALOG_TRY(const auto entries, fs_->list(path_));
        std::optional<std::uint64_t> first;
        for (const io::DirectoryEntry& entry : entries)
            if (const auto number = wal_number(entry.name); number && *number >= oldest)
                first = std::min(first.value_or(*number), *number);
        if (!first) return {};
        RecoveryGuard guard;
        const auto read = guard.readable_bytes(*fs_, io::join_path(path_, wal_name(*first)));
        if (read) return {};
        // A flush may have made a log superfluous since the question which ones are needed.
        const bool removed = read.error().code() == Errc::kFileNotFound;
        if (!removed || attempt == kVerifyLogsAttemptsMax) return fail(read.error());
    }
}

}  // namespace catalog::kv
