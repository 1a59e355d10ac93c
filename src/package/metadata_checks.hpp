#pragma once
// The single checks of `validate`, which the reader of catalog.toml makes one by one in order to
// say where the fault is. Never installed.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package {

/// Which control characters a text may have.
enum class TextForm : std::uint8_t {
    kLine,   ///< None.
    kLines,  ///< Line ends and tabs.
};

/// Checks length, UTF-8 and control characters. Errors: kLimitExceeded, kMetadataInvalid.
[[nodiscard]] Result<void> check_text(std::string_view text, const std::string& member,
                                      TextForm form, const Limits& limits);

/// Errors: kMetadataInvalid.
[[nodiscard]] Result<void> check_feature_name(std::string_view name);

/// What a feature can switch on: names of the package's own features and dependencies, in sets,
/// because a hostile package may have thousands of each. Borrows from the metadata.
class FeatureTargets {
public:
    explicit FeatureTargets(const PackageMetadata& metadata);

    /// Checks one thing that feature `feature` switches on. Errors: kMetadataInvalid.
    [[nodiscard]] Result<void> check(std::string_view feature, std::string_view reference) const;

private:
    std::set<std::string_view> features_;
    std::set<std::string_view> dependencies_;  // optional ones too
    std::set<std::string_view> optional_dependencies_;
};

}  // namespace catalog::package
