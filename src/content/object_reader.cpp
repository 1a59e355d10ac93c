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

    /// Returns the chunks from the one that holds `offset` to the one with the last of `bytes`
    /// bytes, or the first kPiecesMax of them; none when it would be a single one.
    Result<std::vector<ObjectPiece>> pieces_for(std::uint64_t offset, std::size_t bytes,
                                                const CallContext& context) {
        constexpr std::size_t kPiecesMax = 16;
        const std::size_t first = chunk_at(offset);
        std::vector<WantedChunk> wanted;
        for (std::size_t i = first; i < chunks.size() && wanted.size() < kPiecesMax; ++i) {
            if (begins[i] > offset && begins[i] - offset >= bytes) break;
            wanted.push_back({&info.id, &chunks[i]});
        }
        std::vector<ObjectPiece> pieces;
        if (wanted.size() < 2) return pieces;
        CATALOG_TRY(auto loaded, load_chunks(core, readers, recent, wanted, false, context));
        {
            const internal::MutexLock lock(mutex);
            last_begin = begins[first + loaded.size() - 1];
            last_bytes = loaded.back().bytes;
            last = loaded.back().keeper;
        }
        for (std::size_t i = 0; i < loaded.size(); ++i)
            pieces.emplace_back(begins[first + i], loaded[i].bytes, std::move(loaded[i].keeper));
        return pieces;
    }

    [[nodiscard]] std::size_t chunk_at(std::uint64_t offset) const {
        const auto behind = std::ranges::upper_bound(begins, offset);
        return static_cast<std::size_t>(behind - begins.begin()) - 1;
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
    return impl_->load(impl_->chunk_at(offset));
}

// Chunks that are wanted whole are read many at a time.
Result<std::size_t> ObjectReader::read_at(std::uint64_t offset, std::span<std::byte> out,
                                          const CallContext& context) const {
    std::size_t filled = 0;
    const auto copy = [&](const ObjectPiece& piece) {
        const ByteView bytes = piece.bytes().subspan(offset + filled - piece.offset());
        const std::size_t count = std::min(bytes.size(), out.size() - filled);
        std::memcpy(out.data() + filled, bytes.data(), count);
        filled += count;
    };
    while (filled < out.size() && offset + filled < impl_->info.size) {
        auto pieces = impl_->pieces_for(offset + filled, out.size() - filled, context);
        if (pieces && pieces->empty()) {
            auto piece = piece_at(offset + filled, context);
            if (piece)
                pieces->push_back(*std::move(piece));
            else
                pieces = fail(piece.error());
        }
        if (!pieces) {
            std::fill_n(out.begin(), filled, std::byte{0});
            return fail(pieces.error());
        }
        for (const ObjectPiece& piece : *pieces) copy(piece);
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
