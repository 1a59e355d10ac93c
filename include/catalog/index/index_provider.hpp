#pragma once
// IndexProvider: lets the resolvers see a library's index.

#include <memory>
#include <optional>

#include "catalog/index/package_index.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/resolve/provider.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::index {

/// Returns what the resolver needs of a package's metadata.
[[nodiscard]] resolve::PackageRecord record_of(const package::PackageMetadata& metadata);

/// Provider over an index. Archived versions are not listed unless a lock names them; yanked ones
/// are listed as such. Thread safety: one thread at a time; the index must outlive it.
class IndexProvider final : public resolve::DependencyProvider {
public:
    /// `locked` names versions that are listed whatever their state.
    IndexProvider(const PackageIndex& index, std::vector<resolve::Locked> locked);
    ~IndexProvider() override;

    [[nodiscard]] Result<std::vector<resolve::Candidate>> versions(std::string_view name) override;
    [[nodiscard]] Result<resolve::PackageRecord> record(
        std::string_view name, const resolve::Candidate& candidate) override;
    [[nodiscard]] Result<std::vector<resolve::VirtualProvider>> providers(
        std::string_view name) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::index
