#include "install_order.hpp"

#include <algorithm>
#include <bit>

#include "catalog/resolve/graph_resolver.hpp"

namespace catalog::resolve {

namespace engine {

namespace {

constexpr std::uint32_t kUnvisited = 0xffff'ffff;

}  // namespace

void SmallestFirst::clear(std::uint32_t bound) {
    std::uint32_t total = 0;
    top_ = 0;
    for (std::uint32_t size = (bound + 63) / 64;; size = (size + 63) / 64) {
        starts_[top_] = total;
        total += std::max(size, 1U);
        if (size <= 1) break;
        ++top_;
    }
    words_.assign(total, 0);
}

void SmallestFirst::insert(std::uint32_t number) noexcept {
    for (std::uint32_t level = 0; level <= top_; ++level) {
        words_[starts_[level] + number / 64] |= std::uint64_t{1} << (number % 64);
        number /= 64;
    }
}

std::uint32_t SmallestFirst::pop() noexcept {
    std::uint32_t number = 0;
    for (std::uint32_t level = top_ + 1; level-- > 0;) {
        const std::uint64_t word = words_[starts_[level] + number];
        number = number * 64 + static_cast<std::uint32_t>(std::countr_zero(word));
    }
    std::uint32_t emptied = number;
    for (std::uint32_t level = 0; level <= top_; ++level) {
        std::uint64_t& word = words_[starts_[level] + emptied / 64];
        word &= ~(std::uint64_t{1} << (emptied % 64));
        if (word != 0) break;
        emptied /= 64;
    }
    return number;
}

void InstallOrder::run(std::span<const std::uint32_t> first,
                       std::span<const std::uint32_t> targets) {
    find_components(first, targets);
    turn_round(first, targets);
    place();
}

void InstallOrder::enter(std::uint32_t node) {
    visits_[node].index = visits_[node].low = visited_++;
    path_.push_back(node);
    stack_.push_back(node);
}

/// Tarjan's algorithm (1972) with a stack of its own.
void InstallOrder::find_components(std::span<const std::uint32_t> first,
                                   std::span<const std::uint32_t> targets) {
    const auto count = static_cast<std::uint32_t>(first.size() - 1);
    visits_.resize(count);
    for (std::uint32_t n = 0; n < count; ++n) visits_[n] = {kUnvisited, 0, first[n], kUnvisited};
    components_.clear();
    members_.clear();
    visited_ = 0;
    for (std::uint32_t start = 0; start < count; ++start) {
        if (visits_[start].index != kUnvisited) continue;
        enter(start);
        while (!path_.empty()) {
            const std::uint32_t node = path_.back();
            Visit& visit = visits_[node];
            if (visit.next < first[node + 1]) {
                const std::uint32_t target = targets[visit.next++];
                if (visits_[target].index == kUnvisited) {
                    enter(target);
                } else if (visits_[target].component == kUnvisited) {
                    visit.low = std::min(visit.low, visits_[target].index);
                }
                continue;
            }
            path_.pop_back();
            if (!path_.empty()) {
                Visit& parent = visits_[path_.back()];
                parent.low = std::min(parent.low, visit.low);
            }
            if (visit.low == visit.index) close(node);
        }
    }
}

void InstallOrder::close(std::uint32_t root) {
    const auto component = static_cast<std::uint32_t>(components_.size());
    const auto first = static_cast<std::uint32_t>(members_.size());
    for (;;) {
        const std::uint32_t node = stack_.back();
        stack_.pop_back();
        visits_[node].component = component;
        members_.push_back(node);
        if (node == root) break;
    }
    if (members_.size() - first > 1) std::sort(members_.begin() + first, members_.end());
    components_.push_back({members_[first], first, 0});
}

/// Lists for each component who depends on it.
void InstallOrder::turn_round(std::span<const std::uint32_t> first,
                              std::span<const std::uint32_t> targets) {
    dependents_first_.assign(components_.size() + 2, 0);
    const auto each = [&](const auto& take) {
        for (std::uint32_t n = 0; n < visits_.size(); ++n) {
            const std::uint32_t from = visits_[n].component;
            for (std::uint32_t i = first[n]; i < first[n + 1]; ++i) {
                const std::uint32_t to = visits_[targets[i]].component;
                if (to != from) take(from, to);
            }
        }
    };
    // Counted one place further on, so that filling them moves each start to where it belongs.
    each([this](std::uint32_t from, std::uint32_t to) {
        ++dependents_first_[to + 2];
        ++components_[from].waiting;
    });
    for (std::size_t c = 2; c < dependents_first_.size(); ++c) {
        dependents_first_[c] += dependents_first_[c - 1];
    }
    dependents_.resize(dependents_first_.back());
    each([this](std::uint32_t from, std::uint32_t to) {
        dependents_[dependents_first_[to + 1]++] = from;
    });
}

/// Smallest member first among the components whose dependencies are all placed.
void InstallOrder::place() {
    nodes_.clear();
    ends_.clear();
    ready_.clear(static_cast<std::uint32_t>(visits_.size()));
    for (const Component& component : components_) {
        if (component.waiting == 0) ready_.insert(component.smallest);
    }
    while (!ready_.empty()) {
        const std::uint32_t c = visits_[ready_.pop()].component;
        const std::size_t end =
            c + std::size_t{1} < components_.size() ? components_[c + 1].first : members_.size();
        for (std::size_t i = components_[c].first; i < end; ++i) nodes_.push_back(members_[i]);
        ends_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        for (std::uint32_t i = dependents_first_[c]; i < dependents_first_[c + 1]; ++i) {
            Component& dependent = components_[dependents_[i]];
            if (--dependent.waiting == 0) ready_.insert(dependent.smallest);
        }
    }
}

}  // namespace engine

std::vector<std::vector<std::size_t>> install_order(std::size_t count,
                                                    const std::vector<Edge>& edges) {
    std::vector<std::uint32_t> first(count + 2, 0);
    for (const Edge& edge : edges) ++first[edge.from + 2];
    for (std::size_t n = 2; n < first.size(); ++n) first[n] += first[n - 1];
    std::vector<std::uint32_t> targets(edges.size());
    for (const Edge& edge : edges) {
        targets[first[edge.from + 1]++] = static_cast<std::uint32_t>(edge.to);
    }
    first.pop_back();
    engine::InstallOrder found;
    found.run(first, targets);
    std::vector<std::vector<std::size_t>> order;
    order.reserve(found.ends().size());
    std::uint32_t begin = 0;
    for (const std::uint32_t end : found.ends()) {
        const auto members = found.nodes().subspan(begin, end - begin);
        order.emplace_back(members.begin(), members.end());
        begin = end;
    }
    return order;
}

}  // namespace catalog::resolve
