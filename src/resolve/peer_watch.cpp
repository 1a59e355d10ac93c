#include "peer_watch.hpp"

#include <algorithm>

#include "catalog/resolve/universe.hpp"
#include "frozen_view.hpp"

namespace catalog::resolve {

std::optional<bool> is_without_peers(const DependencyProvider& provider) {
    const FrozenUniverse* const universe = provider.universe();
    if (universe == nullptr || universe->view().over != nullptr) return std::nullopt;
    return std::ranges::none_of(universe->view().conditions, [](const auto& condition) {
        return condition.kind == static_cast<std::uint8_t>(DependencyKind::kPeer);
    });
}

bool PeerWatch::may_have_seen_peers() const {
    return seen_ || (universe() != nullptr && is_without_peers(base_) != std::optional(true));
}

Result<PackageRecord> PeerWatch::record(std::string_view name, const Candidate& candidate) {
    Result<PackageRecord> record = base_.record(name, candidate);
    if (!record) return record;
    seen_ = seen_ || std::ranges::any_of(record->dependencies, [](const auto& dependency) {
                return dependency.kind == DependencyKind::kPeer;
            });
    return record;
}

}  // namespace catalog::resolve
