#pragma once
// Plain digests of whole objects, as other systems name content: "sha256:..." (OCI, npm) and
// "blake2b-256:...". An object's id is another thing: the root over its 64 KiB blocks, always
// SHA-256 (docs/formats/merkle.md).

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Reads `source` to its end and returns the digest of its bytes. Memory: 64 KiB. Cost: 0.7 ns a
/// byte (SHA-256 with SHA-NI), 1.3 ns (BLAKE2b). Errors: what `source` returned.
[[nodiscard]] Result<ContentHash> digest_of(const ByteSource& source, HashAlgorithm algorithm);

/// Returns the digest of a stored object's bytes, which are verified against its id on the way.
/// Cost: reading the object. Errors: as ContentStorage::retrieve.
[[nodiscard]] Result<ContentHash> digest_of(ContentStorage& storage, const ContentHash& id,
                                            HashAlgorithm algorithm, const CallContext& context);

/// Checks a stored object against a digest that somebody else gives for its bytes, by that
/// digest's algorithm. Errors: kContentCorrupted with CorruptionDetail (the object is intact and
/// has another digest, or it is damaged: then its id or a chunk's place is the input), as
/// ContentStorage::retrieve.
[[nodiscard]] Result<void> check_digest(ContentStorage& storage, const ContentHash& id,
                                        const ContentHash& digest, const CallContext& context);

}  // namespace catalog::content
