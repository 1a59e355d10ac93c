#include "space_reserve.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

#include "catalog/content/full_disk.hpp"

namespace catalog::content {
namespace {

using internal::MutexLock;

tl::unexpected<Error> disk_is_full() {
    return fail(Error(Errc::kStorageFull, "the disk is too full to add content")
                    .with_hint("remove content and collect, or make room on the disk"));
}

}  // namespace

Result<bool> release_space_reserve(io::FileSystem& fs, const std::string& directory) {
    const std::string path = io::join_path(io::join_path(directory, "packs"), kReserveFileName);
    CATALOG_TRY(const bool there, io::exists(fs, path));
    if (there) CATALOG_TRY_VOID(fs.remove_file(path));
    return there;
}

SpaceReserve::SpaceReserve(std::shared_ptr<io::FileSystem> fs, std::string directory)
    : fs_(std::move(fs)),
      directory_(std::move(directory)),
      path_(io::join_path(directory_, kReserveFileName)) {}

// What cannot be asked counts as enough: the disk itself says when it is full.
std::uint64_t SpaceReserve::free_bytes() const {
    return fs_->free_space(directory_).value_or(~std::uint64_t{0});
}

Result<void> SpaceReserve::admit_put() {
    if (!given_.load(std::memory_order_relaxed)) return {};
    const MutexLock lock(mutex_);
    restore(free_bytes());
    if (given_) return disk_is_full();
    return {};
}

Result<void> SpaceReserve::admit_commit(bool adds, std::uint64_t bytes) {
    if (fs_ == nullptr) return {};
    const MutexLock lock(mutex_);
    const std::uint64_t free = free_bytes();
    restore(free);
    // Given away by an opening, or by a process before: what is free is what was kept.
    const bool is_given = !held_ && free < kReserveBytes + 4 * kReserveMarginBytes;
    if (adds && is_given) given_ = true;
    if (free >= kReserveMarginBytes + bytes && !(adds && is_given)) return {};
    if (adds) return disk_is_full();
    if (std::exchange(held_, false)) (void)fs_->remove_file(path_);
    given_ = true;
    return {};
}

// So far from full that making it does not itself fill the disk.
void SpaceReserve::restore(std::uint64_t free) {
    if (held_) return;
    const auto info = fs_->info(path_);
    held_ = info && info->size == kReserveBytes;
    if (!held_ && free >= kReserveBytes + 4 * kReserveMarginBytes) make();
    if (held_) given_ = false;
}

// Best effort: without it a full disk is only less comfortable. Space is taken by `allocate`, where
// the file system can, and the length says that it was.
void SpaceReserve::make() {
    auto file = fs_->open_write(path_, io::OpenMode::kTruncate);
    if (!file) return;
    auto made = (*file)->allocate(0, kReserveBytes);
    if (made) made = (*file)->truncate(kReserveBytes);
    if (made) made = (*file)->close();
    held_ = made.has_value();
    if (held_) return;
    file->reset();
    (void)fs_->remove_file(path_);
}

}  // namespace catalog::content
