#include "catalog/content/chunk_encoder.hpp"

#include <utility>

#include <catalog/internal/try.hpp>

namespace catalog::content {

struct ChunkEncoder::Impl {
    EncoderOptions options;
    Compressor compressor;
    Bytes base_and_chunk;
    Bytes delta;

    explicit Impl(EncoderOptions chosen) : options(std::move(chosen)), compressor(options.level) {}

    [[nodiscard]] const Dictionary* dictionary_for(const EncodePlan& plan, ByteView chunk) const;
    EncodedChunk encode_alone(const EncodePlan& plan, ByteView chunk);
    Result<EncodedChunk> encode_delta(const EncodePlan& plan, ByteView chunk,
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
    plan.is_base = true;
    const auto match = table.find(domain, plan.features, options.delta_depth_max - 1);
    // Nothing is its own base, not even what was planned before and then not stored.
    if (match && match->shared >= options.shared_features_min && match->base != id) {
        plan.base = match->base;
        plan.depth = match->depth + 1;
        plan.is_base = plan.depth < options.delta_depth_max &&
                       match->shared < static_cast<int>(ChunkFeatures::kCount);
    }
    if (plan.is_base) table.add(domain, plan.features, id, plan.depth);
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
    if (plan.base) return impl_->encode_delta(plan, chunk, read_base);
    return impl_->encode_alone(plan, chunk);
}

const Dictionary* ChunkEncoder::Impl::dictionary_for(const EncodePlan& plan, ByteView chunk) const {
    if (plan.dictionary) return plan.dictionary.get();
    const bool is_small = chunk.size() <= options.dictionary_chunk_bytes_max;
    return is_small ? options.dictionary.get() : nullptr;
}

EncodedChunk ChunkEncoder::Impl::encode_alone(const EncodePlan& plan, ByteView chunk) {
    const Dictionary* const dictionary = dictionary_for(plan, chunk);
    const Compressor::Encoded encoded = dictionary != nullptr
                                            ? compressor.compress_with(*dictionary, chunk)
                                            : compressor.compress(chunk);
    return {encoded.codec, encoded.payload, false,
            static_cast<std::uint32_t>(encoded.payload.size())};
}

Result<EncodedChunk> ChunkEncoder::Impl::encode_delta(const EncodePlan& plan, ByteView chunk,
                                                      const ReadBase& read_base) {
    const ChunkId& base_id = *plan.base;
    Bytes& joined = base_and_chunk;
    CATALOG_TRY(const FoundBase base, read_base(base_id, joined));
    const std::size_t base_bytes = joined.size();
    if (!base.found || base_bytes == 0) {
        EncodedChunk encoded = encode_alone(plan, chunk);
        encoded.base_gone = !base.found;
        return encoded;
    }
    joined.insert(joined.end(), chunk.begin(), chunk.end());
    const auto percent = static_cast<std::size_t>(options.delta_percent_max);
    const std::uint32_t alone = base.alone_bytes == 0
                                    ? static_cast<std::uint32_t>(chunk.size())
                                    : estimate_alone(chunk.size(), base.alone_bytes, base_bytes);
    const Compressor::Encoded tried =
        compressor.compress_delta(base_id, joined, base_bytes, alone * percent / 100);
    if (tried.codec == Codec::kDelta && base.alone_bytes != 0)
        return EncodedChunk{tried.codec, tried.payload, false, alone};
    delta.clear();
    if (tried.codec == Codec::kDelta) delta.assign(tried.payload.begin(), tried.payload.end());
    const EncodedChunk encoded = encode_alone(plan, chunk);
    if (!delta.empty() && delta.size() <= encoded.payload.size() * percent / 100)
        return EncodedChunk{Codec::kDelta, delta, false, encoded.alone_bytes};
    return encoded;
}

}  // namespace catalog::content
