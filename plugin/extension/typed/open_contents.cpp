#include "open_contents.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::extension {

using internal::MutexLock;

namespace {

constexpr unsigned kGenerationShift = 32;
constexpr std::uint64_t kSlotMask = 0xffff'ffff;

std::uint64_t make_handle(std::size_t slot, std::uint32_t generation) noexcept {
    return std::uint64_t{generation} << kGenerationShift | slot;
}

}  // namespace

OpenContents::OpenContents(library::AssetLibrary& library, std::size_t open_max)
    : library_(library), open_max_(std::min<std::size_t>(open_max, kSlotMask)) {}

Result<std::uint64_t> OpenContents::open(std::string_view id, std::string_view path,
                                         const CallContext& context) {
    if (id.empty()) return fail(Errc::kInvalidName, "the package id is empty");
    CATALOG_TRY(const index::LazyPackage package, library_.find(id, context));
    CATALOG_TRY(auto file, library_.open_file(package.entry().id, path, context));
    return put(std::move(file));
}

Result<std::uint64_t> OpenContents::put(std::shared_ptr<const library::OpenFile> file) {
    const MutexLock lock(mutex_);
    if (open_ >= open_max_)
        return fail(Error(Errc::kLimitExceeded, "too many files are open",
                          LimitDetail{"open_contents_max", open_max_, open_ + 1})
                        .with_hint("close what is no longer read"));
    if (free_.empty()) {
        // Room in both, so that giving a slot back never needs memory.
        free_.reserve(slots_.size() + 1);
        slots_.emplace_back();
        free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    Slot& slot = slots_[number];
    ++slot.generation;
    slot.file = std::move(file);
    ++open_;
    return make_handle(number, slot.generation);
}

Result<std::size_t> OpenContents::slot_of(std::uint64_t handle) const {
    const auto number = static_cast<std::size_t>(handle & kSlotMask);
    const auto generation = static_cast<std::uint32_t>(handle >> kGenerationShift);
    if (number >= slots_.size() || slots_[number].generation != generation || !slots_[number].file)
        return fail(Errc::kHandleStale, "there is no open file with this handle",
                    NotFoundDetail{"handle", std::to_string(handle)});
    return number;
}

Result<std::shared_ptr<const library::OpenFile>> OpenContents::find(std::uint64_t handle) const {
    const MutexLock lock(mutex_);
    CATALOG_TRY(const std::size_t number, slot_of(handle));
    return slots_[number].file;
}

Result<void> OpenContents::close(std::uint64_t handle) {
    std::shared_ptr<const library::OpenFile> closed;  // goes after the mutex is free
    const MutexLock lock(mutex_);
    CATALOG_TRY(const std::size_t number, slot_of(handle));
    closed = std::exchange(slots_[number].file, nullptr);
    --open_;
    // A slot that has used up its generations is never used again.
    if (slots_[number].generation != std::numeric_limits<std::uint32_t>::max())
        free_.push_back(static_cast<std::uint32_t>(number));
    return {};
}

std::size_t OpenContents::count() const {
    const MutexLock lock(mutex_);
    return open_;
}

}  // namespace catalog::extension
