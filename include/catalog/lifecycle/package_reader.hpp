#pragma once
// Packages as the library holds them: every step from the id to the bytes is checked.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/file_table.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::lifecycle {

/// A package whose manifest, signature and file table were verified.
struct VerifiedPackage {
    explicit VerifiedPackage(package::Manifest m) : manifest(std::move(m)) {}
    package::PackageDigest digest;
    package::Manifest manifest;
    package::FileTable files;
};

/// Loads a published package: manifest against its digest, envelope against the trusted keys, file
/// table against the manifest. Errors: kPackageNotFound, kContentNotFound (metadata only),
/// kIndexCorrupted, kSignatureMissing, kSignatureInvalid, kUntrustedKey, kContentCorrupted,
/// kFileTableInvalid.
[[nodiscard]] Result<VerifiedPackage> load_verified(const Services& services,
                                                    const package::PackageDigest& digest,
                                                    const CallContext& context);

/// Loads the file table that belongs to a manifest. Errors: as load_verified, without the
/// signature.
[[nodiscard]] Result<package::FileTable> load_file_table(const Services& services,
                                                         const package::PackageDigest& digest,
                                                         const package::Manifest& manifest,
                                                         const CallContext& context);

/// Calls `each` for every package in the state Preparing with its `name@version` and the package,
/// verified as load_verified does, or what is wrong with it, until it returns an error, which is
/// returned. Errors: kDatabaseIo.
[[nodiscard]] Result<void> for_each_preparing(
    const Services& services, const CallContext& context,
    const std::function<Result<void>(std::string_view id, const Result<VerifiedPackage>& package)>&
        each);

/// Returns the envelope of a package as text. Errors: kSignatureMissing.
[[nodiscard]] Result<std::string> load_envelope(const Services& services,
                                                const package::PackageDigest& digest);

/// Checks the stored envelope of a digest. Errors: kSignatureMissing, kSignatureInvalid,
/// kUntrustedKey.
[[nodiscard]] Result<void> check_envelope(const Services& services,
                                          const package::PackageDigest& digest);

}  // namespace catalog::lifecycle
