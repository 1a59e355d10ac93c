// FrozenWorld: tells what a contradiction rests on.

#include <algorithm>

#include "frozen_world.hpp"

namespace catalog::resolve::engine {

using frozen::kItemNumberBits;
using frozen::kItemNumberMask;

std::vector<std::size_t> FrozenWorld::collect_used() {
    const DomainSolver::Grounds grounds = solver_.grounds();
    used_.clear();
    used_.insert(grounds.pairs.begin(), grounds.pairs.end());
    if (!consistent_) return contradicting_;
    std::vector<std::size_t> roots;
    for (std::size_t i = 0; i < roots_.size(); ++i) {
        if (grounds.mentions[roots_[i]] != 0) roots.push_back(i);
    }
    return roots;
}

bool FrozenWorld::is_used(std::uint32_t name, std::uint32_t item) const {
    if (name >= node_of_name_.size() || node_of_name_[name] == kNoNode) return false;
    const NodeId owner = node_of_name_[name];
    const auto uses = [&](NodeId node) {
        return used_.find((std::uint64_t{owner} << 32) | node) != used_.end();
    };
    std::uint32_t number = item & kItemNumberMask;
    if (item >> kItemNumberBits == frozen::kConditional) {
        const frozen::ConditionEntry* condition = view_.condition(number);
        if (condition == nullptr) return true;
        number = condition->requirement;
    }
    const bool excludes = item >> kItemNumberBits == frozen::kExcludes;
    const Entry* entry =
        view_.requirement(number, excludes ? frozen::Reading::kExcludes : frozen::Reading::kMeets);
    if (entry == nullptr) return true;
    if (entry->target == frozen::kNone) return uses(kNever);
    if (!excludes && entry->target == frozen::kSeveral) {
        const NodeId node =
            number < node_of_requirement_.size() ? node_of_requirement_[number] : kNoNode;
        return node != kNoNode && uses(node);
    }
    const auto parts = view_.parts(*entry);
    return std::any_of(parts.begin(), parts.end(), [&](const Entry& part) {
        if (part.target >= node_of_name_.size()) return true;
        const NodeId node = node_of_name_[part.target];
        return node != kNoNode && uses(node);
    });
}

}  // namespace catalog::resolve::engine
