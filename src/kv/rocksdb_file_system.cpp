#include "rocksdb_file_system.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "rocksdb_status.hpp"

namespace catalog::kv {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// Runs the body of one call; nothing may be thrown through RocksDB, which is not exception-safe.
template <class Function>
IOStatus guarded(const Function& function) noexcept {
    try {
        return function();
    } catch (const std::exception& thrown) {
        try {
            return IOStatus::IOError(thrown.what());
        } catch (const std::exception&) {
            return IOStatus::IOError();
        }
    }
}

/// Makes the status of a call that returns no value.
template <class T>
IOStatus status_of(const Result<T>& result) {
    return result ? IOStatus::OK() : to_io_status(result.error());
}

ByteView bytes_of(const Slice& slice) {
    return as_bytes(std::string_view(slice.data(), slice.size()));
}

IOStatus read_into(const io::ReadableFile& file, std::uint64_t offset, std::size_t count,
                   Slice* result, char* scratch) {
    const auto got = file.read_at(offset, std::as_writable_bytes(std::span<char>(scratch, count)));
    if (!got) return to_io_status(got.error());
    *result = Slice(scratch, *got);
    return IOStatus::OK();
}

class SequentialFile final : public rocksdb::FSSequentialFile {
public:
    /// The file ends for RocksDB after `bytes_max` bytes.
    SequentialFile(std::unique_ptr<io::ReadableFile> file, std::uint64_t bytes_max)
        : file_(std::move(file)), bytes_max_(bytes_max) {}

    IOStatus Read(std::size_t count, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) override {
        return guarded([&] {
            count = static_cast<std::size_t>(std::min<std::uint64_t>(count, bytes_max_ - at_));
            const IOStatus status = read_into(*file_, at_, count, result, scratch);
            if (status.ok()) at_ += result->size();
            return status;
        });
    }
    IOStatus Skip(std::uint64_t count) override {
        at_ += std::min(count, bytes_max_ - at_);
        return IOStatus::OK();
    }

private:
    std::unique_ptr<io::ReadableFile> file_;
    std::uint64_t bytes_max_;
    std::uint64_t at_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
public:
    explicit RandomAccessFile(std::unique_ptr<io::ReadableFile> file) : file_(std::move(file)) {}

    IOStatus Read(std::uint64_t offset, std::size_t count, const IOOptions&, Slice* result,
                  char* scratch, IODebugContext*) const override {
        return guarded([&] { return read_into(*file_, offset, count, result, scratch); });
    }

private:
    std::unique_ptr<io::ReadableFile> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
public:
    /// `one_record_ahead`: at most one append is not on the disk once the file was synced.
    WritableFile(std::unique_ptr<io::WritableFile> file, bool one_record_ahead)
        : file_(std::move(file)), one_record_ahead_(one_record_ahead) {}

    using FSWritableFile::Append;
    using FSWritableFile::PositionedAppend;

    IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
        return guarded([&] {
            if (one_record_ahead_ && synced_once_ && unsynced_)
                if (const auto synced = file_->sync(); !synced) return to_io_status(synced.error());
            unsynced_ = true;
            return status_of(file_->append(bytes_of(data)));
        });
    }
    IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions&,
                              IODebugContext*) override {
        return guarded([&] { return status_of(file_->write_at(offset, bytes_of(data))); });
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        return guarded([&] { return status_of(file_->truncate(size)); });
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override {
        return guarded([&] { return status_of(file_->close()); });
    }
    /// Appended bytes are with the operating system already.
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        return guarded([&] {
            const auto synced = file_->sync();
            if (!synced) return to_io_status(synced.error());
            synced_once_ = true;
            unsynced_ = false;
            return IOStatus::OK();
        });
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return Sync(options, debug);
    }
    /// Starts write-back early elsewhere; no promise is attached to it.
    IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
        return IOStatus::OK();
    }
    IOStatus Allocate(std::uint64_t offset, std::uint64_t count, const IOOptions&,
                      IODebugContext*) override {
        return guarded([&] { return status_of(file_->allocate(offset, count)); });
    }
    /// Reserving ahead would round small stores up to megabytes.
    void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_->size(); }

private:
    std::unique_ptr<io::WritableFile> file_;
    bool one_record_ahead_;
    bool synced_once_ = false;
    bool unsynced_ = false;
};

class Directory final : public rocksdb::FSDirectory {
public:
    Directory(std::shared_ptr<io::FileSystem> fs, std::string path)
        : fs_(std::move(fs)), path_(std::move(path)) {}

    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        return guarded([&] { return status_of(fs_->sync_directory(path_)); });
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

private:
    std::shared_ptr<io::FileSystem> fs_;
    std::string path_;
};

class Lock final : public rocksdb::FileLock {
public:
    explicit Lock(std::unique_ptr<io::FileLock> lock) : lock_(std::move(lock)) {}

private:
    std::unique_ptr<io::FileLock> lock_;
};

class SilentLogger final : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

class FileSystemAdapter final : public rocksdb::FileSystem {
public:
    FileSystemAdapter(std::shared_ptr<io::FileSystem> fs, std::shared_ptr<RecoveryGuard> guard)
        : fs_(std::move(fs)), guard_(std::move(guard)) {}

    const char* Name() const override { return "CatalogFileSystem"; }

    IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSSequentialFile>* result,
                               IODebugContext*) override {
        return guarded([&] {
            const auto readable = guard_->readable_bytes(*fs_, path);
            if (!readable) return to_io_status(readable.error());
            auto file = fs_->open_read(path);
            if (!file) return to_io_status(file.error());
            *result = std::make_unique<SequentialFile>(*std::move(file), *readable);
            return IOStatus::OK();
        });
    }
    IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                 IODebugContext*) override {
        return guarded([&] {
            auto file = fs_->open_read(path);
            if (!file) return to_io_status(file.error());
            *result = std::make_unique<RandomAccessFile>(*std::move(file));
            return IOStatus::OK();
        });
    }
    IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             IODebugContext*) override {
        return open_writable(path, io::OpenMode::kTruncate, result);
    }
    IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                                std::unique_ptr<rocksdb::FSWritableFile>* result,
                                IODebugContext*) override {
        return open_writable(path, io::OpenMode::kAppend, result);
    }
    IOStatus NewDirectory(const std::string& path, const IOOptions&,
                          std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
        return guarded([&] {
            const auto info = fs_->info(path);
            if (!info) return to_io_status(info.error());
            *result = std::make_unique<Directory>(fs_, path);
            return IOStatus::OK();
        });
    }

    IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
        return guarded([&] {
            const auto there = io::exists(*fs_, path);
            if (!there) return to_io_status(there.error());
            return *there ? IOStatus::OK() : IOStatus::NotFound();
        });
    }
    IOStatus GetChildren(const std::string& path, const IOOptions&,
                         std::vector<std::string>* result, IODebugContext*) override {
        return guarded([&] {
            const auto entries = fs_->list(path);
            // RocksDB expects this code, and no other, of a folder that is not there.
            if (!entries && entries.error().code() == Errc::kFileNotFound)
                return IOStatus::NotFound(entries.error().to_string());
            if (!entries) return to_io_status(entries.error());
            result->clear();
            for (const io::DirectoryEntry& entry : *entries) result->push_back(entry.name);
            return IOStatus::OK();
        });
    }
    IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
        return guarded([&] { return status_of(fs_->remove_file(path)); });
    }
    IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions&,
                      IODebugContext*) override {
        return guarded([&] {
            const auto file = fs_->open_write(path, io::OpenMode::kReadWrite);
            if (!file) return to_io_status(file.error());
            if (const auto cut = (*file)->truncate(size); !cut) return to_io_status(cut.error());
            return status_of((*file)->close());
        });
    }
    IOStatus CreateDir(const std::string& path, const IOOptions& options,
                       IODebugContext* debug) override {
        if (FileExists(path, options, debug).ok())
            return guarded([&] { return IOStatus::IOError(path, "exists already"); });
        return CreateDirIfMissing(path, options, debug);
    }
    IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&,
                                IODebugContext*) override {
        return guarded([&] { return status_of(fs_->make_directories(path)); });
    }
    IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
        return guarded([&] { return status_of(fs_->remove_directory(path)); });
    }
    IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* size,
                         IODebugContext*) override {
        return with_info(path, [&](const io::FileInfo& info) { *size = info.size; });
    }
    IOStatus GetFileModificationTime(const std::string& path, const IOOptions&,
                                     std::uint64_t* seconds, IODebugContext*) override {
        return with_info(path, [&](const io::FileInfo& info) {
            *seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(info.modified_ns, 0)) /
                       1'000'000'000;
        });
    }
    IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* result,
                         IODebugContext*) override {
        return with_info(path, [&](const io::FileInfo& info) {
            *result = info.kind == io::FileKind::kDirectory;
        });
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                        IODebugContext*) override {
        return guarded([&] {
            // RocksDB relies on the new CURRENT not being durable before the manifest that it
            // names; POSIX promises no order between two changes of one folder.
            if (file_name(to) == "CURRENT")
                if (const auto synced = fs_->sync_directory(io::parent_path(to)); !synced)
                    return to_io_status(synced.error());
            return status_of(fs_->rename(from, to));
        });
    }
    IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
        return guarded([&] { return status_of(fs_->hard_link(from, to)); });
    }
    IOStatus AreFilesSame(const std::string& first, const std::string& second, const IOOptions&,
                          bool* result, IODebugContext*) override {
        return with_info(first, [&](const io::FileInfo& a) {
            const auto b = fs_->info(second);
            *result = b && a.device == b->device && a.inode == b->inode;
        });
    }
    IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** result,
                      IODebugContext*) override {
        return guarded([&] {
            auto lock = fs_->try_lock(path);
            if (!lock) return to_io_status(lock.error());
            *result = std::make_unique<Lock>(*std::move(lock)).release();
            return IOStatus::OK();
        });
    }
    IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
        const std::unique_ptr<rocksdb::FileLock> owned(lock);
        return IOStatus::OK();
    }
    IOStatus GetFreeSpace(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                          IODebugContext*) override {
        return guarded([&] {
            const auto space = fs_->free_space(path);
            if (!space) return to_io_status(space.error());
            *bytes = *space;
            return IOStatus::OK();
        });
    }
    IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                             IODebugContext*) override {
        return guarded([&] {
            *result = path;
            return IOStatus::OK();
        });
    }
    IOStatus GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) override {
        return guarded([] { return IOStatus::NotSupported("no folder for tests"); });
    }
    IOStatus NewLogger(const std::string&, const IOOptions&,
                       std::shared_ptr<rocksdb::Logger>* result, IODebugContext*) override {
        return guarded([&] {
            *result = std::make_shared<SilentLogger>();
            return IOStatus::OK();
        });
    }

private:
    template <class Function>
    IOStatus with_info(const std::string& path, const Function& function) {
        return guarded([&] {
            const auto info = fs_->info(path);
            if (!info) return to_io_status(info.error());
            function(*info);
            return IOStatus::OK();
        });
    }

    IOStatus open_writable(const std::string& path, io::OpenMode mode,
                           std::unique_ptr<rocksdb::FSWritableFile>* result) {
        return guarded([&] {
            // Two syncs a family for a copy of options that are given at every opening anyway.
            if (file_name(path).starts_with("OPTIONS-"))
                return IOStatus::NotSupported("options are not kept in files");
            auto file = fs_->open_write(path, mode);
            if (!file) return to_io_status(file.error());
            *result = std::make_unique<WritableFile>(*std::move(file), is_manifest(path));
            return IOStatus::OK();
        });
    }

    std::shared_ptr<io::FileSystem> fs_;
    std::shared_ptr<RecoveryGuard> guard_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> make_rocksdb_file_system(
    std::shared_ptr<io::FileSystem> fs, std::shared_ptr<RecoveryGuard> guard) {
    return std::make_shared<FileSystemAdapter>(std::move(fs), std::move(guard));
}

}  // namespace catalog::kv
