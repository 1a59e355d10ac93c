#pragma once
// ContentExporter: stored trees and objects as files and folders again.

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"

namespace catalog::lifecycle {

class FileCache;

/// Whether exported files share the disk's space with those of a cache.
enum class FileSharing : std::uint8_t {
    kNone,
    /// Hard links. The files are read-only (0444, 0555), as others have them too: who writes into
    /// one nevertheless changes it everywhere. All have the time FileCache::kModifiedNs.
    kLink,
    /// Clones, which are files of their own; where the file system has none, copies.
    kClone,
};

/// How something is exported.
class ExportOptions {
public:
    ExportOptions() = default;
    /// Everything is durable before it appears under its name. Without it a crash of the machine
    /// may leave empty or cut files there.
    bool durable = true;
    FileSharing sharing = FileSharing::kNone;
    FileCache* cache = nullptr;  ///< Borrowed; needed for sharing.
};

/// What became of files that were to be shared.
struct SharingReport {
    std::uint64_t shared = 0;    ///< Files that are links or clones.
    std::uint64_t copied = 0;    ///< Files that could not be.
    std::uint64_t added = 0;     ///< Files that the cache got.
    std::uint64_t replaced = 0;  ///< Cached files that somebody had changed; the cache has good
                                 ///< ones now, what links them is still changed.
    std::optional<Error> why_copied;  ///< Of the first or most of them.
};

/// What was written.
struct ExportReport {
    std::uint64_t files = 0;
    std::uint64_t links = 0;    ///< Symbolic ones.
    std::uint64_t folders = 0;  ///< Empty ones.
    std::uint64_t bytes = 0;
    SharingReport sharing;
};

/// Writes what a content store holds to new places outside of it. Every byte is verified before it
/// is written; each distinct content is decoded once, in the order in which the store has it, on
/// the store's executor.
///
/// With FileSharing::kLink or kClone regular files come from a FileCache: what it does not have is
/// written there first, verified as ever, and what cannot be shared is copied, with the same mode
/// and time, so that the tree is the same either way. Whether a cached file is still what it was is
/// told by its size, mode and time, not by its bytes.
///
/// What is written appears as a whole: it is made under a temporary name beside its place
/// (`NAME.partial-ID`, ID the first 16 digits of the object's) and renamed at the end. After an
/// error that is removed; after a crash it stays, and the next export of the same to the same place
/// removes it and begins anew. Two at once to one place disturb each other: one of them fails.
///
/// Thread safety: any thread.
class ContentExporter {
public:
    /// Uses fs, content, clock and limits.
    explicit ContentExporter(Services services) : services_(std::move(services)) {}

    /// Writes a stored tree, or a package's files, as the new folder `out`. Files get mode 0644 or
    /// 0755 whatever the umask. No path and no link of a file table leads out of the folder: one
    /// that did is refused when the table is read. Reports progress as operation "export", phase
    /// "files". Errors: kFileExists (`out` is there), kFileKind (the object is no tree),
    /// kFileNotFound (no folder above `out`), kContentNotFound, kContentCorrupted, kPathUnsafe,
    /// kStorageFull, kSyncFailed, kCancelled, kDeadlineExceeded, kIo, kInvalidArgument (sharing
    /// without a cache).
    [[nodiscard]] Result<ExportReport> export_tree(const ContentHash& tree, const std::string& out,
                                                   const ExportOptions& options,
                                                   const CallContext& context) const;

    /// Writes one object as the new file `out`, mode 0644 less the umask. Errors: as export_tree.
    [[nodiscard]] Result<ExportReport> export_object(const ContentHash& id, const std::string& out,
                                                     const ExportOptions& options,
                                                     const CallContext& context) const;

private:
    [[nodiscard]] Result<SharingReport> write_tree(const package::FileTable& table,
                                                   const std::string& partial,
                                                   const ExportOptions& options,
                                                   const CallContext& context) const;
    [[nodiscard]] Result<ExportReport> write_object(const ContentHash& id,
                                                    const std::string& partial,
                                                    const ExportOptions& options,
                                                    const CallContext& context) const;
    [[nodiscard]] Result<ExportReport> share_object(const content::ObjectInfo& info,
                                                    const std::string& partial,
                                                    const ExportOptions& options,
                                                    const CallContext& context) const;
    [[nodiscard]] Result<std::string> make_room(const ContentHash& id,
                                                const std::string& out) const;
    [[nodiscard]] Result<void> put_in_place(bool written, const std::string& partial,
                                            const std::string& out,
                                            const ExportOptions& options) const;

    Services services_;
};

}  // namespace catalog::lifecycle
