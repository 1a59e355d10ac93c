#include "frozen_answer.hpp"

#include <algorithm>
#include <utility>

namespace catalog::resolve::engine {

namespace {

/// Below this many packages comparing is faster than counting.
constexpr std::size_t kCountingSortMin = 64;
constexpr std::uint32_t kDigitBits = 10;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

}  // namespace

/// Sorts by name. Names are numbered in the order of their texts and versions in that of names, but
/// for those that were added later.
void FrozenAnswer::sort_keys() {
    if (world_.universe().view().over != nullptr) {
        std::sort(keys_.begin(), keys_.end(),
                  [this](std::uint64_t a, std::uint64_t b) { return name_of(a) < name_of(b); });
        return;
    }
    if (keys_.size() < kCountingSortMin) {
        std::sort(keys_.begin(), keys_.end());
        return;
    }
    const std::size_t bound = world_.universe().view().versions.size();
    for (std::uint32_t shift = 0; (bound >> shift) != 0; shift += kDigitBits) {
        const auto digit = [shift](std::uint64_t key) {
            return static_cast<std::size_t>(key >> (32 + shift)) & (kDigits - 1);
        };
        counts_.assign(kDigits + 1, 0);
        for (const std::uint64_t key : keys_) ++counts_[digit(key) + 1];
        for (std::size_t d = 1; d < kDigits; ++d) counts_[d] += counts_[d - 1];
        scratch_.resize(keys_.size());
        for (const std::uint64_t key : keys_) scratch_[counts_[digit(key)]++] = key;
        std::swap(keys_, scratch_);
    }
}

void FrozenAnswer::take() {
    elsewhere_.reset();
    linked_ = false;
    ordered_ = false;
    // Whatever is required is reached from the roots: without the rest the answer would be as
    // valid, so that nothing that follows from the request can require any of it.
    keys_.clear();
    for (const NodeId node : world_.solver().required()) {
        if (!world_.is_package(node)) continue;
        keys_.push_back((std::uint64_t{world_.version_in(node)} << 32) | node);
    }
    sort_keys();
    versions_.resize(keys_.size());
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        versions_[i] = static_cast<std::uint32_t>(keys_[i] >> 32);
    }
    roots_.clear();
    if (world_.roots().empty()) return;
    write_places();
    for (const NodeId root : world_.roots()) {
        roots_.push_back(place_of_node_[world_.serving(root)]);
    }
}

Result<void> FrozenAnswer::take(Solution solution) {
    const FrozenUniverse::View& view = world_.universe().view();
    linked_ = true;
    ordered_ = false;
    versions_.clear();
    for (const Resolved& package : solution.packages) {
        versions_.push_back(view.find_version(view.find(package.name), package.candidate));
        if (versions_.back() == frozen::kNone) {
            return fail(Errc::kUniverseInvalid, "a frozen universe contradicts itself");
        }
    }
    roots_.assign(solution.roots.begin(), solution.roots.end());
    edges_.clear();
    for (const Edge& edge : solution.edges) {
        edges_.push_back({static_cast<std::uint32_t>(edge.from),
                          static_cast<std::uint32_t>(edge.to), edge.kind,
                          static_cast<std::uint32_t>(edges_.size())});
    }
    elsewhere_ = std::move(solution);
    return {};
}

std::string_view FrozenAnswer::name_of(std::uint64_t key) const {
    return world_.universe().view().name(world_.name_of(static_cast<NodeId>(key)));
}

void FrozenAnswer::write_places() {
    place_of_node_.resize(world_.solver().node_count());
    for (std::uint32_t i = 0; i < keys_.size(); ++i) {
        place_of_node_[static_cast<NodeId>(keys_[i])] = i;
    }
}

std::span<const FrozenEdge> FrozenAnswer::edges() {
    if (linked_) return edges_;
    edges_.clear();
    for (std::uint32_t from = 0; from < keys_.size(); ++from) {
        const auto node = static_cast<NodeId>(keys_[from]);
        write_edges_of(from, world_.solver().consequences(node, world_.solver().value_of(node)));
    }
    linked_ = true;
    return edges_;
}

void FrozenAnswer::write_edges_of(std::uint32_t from, std::span<const Consequence> consequences) {
    row_.clear();
    for (const Consequence& c : consequences) {
        if (c.via == kNoNode) continue;  // a conflict
        const std::uint32_t to = place_of_node_[world_.serving(c.node)];
        // Rows are short: put in place rather than sorted afterwards.
        row_.push_back((std::uint64_t{to} << 32) | c.via);
        for (std::size_t i = row_.size() - 1; i > 0 && row_[i] < row_[i - 1]; --i) {
            std::swap(row_[i], row_[i - 1]);
        }
    }
    for (const std::uint64_t made : row_) {
        edges_.push_back({from, static_cast<std::uint32_t>(made >> 32), DependencyKind::kRequired,
                          static_cast<std::uint32_t>(made)});
    }
}

const InstallOrder& FrozenAnswer::order() {
    if (ordered_) return order_;
    first_edges_.assign(1, 0);
    targets_.clear();
    for (const FrozenEdge& edge : edges()) {
        while (first_edges_.size() <= edge.from) {
            first_edges_.push_back(static_cast<std::uint32_t>(targets_.size()));
        }
        targets_.push_back(edge.to);
    }
    first_edges_.resize(versions_.size() + 1, static_cast<std::uint32_t>(targets_.size()));
    order_.run(first_edges_, targets_);
    ordered_ = true;
    return order_;
}

std::string_view FrozenAnswer::name(std::uint32_t place) const {
    if (elsewhere_) return elsewhere_->packages[place].name;
    return name_of(keys_[place]);
}

Candidate FrozenAnswer::candidate(std::uint32_t place) const {
    return world_.universe().view().candidate(versions_[place]);
}

std::string_view FrozenAnswer::asked_as(const FrozenEdge& edge) const {
    if (elsewhere_) return elsewhere_->edges[edge.requirement].as;
    const FrozenUniverse::View& view = world_.universe().view();
    const frozen::RequirementEntry& entry = *view.requirement(edge.requirement);
    if (entry.name != frozen::kNone) return view.name(entry.name);
    const std::uint32_t name = world_.name_of(static_cast<NodeId>(keys_[edge.to]));
    for (const frozen::RequirementEntry& part : view.parts(entry)) {
        if (part.target == name && part.name != frozen::kNone) return view.name(part.name);
    }
    // The first alternative that it meets.
    const auto list = view.list(entry.constraint);
    const std::uint32_t value = versions_[edge.to] - view.versions_of(name).first + 1;
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        const auto constraint = view.constraint(list[i + 1]);
        if (!constraint) continue;
        std::vector<frozen::Part> parts;
        frozen::Compiler(view).meet(list[i], *constraint, parts);
        for (const frozen::Part& part : parts) {
            if (part.target == name && has_bit(part.mask.data(), value)) return view.name(list[i]);
        }
    }
    return view.name(name);
}

std::vector<Edge> FrozenAnswer::named_edges() {
    struct Named {
        std::uint32_t to;
        std::string_view as;
        auto operator<=>(const Named&) const = default;
    };
    const std::span<const FrozenEdge> all = edges();
    std::vector<Edge> named;
    named.reserve(all.size());
    std::vector<Named> row;
    for (std::size_t i = 0; i < all.size();) {
        const std::uint32_t from = all[i].from;
        row.clear();
        for (; i < all.size() && all[i].from == from; ++i) {
            row.push_back({all[i].to, asked_as(all[i])});
        }
        std::sort(row.begin(), row.end());
        row.erase(std::unique(row.begin(), row.end()), row.end());
        for (const Named& edge : row) {
            named.push_back({from, edge.to, DependencyKind::kRequired, std::string(edge.as)});
        }
    }
    return named;
}

Solution FrozenAnswer::to_solution() {
    Solution solution;
    if (elsewhere_) {
        solution = *elsewhere_;
        solution.stats = stats;
        return solution;
    }
    solution.stats = stats;
    solution.packages.resize(versions_.size());
    for (std::uint32_t i = 0; i < versions_.size(); ++i) {
        solution.packages[i].name = name(i);
        solution.packages[i].candidate = candidate(i);
    }
    solution.roots.assign(roots_.begin(), roots_.end());
    solution.edges = named_edges();
    const InstallOrder& sorted = order();
    solution.order.reserve(sorted.ends().size());
    std::uint32_t begin = 0;
    for (const std::uint32_t end : sorted.ends()) {
        const auto members = sorted.nodes().subspan(begin, end - begin);
        solution.order.emplace_back(members.begin(), members.end());
        begin = end;
    }
    return solution;
}

}  // namespace catalog::resolve::engine
