#include "catalog/library/constraint_remarks.hpp"

#include <algorithm>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/package/constraint_places.hpp"

namespace catalog::library {

namespace {

using package::ConstraintPlace;
using resolve::ConstraintFinding;

/// Places that are looked at together, and what is said of them.
using PlaceGroup = std::vector<const ConstraintPlace*>;

/// Whether what is said of `place` because of `other` holds whenever `place` does. Optional and
/// development dependencies are not always there; what they imply is no reason to leave one out.
bool is_said_always(const ConstraintFinding& finding, const ConstraintPlace& place,
                    const ConstraintPlace& other) {
    return finding.kind != ConstraintFinding::Kind::kRedundant ||
           other.kind == DependencyKind::kRequired || other.kind == place.kind;
}

std::string place_text(std::string_view file_name, const ConstraintPlace& place,
                       const ConstraintFinding& finding) {
    const std::uint64_t column = place.column + (place.verbatim ? finding.offset : 0);
    return std::string(file_name) + ":" + std::to_string(place.line) + ":" + std::to_string(column);
}

}  // namespace

Result<std::vector<std::string>> constraint_remarks(AssetLibrary& library, std::string_view text,
                                                    std::string_view file_name,
                                                    const CallContext& context,
                                                    const Limits& limits) {
    CATALOG_TRY(const std::vector<ConstraintPlace> places,
                package::constraint_places(text, file_name, limits));
    std::vector<PlaceGroup> groups(1);
    for (const ConstraintPlace& place : places) {
        const bool alone =
            place.conditional || place.alternative || place.kind == DependencyKind::kPeer;
        if (alone)
            groups.push_back({&place});
        else
            groups.front().push_back(&place);
    }
    std::vector<std::pair<std::uint64_t, std::string>> remarks;  // by offset
    for (const PlaceGroup& group : groups) {
        std::vector<resolve::Target> targets;
        targets.reserve(group.size());
        for (const ConstraintPlace* place : group)
            targets.push_back({place->target.name.str(), place->target.constraint});
        CATALOG_TRY(const std::vector<ConstraintFinding> findings,
                    library.check_constraints(targets, context));
        for (const ConstraintFinding& finding : findings) {
            const ConstraintPlace& place = *group[finding.index];
            if (!is_said_always(finding, place, *group[finding.other])) continue;
            remarks.emplace_back(place.offset,
                                 place_text(file_name, place, finding) + ": " + finding.message);
        }
    }
    std::ranges::stable_sort(remarks, {}, &std::pair<std::uint64_t, std::string>::first);
    std::vector<std::string> texts;
    texts.reserve(remarks.size());
    for (auto& [offset, remark] : remarks) texts.push_back(std::move(remark));
    return texts;
}

void add_constraint_remarks(AssetLibrary& library, const std::string& folder,
                            lifecycle::PackageDraft& draft, const CallContext& context) {
    const std::string path = io::join_path(folder, "catalog.toml");
    const Limits limits;
    const Result<std::string> text =
        io::read_file(*library.environment().file_system, path, limits.toml_bytes_max);
    if (!text) return;
    const auto remarks = constraint_remarks(library, *text, path, context, limits);
    if (!remarks) return;
    draft.warnings.insert(draft.warnings.end(), remarks->begin(), remarks->end());
}

}  // namespace catalog::library
