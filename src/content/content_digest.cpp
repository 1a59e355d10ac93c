#include "catalog/content/content_digest.hpp"

#include <catalog/internal/try.hpp>

#include "catalog/merkle/hash.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kDigestReadBytes = 64u << 10;

}  // namespace

Result<ContentHash> digest_of(const ByteSource& source, HashAlgorithm algorithm) {
    merkle::Hasher hasher(algorithm);
    Bytes buffer(kDigestReadBytes);
    while (true) {
        CATALOG_TRY(const std::size_t count, source(buffer));
        if (count == 0) return hasher.finish();
        hasher.update(ByteView(buffer).first(count));
    }
}

Result<ContentHash> digest_of(ContentStorage& storage, const ContentHash& id,
                              HashAlgorithm algorithm, const CallContext& context) {
    merkle::Hasher hasher(algorithm);
    CATALOG_TRY_VOID(storage.retrieve(
        id,
        [&](ByteView piece) -> Result<void> {
            hasher.update(piece);
            return {};
        },
        context));
    return hasher.finish();
}

Result<void> check_digest(ContentStorage& storage, const ContentHash& id, const ContentHash& digest,
                          const CallContext& context) {
    CATALOG_TRY(const ContentHash found, digest_of(storage, id, digest.algorithm, context));
    if (found == digest) return {};
    return fail(Error(Errc::kContentCorrupted, "content does not match the digest given for it",
                      CorruptionDetail{digest.to_string(), found.to_string(), {}})
                    .with_input("object " + id.to_string()));
}

}  // namespace catalog::content
