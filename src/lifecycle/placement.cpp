#include "placement.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kNestingMax = 64;

std::string text_of(const resolve::Resolved& package) {
    return package.name + "@" + package.candidate.version.to_string();
}

/// A tree of node_modules folders while it is being filled.
class NodeModulesTree {
public:
    explicit NodeModulesTree(const resolve::Solution& solution)
        : solution_(solution), needs_(solution.packages.size()) {
        for (const resolve::Edge& edge : solution.edges) needs_[edge.from].push_back(edge.to);
    }

    Result<std::vector<Placement>> place() {
        for (const auto& [name, package] : choose_top())
            put(package, "node_modules/" + name, std::nullopt);
        for (std::size_t next = 0; next < copies_.size(); ++next) {
            for (const std::size_t needed : needs_[copies_[next].package]) {
                if (visible_from(next, name_of(needed)) == needed) continue;
                if (copies_[next].depth == kNestingMax)
                    return fail(Error(Errc::kInstallConflict,
                                      "versions of " + name_of(needed) + " nest more than 64 deep")
                                    .with_hint("use the isolated layout"));
                put(needed, copies_[next].location + "/node_modules/" + name_of(needed), next);
            }
        }
        std::vector<Placement> placements;
        for (const Copy& copy : copies_) placements.push_back({copy.package, copy.location});
        std::ranges::sort(placements, {}, &Placement::location);
        return placements;
    }

private:
    struct Copy {
        std::size_t package;
        std::string location;
        std::optional<std::size_t>
            inside;  ///< The copy in whose node_modules it stands; none: on top.
        std::size_t depth = 0;
        std::map<std::string, std::size_t, std::less<>> children =
            {};  ///< What stands in its own node_modules, by name.
    };

    [[nodiscard]] const std::string& name_of(std::size_t package) const {
        return solution_.packages[package].name;
    }

    [[nodiscard]] std::map<std::string, std::size_t> choose_top() const {
        std::vector<std::size_t> dependents(solution_.packages.size(), 0);
        for (const resolve::Edge& edge : solution_.edges) ++dependents[edge.to];
        const auto rank = [&](std::size_t package) {
            const bool root = std::ranges::find(solution_.roots, package) != solution_.roots.end();
            return std::pair(root, dependents[package]);
        };
        std::map<std::string, std::size_t> top;
        for (std::size_t package = 0; package < solution_.packages.size(); ++package) {
            // Packages come in order of versions, so of equals the newest stays.
            const auto [place, added] = top.emplace(name_of(package), package);
            if (!added && rank(package) >= rank(place->second)) place->second = package;
        }
        return top;
    }

    void put(std::size_t package, std::string location, std::optional<std::size_t> inside) {
        (inside ? copies_[*inside].children : top_).insert_or_assign(name_of(package), package);
        copies_.push_back(
            {package, std::move(location), inside, inside ? copies_[*inside].depth + 1 : 0});
    }

    /// Returns what Node.js would find under `name` from inside a copy.
    [[nodiscard]] std::optional<std::size_t> visible_from(std::size_t copy,
                                                          const std::string& name) const {
        for (std::optional<std::size_t> at = copy; at; at = copies_[*at].inside) {
            const auto found = copies_[*at].children.find(name);
            if (found != copies_[*at].children.end()) return found->second;
        }
        const auto found = top_.find(name);
        return found == top_.end() ? std::nullopt : std::optional(found->second);
    }

    const resolve::Solution& solution_;
    std::vector<std::vector<std::size_t>> needs_;
    std::deque<Copy> copies_;
    std::map<std::string, std::size_t, std::less<>> top_;
};

Error merge_conflict(const resolve::Solution& solution, std::size_t a, std::size_t b,
                     const std::string& path) {
    return Error(Errc::kInstallConflict, text_of(solution.packages[a]) + " and " +
                                             text_of(solution.packages[b]) + " both have " + path)
        .with_input(path)
        .with_hint("use the isolated layout, or install them into different prefixes");
}

}  // namespace

Result<std::vector<Placement>> place_packages(const resolve::Solution& solution, Layout layout) {
    if (layout == Layout::kNodeModules) return NodeModulesTree(solution).place();
    std::vector<Placement> placements;
    for (std::size_t i = 0; i < solution.packages.size(); ++i) {
        const resolve::Resolved& package = solution.packages[i];
        placements.push_back(
            {i, layout == Layout::kMerged
                    ? ""
                    : "pkgs/" + package.name + "/" + package.candidate.version.to_string()});
    }
    std::ranges::sort(placements, {}, [](const Placement& placement) {
        return std::tie(placement.location, placement.package);
    });
    return placements;
}

Result<void> check_merged(const resolve::Solution& solution,
                          const std::vector<const package::FileTable*>& tables) {
    struct Owner {
        std::size_t package;
        const package::FileEntry* entry;
    };
    std::map<std::string_view, Owner> owners;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        for (const package::FileEntry& entry : tables[i]->entries()) {
            const auto [place, added] = owners.emplace(entry.path, Owner{i, &entry});
            const bool both_folders =
                entry.kind == package::FileEntryKind::kDirectory &&
                place->second.entry->kind == package::FileEntryKind::kDirectory;
            if (!added && !both_folders)
                return fail(merge_conflict(solution, place->second.package, i, entry.path));
        }
    }
    for (const auto& [path, owner] : owners) {
        for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
             slash = path.find('/', slash + 1)) {
            const auto above = owners.find(path.substr(0, slash));
            if (above == owners.end() ||
                above->second.entry->kind == package::FileEntryKind::kDirectory)
                continue;
            return fail(merge_conflict(solution, above->second.package, owner.package,
                                       std::string(path.substr(0, slash))));
        }
    }
    return {};
}

}  // namespace catalog::lifecycle
