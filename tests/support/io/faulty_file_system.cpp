#include "support/io/faulty_file_system.hpp"

#include <algorithm>
#include <utility>

#include "catalog/internal/mutex.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::io::testing {

using internal::MutexLock;

class FaultyState {
public:
    explicit FaultyState(std::shared_ptr<FileSystem> base_system) : base(std::move(base_system)) {}

    const std::shared_ptr<FileSystem> base;
    internal::Mutex mutex;
    FaultPlan plan;
    FaultyFileSystem::Hook hook;
    std::uint64_t count = 0;

    // Counts a call and returns how it fails, if it does.
    std::optional<Fault> take(FileOperation operation, const std::string& path) {
        FaultyFileSystem::Hook watch;
        FileCall call;
        std::optional<Fault> fault;
        {
            const MutexLock lock(mutex);
            call = {++count, operation, path, std::string()};
            fault = plan.take(operation, path, count);
            watch = hook;
        }
        if (watch) watch(call);
        return fault;
    }

    Result<void> check(FileOperation operation, const std::string& path) {
        const auto fault = take(operation, path);
        if (fault) return fail_file(fault->error, "injected fault", operation, path);
        return {};
    }
};

namespace {

using StatePtr = std::shared_ptr<FaultyState>;

class FaultyReadableFile final : public ReadableFile {
public:
    FaultyReadableFile(StatePtr state, std::unique_ptr<ReadableFile> base, std::string path)
        : state_(std::move(state)), base_(std::move(base)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kRead, path_));
        return base_->read_at(offset, out);
    }
    Result<FileInfo> info() const override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kInfo, path_));
        return base_->info();
    }

private:
    StatePtr state_;
    std::unique_ptr<ReadableFile> base_;
    std::string path_;
};

class FaultyWritableFile final : public WritableFile {
public:
    FaultyWritableFile(StatePtr state, std::unique_ptr<WritableFile> base, std::string path)
        : state_(std::move(state)), base_(std::move(base)), path_(std::move(path)) {}

    Result<void> append(ByteView bytes) override {
        const auto fault = state_->take(FileOperation::kAppend, path_);
        if (!fault) return base_->append(bytes);
        CATALOG_TRY_VOID(base_->append(kept(bytes, *fault)));
        return fail_file(fault->error, "injected fault", FileOperation::kAppend, path_);
    }
    Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
        const auto fault = state_->take(FileOperation::kWriteAt, path_);
        if (!fault) return base_->write_at(offset, bytes);
        CATALOG_TRY_VOID(base_->write_at(offset, kept(bytes, *fault)));
        return fail_file(fault->error, "injected fault", FileOperation::kWriteAt, path_);
    }
    Result<void> truncate(std::uint64_t size) override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kTruncate, path_));
        return base_->truncate(size);
    }
    Result<void> allocate(std::uint64_t offset, std::uint64_t bytes) override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kAllocate, path_));
        return base_->allocate(offset, bytes);
    }
    Result<void> sync() override {
        if (state_->take(FileOperation::kSync, path_)) sync_failed_ = true;
        if (sync_failed_)
            return fail_file(Errc::kSyncFailed, "injected fault", FileOperation::kSync, path_);
        return base_->sync();
    }
    std::uint64_t size() const override { return base_->size(); }
    Result<void> set_mode(std::uint32_t mode) override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kSetMode, path_));
        return base_->set_mode(mode);
    }
    Result<void> set_modified(std::int64_t modified_ns) override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kSetModified, path_));
        return base_->set_modified(modified_ns);
    }
    Result<void> close() override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kClose, path_));
        return base_->close();
    }

private:
    static ByteView kept(ByteView bytes, const Fault& fault) {
        return bytes.first(std::min<std::size_t>(bytes.size(), fault.bytes_kept));
    }

    StatePtr state_;
    std::unique_ptr<WritableFile> base_;
    std::string path_;
    bool sync_failed_ = false;
};

class FaultyLock final : public FileLock {
public:
    FaultyLock(StatePtr state, std::unique_ptr<FileLock> base, std::string path)
        : state_(std::move(state)), base_(std::move(base)), path_(std::move(path)) {}

    Result<void> set_holder(std::string_view holder) override {
        CATALOG_TRY_VOID(state_->check(FileOperation::kWriteAt, path_));
        return base_->set_holder(holder);
    }

private:
    StatePtr state_;
    std::unique_ptr<FileLock> base_;
    std::string path_;
};

class FaultySafeDirectory final : public SafeDirectory {
public:
    FaultySafeDirectory(StatePtr state, std::unique_ptr<SafeDirectory> base, std::string path)
        : state_(std::move(state)), base_(std::move(base)), path_(std::move(path)) {}

    Result<std::unique_ptr<ReadableFile>> open_read(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kOpenRead, path));
        CATALOG_TRY(auto file, base_->open_read(path));
        return std::make_unique<FaultyReadableFile>(state_, std::move(file), full(path));
    }
    Result<std::unique_ptr<WritableFile>> create_file(std::string_view path,
                                                      std::uint32_t mode) const override {
        CATALOG_TRY_VOID(check(FileOperation::kCreate, path));
        CATALOG_TRY(auto file, base_->create_file(path, mode));
        return std::make_unique<FaultyWritableFile>(state_, std::move(file), full(path));
    }
    Result<void> make_directories(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kMakeDirectory, path));
        return base_->make_directories(path);
    }
    Result<std::unique_ptr<SafeDirectory>> open_directory(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kOpenDirectory, path));
        CATALOG_TRY(auto folder, base_->open_directory(path));
        return std::make_unique<FaultySafeDirectory>(state_, std::move(folder), full(path));
    }
    Result<void> hard_link(const SafeDirectory& from, std::string_view from_path,
                           std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kHardLink, path));
        return base_->hard_link(beneath(from), from_path, path);
    }
    Result<std::unique_ptr<WritableFile>> clone_file(const SafeDirectory& from,
                                                     std::string_view from_path,
                                                     std::string_view path,
                                                     std::uint32_t mode) const override {
        CATALOG_TRY_VOID(check(FileOperation::kCloneFile, path));
        CATALOG_TRY(auto file, base_->clone_file(beneath(from), from_path, path, mode));
        return std::make_unique<FaultyWritableFile>(state_, std::move(file), full(path));
    }
    Result<void> make_symlink(std::string_view target, std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kMakeSymlink, path));
        return base_->make_symlink(target, path);
    }
    Result<std::string> read_symlink(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kReadSymlink, path));
        return base_->read_symlink(path);
    }
    Result<FileInfo> info(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kInfo, path));
        return base_->info(path);
    }
    Result<std::vector<DirectoryEntry>> list(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kList, path));
        return base_->list(path);
    }
    Result<void> remove_file(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kRemoveFile, path));
        return base_->remove_file(path);
    }
    Result<void> remove_tree(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kRemoveDirectory, path));
        return base_->remove_tree(path);
    }
    Result<void> sync(std::string_view path) const override {
        CATALOG_TRY_VOID(check(FileOperation::kSyncDirectory, path));
        return base_->sync(path);
    }
    Result<void> sync_file_system() const override {
        CATALOG_TRY_VOID(check(FileOperation::kSyncFileSystem, ""));
        return base_->sync_file_system();
    }

private:
    static const SafeDirectory& beneath(const SafeDirectory& folder) {
        const auto* faulty = dynamic_cast<const FaultySafeDirectory*>(&folder);
        return faulty != nullptr ? *faulty->base_ : folder;
    }
    std::string full(std::string_view path) const {
        return path.empty() ? path_ : join_path(path_, path);
    }
    Result<void> check(FileOperation operation, std::string_view path) const {
        return state_->check(operation, full(path));
    }

    StatePtr state_;
    std::unique_ptr<SafeDirectory> base_;
    std::string path_;
};

// The operation that an open for writing is, as far as it can be told without looking.
FileOperation operation_of(OpenMode mode) noexcept {
    switch (mode) {
        case OpenMode::kCreateNew:
            return FileOperation::kCreate;
        case OpenMode::kTruncate:
            return FileOperation::kTruncate;
        case OpenMode::kAppend:
        case OpenMode::kReadWrite:
            break;
    }
    return FileOperation::kOpenWrite;
}

}  // namespace

FaultyFileSystem::FaultyFileSystem(std::shared_ptr<FileSystem> base)
    : state_(std::make_shared<FaultyState>(std::move(base))) {}
FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::fail_next(FileOperation operation, std::string path_part, Fault fault) {
    const MutexLock lock(state_->mutex);
    state_->plan.fail_next(operation, std::move(path_part), fault);
}

void FaultyFileSystem::fail_always(FileOperation operation, std::string path_part, Fault fault) {
    const MutexLock lock(state_->mutex);
    state_->plan.fail_always(operation, std::move(path_part), fault);
}

void FaultyFileSystem::fail_nth(std::uint64_t number, Fault fault) {
    const MutexLock lock(state_->mutex);
    state_->plan.fail_nth(number, fault);
}

void FaultyFileSystem::clear_faults() {
    const MutexLock lock(state_->mutex);
    state_->plan.clear();
}

void FaultyFileSystem::before_each(Hook hook) {
    const MutexLock lock(state_->mutex);
    state_->hook = std::move(hook);
}

std::uint64_t FaultyFileSystem::calls() const {
    const MutexLock lock(state_->mutex);
    return state_->count;
}

Result<std::unique_ptr<ReadableFile>> FaultyFileSystem::open_read(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kOpenRead, path));
    CATALOG_TRY(auto file, state_->base->open_read(path));
    return std::make_unique<FaultyReadableFile>(state_, std::move(file), path);
}

Result<std::unique_ptr<WritableFile>> FaultyFileSystem::open_write(const std::string& path,
                                                                   OpenMode open_mode,
                                                                   std::uint32_t mode) {
    CATALOG_TRY_VOID(state_->check(operation_of(open_mode), path));
    CATALOG_TRY(auto file, state_->base->open_write(path, open_mode, mode));
    return std::make_unique<FaultyWritableFile>(state_, std::move(file), path);
}

Result<std::unique_ptr<MappedRegion>> FaultyFileSystem::map(const std::string& path,
                                                            std::uint64_t offset,
                                                            std::uint64_t length) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kMap, path));
    return state_->base->map(path, offset, length);
}

Result<std::unique_ptr<SafeDirectory>> FaultyFileSystem::open_directory(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kOpenDirectory, path));
    CATALOG_TRY(auto folder, state_->base->open_directory(path));
    return std::make_unique<FaultySafeDirectory>(state_, std::move(folder), path);
}

Result<FileInfo> FaultyFileSystem::info(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kInfo, path));
    return state_->base->info(path);
}

Result<std::vector<DirectoryEntry>> FaultyFileSystem::list(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kList, path));
    return state_->base->list(path);
}

Result<void> FaultyFileSystem::make_directories(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kMakeDirectory, path));
    return state_->base->make_directories(path);
}

Result<void> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kRename, from));
    return state_->base->rename(from, to);
}

Result<void> FaultyFileSystem::remove_file(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kRemoveFile, path));
    return state_->base->remove_file(path);
}

Result<void> FaultyFileSystem::remove_directory(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kRemoveDirectory, path));
    return state_->base->remove_directory(path);
}

Result<void> FaultyFileSystem::remove_tree(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kRemoveDirectory, path));
    return state_->base->remove_tree(path);
}

Result<void> FaultyFileSystem::make_symlink(const std::string& target, const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kMakeSymlink, path));
    return state_->base->make_symlink(target, path);
}

Result<std::string> FaultyFileSystem::read_symlink(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kReadSymlink, path));
    return state_->base->read_symlink(path);
}

Result<void> FaultyFileSystem::hard_link(const std::string& from, const std::string& to) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kHardLink, from));
    return state_->base->hard_link(from, to);
}

Result<void> FaultyFileSystem::sync_directory(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kSyncDirectory, path));
    return state_->base->sync_directory(path);
}

Result<std::uint64_t> FaultyFileSystem::free_space(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kFreeSpace, path));
    return state_->base->free_space(path);
}

Result<std::unique_ptr<FileLock>> FaultyFileSystem::try_lock(const std::string& path) {
    CATALOG_TRY_VOID(state_->check(FileOperation::kLock, path));
    CATALOG_TRY(auto lock, state_->base->try_lock(path));
    return std::make_unique<FaultyLock>(state_, std::move(lock), path);
}

}  // namespace catalog::io::testing
