#include "catalog/content/object_reader.hpp"

#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <cstring>
#include <vector>

#include "content_core.hpp"

namespace catalog::content {

struct ObjectReader::Impl {
    const ContentCore& core;
    ReaderPool& readers;
    RecentChunks& recent;
    ObjectInfo info;
    std::vector<ChunkRef> chunks;
    std::vector<std::uint64_t> begins;  // of the chunks in the object
    internal::Mutex mutex;
    std::uint64_t last_begin CATALOG_GUARDED_BY(mutex) = 0;
    ByteView last_bytes CATALOG_GUARDED_BY(mutex);
    std::weak_ptr<const void> last CATALOG_GUARDED_BY(mutex);  // `recent` holds it

    [[nodiscard]] ObjectPiece last_piece() {
        const internal::MutexLock lock(mutex);
        auto keeper = last.lock();
        if (!keeper) return {};
        return {last_begin, last_bytes, std::move(keeper)};
    }

    /// Reads a chunk outside the mutex: readers of other places do not wait for it.
    Result<ObjectPiece> load(std::size_t index) {
        auto loaded = load_chunk(readers, recent, info.id, chunks[index]);
        if (!loaded) return fail(loaded.error());
        {
            const internal::MutexLock lock(mutex);
            last_begin = begins[index];
            last_bytes = loaded->bytes;
            last = loaded->keeper;
        }
        return ObjectPiece(begins[index], loaded->bytes, std::move(loaded->keeper));
    }
};

ObjectReader::ObjectReader(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

ObjectReader::~ObjectReader() = default;

const ObjectInfo& ObjectReader::info() const noexcept { return impl_->info; }

Result<ObjectPiece> ObjectReader::piece_at(std::uint64_t offset, const CallContext& context) const {
    CATALOG_TRY_VOID(context.check(*impl_->core.options.clock));
    if (offset >= impl_->info.size)
        return fail(Errc::kEndOfFile, "byte " + std::to_string(offset) +
                                          " is behind the end of object " +
                                          impl_->info.id.to_string() + " of " +
                                          std::to_string(impl_->info.size) + " bytes");
    if (ObjectPiece last = impl_->last_piece(); last.holds(offset)) return last;
    const auto behind = std::ranges::upper_bound(impl_->begins, offset);
    return impl_->load(static_cast<std::size_t>(behind - impl_->begins.begin()) - 1);
}

Result<std::size_t> ObjectReader::read_at(std::uint64_t offset, std::span<std::byte> out,
                                          const CallContext& context) const {
    std::size_t filled = 0;
    while (filled < out.size() && offset + filled < impl_->info.size) {
        const auto piece = piece_at(offset + filled, context);
        if (!piece) {
            std::fill_n(out.begin(), filled, std::byte{0});
            return fail(piece.error());
        }
        const ByteView bytes = piece->bytes().subspan(offset + filled - piece->offset());
        const std::size_t count = std::min(bytes.size(), out.size() - filled);
        std::memcpy(out.data() + filled, bytes.data(), count);
        filled += count;
    }
    return filled;
}

Result<std::unique_ptr<ObjectReader>> open_object_of(const ContentCore& core, ReaderPool& readers,
                                                     RecentChunks& recent, const ContentHash& id) {
    CATALOG_TRY(OpenedObject object, core.open_object(id));
    return std::make_unique<ObjectReader>(std::make_unique<ObjectReader::Impl>(
        core, readers, recent, object.info, std::move(object.chunks), std::move(object.begins)));
}

}  // namespace catalog::content
