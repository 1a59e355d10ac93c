// install_order: every answer needs one, so this is done over flat arrays rather than with
// Boost.Graph, whose lists of lists cost more than the rest of an answer.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>

#include "catalog/resolve/graph_resolver.hpp"

namespace catalog::resolve {

namespace {

constexpr std::uint32_t kUnvisited = 0xffff'ffff;

/// The targets of each node, one after another.
struct Rows {
    std::vector<std::uint32_t> first;
    std::vector<std::uint32_t> targets;
};

template <class From, class To>
Rows make_rows(std::size_t count, const std::vector<Edge>& edges, const From& from, const To& to) {
    Rows rows;
    rows.first.assign(count + 1, 0);
    for (const Edge& edge : edges) ++rows.first[from(edge) + 1];
    for (std::size_t n = 1; n <= count; ++n) rows.first[n] += rows.first[n - 1];
    rows.targets.resize(edges.size());
    std::vector<std::uint32_t> next(rows.first.begin(), rows.first.end() - 1);
    for (const Edge& edge : edges) {
        rows.targets[next[from(edge)]++] = static_cast<std::uint32_t>(to(edge));
    }
    return rows;
}

/// Tarjan's algorithm with a stack of its own.
class ComponentFinder {
public:
    explicit ComponentFinder(const Rows& rows)
        : rows_(rows),
          component(rows.first.size() - 1, kUnvisited),
          index_(component.size(), kUnvisited),
          low_(component.size(), 0),
          next_(rows.first.begin(), rows.first.end() - 1) {
        for (std::uint32_t node = 0; node < component.size(); ++node) {
            if (index_[node] == kUnvisited) visit(node);
        }
    }

private:
    void enter(std::uint32_t node) {
        index_[node] = low_[node] = visited_++;
        path_.push_back(node);
        stack_.push_back(node);
    }

    void visit(std::uint32_t start) {
        enter(start);
        while (!path_.empty()) {
            const std::uint32_t node = path_.back();
            if (next_[node] < rows_.first[node + 1]) {
                const std::uint32_t target = rows_.targets[next_[node]++];
                if (index_[target] == kUnvisited) {
                    enter(target);
                } else if (component[target] == kUnvisited) {
                    low_[node] = std::min(low_[node], index_[target]);
                }
                continue;
            }
            path_.pop_back();
            if (!path_.empty()) low_[path_.back()] = std::min(low_[path_.back()], low_[node]);
            if (low_[node] == index_[node]) close(node);
        }
    }

    void close(std::uint32_t root) {
        for (;;) {
            const std::uint32_t node = stack_.back();
            stack_.pop_back();
            component[node] = count;
            if (node == root) break;
        }
        ++count;
    }

    const Rows& rows_;

public:
    std::vector<std::uint32_t> component;
    std::uint32_t count = 0;

private:
    std::vector<std::uint32_t> index_;
    std::vector<std::uint32_t> low_;
    std::vector<std::uint32_t> next_;
    std::vector<std::uint32_t> path_;
    std::vector<std::uint32_t> stack_;
    std::uint32_t visited_ = 0;
};

}  // namespace

std::vector<std::vector<std::size_t>> install_order(std::size_t count,
                                                    const std::vector<Edge>& edges) {
    const auto from = [](const Edge& edge) { return edge.from; };
    const auto to = [](const Edge& edge) { return edge.to; };
    const Rows dependencies = make_rows(count, edges, from, to);
    const ComponentFinder found(dependencies);
    const Rows dependents = make_rows(count, edges, to, from);
    std::vector<std::uint32_t> smallest(found.count, kUnvisited);
    std::vector<std::uint32_t> sizes(found.count, 0);
    for (std::uint32_t node = 0; node < count; ++node) {
        const std::uint32_t c = found.component[node];
        smallest[c] = std::min(smallest[c], node);
        ++sizes[c];
    }
    std::vector<std::uint32_t> waiting(found.count, 0);
    for (const Edge& edge : edges) {
        if (found.component[edge.from] != found.component[edge.to]) {
            ++waiting[found.component[edge.from]];
        }
    }
    std::vector<std::vector<std::size_t>> members(found.count);
    for (std::uint32_t c = 0; c < found.count; ++c) members[c].reserve(sizes[c]);
    for (std::uint32_t node = 0; node < count; ++node) {
        members[found.component[node]].push_back(node);
    }
    // Smallest member first among the components whose dependencies are all placed.
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t c = 0; c < found.count; ++c) {
        if (waiting[c] == 0) ready.push(smallest[c]);
    }
    std::vector<std::vector<std::size_t>> order;
    order.reserve(found.count);
    while (!ready.empty()) {
        const std::uint32_t c = found.component[ready.top()];
        ready.pop();
        for (const std::size_t node : members[c]) {
            for (std::uint32_t i = dependents.first[node]; i < dependents.first[node + 1]; ++i) {
                const std::uint32_t dependent = found.component[dependents.targets[i]];
                if (dependent != c && --waiting[dependent] == 0) ready.push(smallest[dependent]);
            }
        }
        order.push_back(std::move(members[c]));
    }
    return order;
}

}  // namespace catalog::resolve
