#include "catalog/content/content_storage.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::content {

ByteSource source_of(ByteView bytes) {
    return [bytes](std::span<std::byte> out) mutable -> Result<std::size_t> {
        const std::size_t count = std::min(bytes.size(), out.size());
        std::copy_n(bytes.begin(), count, out.begin());
        bytes = bytes.subspan(count);
        return count;
    };
}

Result<void> ContentStorage::retrieve_each(std::span<const ContentHash> ids,
                                           const ObjectsSink& sink, const CallContext& context) {
    for (std::size_t i = 0; i < ids.size(); ++i)
        CATALOG_TRY_VOID(retrieve(ids[i], [&](ByteView bytes) { return sink(i, bytes); }, context));
    return {};
}

Result<Bytes> ContentStorage::retrieve_all(const ContentHash& id, std::uint64_t bytes_max,
                                           const CallContext& context) {
    CATALOG_TRY(const ObjectInfo object, info(id));
    if (object.size > bytes_max)
        return fail(Errc::kLimitExceeded,
                    "object " + id.to_string() + " has " + std::to_string(object.size) +
                        " bytes, more than the " + std::to_string(bytes_max) + " allowed",
                    LimitDetail{"bytes_max", bytes_max, object.size});
    Bytes bytes;
    bytes.reserve(object.size);
    CATALOG_TRY_VOID(retrieve(
        id,
        [&bytes](ByteView piece) -> Result<void> {
            bytes.insert(bytes.end(), piece.begin(), piece.end());
            return {};
        },
        context));
    return bytes;
}

}  // namespace catalog::content
