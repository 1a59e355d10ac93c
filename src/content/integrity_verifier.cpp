#include "catalog/content/integrity_verifier.hpp"

#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

Result<void> IntegrityVerifier::update(ByteView bytes) {
    if (bytes.size() > expected_ - seen_)
        return fail(Errc::kContentCorrupted,
                    "content is longer than the " + std::to_string(expected_) + " bytes expected",
                    CorruptionDetail{id_.to_string(), {}, {}});
    seen_ += bytes.size();
    tree_.update(bytes);
    return {};
}

Result<void> IntegrityVerifier::finish() {
    if (seen_ != expected_)
        return fail(Errc::kContentCorrupted,
                    "content ends after " + std::to_string(seen_) + " of " +
                        std::to_string(expected_) + " bytes",
                    CorruptionDetail{id_.to_string(), {}, {}});
    const ContentHash root = tree_.finish();
    if (root != id_)
        return fail(Errc::kContentCorrupted, "content does not match its id",
                    CorruptionDetail{id_.to_string(), root.to_string(), {}});
    return {};
}

Result<void> IntegrityVerifier::check(const ContentHash& id, std::uint64_t bytes,
                                      const ByteSource& source) {
    IntegrityVerifier verifier(id, bytes);
    Bytes buffer(kReadBytes);
    while (true) {
        CATALOG_TRY(const std::size_t count, source(buffer));
        if (count == 0) return verifier.finish();
        CATALOG_TRY_VOID(verifier.update(ByteView(buffer).first(count)));
    }
}

Result<ObjectInfo> identify(const ByteSource& source) {
    merkle::BlockTree tree;
    ObjectInfo info;
    Bytes buffer(kReadBytes);
    while (true) {
        CATALOG_TRY(const std::size_t count, source(buffer));
        if (count == 0) break;
        info.size += count;
        tree.update(ByteView(buffer).first(count));
    }
    info.id = tree.finish();
    return info;
}

}  // namespace catalog::content
