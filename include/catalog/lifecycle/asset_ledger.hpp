#pragma once
// AssetLedger: what publishing and installing tell the register of assets, so that both change in
// one commit.

#include <functional>
#include <string>
#include <vector>

#include "catalog/core/ids.hpp"
#include "catalog/core/result.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::lifecycle {

/// A package as the register of assets knows it.
struct AssetPackage {
    explicit AssetPackage(PackageId package_id) : id(std::move(package_id)) {}
    PackageId id;
    package::PackageDigest digest;
};

/// A step of a commit: runs inside the queue as `kv::Commit::prepare` does, under its rules.
using LedgerStep = std::function<Result<void>(const kv::CommitView& view, kv::WriteBatch& batch)>;

/// Keeps the register of assets in step with the library. Both calls look things up and draw what
/// they need, outside of the queue, and return the step that goes into the caller's commit. No host
/// is called before that commit is durable. Thread safety: any thread.
class AssetLedger {
public:
    virtual ~AssetLedger() = default;

    /// The package is being published. Errors: kRandomUnavailable, kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] virtual Result<LedgerStep> published(const package::Manifest& manifest,
                                                       const package::PackageDigest& digest) = 0;

    /// From this commit on exactly these packages stand in `prefix`. Not for two commits of one
    /// prefix at the same time. Errors: as `published`.
    [[nodiscard]] virtual Result<LedgerStep> installed(
        const std::string& prefix, const std::vector<AssetPackage>& packages) = 0;
};

}  // namespace catalog::lifecycle
