#include "posix_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <limits>

#include "catalog/internal/try.hpp"
#include "posix_error.hpp"

namespace catalog::io::posix {

namespace {

constexpr std::uint64_t kOffsetMax = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
constexpr std::uint64_t kMapAlignment = 4096;
constexpr std::size_t kHolderBytesMax = 256;
constexpr std::uint32_t kModeBits = 07777;

FileKind kind_of(mode_t mode) noexcept {
    if (S_ISREG(mode)) return FileKind::kRegular;
    if (S_ISDIR(mode)) return FileKind::kDirectory;
    if (S_ISLNK(mode)) return FileKind::kSymlink;
    return FileKind::kOther;
}

Result<struct stat> status_of(int fd, const std::string& path) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return fail_call("stat", path, errno);
    return status;
}

Result<void> require_regular(const struct stat& status, const std::string& path) {
    if (S_ISDIR(status.st_mode)) return fail_call("open", path, EISDIR);
    if (!S_ISREG(status.st_mode))
        return fail_plain(Errc::kFileKind, "this is not a regular file", "open", path);
    return {};
}

// Writes all of `bytes`; `written` tells how many arrived even when it fails.
int write_all(int fd, std::uint64_t offset, ByteView bytes, std::size_t& written) noexcept {
    for (written = 0; written < bytes.size();) {
        const ssize_t count = retry([&] {
            return ::pwrite(fd, bytes.data() + written, bytes.size() - written,
                            static_cast<off_t>(offset + written));
        });
        if (count < 0) return errno;
        // A device that takes nothing and reports nothing must not hold the caller for ever.
        if (count == 0) return EIO;
        written += static_cast<std::size_t>(count);
    }
    return 0;
}

int read_all(int fd, std::uint64_t offset, std::span<std::byte> out, std::size_t& got) noexcept {
    for (got = 0; got < out.size();) {
        const ssize_t count = retry([&] {
            return ::pread(fd, out.data() + got, out.size() - got,
                           static_cast<off_t>(offset + got));
        });
        if (count < 0) return errno;
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return 0;
}

class PosixReadableFile final : public ReadableFile {
public:
    PosixReadableFile(Descriptor fd, std::string path)
        : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
        if (offset > kOffsetMax || out.size() > kOffsetMax - offset) return fail_range();
        std::size_t got = 0;
        if (const int error = read_all(fd_.get(), offset, out, got); error != 0)
            return fail_call("read", path_, error);
        return got;
    }

    Result<FileInfo> info() const override {
        CATALOG_TRY(const struct stat status, status_of(fd_.get(), path_));
        return to_info(status);
    }

private:
    tl::unexpected<Error> fail_range() const {
        return fail_plain(Errc::kInvalidArgument, "the range is beyond 2^63 bytes", "read", path_);
    }

    Descriptor fd_;
    std::string path_;
};

class PosixWritableFile final : public WritableFile {
public:
    PosixWritableFile(Descriptor fd, std::string path, std::uint64_t size)
        : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

    Result<void> append(ByteView bytes) override { return write("append", size_, bytes); }

    Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
        return write("write", offset, bytes);
    }

    Result<void> truncate(std::uint64_t size) override {
        CATALOG_TRY_VOID(check_open("truncate"));
        CATALOG_TRY_VOID(check_range("truncate", size, 0));
        if (retry([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }) != 0)
            return fail_call("truncate", path_, errno);
        size_ = size;
        return {};
    }

    Result<void> allocate(std::uint64_t offset, std::uint64_t bytes) override {
        CATALOG_TRY_VOID(check_open("allocate"));
        CATALOG_TRY_VOID(check_range("allocate", offset, bytes));
        if (bytes == 0) return {};
        const int result = retry([&] {
            return ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                               static_cast<off_t>(bytes));
        });
        // Reserving is an optimisation: a file system that cannot do it is no error.
        if (result == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return {};
        return fail_call("allocate", path_, errno);
    }

    Result<void> sync() override {
        CATALOG_TRY_VOID(check_open("sync"));
        // After a failed sync the kernel may have dropped the pages and forgotten the error (Linux,
        // "fsyncgate" 2018): a later call would lie, so it is not made.
        if (sync_error_ != 0) return fail_call(Errc::kSyncFailed, "sync", path_, sync_error_);
        const int result =
            retry([&] { return mode_changed_ ? ::fsync(fd_.get()) : ::fdatasync(fd_.get()); });
        if (result != 0) {
            sync_error_ = errno;
            return fail_call(Errc::kSyncFailed, "sync", path_, sync_error_);
        }
        mode_changed_ = false;
        return {};
    }

    std::uint64_t size() const override { return size_; }

    Result<void> set_mode(std::uint32_t mode) override {
        CATALOG_TRY_VOID(check_open("chmod"));
        if (::fchmod(fd_.get(), static_cast<mode_t>(mode & kModeBits)) != 0)
            return fail_call("chmod", path_, errno);
        mode_changed_ = true;
        return {};
    }

    Result<void> set_modified(std::int64_t modified_ns) override {
        CATALOG_TRY_VOID(check_open("utime"));
        constexpr std::int64_t kSecond = 1'000'000'000;
        std::int64_t seconds = modified_ns / kSecond;
        if (modified_ns % kSecond < 0) --seconds;  // Nanoseconds count upwards before 1970 too.
        struct timespec times[2]{};
        times[0].tv_nsec = UTIME_OMIT;
        times[1].tv_sec = static_cast<time_t>(seconds);
        times[1].tv_nsec = static_cast<long>(modified_ns - seconds * kSecond);
        if (::futimens(fd_.get(), times) != 0) return fail_call("utime", path_, errno);
        mode_changed_ = true;
        return {};
    }

    Result<void> close() override {
        CATALOG_TRY_VOID(check_open("close"));
        // Never repeated: Linux frees the descriptor also when the call was interrupted.
        if (::close(fd_.release()) != 0 && errno != EINTR) return fail_call("close", path_, errno);
        return {};
    }

private:
    Result<void> write(std::string_view operation, std::uint64_t offset, ByteView bytes) {
        CATALOG_TRY_VOID(check_open(operation));
        CATALOG_TRY_VOID(check_range(operation, offset, bytes.size()));
        std::size_t written = 0;
        const int error = write_all(fd_.get(), offset, bytes, written);
        size_ = written == 0 ? size_ : std::max(size_, offset + written);
        if (error != 0) return fail_call(operation, path_, error);
        return {};
    }

    Result<void> check_open(std::string_view operation) const {
        if (fd_.valid()) return {};
        return fail_plain(Errc::kFailedPrecondition, "the file is closed", operation, path_);
    }

    Result<void> check_range(std::string_view operation, std::uint64_t offset,
                             std::uint64_t bytes) const {
        if (offset <= kOffsetMax && bytes <= kOffsetMax - offset) return {};
        return fail_plain(Errc::kInvalidArgument, "the range is beyond 2^63 bytes", operation,
                          path_);
    }

    Descriptor fd_;
    std::string path_;
    std::uint64_t size_;
    int sync_error_ = 0;
    bool mode_changed_ = false;
};

class PosixMappedRegion final : public MappedRegion {
public:
    PosixMappedRegion(void* start, std::size_t mapped_bytes, std::size_t skip) noexcept
        : start_(start), mapped_bytes_(mapped_bytes), skip_(skip) {}
    ~PosixMappedRegion() override {
        if (mapped_bytes_ != 0) ::munmap(start_, mapped_bytes_);
    }
    PosixMappedRegion(const PosixMappedRegion&) = delete;
    PosixMappedRegion& operator=(const PosixMappedRegion&) = delete;

    ByteView bytes() const noexcept override {
        if (mapped_bytes_ == 0) return {};
        return ByteView(static_cast<const std::byte*>(start_), mapped_bytes_).subspan(skip_);
    }

private:
    void* start_;
    std::size_t mapped_bytes_;
    std::size_t skip_;
};

class PosixFileLock final : public FileLock {
public:
    PosixFileLock(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<void> set_holder(std::string_view holder) override {
        if (retry([&] { return ::ftruncate(fd_.get(), 0); }) != 0)
            return fail_call("truncate", path_, errno);
        std::size_t written = 0;
        if (const int error = write_all(fd_.get(), 0, as_bytes(holder), written); error != 0)
            return fail_call("write", path_, error);
        return {};
    }

private:
    Descriptor fd_;
    std::string path_;
};

// The text of a lock file goes into messages, so only what is safe to print comes through.
std::string read_holder(int fd) {
    std::array<std::byte, kHolderBytesMax> buffer{};
    std::size_t got = 0;
    if (read_all(fd, 0, buffer, got) != 0) return {};
    std::string holder(as_text(ByteView(buffer).first(got)));
    if (!is_utf8(holder)) return {};
    std::replace_if(
        holder.begin(), holder.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    const std::size_t last = holder.find_last_not_of(' ');
    holder.resize(last == std::string::npos ? 0 : last + 1);
    return holder;
}

}  // namespace

int read_flags() noexcept { return O_RDONLY | O_NONBLOCK | O_NOCTTY; }

FileInfo to_info(const struct stat& status) noexcept {
    FileInfo info;
    info.kind = kind_of(status.st_mode);
    info.size = static_cast<std::uint64_t>(status.st_size);
    info.mode = status.st_mode & kModeBits;
    info.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    info.changed_ns = std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
    info.links = status.st_nlink;
    info.device = status.st_dev;
    info.inode = status.st_ino;
    return info;
}

Result<std::unique_ptr<ReadableFile>> make_readable(Descriptor fd, std::string path) {
    CATALOG_TRY(const struct stat status, status_of(fd.get(), path));
    CATALOG_TRY_VOID(require_regular(status, path));
    return std::make_unique<PosixReadableFile>(std::move(fd), std::move(path));
}

Result<std::unique_ptr<WritableFile>> make_writable(Descriptor fd, std::string path) {
    CATALOG_TRY(const struct stat status, status_of(fd.get(), path));
    CATALOG_TRY_VOID(require_regular(status, path));
    return std::make_unique<PosixWritableFile>(std::move(fd), std::move(path),
                                               static_cast<std::uint64_t>(status.st_size));
}

Result<std::unique_ptr<MappedRegion>> map_file(int fd, const std::string& path,
                                               std::uint64_t offset, std::uint64_t length) {
    if (offset % kMapAlignment != 0)
        return fail_plain(Errc::kInvalidArgument, "the offset is not a multiple of 4096", "map",
                          path);
    CATALOG_TRY(const struct stat status, status_of(fd, path));
    CATALOG_TRY_VOID(require_regular(status, path));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (offset > size || length > size - offset)
        return fail_plain(Errc::kEndOfFile, "the file ends before the range to map", "map", path);
    if (length == 0) return std::make_unique<PosixMappedRegion>(nullptr, 0, 0);
    // Pages may be larger than the 4096 bytes that callers align to.
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t skip = offset % page;
    const auto mapped_bytes = static_cast<std::size_t>(length + skip);
    void* start =
        ::mmap(nullptr, mapped_bytes, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset - skip));
    if (start == MAP_FAILED) return fail_call("map", path, errno);
    return std::make_unique<PosixMappedRegion>(start, mapped_bytes, static_cast<std::size_t>(skip));
}

Result<std::unique_ptr<FileLock>> lock_file(Descriptor fd, const std::string& path) {
    CATALOG_TRY(const struct stat status, status_of(fd.get(), path));
    CATALOG_TRY_VOID(require_regular(status, path));
    // Open-file-description locks: unlike POSIX record locks they hold between two opens in one
    // process and are not lost when an unrelated descriptor of the file is closed.
    struct flock request{};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    if (retry([&] { return ::fcntl(fd.get(), F_OFD_SETLK, &request); }) != 0) {
        if (errno != EAGAIN && errno != EACCES) return fail_call("lock", path, errno);
        std::string holder = read_holder(fd.get());
        std::string message = "the lock is held by ";
        message += holder.empty() ? "another process or handle" : holder;
        return fail(Error(Errc::kBusy, std::move(message), BusyDetail{path, std::move(holder)})
                        .with_input(path)
                        .with_hint("wait for the holder to end, or stop it"));
    }
    // What an earlier holder wrote must not be taken for this one's.
    if (retry([&] { return ::ftruncate(fd.get(), 0); }) != 0)
        return fail_call("truncate", path, errno);
    return std::make_unique<PosixFileLock>(std::move(fd), path);
}

}  // namespace catalog::io::posix
