#include "catalog/content/zero_copy_content.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <cstring>

#include "content_core.hpp"

namespace catalog::content {

ContentSlice::ContentSlice(std::vector<ObjectPiece> pieces) : count_(pieces.size()) {
    if (pieces.empty()) return;
    offset_ = pieces.front().offset();
    size_ = pieces.back().offset() + pieces.back().bytes().size() - offset_;
    pieces_ = std::make_shared<const std::vector<ObjectPiece>>(std::move(pieces));
}

ByteView ContentSlice::region(std::size_t index) const noexcept {
    const ObjectPiece& piece = (*pieces_)[first_ + index];
    const std::uint64_t begin = std::max(piece.offset(), offset_);
    const std::uint64_t end = std::min(piece.offset() + piece.bytes().size(), offset_ + size_);
    return piece.bytes().subspan(begin - piece.offset(), end - begin);
}

std::optional<ByteView> ContentSlice::contiguous() const noexcept {
    if (count_ > 1) return std::nullopt;
    return count_ == 0 ? ByteView() : region(0);
}

ContentSlice ContentSlice::part(ByteRange range) const {
    const std::uint64_t skipped = std::min(range.offset, size_);
    ContentSlice part = *this;
    part.offset_ = offset_ + skipped;
    part.size_ = std::min(range.size, size_ - skipped);
    if (part.size_ == 0) {
        part.pieces_.reset();
        part.first_ = part.count_ = 0;
        return part;
    }
    const auto begin = pieces_->begin() + static_cast<std::ptrdiff_t>(first_);
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    const auto holding = [&](std::uint64_t at) {
        return std::upper_bound(begin, end, at,
                                [](std::uint64_t place, const ObjectPiece& piece) {
                                    return place < piece.offset();
                                }) -
               pieces_->begin() - 1;
    };
    part.first_ = static_cast<std::size_t>(holding(part.offset_));
    part.count_ =
        static_cast<std::size_t>(holding(part.offset_ + part.size_ - 1)) - part.first_ + 1;
    return part;
}

std::size_t ContentSlice::copy_to(std::span<std::byte> out) const noexcept {
    std::size_t filled = 0;
    for (std::size_t i = 0; i < count_ && filled < out.size(); ++i) {
        const ByteView bytes = region(i);
        const std::size_t count = std::min(bytes.size(), out.size() - filled);
        std::memcpy(out.data() + filled, bytes.data(), count);
        filled += count;
    }
    return filled;
}

struct ZeroCopyContent::Impl {
    const ContentCore& core;
    ReaderPool& readers;
    RecentChunks& recent;
    ObjectInfo info;
    std::vector<ChunkRef> chunks;
    std::vector<std::uint64_t> begins;  // of the chunks in the object

    [[nodiscard]] std::size_t chunk_at(std::uint64_t offset) const {
        const auto behind = std::ranges::upper_bound(begins, offset);
        return static_cast<std::size_t>(behind - begins.begin()) - 1;
    }

    // The chunks that hold a range, by their numbers.
    struct Stretch {
        std::size_t first = 0;
        std::size_t end = 0;
        std::uint64_t size = 0;  // Of the range, cut to the object's end.
    };
    [[nodiscard]] Result<Stretch> stretch_of(ByteRange range) const {
        if (range.offset > info.size)
            return fail(Errc::kInvalidArgument,
                        "the range begins at " + std::to_string(range.offset) + ", but object " +
                            info.id.to_string() + " has " + std::to_string(info.size) + " bytes");
        const std::uint64_t size = std::min(range.size, info.size - range.offset);
        if (size == 0) return Stretch();
        return Stretch{chunk_at(range.offset), chunk_at(range.offset + size - 1) + 1, size};
    }

    // What cannot be had from a mapping is read: that also finds a chunk that was moved since, and
    // says what is wrong with one that is damaged.
    [[nodiscard]] Result<ObjectPiece> piece(std::size_t index) const {
        const ChunkRef& chunk = chunks[index];
        CATALOG_TRY(const auto entry, core.find_chunk(chunk.id));
        if (entry && entry->codec == Codec::kRaw && entry->location.plain_bytes == chunk.bytes) {
            const auto answer = core.backend->map_chunk(entry->location);
            const auto mapped = answer.value_or(std::nullopt);
            if (mapped && mapped->id == chunk.id)
                return ObjectPiece(begins[index], mapped->bytes, mapped->keeper);
        }
        auto loaded = load_chunk(readers, recent, info.id, chunk);
        if (!loaded) return fail(loaded.error());
        return ObjectPiece(begins[index], loaded->bytes, std::move(loaded->keeper));
    }
};

ZeroCopyContent::ZeroCopyContent(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

ZeroCopyContent::~ZeroCopyContent() = default;

const ObjectInfo& ZeroCopyContent::info() const noexcept { return impl_->info; }

Result<ObjectPiece> ZeroCopyContent::region_at(std::uint64_t offset,
                                               const CallContext& context) const {
    CATALOG_TRY_VOID(context.check(*impl_->core.options.clock));
    if (offset >= impl_->info.size)
        return fail(Errc::kEndOfFile, "byte " + std::to_string(offset) +
                                          " is behind the end of object " +
                                          impl_->info.id.to_string() + " of " +
                                          std::to_string(impl_->info.size) + " bytes");
    return impl_->piece(impl_->chunk_at(offset));
}

Result<ContentSlice> ZeroCopyContent::slice(ByteRange range, const CallContext& context) const {
    CATALOG_TRY(const Impl::Stretch stretch, impl_->stretch_of(range));
    if (stretch.end - stretch.first > 1) {
        const SliceRequest request{this, range};
        CATALOG_TRY(std::vector<ContentSlice> slices, read_slices(std::span(&request, 1), context));
        return std::move(slices.front());
    }
    CATALOG_TRY_VOID(context.check(*impl_->core.options.clock));
    if (stretch.size == 0) return ContentSlice();
    CATALOG_TRY(ObjectPiece piece, impl_->piece(stretch.first));
    const std::uint64_t begin = range.offset - piece.offset();
    return ContentSlice({std::move(piece)}).part({begin, stretch.size});
}

Result<std::vector<ContentSlice>> ZeroCopyContent::read_slices(
    std::span<const SliceRequest> requests, const CallContext& context) {
    if (requests.empty()) return std::vector<ContentSlice>();
    const ZeroCopyContent::Impl& any = *requests.front().content->impl_;
    std::vector<ZeroCopyContent::Impl::Stretch> stretches;
    std::vector<WantedChunk> wanted;
    for (const SliceRequest& request : requests) {
        const ZeroCopyContent::Impl& impl = *request.content->impl_;
        if (&impl.core != &any.core)
            return fail(Errc::kInvalidArgument, "the objects are not all of one content store");
        CATALOG_TRY(const auto stretch, impl.stretch_of(request.range));
        for (std::size_t i = stretch.first; i < stretch.end; ++i)
            wanted.push_back({&impl.info.id, &impl.chunks[i]});
        stretches.push_back(stretch);
    }
    CATALOG_TRY(std::vector<PinnedChunk> chunks,
                load_chunks(any.core, any.readers, any.recent, wanted, true, context));
    std::vector<ContentSlice> slices;
    slices.reserve(requests.size());
    auto next = chunks.begin();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const ZeroCopyContent::Impl& impl = *requests[i].content->impl_;
        const auto& stretch = stretches[i];
        std::vector<ObjectPiece> pieces;
        pieces.reserve(stretch.end - stretch.first);
        for (std::size_t at = stretch.first; at < stretch.end; ++at, ++next)
            pieces.emplace_back(impl.begins[at], next->bytes, std::move(next->keeper));
        const std::uint64_t skipped =
            stretch.size == 0 ? 0 : requests[i].range.offset - impl.begins[stretch.first];
        slices.push_back(ContentSlice(std::move(pieces)).part({skipped, stretch.size}));
    }
    return slices;
}

Result<std::unique_ptr<ZeroCopyContent>> open_zero_copy_of(const ContentCore& core,
                                                           ReaderPool& readers,
                                                           RecentChunks& recent,
                                                           const ContentHash& id) {
    CATALOG_TRY(OpenedObject object, core.open_object(id));
    return std::make_unique<ZeroCopyContent>(std::make_unique<ZeroCopyContent::Impl>(
        core, readers, recent, object.info, std::move(object.chunks), std::move(object.begins)));
}

}  // namespace catalog::content
