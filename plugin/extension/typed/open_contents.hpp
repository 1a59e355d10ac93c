#pragma once
// OpenContents: the open files of an instance, by handles that are checked on use.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/library/asset_library.hpp"

namespace catalog::extension {

/// Open files. A handle is the number of a slot and the generation of what is in it, so that one
/// which was closed never names what was opened later; 0 is never a handle.
///
/// Thread safety: any thread; a file that is being read stays open until that read has ended.
/// Lifetime: ends before the library.
class OpenContents final {
public:
    /// Files that are open at the same time, at most.
    static constexpr std::size_t kOpenMaxDefault = 16'384;

    explicit OpenContents(library::AssetLibrary& library, std::size_t open_max = kOpenMaxDefault);

    /// Opens file `path` of the package that `id` (NAME or NAME@VERSION) names. Errors: as
    /// AssetLibrary::find and open_file, kLimitExceeded (too many are open).
    [[nodiscard]] Result<std::uint64_t> open(std::string_view id, std::string_view path,
                                             const CallContext& context);
    /// Returns the file, which stays open as long as somebody holds it. Errors: kHandleStale.
    [[nodiscard]] Result<std::shared_ptr<const library::OpenFile>> find(std::uint64_t handle) const;
    /// Errors: kHandleStale.
    [[nodiscard]] Result<void> close(std::uint64_t handle);

    /// Returns how many are open.
    [[nodiscard]] std::size_t count() const;

private:
    struct Slot {
        std::uint32_t generation = 0;  ///< Of what is in it, or was in it last.
        std::shared_ptr<const library::OpenFile> file;
    };

    [[nodiscard]] Result<std::uint64_t> put(std::shared_ptr<const library::OpenFile> file);
    /// Returns the slot's number, or kHandleStale.
    [[nodiscard]] Result<std::size_t> slot_of(std::uint64_t handle) const CATALOG_REQUIRES(mutex_);

    library::AssetLibrary& library_;
    const std::size_t open_max_;
    mutable internal::Mutex mutex_;
    std::vector<Slot> slots_ CATALOG_GUARDED_BY(mutex_);
    std::vector<std::uint32_t> free_ CATALOG_GUARDED_BY(mutex_);
    std::size_t open_ CATALOG_GUARDED_BY(mutex_) = 0;
};

}  // namespace catalog::extension
