#pragma once
// OverlayProvider: a frozen universe with packages that changed since it was made.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/resolve/provider.hpp"
#include "catalog/resolve/universe.hpp"

namespace catalog::resolve {

/// Which packages are not what a frozen universe says. Immutable, cheap to copy. Thread safety:
/// const access from any thread. Memory: a quarter of a byte for each name of the universe, and the
/// texts of new names.
class UniverseChanges {
public:
    /// `names` are packages of which any version was added, removed or changed, in any order;
    /// names that the universe does not have are new ones. `virtual_names` are those that an added
    /// version provides; what removed ones provided is known. Cost: linear in both.
    UniverseChanges(FrozenUniverse base, std::span<const std::string> names,
                    std::span<const std::string> virtual_names);

    /// Returns these changes and more. Cost: linear in what is added, and a copy of the bits for
    /// each name of the universe.
    [[nodiscard]] UniverseChanges with(std::span<const std::string> names,
                                       std::span<const std::string> virtual_names) const;

    [[nodiscard]] const FrozenUniverse& base() const noexcept;
    /// Returns how many different packages changed.
    [[nodiscard]] std::size_t count() const noexcept;
    /// Returns the packages that changed, each once.
    [[nodiscard]] std::vector<std::string> names() const;

    /// For the module's own use.
    struct Tables;
    [[nodiscard]] const Tables& tables() const noexcept { return *tables_; }

private:
    explicit UniverseChanges(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}

    std::shared_ptr<const Tables> tables_;
};

/// Answers for changed packages from another provider and for all others from a frozen universe;
/// SatResolver searches over both as over one universe, and answers as over one that was frozen
/// from everything. Changed packages are asked for when a search comes across them, each question
/// once.
///
/// Thread safety: one thread at a time, what `universe` returns included. A failure of the other
/// provider fails every later call too. Cost: of what changed, only that which is looked at;
/// requirements of unchanged packages on changed ones are compiled again, once.
class OverlayProvider final : public DependencyProvider {
public:
    /// `fresh` must outlive this object, answer as it is now for every name that changed, and list
    /// all providers of a virtual name that changed.
    OverlayProvider(const UniverseChanges& changes, DependencyProvider& fresh);
    ~OverlayProvider() override;
    OverlayProvider(const OverlayProvider&) = delete;
    OverlayProvider& operator=(const OverlayProvider&) = delete;

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override;
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override;
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override;
    /// The two as one; of use to resolvers only while this object lives.
    [[nodiscard]] const FrozenUniverse* universe() const noexcept override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::resolve
