#pragma once
// Records of the family `assets`. Format page: docs/formats/library.md.
//
//   "a" + key -> the asset's identity
//   "w" + key -> what the register has not been told yet

#include <string>
#include <string_view>

#include "catalog/core/ids.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/library/asset_registry.hpp"

namespace catalog::library {

/// An asset that is registered.
struct RegisteredAsset {
    AssetRecord record;
    bool local = false;  ///< By the library itself; no host knows of it.
};

/// A registration or a removal that is to be made.
struct PendingAsset {
    bool remove = false;
    AssetSpec spec;  ///< Of a removal only key, kind and name.
};

[[nodiscard]] std::string asset_record_key(std::string_view key);
[[nodiscard]] std::string asset_mark_key(std::string_view key);

/// Returns the keys of assets: "name@version" and "PREFIX#name@version". No id holds a '#', so the
/// last one parts them.
[[nodiscard]] std::string package_asset_key(const PackageId& id);
[[nodiscard]] std::string installation_asset_key(std::string_view prefix, const PackageId& id);
/// Returns what all keys of a prefix begin with.
[[nodiscard]] std::string installation_keys_of(std::string_view prefix);

[[nodiscard]] std::string encode_asset(const RegisteredAsset& asset);
/// Errors: kDatabaseCorrupt.
[[nodiscard]] Result<RegisteredAsset> decode_asset(std::string_view key, std::string_view text);
[[nodiscard]] std::string encode_pending(const PendingAsset& pending);
/// Errors: kDatabaseCorrupt.
[[nodiscard]] Result<PendingAsset> decode_pending(std::string_view key, std::string_view text);

/// Makes an identity: a random UUID (RFC 9562, version 4), created now. Errors: kRandomUnavailable.
[[nodiscard]] Result<AssetRecord> make_asset_record(std::string_view kind, Random& random,
                                                    const Clock& clock);

}  // namespace catalog::library
