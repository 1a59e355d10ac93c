#pragma once
// ContentExporter: stored trees and objects as files and folders again.

#include <cstdint>
#include <string>

#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"

namespace catalog::lifecycle {

/// How something is exported.
class ExportOptions {
public:
    ExportOptions() = default;
    /// Everything is durable before it appears under its name. Without it a crash of the machine
    /// may leave empty or cut files there.
    bool durable = true;
};

/// What was written.
struct ExportReport {
    std::uint64_t files = 0;
    std::uint64_t links = 0;    ///< Symbolic ones.
    std::uint64_t folders = 0;  ///< Empty ones.
    std::uint64_t bytes = 0;
};

/// Writes what a content store holds to new places outside of it. Every byte is verified before it
/// is written; each distinct content is decoded once, in the order in which the store has it, on
/// the store's executor.
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
    /// kStorageFull, kSyncFailed, kCancelled, kDeadlineExceeded, kIo.
    [[nodiscard]] Result<ExportReport> export_tree(const ContentHash& tree, const std::string& out,
                                                   const ExportOptions& options,
                                                   const CallContext& context) const;

    /// Writes one object as the new file `out`, mode 0644 less the umask. Errors: as export_tree.
    [[nodiscard]] Result<ExportReport> export_object(const ContentHash& id, const std::string& out,
                                                     const ExportOptions& options,
                                                     const CallContext& context) const;

private:
    [[nodiscard]] Result<void> write_tree(const package::FileTable& table,
                                          const std::string& partial, const ExportOptions& options,
                                          const CallContext& context) const;
    [[nodiscard]] Result<std::uint64_t> write_object(const ContentHash& id,
                                                     const std::string& partial,
                                                     const ExportOptions& options,
                                                     const CallContext& context) const;
    [[nodiscard]] Result<std::string> make_room(const ContentHash& id,
                                                const std::string& out) const;
    [[nodiscard]] Result<void> put_in_place(const Result<void>& written, const std::string& partial,
                                            const std::string& out,
                                            const ExportOptions& options) const;

    Services services_;
};

}  // namespace catalog::lifecycle
