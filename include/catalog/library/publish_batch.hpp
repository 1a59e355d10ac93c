#pragma once
// Publishing many packages in one go: each is published at once or not at all, and the first one
// that fails ends the batch unless the caller wants to go on.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/lifecycle/package_builder.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"

namespace catalog::library {

/// What became of a batch.
struct BatchCounts {
    std::uint64_t published = 0;
    std::uint64_t already_there = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;  ///< Of all files of what was published or was there.
};

/// How a batch runs, and who is told.
class BatchOptions {
public:
    BatchOptions() = default;
    bool keep_going = false;  ///< An error is told and the next package follows.
    bool dry_run = false;     ///< Hash and check only; receipts say what publishing would yield.
    Limits limits;
    /// Called for each package, in order. May be empty.
    std::function<void(const lifecycle::PackageDraft&, const lifecycle::PublishReceipt&)> published;
    /// Called with keep_going for each error, whose input names the package or path. May be empty.
    std::function<void(const Error&)> failed;
};

/// Publishes the projects in folders with a catalog.toml, as the library's file system has them.
/// Errors: without keep_going those of lifecycle::draft_from_directory and AssetLibrary::publish;
/// always kCancelled, kDeadlineExceeded. What was published before an error stays.
[[nodiscard]] Result<BatchCounts> publish_projects(AssetLibrary& library,
                                                   const std::vector<std::string>& folders,
                                                   const BatchOptions& options,
                                                   const CallContext& context = {});

/// Publishes npm packages: unpacked ones, node_modules trees, tarballs of npm pack. Errors: as
/// publish_projects, and lifecycle::drafts_from_npm.
[[nodiscard]] Result<BatchCounts> publish_npm(AssetLibrary& library,
                                              const std::vector<std::string>& paths,
                                              const BatchOptions& options,
                                              const CallContext& context = {});

}  // namespace catalog::library
