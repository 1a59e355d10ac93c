#pragma once
// AssetBook: which assets the library has registered, and what its register is still to be told.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "asset_records.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/lifecycle/asset_ledger.hpp"
#include "local_asset_registry.hpp"

namespace catalog::library {

/// With the library's own register an identity is written by the commit that publishes or installs.
/// With a host's register that commit leaves a mark; `settle` then asks the host, stores the answer
/// and takes the mark away. What a crash or the host's failure leaves marked is settled later.
///
/// One thread at a time settles an asset; others pass it by, and it looks again before it goes, so
/// that no mark is left behind. No lock is held while the host is asked.
///
/// Thread safety: any thread.
class AssetBook final : public lifecycle::AssetLedger {
public:
    /// `host` may be null: the library's own register. `index` must outlive the book.
    AssetBook(AssetPlace place, const index::PackageIndex& index,
              std::shared_ptr<AssetRegistry> host);

    [[nodiscard]] Result<lifecycle::LedgerStep> published(
        const package::Manifest& manifest, const package::PackageDigest& digest) override;
    [[nodiscard]] Result<lifecycle::LedgerStep> installed(
        const std::string& prefix, const std::vector<lifecycle::AssetPackage>& packages) override;

    /// Settles up to `limit` marks whose asset keys begin with `prefix`; goes on after a failure,
    /// but not after four. Returns how many were settled. Errors, of the first failure: the
    /// register's, kCommitFailed, kCancelled, kDeadlineExceeded.
    [[nodiscard]] Result<std::uint64_t> settle(std::string_view prefix, std::size_t limit,
                                               const CallContext& context);

    /// Registers what is published and is not in the register: packages of a library that an
    /// earlier version wrote, and those that only the library's own register has while a host's is
    /// used. Returns how many there were; a host is asked by `settle`.
    [[nodiscard]] Result<std::uint64_t> complete(const CallContext& context);

private:
    struct Wanted;
    [[nodiscard]] lifecycle::LedgerStep step_for(std::vector<Wanted> wanted,
                                                 std::vector<std::string> unwanted) const;
    [[nodiscard]] Result<Wanted> want(AssetSpec spec) const;
    [[nodiscard]] Result<void> settle_one(const std::string& key, const CallContext& context,
                                          bool& settled);
    [[nodiscard]] Result<bool> carry_out(const std::string& key, const std::string& mark,
                                         const CallContext& context);
    [[nodiscard]] Result<void> commit_outcome(const std::string& key, const std::string& mark,
                                              const std::string* record) const;
    [[nodiscard]] Result<std::vector<std::string>> keys_from(char kind, std::string_view prefix,
                                                             std::size_t limit) const;

    const AssetPlace place_;
    const index::PackageIndex& index_;
    const std::shared_ptr<AssetRegistry> host_;
    const std::shared_ptr<AssetRegistry> register_;  ///< The host's, or the library's own.
    internal::Mutex mutex_;
    std::set<std::string, std::less<>> being_settled_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::library
