#pragma once
// IntegrityVerifier: checks bytes against an object id while they pass.

#include <cstdint>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/merkle/tree.hpp"

namespace catalog::content {

/// Streaming check of one object's bytes.
///
/// Bytes count only after `finish` succeeded: until then a wrong one may have passed. Thread
/// safety: one thread at a time.
class IntegrityVerifier {
public:
    /// Expects `bytes` bytes whose 64 KiB block tree has root `id`.
    IntegrityVerifier(const ContentHash& id, std::uint64_t bytes) : id_(id), expected_(bytes) {}

    /// Adds the next bytes. Errors: kContentCorrupted (more than expected; nothing of `bytes` was
    /// added).
    [[nodiscard]] Result<void> update(ByteView bytes);

    /// Returns success when everything was there and the root is right; call it once. Errors:
    /// kContentCorrupted with CorruptionDetail.
    [[nodiscard]] Result<void> finish();

    /// Reads `source` to its end and checks it. Memory: 64 KiB. Errors: as `update` and `finish`,
    /// what `source` returned.
    [[nodiscard]] static Result<void> check(const ContentHash& id, std::uint64_t bytes,
                                            const ByteSource& source);

private:
    merkle::BlockTree tree_;
    ContentHash id_;
    std::uint64_t expected_;
    std::uint64_t seen_ = 0;
};

/// Reads `source` to its end and returns the id and size that its bytes have as an object, without
/// storing them (`chunks` is 0). Memory: 64 KiB. Errors: what `source` returned.
[[nodiscard]] Result<ObjectInfo> identify(const ByteSource& source);

}  // namespace catalog::content
