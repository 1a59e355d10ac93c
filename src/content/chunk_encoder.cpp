#include "catalog/content/chunk_encoder.hpp"

#include <list>
#include <unordered_map>

#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>

namespace catalog::content {

struct BaseCache::Impl {
    struct Entry {
        ChunkId id;
        std::shared_ptr<const Bytes> chunk;
    };

    explicit Impl(std::size_t most) : bytes_max(most) {}

    mutable internal::Mutex mutex;
    const std::size_t bytes_max;
    std::list<Entry> entries CATALOG_GUARDED_BY(mutex);  // The last used first.
    std::unordered_map<ChunkId, std::list<Entry>::iterator> places CATALOG_GUARDED_BY(mutex);
    std::size_t bytes CATALOG_GUARDED_BY(mutex) = 0;
    Stats stats CATALOG_GUARDED_BY(mutex);
};

BaseCache::BaseCache(std::size_t bytes_max) : impl_(std::make_unique<Impl>(bytes_max)) {}
BaseCache::~BaseCache() = default;

std::shared_ptr<const Bytes> BaseCache::find(const ChunkId& id) {
    const internal::MutexLock lock(impl_->mutex);
    const auto place = impl_->places.find(id);
    if (place == impl_->places.end()) {
        ++impl_->stats.misses;
        return nullptr;
    }
    ++impl_->stats.hits;
    impl_->entries.splice(impl_->entries.begin(), impl_->entries, place->second);
    return place->second->chunk;
}

void BaseCache::add(const ChunkId& id, std::shared_ptr<const Bytes> chunk) {
    const internal::MutexLock lock(impl_->mutex);
    if (chunk->size() > impl_->bytes_max || impl_->places.contains(id)) return;
    impl_->bytes += chunk->size();
    impl_->entries.push_front({id, std::move(chunk)});
    impl_->places.emplace(id, impl_->entries.begin());
    while (impl_->bytes > impl_->bytes_max) {
        const Impl::Entry& oldest = impl_->entries.back();
        impl_->bytes -= oldest.chunk->size();
        impl_->places.erase(oldest.id);
        impl_->entries.pop_back();
    }
}

BaseCache::Stats BaseCache::stats() const {
    const internal::MutexLock lock(impl_->mutex);
    return impl_->stats;
}

struct ChunkEncoder::Impl {
    EncoderOptions options;
    Compressor plain;
    Bytes base;  // Of the last delta that no cache had.
    Bytes delta;

    explicit Impl(EncoderOptions chosen) : options(std::move(chosen)), plain(options.level) {}

    Compressor::Encoded compress(ByteView chunk);
    Result<EncodedChunk> encode_delta(const ChunkId& base_id, ByteView chunk,
                                      const ReadBase& read_base);
};

ChunkEncoder::ChunkEncoder(EncoderOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ChunkEncoder::~ChunkEncoder() = default;
ChunkEncoder::ChunkEncoder(ChunkEncoder&&) noexcept = default;
ChunkEncoder& ChunkEncoder::operator=(ChunkEncoder&&) noexcept = default;

EncodePlan ChunkEncoder::plan(SimilarityTable& table, TrustDomain domain, const ChunkId& id,
                              ByteView chunk) {
    EncodePlan plan{domain, features_of(chunk), std::nullopt};
    plan.match = table.find(domain, plan.features);
    if (!plan.match) table.add(domain, plan.features, id);
    return plan;
}

void ChunkEncoder::settle(SimilarityTable& table, const EncodePlan& plan, const ChunkId& id,
                          const EncodedChunk& encoded) {
    if (!plan.match) return;
    if (encoded.base_gone) table.forget(plan.domain, plan.features, plan.match->base);
    if (encoded.codec != Codec::kDelta) table.add(plan.domain, plan.features, id);
}

Compressor::Encoded ChunkEncoder::Impl::compress(ByteView chunk) {
    const bool is_small = chunk.size() <= options.dictionary_chunk_bytes_max;
    return options.dictionary && is_small ? plain.compress_with(*options.dictionary, chunk)
                                          : plain.compress(chunk);
}

Result<EncodedChunk> ChunkEncoder::encode(const EncodePlan& plan, ByteView chunk,
                                          const ReadBase& read_base) {
    if (impl_->options.deltas && impl_->options.level != 0 && plan.match)
        return impl_->encode_delta(plan.match->base, chunk, read_base);
    const Compressor::Encoded encoded = impl_->compress(chunk);
    return EncodedChunk{encoded.codec, encoded.payload, false};
}

Result<EncodedChunk> ChunkEncoder::Impl::encode_delta(const ChunkId& base_id, ByteView chunk,
                                                      const ReadBase& read_base) {
    std::shared_ptr<const Bytes> cached;
    if (options.bases) cached = options.bases->find(base_id);
    if (!cached) {
        CATALOG_TRY(const bool there, read_base(base_id, base));
        if (!there) {
            const Compressor::Encoded encoded = compress(chunk);
            return EncodedChunk{encoded.codec, encoded.payload, true};
        }
    }
    const ByteView from = cached ? ByteView(*cached) : ByteView(base);
    const Compressor::Encoded tried =
        plain.compress_delta(chunk, base_id, from, chunk.size() - chunk.size() / 4);
    // So small that nothing else can be much smaller.
    if (tried.codec == Codec::kDelta && tried.payload.size() * 6 <= chunk.size())
        return EncodedChunk{tried.codec, tried.payload, false};
    delta.assign(tried.payload.begin(), tried.payload.end());
    const Compressor::Encoded encoded = compress(chunk);
    if (tried.codec == Codec::kDelta && delta.size() * 100 <= encoded.payload.size() * 85)
        return EncodedChunk{Codec::kDelta, delta, false};
    return EncodedChunk{encoded.codec, encoded.payload, false};
}

}  // namespace catalog::content
