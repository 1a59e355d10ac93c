#pragma once
// PackTail: the end of a pack that grows, written in large pieces.

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// Appends to a file, and holds what was appended last until there is enough of it for one write:
/// a write of each record costs about as much as the record's pages. Who reads sees all of it.
///
/// Thread safety: one thread appends, flushes, cuts, syncs and closes at a time; any number read.
class PackTail {
public:
    /// Takes a file that was opened for appending. At most `held_bytes_max` bytes, and one append,
    /// are held; with 0 each append is a write.
    PackTail(std::unique_ptr<io::WritableFile> file, std::size_t held_bytes_max);

    /// Appends all of `bytes`, or nothing. Errors: those of WritableFile::append, also of bytes
    /// that were appended before: these stay held.
    [[nodiscard]] Result<void> append(ByteView bytes);

    /// Writes what is held. Errors: as `append`; it stays held.
    [[nodiscard]] Result<void> flush();

    /// Cuts the file to `size` bytes, what is held included. Errors: kIo; also when an earlier
    /// write has left bytes behind that cannot be removed: the file is of no use any more.
    [[nodiscard]] Result<void> truncate(std::uint64_t size);

    /// Writes what is held and makes the whole file durable. Errors: as `append`, kSyncFailed.
    [[nodiscard]] Result<void> sync();

    /// Closes the file, without what is still held. Errors: kIo.
    [[nodiscard]] Result<void> close();

    /// Tells whether bytes before `end` are held and not yet in the file.
    [[nodiscard]] bool holds(std::uint64_t end) const noexcept {
        return end > written_.load(std::memory_order_acquire);
    }

    /// Returns how many bytes are held.
    [[nodiscard]] std::size_t held_bytes() const {
        const internal::MutexLock lock(mutex_);
        return held_.size();
    }

    /// Reads like ReadableFile::read_at from `file`, which is the same file, and what is held as
    /// its end. Errors: kIo.
    [[nodiscard]] Result<std::size_t> read_at(const io::ReadableFile& file, std::uint64_t offset,
                                              std::span<std::byte> out) const;

private:
    Result<void> write_held() CATALOG_REQUIRES(mutex_);

    const std::size_t held_bytes_max_;
    mutable internal::Mutex mutex_;
    std::unique_ptr<io::WritableFile> file_ CATALOG_GUARDED_BY(mutex_);
    Bytes held_ CATALOG_GUARDED_BY(mutex_);
    bool is_broken_ CATALOG_GUARDED_BY(mutex_) = false;  // Has bytes that are none of it.
    std::atomic<std::uint64_t> written_;                 // The file's length without what is held.
};

}  // namespace catalog::content
