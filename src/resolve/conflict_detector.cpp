#include "catalog/resolve/conflict_detector.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <utility>

#include "remembering_provider.hpp"

namespace catalog::resolve {

namespace {

/// Which of `left` (indexes into the request) the failure of `part` blames; all when it does not
/// say.
std::vector<std::size_t> blamed_indexes(const Request& part, const std::vector<std::size_t>& left,
                                        const Error& failure) {
    const Explanation explanation = explanation_of(failure);
    std::vector<std::size_t> blamed;
    for (std::size_t i = 0; i < part.roots.size(); ++i) {
        const Target& target = part.roots[i].target;
        const std::string text = target.name + " " + target.constraint.to_string();
        const bool named = std::ranges::any_of(explanation.roots, [&](const std::string& root) {
            return root == text || root == target.name || root.starts_with(text + " with ");
        });
        if (named) blamed.push_back(left[i]);
    }
    return blamed.empty() ? left : blamed;
}

std::string member_text(const Resolved& package) {
    return package.name + " " + package.candidate.version.to_string();
}

bool is_met_by(const Target& target, const Resolved& package) {
    const std::string source = target.constraint.source_id();
    if (package.name != target.name || package.candidate.source_id != source) return false;
    return !source.empty() || target.constraint.matches(package.candidate.version);
}

/// The packages of a set, what they provide, and what of that does not fit.
class SetCheck {
public:
    explicit SetCheck(const std::vector<Resolved>& packages) : packages_(packages) {}

    Result<std::vector<PackageConflict>> run(DependencyProvider& provider,
                                             const Platform& platform) {
        for (const Resolved& package : packages_) {
            CATALOG_TRY(PackageRecord record, provider.record(package.name, package.candidate));
            records_.push_back(std::move(record));
        }
        for (std::size_t i = 0; i < packages_.size(); ++i) {
            const auto [first, fresh] = by_name_.emplace(packages_[i].name, i);
            if (!fresh)
                add(PackageConflict::Kind::kTwice, i, first->second,
                    member_text(packages_[first->second]) + " and " + member_text(packages_[i]) +
                        " are both there");
        }
        for (std::size_t i = 0; i < packages_.size(); ++i) {
            for (const Requirement& requirement : records_[i].dependencies)
                if (requirement.kind == DependencyKind::kRequired ||
                    requirement.kind == DependencyKind::kPeer)
                    if (requirement.platform.matches(platform)) check_requirement(i, requirement);
            for (const Target& conflict : records_[i].conflicts) check_conflict(i, conflict);
        }
        return std::move(conflicts_);
    }

private:
    void add(PackageConflict::Kind kind, std::size_t from, std::size_t to, std::string message) {
        PackageConflict conflict;
        conflict.kind = kind;
        conflict.from = from;
        conflict.to = to;
        conflict.message = std::move(message);
        conflicts_.push_back(std::move(conflict));
    }

    [[nodiscard]] bool is_provided(const Target& target) const {
        return std::ranges::any_of(records_, [&](const PackageRecord& record) {
            return std::ranges::any_of(record.provides, [&](const Provided& provided) {
                return provided.name == target.name && target.constraint.source_id().empty() &&
                       target.constraint.matches(provided.version);
            });
        });
    }

    [[nodiscard]] bool is_met(const Target& target) const {
        return is_provided(target) || std::ranges::any_of(packages_, [&](const Resolved& package) {
                   return is_met_by(target, package);
               });
    }

    void check_requirement(std::size_t from, const Requirement& requirement) {
        const Target& target = requirement.target;
        if (is_met(target) || std::ranges::any_of(requirement.any_of, [&](const Target& other) {
                return is_met(other);
            }))
            return;
        const std::string needs = member_text(packages_[from]) + " needs " + target.name + " " +
                                  target.constraint.to_string();
        const auto other = by_name_.find(target.name);
        if (other == by_name_.end()) {
            add(PackageConflict::Kind::kMissing, from, from, needs + ", which is not there");
        } else {
            add(PackageConflict::Kind::kVersion, from, other->second,
                needs + ", but " + member_text(packages_[other->second]) + " is there");
        }
    }

    void check_conflict(std::size_t from, const Target& target) {
        for (std::size_t to = 0; to < packages_.size(); ++to) {
            if (to == from) continue;
            const version::VersionSet set = target.constraint.set();
            bool hit =
                packages_[to].name == target.name && set.contains(packages_[to].candidate.version);
            for (const Provided& provided : records_[to].provides)
                hit |= provided.name == target.name && set.contains(provided.version);
            if (hit)
                add(PackageConflict::Kind::kDeclared, from, to,
                    member_text(packages_[from]) + " conflicts with " + member_text(packages_[to]));
        }
    }

    const std::vector<Resolved>& packages_;
    std::vector<PackageRecord> records_;
    std::map<std::string, std::size_t> by_name_;
    std::vector<PackageConflict> conflicts_;
};

}  // namespace

Result<std::vector<RootConflict>> ConflictDetector::detect(const Request& request,
                                                           const CallContext& context) {
    RememberingProvider remembered(provider_);
    std::vector<RootConflict> conflicts;
    std::vector<std::size_t> left(request.roots.size());
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
    while (!left.empty()) {
        Request part = request;
        part.roots.clear();
        for (const std::size_t i : left) part.roots.push_back(request.roots[i]);
        const Result<Solution> solution = resolver_.resolve(part, remembered, context);
        if (solution) break;
        const Errc code = solution.error().code();
        if (code != Errc::kUnsatisfiable && code != Errc::kUnknownPackage)
            return fail(solution.error());
        RootConflict conflict;
        conflict.roots = blamed_indexes(part, left, solution.error());
        conflict.explanation = explanation_of(solution.error());
        std::erase_if(left, [&](std::size_t i) {
            return std::ranges::find(conflict.roots, i) != conflict.roots.end();
        });
        conflicts.push_back(std::move(conflict));
    }
    return conflicts;
}

Result<std::vector<PackageConflict>> ConflictDetector::detect_between(
    const std::vector<Resolved>& packages, const Platform& platform) {
    return SetCheck(packages).run(provider_, platform);
}

}  // namespace catalog::resolve
