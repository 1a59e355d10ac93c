#include "catalog/content/compressor.hpp"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <string>

namespace catalog::content {
namespace {

constexpr int kLevelMin = -7;
constexpr int kLevelMax = 19;

struct FreeCompression {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};
struct FreeDecompression {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

// No frame of ours is longer than a chunk, so no honest frame asks for a larger window.
constexpr int kWindowLogMax = std::bit_width(kChunkBytesMax - 1u);

}  // namespace

struct Compressor::Impl {
    int level;
    std::unique_ptr<ZSTD_CCtx, FreeCompression> compression;
    std::unique_ptr<ZSTD_DCtx, FreeDecompression> decompression;
    Bytes payload;
};

Compressor::Compressor(int level)
    : impl_(std::make_unique<Impl>(Impl{std::clamp(level, kLevelMin, kLevelMax), {}, {}, {}})) {}

Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Compressor::Encoded Compressor::compress(ByteView chunk) {
    const Encoded raw{Codec::kRaw, chunk};
    if (impl_->level == 0) return raw;
    if (!impl_->compression) {
        impl_->compression.reset(ZSTD_createCCtx());
        if (!impl_->compression) return raw;
        ZSTD_CCtx_setParameter(impl_->compression.get(), ZSTD_c_compressionLevel, impl_->level);
    }
    // Room for a worthwhile result only: zstd gives up by itself on what does not fit.
    const std::size_t worthwhile = chunk.size() - (chunk.size() * 3 + 99) / 100;
    if (impl_->payload.size() < worthwhile) impl_->payload.resize(worthwhile);
    const std::size_t size = ZSTD_compress2(impl_->compression.get(), impl_->payload.data(),
                                            worthwhile, chunk.data(), chunk.size());
    if (ZSTD_isError(size) != 0) return raw;
    return {Codec::kZstd, ByteView(impl_->payload).first(size)};
}

Result<void> Compressor::decompress(Codec codec, ByteView payload, std::uint32_t plain_bytes,
                                    Bytes& out) {
    if (plain_bytes > kChunkBytesMax)
        return fail(Errc::kDecompression,
                    "chunk claims more than " + std::to_string(kChunkBytesMax) + " bytes");
    if (codec == Codec::kRaw) {
        if (payload.size() != plain_bytes)
            return fail(Errc::kDecompression, "raw payload has another length than its chunk");
        out.assign(payload.begin(), payload.end());
        return {};
    }
    if (ZSTD_getFrameContentSize(payload.data(), payload.size()) != plain_bytes ||
        ZSTD_findFrameCompressedSize(payload.data(), payload.size()) != payload.size())
        return fail(Errc::kDecompression, "payload is not one zstd frame of the chunk's length");
    if (!impl_->decompression) {
        impl_->decompression.reset(ZSTD_createDCtx());
        if (!impl_->decompression)
            return fail(Errc::kOutOfMemory, "zstd got no memory for a decompression context");
        ZSTD_DCtx_setParameter(impl_->decompression.get(), ZSTD_d_windowLogMax, kWindowLogMax);
    }
    out.resize(plain_bytes);
    const std::size_t size = ZSTD_decompressDCtx(impl_->decompression.get(), out.data(), out.size(),
                                                 payload.data(), payload.size());
    if (ZSTD_isError(size) != 0)
        return fail(Errc::kDecompression,
                    std::string("payload cannot be decoded: ") + ZSTD_getErrorName(size));
    if (size != plain_bytes)
        return fail(Errc::kDecompression, "payload decodes to another length than its chunk");
    return {};
}

}  // namespace catalog::content
