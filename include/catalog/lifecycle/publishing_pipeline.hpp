#pragma once
// PublishingPipeline: validate -> store -> sign -> log -> index, made visible by one commit.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/package_builder.hpp"
#include "catalog/lifecycle/preparing.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::lifecycle {

struct PublishReceipt {
    explicit PublishReceipt(PackageId package_id) : id(std::move(package_id)) {}
    PackageId id;
    package::PackageDigest digest;
    ContentHash files_root;
    std::uint64_t file_count = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t log_index = 0;
    bool already_published = false;  ///< The very same package was there; nothing was changed.
};

/// How metadata is imported.
class ImportOptions {
public:
    ImportOptions() = default;

    /// The first bad line is the error of the whole call.
    bool strict = false;
    /// From so many good lines on they go straight into segments of the index, if it has any and
    /// nobody else seals, merges or imports; fewer go into the database, 2,000 a commit.
    std::uint64_t segment_lines_min = 4'096;
    /// Versions of one segment, which is one commit, 1 or more. Less where they are long:
    /// index::BulkImportOptions.
    std::uint64_t commit_versions_max = 65'536;
};

/// Result of importing metadata.
struct ImportReport {
    std::uint64_t lines = 0;
    std::uint64_t imported = 0;
    std::uint64_t already_there = 0;
    struct Refused {
        std::uint64_t line = 0;
        Error error;
    };
    std::vector<Refused> refused;  ///< The first 1,000.
    std::uint64_t refused_total = 0;
};

/// Reads a draft's files and returns what publishing it would yield - digest, root, counts -
/// without a library. Errors: as PublishingPipeline::publish, apart from those of storing.
[[nodiscard]] Result<PublishReceipt> hash_draft(const PackageDraft& draft, const Clock& clock,
                                                const Limits& limits, const CallContext& context);

struct Preparation;

/// Brings packages into a library and changes their state. Thread safety: any thread; publishers
/// run side by side and share syncs. Interrupted anywhere, a package is published or not there; one
/// that the consensus must be asked about may also be waiting (docs/consensus.md).
class PublishingPipeline {
public:
    explicit PublishingPipeline(Services services) : services_(std::move(services)) {}

    /// Publishes a draft, in one commit. Where the policy says so the host's consensus is asked:
    /// then one commit stores the package in the state Preparing, where nobody else sees it, and
    /// after the host's yes another one publishes it. A no takes it away again; when the host
    /// cannot say, or the call is interrupted, it goes on waiting, and publishing the same draft
    /// again goes on from there. Errors: kConsensusRejected, kConsensusUnavailable, kPackageExists
    /// (same id with other content, published or waiting, or build metadata alone differs),
    /// kMetadataInvalid, kKeyNotFound, kContentChanged, kStorageFull, kCommitFailed, kCancelled,
    /// kDeadlineExceeded, kFailedPrecondition (abandoned meanwhile) ...
    [[nodiscard]] Result<PublishReceipt> publish(const PackageDraft& draft,
                                                 const CallContext& context);

    /// Lists the packages in the state Preparing: up to `limit` after `cursor`. Errors:
    /// kInvalidArgument (a limit of 0), kDatabaseCorrupt, kDatabaseIo.
    [[nodiscard]] Result<PreparingPage> preparing(std::size_t limit,
                                                  std::string_view cursor = {}) const;

    /// Asks the consensus again about a package that waits, whatever the policy is by now, and goes
    /// on as `publish` does. Errors: kPackageNotFound (nothing waits), those of `publish`.
    [[nodiscard]] Result<PublishReceipt> resume(const PackageId& id, const CallContext& context);

    /// Takes a package that waits out of the library. A call that asks the consensus about it at
    /// that moment fails with kFailedPrecondition. Errors: kPackageNotFound (nothing waits),
    /// kCommitFailed.
    [[nodiscard]] Result<void> abandon(const PackageId& id);

    /// Sets or clears the yanked flag, deprecates, restores or archives; a log entry each. `event`
    /// is "yank", "unyank", "deprecate", "restore" or "archive". Errors: kPackageNotFound,
    /// kStateTransition, kInvalidArgument, kCommitFailed.
    [[nodiscard]] Result<void> change_state(const PackageId& id, std::string_view event,
                                            std::string_view reason, const CallContext& context);

    /// Loads neutral JSON Lines into the index, metadata only, in commits of many lines. A bad line
    /// is reported and skipped, or with `strict` the error of the whole call. Reports "import",
    /// "index", "packages" after each commit. Where the source fails or the call is interrupted,
    /// what was read until then is committed first; after a crash, or a bad line with `strict`,
    /// whole commits are there. Repeated, an import finds there what is there and goes on. Errors:
    /// what `source` returned, kCommitFailed, kStorageFull, kIndexCorrupted, kCancelled,
    /// kDeadlineExceeded. Cost: the caller reads lines with the executor's help and commits alone.
    [[nodiscard]] Result<ImportReport> import_metadata(const content::ByteSource& source,
                                                       const ImportOptions& options,
                                                       const CallContext& context);

    /// Signs the log's head when it has grown since the last signed checkpoint. Publishing does
    /// this by itself after each commit; a crash between the two is made good here. Errors:
    /// kKeyNotFound, kCommitFailed.
    [[nodiscard]] Result<void> sign_head();

private:
    [[nodiscard]] Result<PublishReceipt> finish(const Preparation& preparation,
                                                const CallContext& context);

    Services services_;
};

}  // namespace catalog::lifecycle
