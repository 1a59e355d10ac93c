#include "catalog/resolve/constraint_validator.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <optional>
#include <utility>

namespace catalog::resolve {

namespace {

using Kind = ConstraintFinding::Kind;
using version::Dialect;
using version::PrereleaseRule;
using version::VersionReq;

constexpr std::size_t kListedMax = 3;

std::string constraint_text(const Target& target) {
    return target.name + " " + target.constraint.to_string();
}

ConstraintFinding finding(Kind kind, std::size_t index, const Target& target, std::string message) {
    ConstraintFinding found;
    found.kind = kind;
    found.index = found.other = index;
    found.length = target.constraint.to_string().size();
    found.message = std::move(message);
    return found;
}

/// What of `versions` a constraint could take under either pre-release rule.
struct Tally {
    std::size_t usable = 0;
    std::size_t yanked = 0;
    std::size_t prereleases = 0;
};

void count_version(const version::VersionConstraint& constraint, const version::SemVer& version,
                   bool yanked, Tally& tally) {
    const auto* range = constraint.get_if<version::Range>();
    if (constraint.matches(version)) {
        yanked ? ++tally.yanked : ++tally.usable;
    } else if (range != nullptr && version.is_prerelease() &&
               range->req.matches(version, PrereleaseRule::kInclude)) {
        ++tally.prereleases;
    }
}

std::string newest_of(const std::vector<Candidate>& candidates) {
    std::vector<version::SemVer> versions;
    for (const Candidate& candidate : candidates)
        if (candidate.source_id.empty()) versions.push_back(candidate.version);
    std::ranges::sort(versions, std::greater<>());
    std::string text;
    for (std::size_t i = 0; i < versions.size() && i < kListedMax; ++i)
        text += (i == 0 ? "" : ", ") + versions[i].to_string();
    if (versions.size() > kListedMax)
        text += " and " + std::to_string(versions.size() - kListedMax) + " more";
    return text;
}

/// The alternatives of an npm range, by where they stand in its text.
std::vector<std::pair<std::size_t, std::size_t>> alternatives_of(std::string_view text) {
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    for (std::size_t from = 0;;) {
        const std::size_t bar = std::min(text.find("||", from), text.size());
        std::size_t begin = from;
        std::size_t end = bar;
        while (begin < end && text[begin] == ' ') ++begin;
        while (end > begin && text[end - 1] == ' ') --end;
        parts.emplace_back(begin, end - begin);
        if (bar == text.size()) return parts;
        from = bar + 2;
    }
}

void check_alternatives(const Target& target, std::size_t index,
                        std::vector<ConstraintFinding>& findings) {
    const auto* range = target.constraint.get_if<version::Range>();
    if (range == nullptr || range->req.dialect() != Dialect::kNpm) return;
    const std::string& text = range->req.text();
    const auto parts = alternatives_of(text);
    if (parts.size() < 2) return;
    std::vector<std::optional<VersionReq>> reqs;
    for (const auto& [offset, length] : parts) {
        const Result<VersionReq> req =
            VersionReq::parse(std::string_view(text).substr(offset, length), Dialect::kNpm);
        reqs.push_back(req ? std::optional<VersionReq>(*req) : std::nullopt);
    }
    for (std::size_t later = 0; later < reqs.size(); ++later) {
        for (std::size_t earlier = 0; earlier < reqs.size(); ++earlier) {
            if (earlier == later || !reqs[earlier] || !reqs[later]) continue;
            const VersionReq& inner = *reqs[later];
            const VersionReq& outer = *reqs[earlier];
            // Of two equal ones the second is the shadowed one.
            if (!inner.set().is_subset_of(outer.set()) ||
                !inner.admitted_prereleases().is_subset_of(outer.admitted_prereleases()) ||
                (inner.set() == outer.set() && earlier > later))
                continue;
            ConstraintFinding found =
                finding(Kind::kShadowed, index, target,
                        "in " + constraint_text(target) + " the alternative " + inner.text() +
                            " adds nothing to " + outer.text());
            std::tie(found.offset, found.length) = parts[later];
            findings.push_back(std::move(found));
            break;
        }
    }
}

/// What two constraints on one name say of each other.
std::optional<ConstraintFinding> compare_constraints(const std::vector<Target>& all, std::size_t a,
                                                     std::size_t b) {
    const version::VersionConstraint& first = all[a].constraint;
    const version::VersionConstraint& second = all[b].constraint;
    const auto make = [&](Kind kind, std::size_t index, std::size_t other, std::string message) {
        ConstraintFinding found = finding(kind, index, all[index], std::move(message));
        found.other = other;
        return found;
    };
    const auto contradiction = [&] {
        return make(Kind::kContradiction, b, a,
                    constraint_text(all[a]) + " and " + constraint_text(all[b]) +
                        " have no version in common");
    };
    if (!first.source_id().empty() || !second.source_id().empty()) {
        if (first.source_id() == second.source_id())
            return make(Kind::kRedundant, b, a, constraint_text(all[b]) + " is there twice");
        return contradiction();
    }
    // Which version is the latest is not a matter of bounds.
    if (first.get_if<version::Latest>() != nullptr || second.get_if<version::Latest>() != nullptr) {
        if (first == second)
            return make(Kind::kRedundant, b, a, constraint_text(all[b]) + " is there twice");
        return std::nullopt;
    }
    if (first.set().is_disjoint_from(second.set())) {
        // An empty set is reported by itself.
        if (first.set().is_empty() || second.set().is_empty()) return std::nullopt;
        return contradiction();
    }
    if (first.set().is_subset_of(second.set()))
        return make(Kind::kRedundant, b, a,
                    constraint_text(all[b]) + " is implied by " + constraint_text(all[a]));
    if (second.set().is_subset_of(first.set()))
        return make(Kind::kRedundant, a, b,
                    constraint_text(all[a]) + " is implied by " + constraint_text(all[b]));
    return std::nullopt;
}

}  // namespace

std::string_view finding_kind_name(Kind kind) noexcept {
    constexpr std::array<std::string_view, 7> kNames = {
        "unknown-package", "unsatisfiable", "only-yanked", "only-prereleases",
        "contradiction",   "redundant",     "shadowed"};
    return kNames[static_cast<std::size_t>(kind)];
}

Result<void> ConstraintValidator::check_alone(const Target& target, std::size_t index,
                                              std::vector<ConstraintFinding>& findings) {
    if (!target.constraint.source_id().empty()) return {};
    const std::string text = constraint_text(target);
    CATALOG_TRY(const std::vector<Candidate> candidates, provider_.versions(target.name));
    CATALOG_TRY(const std::vector<VirtualProvider> providers, provider_.providers(target.name));
    if (candidates.empty() && providers.empty()) {
        findings.push_back(
            finding(Kind::kUnknownPackage, index, target,
                    text + ": no package is called " + target.name + " and none provides it"));
        return {};
    }
    Tally tally;
    for (const Candidate& candidate : candidates)
        if (candidate.source_id.empty())
            count_version(target.constraint, candidate.version, candidate.yanked, tally);
    for (const VirtualProvider& provider : providers)
        count_version(target.constraint, provider.provided, provider.candidate.yanked, tally);
    if (tally.usable > 0) return {};
    if (target.constraint.set().is_empty()) {
        findings.push_back(finding(Kind::kUnsatisfiable, index, target,
                                   text + ": its bounds exclude every version"));
    } else if (tally.yanked > 0) {
        findings.push_back(
            finding(Kind::kOnlyYanked, index, target, text + ": only yanked versions match"));
    } else if (tally.prereleases > 0) {
        findings.push_back(finding(Kind::kOnlyPrereleases, index, target,
                                   text + ": only pre-releases lie within its bounds"));
    } else {
        const std::string newest = newest_of(candidates);
        findings.push_back(finding(
            Kind::kUnsatisfiable, index, target,
            text + ": no version matches" + (newest.empty() ? "" : "; newest are " + newest)));
    }
    return {};
}

Result<std::vector<ConstraintFinding>> ConstraintValidator::validate(
    const std::vector<Target>& constraints) {
    std::vector<ConstraintFinding> findings;
    for (std::size_t i = 0; i < constraints.size(); ++i) {
        CATALOG_TRY_VOID(check_alone(constraints[i], i, findings));
        check_alternatives(constraints[i], i, findings);
        for (std::size_t earlier = 0; earlier < i; ++earlier) {
            if (constraints[earlier].name != constraints[i].name) continue;
            if (auto found = compare_constraints(constraints, earlier, i))
                findings.push_back(*std::move(found));
        }
    }
    std::ranges::stable_sort(findings, {}, &ConstraintFinding::index);
    return findings;
}

Result<std::vector<ConstraintFinding>> ConstraintValidator::validate(const Request& request) {
    std::vector<Target> targets;
    for (const Root& root : request.roots) targets.push_back(root.target);
    targets.insert(targets.end(), request.constraints.begin(), request.constraints.end());
    return validate(targets);
}

}  // namespace catalog::resolve
