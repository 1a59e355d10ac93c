#pragma once
// Envelope: a publisher's signature over a manifest, DSSE v1.0 (secure-systems-lab/dsse). Format
// page: docs/formats/envelope.md.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::security {

/// Payload type of a package signature. The payload is the text of the manifest's digest,
/// "sha256:hex".
inline constexpr std::string_view kPackagePayloadType = "application/vnd.catalog.package-digest.v1";

struct EnvelopeSignature {
    std::string key_id;  ///< A hint; what counts is which trusted key verifies.
    Signature signature;
};

/// A DSSE envelope.
struct Envelope {
    std::string payload_type;
    std::string payload;
    std::vector<EnvelopeSignature> signatures;

    /// Returns canonical JSON (RFC 8785).
    [[nodiscard]] std::string encode() const;
    /// Reads what `encode` writes, nothing else. Errors: kSignatureInvalid (malformed),
    /// kLimitExceeded (more than 16 signatures or 64 KiB).
    [[nodiscard]] static Result<Envelope> decode(std::string_view text);
};

/// Returns DSSE's pre-authentication encoding: what is signed.
[[nodiscard]] std::string pre_authentication_encoding(std::string_view payload_type,
                                                      std::string_view payload);

/// Signs a package digest with the store's default publisher key. Errors: kKeyNotFound,
/// kKeyInvalid, kIo.
[[nodiscard]] Result<Envelope> sign_package(KeyStore& keys, const package::PackageDigest& digest);

/// Checks that the envelope is over `digest` and that at least `threshold` different keys of
/// `trusted` signed it. Errors: kSignatureInvalid, kSignatureMissing, kUntrustedKey (signed, but by
/// nobody who is trusted).
[[nodiscard]] Result<void> verify_package(const Envelope& envelope,
                                          const package::PackageDigest& digest,
                                          const std::vector<PublicKey>& trusted,
                                          std::size_t threshold = 1);

/// Returns SHA-256 of `encode()`.
[[nodiscard]] ContentHash digest_of_envelope(const Envelope& envelope);

}  // namespace catalog::security
