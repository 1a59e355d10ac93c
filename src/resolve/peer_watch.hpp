#pragma once
// PeerWatch: notices whether a resolution may have come across a peer dependency. Only peers make
// what contradicts itself possible beside other roots: one of these may supply them.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/provider.hpp"

namespace catalog::resolve {

/// Tells whether no package of a provider has a peer; nothing when it takes more than a look at its
/// frozen universe.
[[nodiscard]] std::optional<bool> is_without_peers(const DependencyProvider& provider);

/// A provider in front of another one, which must outlive it.
class PeerWatch final : public DependencyProvider {
public:
    /// Whether a resolver may use the frozen universe of the provider, of which only this class
    /// knows no more than whether there are any peers in it, or has to ask for each record.
    enum class Universe : unsigned char { kHidden, kShown };

    PeerWatch(DependencyProvider& base, Universe universe) noexcept
        : base_(base), shown_(universe == Universe::kShown) {}

    [[nodiscard]] bool may_have_seen_peers() const;

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override {
        return base_.versions(name);
    }
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override;
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
        return base_.providers(name);
    }
    void prefetch(std::span<const std::string> names) override { base_.prefetch(names); }
    [[nodiscard]] const FrozenUniverse* universe() const noexcept override {
        return shown_ ? base_.universe() : nullptr;
    }

private:
    DependencyProvider& base_;
    bool shown_;
    bool seen_ = false;
};

}  // namespace catalog::resolve
