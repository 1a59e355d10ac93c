#pragma once
// The files of a store's packs and indexes: where they are, and the ones that are open for reading.

#include <catalog/internal/mutex.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/content/storage_backend.hpp"
#include "catalog/io/file_system.hpp"
#include "pack_scan.hpp"
#include "pack_tail.hpp"
#include "record_layout.hpp"

namespace catalog::content {

/// A pack that is open for reading.
struct OpenedPack {
    std::shared_ptr<io::ReadableFile> file;
    std::shared_ptr<const PackSeal> seal;  ///< Null in a store in the clear.
    std::shared_ptr<const PackTail> tail;  ///< Of the pack that grows; null of others.
};

/// Returns a reader over an open pack, which must outlive it.
[[nodiscard]] PackReader reader_of(const OpenedPack& pack);

/// Thread safety: any thread.
class PackFiles {
public:
    /// Files of at most `open_max` packs are kept open. `encryption` is null in a store in the
    /// clear.
    PackFiles(std::shared_ptr<io::FileSystem> fs, std::string directory, std::uint32_t open_max,
              std::shared_ptr<const StoreEncryption> encryption = nullptr);

    [[nodiscard]] const std::shared_ptr<const StoreEncryption>& encryption() const noexcept {
        return encryption_;
    }

    [[nodiscard]] io::FileSystem& fs() const noexcept { return *fs_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
    [[nodiscard]] std::string path_of(PackId pack) const;
    [[nodiscard]] std::string path_of(RunId run) const;

    /// A file with its length, bytes.
    template <class Id>
    using Sized = std::pair<Id, std::uint64_t>;
    /// Lists what is there, in no order. Errors: kIo.
    [[nodiscard]] Result<std::vector<Sized<PackId>>> list_packs() const;
    [[nodiscard]] Result<std::vector<Sized<RunId>>> list_runs() const;

    /// Opens a pack. Errors: kContentCorrupted (it is missing; of a sealed one, its header is not
    /// one that the store's keys fit), kKeyNotFound (it is of a generation that is not among the
    /// keys), kIo.
    [[nodiscard]] Result<OpenedPack> open(PackId pack);

    /// Names the pack that grows from now on, whose end is read from `tail`; null: none does.
    void grows(PackId pack, std::shared_ptr<const PackTail> tail);
    /// Tells whether bytes of a pack before `end` are not yet in its file.
    [[nodiscard]] bool holds(PackId pack, std::uint64_t end) const;

    /// Returns how many bytes of the pack that grows are not yet in its file.
    [[nodiscard]] std::size_t held_bytes() const;

    /// Removes a pack, or an index file; one that is not there is fine. Errors: kIo.
    [[nodiscard]] Result<void> remove(PackId pack);
    [[nodiscard]] Result<void> remove(RunId run);

    /// Closes all that is kept open.
    void forget();

private:
    struct CachedFile {
        OpenedPack opened;
        std::uint64_t used = 0;
    };

    [[nodiscard]] Result<std::shared_ptr<const PackSeal>> seal_of(
        PackId pack, const io::ReadableFile& file) const;

    const std::shared_ptr<io::FileSystem> fs_;
    const std::string directory_;
    const std::size_t open_max_;
    const std::shared_ptr<const StoreEncryption> encryption_;
    mutable internal::Mutex mutex_;
    PackId growing_ CATALOG_GUARDED_BY(mutex_){};
    std::shared_ptr<const PackTail> tail_ CATALOG_GUARDED_BY(mutex_);
    std::map<PackId, CachedFile> open_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t uses_ CATALOG_GUARDED_BY(mutex_) = 0;
};

}  // namespace catalog::content
