#pragma once
// IndexRunSorter: makes a run of entries that come in any order and any number, with bounded
// memory: what makes the index again from the packs.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "index_run.hpp"

namespace catalog::content {

class IndexRunSorterOptions {
public:
    IndexRunSorterOptions() = default;

    /// Entries are kept in memory up to this, 48 bytes each, then written to a file; at least 4096.
    std::size_t memory_bytes = std::size_t{4} << 20;
    /// Files of one size that are merged into one, 2 or more. Each is open while it is merged.
    std::size_t merge_width = 16;
    /// Makes the cipher of a file, when entries must not be seen on disk. Called once a file.
    std::function<Result<std::unique_ptr<PageCipher>>(const IndexRunInfo&)> make_cipher;
};

/// Sorts entries through files of a folder. Of several entries of one id that of the highest pack
/// stays, and in it the one at the lowest offset, as in ChunkIndex.
///
/// One sorter a folder at a time. The files are garbage whatever happens: they are removed in the
/// end, by the destructor if need be, and after a crash by whoever clears the folder of names for
/// which io::is_temporary_name is true. Nothing is synced. Memory: `memory_bytes`, 200 KiB, and
/// with a cipher 4 KiB for each of `merge_width` files a level (a level more for each `merge_width`
/// times the entries). Thread safety: one thread at a time. Blocking: yes.
class IndexRunSorter {
public:
    /// `fs` outlives the sorter; the folder is there.
    IndexRunSorter(io::FileSystem& fs, std::string folder,
                   const IndexRunSorterOptions& options = {});
    ~IndexRunSorter();
    IndexRunSorter(const IndexRunSorter&) = delete;
    IndexRunSorter& operator=(const IndexRunSorter&) = delete;

    /// Errors: kInvalidArgument (as check_index_entry), kStorageFull, kIo, those of the cipher.
    /// After one of the last three all calls fail with kFailedPrecondition.
    [[nodiscard]] Result<void> add(const IndexEntry& entry);

    /// Adds all entries to `builder`, each id once; the caller finishes it. The sorter is empty
    /// then. Errors: as add, as IndexRunBuilder::add, kPackInvalid (a file was changed meanwhile).
    [[nodiscard]] Result<void> finish(IndexRunBuilder& builder);

private:
    using Slot = std::array<std::byte, 48>;

    struct SortedFile {
        std::string path;
        std::unique_ptr<PageCipher> cipher;
        std::shared_ptr<const IndexRun> run;
    };
    using Level = std::vector<SortedFile>;

    [[nodiscard]] Result<void> spill();
    [[nodiscard]] Result<void> merge_level(std::size_t level);
    [[nodiscard]] Result<void> write_file(
        Level& to, const std::function<Result<void>(IndexRunBuilder&)>& fill);
    [[nodiscard]] Result<void> add_slots(IndexRunBuilder& builder);
    void remove_files(Level& files) noexcept;

    io::FileSystem& fs_;
    const std::string folder_;
    const IndexRunSorterOptions options_;
    const std::size_t slots_max_;
    std::vector<Slot> slots_;
    std::vector<Level> levels_;
    std::uint32_t files_ = 0;  ///< That were begun.
    bool lost_ = false;        ///< An error left a file out.
};

}  // namespace catalog::content
