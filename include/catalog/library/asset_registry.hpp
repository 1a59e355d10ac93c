#pragma once
// AssetRegistry: the register of assets, the host's or the library's own. Every published package
// and every installed package is an asset (docs/assets.md).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"

namespace catalog::library {

/// Kinds of asset that a library has.
inline constexpr std::string_view kPackageAsset = "package";
inline constexpr std::string_view kInstallationAsset = "installation";

/// Number of a kind of asset that has only a name. Lower ones are the host's own kinds.
inline constexpr std::uint32_t kNamedAssetType = 0x10000;

/// What an asset is registered with.
struct AssetSpec {
    std::string
        key;  ///< Unique among a library's assets: `name@version`, or `PREFIX#name@version`.
    std::string kind;  ///< kPackageAsset or kInstallationAsset.
    std::string name;  ///< `name@version`.
    std::string description;
    std::uint64_t size_bytes = 0;  ///< Of the package's files.
    ContentHash digest;            ///< Of the package's manifest.
    json::Object metadata;         ///< "type", "license"; of an installation "prefix".
    friend bool operator==(const AssetSpec&, const AssetSpec&) = default;
};

/// An asset's identity. A value type.
struct AssetRecord {
    std::uint32_t type = kNamedAssetType;  ///< kNamedAssetType, or the host's number of the kind.
    std::string type_name;                 ///< The kind.
    std::array<std::byte, 16> uuid{};
    std::array<std::byte, 32> chain_hash{};
    WallTime created;  ///< Part of the identity.

    /// Returns "TYPE:UUID:CHAIN_HASH:CREATED_US": the kind's name or number, the UUID in its usual
    /// form, 64 hexadecimal digits, microseconds since the Unix epoch.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const AssetRecord&, const AssetRecord&) = default;
};

/// Returns the chain hash of an asset: SHA-256 over the type as one byte (255 for a kind that has
/// only a name), the UUID, the time of creation in microseconds as 16 little-endian bytes, and
/// "HYPERMESH_V1".
[[nodiscard]] std::array<std::byte, 32> asset_chain_hash(std::uint32_t type,
                                                         const std::array<std::byte, 16>& uuid,
                                                         WallTime created);

/// A register of assets.
///
/// Thread safety: any thread. Blocking: until the register has answered, within the context's
/// deadline and stop token. Calls are made outside of the commit queue and with no lock held.
class AssetRegistry {
public:
    virtual ~AssetRegistry() = default;

    /// Registers an asset. Repeatable: the same key gives the same record. Errors: what the
    /// register says; kCancelled, kDeadlineExceeded.
    [[nodiscard]] virtual Result<AssetRecord> register_asset(const AssetSpec& spec,
                                                             const CallContext& context) = 0;

    /// Tells the register that an asset's particulars have changed; its identity stays. Errors:
    /// kNotFound, as register_asset.
    [[nodiscard]] virtual Result<void> update_asset(const AssetRecord& record,
                                                    const AssetSpec& spec,
                                                    const CallContext& context) = 0;

    /// Takes the asset with that key and identity out of the register. Errors: kNotFound, as
    /// register_asset.
    [[nodiscard]] virtual Result<void> remove_asset(std::string_view key, const AssetRecord& record,
                                                    const CallContext& context) = 0;
};

}  // namespace catalog::library
