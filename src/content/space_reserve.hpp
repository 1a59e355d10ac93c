#pragma once
// SpaceReserve: a file that stands for space. On a full disk it goes, so that what frees space can
// still be committed; additions do not get it.

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// How long the file is, bytes: many removals and the copies of a small collection.
inline constexpr std::uint64_t kReserveBytes = 1u << 20;
/// What stays free beside what a commit needs, bytes.
inline constexpr std::uint64_t kReserveMarginBytes = 64u << 10;
/// Most that the database is expected to write at once of what it holds in memory, bytes.
inline constexpr std::uint64_t kDatabaseFlushBytesMax = 8u << 20;

/// The name of the file in `packs/`.
inline constexpr std::string_view kReserveFileName = "reserve";

/// Thread safety: any thread.
class SpaceReserve {
public:
    /// Does nothing where `fs` is null. `directory` need not be there yet.
    SpaceReserve(std::shared_ptr<io::FileSystem> fs, std::string directory);

    /// Called before bytes are added. Errors: kStorageFull while the reserve is given away.
    [[nodiscard]] Result<void> admit_put();

    /// Called before a commit for which the database may write that many bytes. Where space is
    /// short, one that adds content is refused before the database meets a full disk, and for any
    /// other the reserve goes. Where there is space the reserve is made again. Errors:
    /// kStorageFull.
    [[nodiscard]] Result<void> admit_commit(bool adds, std::uint64_t bytes);

private:
    [[nodiscard]] std::uint64_t free_bytes() const;
    void restore(std::uint64_t free) CATALOG_REQUIRES(mutex_);
    void make() CATALOG_REQUIRES(mutex_);

    const std::shared_ptr<io::FileSystem> fs_;
    const std::string directory_;
    const std::string path_;
    internal::Mutex mutex_;
    bool held_ CATALOG_GUARDED_BY(mutex_) = false;
    std::atomic<bool> given_ = false;  ///< It was given away and is not made again yet.
};

}  // namespace catalog::content
