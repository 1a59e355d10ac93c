#pragma once
// Names of the capabilities of the C interface, as manifests and people write them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog::host {

/// Number of capabilities that the interface names.
inline constexpr std::uint32_t kCapabilityCount = 12;

/// Every capability that the interface names.
inline constexpr std::uint64_t kAllCapabilities = (std::uint64_t{1} << kCapabilityCount) - 1;

/// Returns the name of a bit, "AssetManagement"; empty for a number without a name.
[[nodiscard]] std::string_view capability_name(std::uint32_t bit) noexcept;

/// Returns the bit of a name. Case, `_` and `-` do not matter: "AssetManagement",
/// "asset_management" and "ASSET-MANAGEMENT" are one.
[[nodiscard]] std::optional<std::uint32_t> parse_capability(std::string_view name);

/// Returns the names of a set, in the order of the bits; bits without a name as "bit N".
[[nodiscard]] std::vector<std::string> capability_names(std::uint64_t set);

}  // namespace catalog::host
