#include "catalog/content/chunk_encoder.hpp"

#include <algorithm>
#include <utility>

#include <catalog/internal/try.hpp>

namespace catalog::content {

struct ChunkEncoder::Impl {
    EncoderOptions options;
    Compressor compressor;
    Bytes base_and_chunk;
    Bytes delta;

    explicit Impl(EncoderOptions chosen) : options(std::move(chosen)), compressor(options.level) {}

    // Without a base.
    Compressor::Encoded compress(ByteView chunk) {
        const bool is_small = chunk.size() <= options.dictionary_chunk_bytes_max;
        return options.dictionary && is_small ? compressor.compress_with(*options.dictionary, chunk)
                                              : compressor.compress(chunk);
    }

    Result<EncodedChunk> encode_delta(const ChunkId& base_id, ByteView chunk,
                                      const ReadBase& read_base);
};

ChunkEncoder::ChunkEncoder(EncoderOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ChunkEncoder::~ChunkEncoder() = default;
ChunkEncoder::ChunkEncoder(ChunkEncoder&&) noexcept = default;
ChunkEncoder& ChunkEncoder::operator=(ChunkEncoder&&) noexcept = default;

EncodePlan ChunkEncoder::plan(SimilarityTable& table, TrustDomain domain, const ChunkId& id,
                              ByteView chunk, const EncoderOptions& options) {
    EncodePlan plan;
    if (!options.deltas || options.level == 0) return plan;
    plan.domain = domain;
    plan.features = features_of(chunk);
    const auto match = table.find(domain, plan.features);
    // Nothing is its own base, not even what was planned before and then not stored.
    if (match && match->shared >= options.shared_features_min && match->base != id)
        plan.base = match->base;
    else
        table.add(domain, plan.features, id);
    return plan;
}

void ChunkEncoder::settle(SimilarityTable& table, const EncodePlan& plan, const ChunkId& id,
                          const EncodedChunk& encoded) {
    if (!plan.base) return;
    if (encoded.base_gone) table.forget(plan.domain, plan.features, *plan.base);
    if (encoded.codec != Codec::kDelta) table.add(plan.domain, plan.features, id);
}

Result<EncodedChunk> ChunkEncoder::encode(const EncodePlan& plan, ByteView chunk,
                                          const ReadBase& read_base) {
    if (plan.base) return impl_->encode_delta(*plan.base, chunk, read_base);
    const Compressor::Encoded encoded = impl_->compress(chunk);
    return EncodedChunk{encoded.codec, encoded.payload, false};
}

Result<EncodedChunk> ChunkEncoder::Impl::encode_delta(const ChunkId& base_id, ByteView chunk,
                                                      const ReadBase& read_base) {
    Bytes& joined = base_and_chunk;
    CATALOG_TRY(const FoundBase base, read_base(base_id, joined));
    const std::size_t base_bytes = joined.size();
    if (!base.found || base_bytes == 0) {
        const Compressor::Encoded encoded = compress(chunk);
        return EncodedChunk{encoded.codec, encoded.payload, !base.found};
    }
    joined.insert(joined.end(), chunk.begin(), chunk.end());
    const auto percent = static_cast<std::size_t>(options.delta_percent_max);
    // Like bytes compress alike: the base tells what the chunk would have without it.
    const std::size_t plain =
        base.stored_bytes == 0 ? chunk.size() : chunk.size() * base.stored_bytes / base_bytes;
    const std::size_t worthwhile = std::min(plain, chunk.size()) * percent / 100;
    const Compressor::Encoded tried =
        compressor.compress_delta(base_id, joined, base_bytes, worthwhile);
    if (tried.codec == Codec::kDelta && base.stored_bytes != 0)
        return EncodedChunk{tried.codec, tried.payload, false};
    delta.clear();
    if (tried.codec == Codec::kDelta) delta.assign(tried.payload.begin(), tried.payload.end());
    const Compressor::Encoded encoded = compress(chunk);
    if (!delta.empty() && delta.size() <= encoded.payload.size() * percent / 100)
        return EncodedChunk{Codec::kDelta, delta, false};
    return EncodedChunk{encoded.codec, encoded.payload, false};
}

}  // namespace catalog::content
