#pragma once
// RecordText: what a resolver needs of one version, as the texts in which it was written.

#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/dependency_kind.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::resolve {

/// A package and which of its versions.
struct TargetText {
    std::string_view name;
    std::string_view constraint;
    version::Dialect dialect = version::Dialect::kCargo;
};

/// One dependency of one version.
struct RequirementText {
    TargetText target;
    DependencyKind kind = DependencyKind::kRequired;
    std::string_view platform;  ///< Empty for everywhere.
    std::vector<std::string_view> features;
    bool default_features = true;
    std::vector<TargetText> any_of;  ///< Alternatives after `target`, in preference order.
};

/// The same as a PackageRecord, for who reads many: nothing is parsed that occurs again and again,
/// and nothing is copied. The texts are whoever's who made it.
class RecordText {
public:
    RecordText() = default;
    std::string_view name;
    std::string_view version;
    std::vector<RequirementText> dependencies;
    std::vector<TargetText> conflicts;
    std::vector<std::pair<std::string_view, std::string_view>> provides;  ///< Name and version.
    /// In byte order of the features.
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> features;
};

}  // namespace catalog::resolve
