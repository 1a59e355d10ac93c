#pragma once
// The commit that makes a package visible.

#include <string>
#include <utility>

#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/lifecycle/asset_ledger.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/security/envelope.hpp"

namespace catalog::lifecycle {

/// A package whose files are stored and whose digest is signed: all that its publication needs.
struct Publication {
    explicit Publication(package::Manifest package_manifest)
        : manifest(std::move(package_manifest)) {}
    package::Manifest manifest;
    std::string manifest_bytes;  ///< Canonical.
    package::PackageDigest digest;
    ContentHash table_object;  ///< The stored file table.
    security::Envelope envelope;
    std::string principal;  ///< Who publishes it.
};

/// Returns what its publisher is told, without a log position.
[[nodiscard]] PublishReceipt receipt_of(const package::Manifest& manifest,
                                        const package::PackageDigest& digest);

/// Publishes in one synced batch: envelope, file table, log leaf, index record, asset and what
/// `batch` holds. `precondition` runs in the queue, before anything is added. The same package
/// published by somebody else meanwhile is no error. Errors: what `precondition` returned,
/// kPackageExists, kCommitFailed, those of the log, the index and the register of assets.
[[nodiscard]] Result<PublishReceipt> commit_publication(const Services& services,
                                                        const Publication& publication,
                                                        kv::WriteBatch batch,
                                                        const LedgerStep& precondition);

/// Checks, within a commit, that the index has room for the package. Errors: kPackageExists.
[[nodiscard]] Result<void> check_publishable(const Services& services, const kv::CommitView& view,
                                             const Publication& publication);

}  // namespace catalog::lifecycle
