#include "catalog/content/compressor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include <catalog/internal/try.hpp>

#include "dictionary_impl.hpp"
#include "zstd_handles.hpp"

namespace catalog::content {
namespace {

constexpr int kLevelMin = -7;
constexpr int kLevelMax = 19;
// Up to this level a delta is looked for in the quickest way.
constexpr int kQuickDeltaLevelMax = 5;
// The least that zstd knows.
constexpr int kWindowLogMin = 10;
// A place in the table of such a search for every other byte, or at least every fourth where both
// chunks are long: 512 KiB to 4 MiB.
constexpr int kHashLogMin = 17;
constexpr int kHashLogMax = 20;
// The default level's tables for chunks of 64 KiB and more, 512 KiB each: of the corpus in
// docs/benchmarks.md such chunks take 8 % less time and 0.2 % fewer bytes than with the smaller
// ones that zstd has for that level and length.
constexpr int kLongTableLog = 17;

// zstd gives a context's memory back, and asks for it again, when it needs far less of it for a
// while: where lengths vary, a third of all page faults of an ingest. So there is a context for
// each of a few ranges of lengths.
constexpr std::array<std::size_t, 2> kContextBytesMax{8 * std::size_t{1024},
                                                      48 * std::size_t{1024}};
using Contexts = std::array<ZstdOwner<ZSTD_CCtx>, kContextBytesMax.size() + 1>;

ZstdOwner<ZSTD_CCtx>& context_for(Contexts& contexts, std::size_t bytes) {
    const auto* const found = std::ranges::lower_bound(kContextBytesMax, bytes);
    return contexts[static_cast<std::size_t>(found - kContextBytesMax.begin())];
}

// Room for a worthwhile result only: zstd gives up by itself on what does not fit.
std::size_t worthwhile_bytes(std::size_t chunk_bytes) {
    return chunk_bytes - (chunk_bytes * 3 + 99) / 100;
}

bool looks_like_dictionary(ByteView bytes) {
    return bytes.size() >= sizeof(std::uint32_t) &&
           load_le<std::uint32_t>(bytes.data()) == ZSTD_MAGIC_DICTIONARY;
}

Result<void> check_chunk_bytes(std::size_t bytes) {
    if (bytes <= kChunkBytesMax) return {};
    return fail(Errc::kDecompression,
                "chunk claims more than " + std::to_string(kChunkBytesMax) + " bytes");
}

}  // namespace

int zstd_level(int level) noexcept { return std::clamp(level, kLevelMin, kLevelMax); }

struct Compressor::Impl {
    int level;
    Contexts compression;
    Contexts delta_compression;
    ZstdOwner<ZSTD_DCtx> decompression;
    Bytes payload;

    // Both return a context for so many bytes, a base's among them, made at the first use, or null.
    ZSTD_CCtx* context(std::size_t bytes);
    ZSTD_CCtx* delta_context(std::size_t bytes);

    void reserve_payload(std::size_t bytes) {
        if (payload.size() < bytes) payload.resize(bytes);
    }

    // Makes sure that a frame can be decoded to exactly `plain_bytes`, before it takes memory.
    Result<void> begin_frame(ByteView frame, std::size_t plain_bytes);

    static Result<void> check_decoded(std::size_t size, std::size_t plain_bytes);
};

ZSTD_CCtx* Compressor::Impl::context(std::size_t bytes) {
    ZstdOwner<ZSTD_CCtx>& owner = context_for(compression, bytes);
    if (owner) return owner.get();
    owner.reset(ZSTD_createCCtx());
    ZSTD_CCtx* const made = owner.get();
    if (made == nullptr) return nullptr;
    ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, level);
    if (level == kCompressionLevelDefault && bytes > kContextBytesMax.back()) {
        ZSTD_CCtx_setParameter(made, ZSTD_c_hashLog, kLongTableLog);
        ZSTD_CCtx_setParameter(made, ZSTD_c_chainLog, kLongTableLog);
    }
    return made;
}

// What two chunks have in common comes in long stretches: the quickest search, for seven bytes or
// more, gives up a hundredth of what the slow ones find and takes two thirds of the time.
ZSTD_CCtx* Compressor::Impl::delta_context(std::size_t bytes) {
    ZstdOwner<ZSTD_CCtx>& owner = context_for(delta_compression, bytes);
    if (owner) return owner.get();
    owner.reset(ZSTD_createCCtx());
    ZSTD_CCtx* const made = owner.get();
    if (made == nullptr) return nullptr;
    const bool quick = level <= kQuickDeltaLevelMax;
    ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, quick ? std::min(level, 1) : level);
    if (quick) ZSTD_CCtx_setParameter(made, ZSTD_c_minMatch, 7);
    return made;
}

Result<void> Compressor::Impl::begin_frame(ByteView frame, std::size_t plain_bytes) {
    // zstd knows frames of older kinds as well, which no store has.
    if (frame.size() < sizeof(std::uint32_t) ||
        load_le<std::uint32_t>(frame.data()) != ZSTD_MAGICNUMBER ||
        ZSTD_getFrameContentSize(frame.data(), frame.size()) != plain_bytes ||
        ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size())
        return fail(Errc::kDecompression, "payload is not one zstd frame of the chunk's length");
    if (!decompression) {
        decompression.reset(ZSTD_createDCtx());
        if (!decompression)
            return fail(Errc::kOutOfMemory, "zstd got no memory for a decompression context");
    }
    return {};
}

Result<void> Compressor::Impl::check_decoded(std::size_t size, std::size_t plain_bytes) {
    if (ZSTD_isError(size) != 0)
        return fail(Errc::kDecompression,
                    std::string("payload cannot be decoded: ") + ZSTD_getErrorName(size));
    if (size != plain_bytes)
        return fail(Errc::kDecompression, "payload decodes to another length than its chunk");
    return {};
}

Compressor::Compressor(int level)
    : impl_(std::make_unique<Impl>(Impl{zstd_level(level), {}, {}, {}, {}})) {}

Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Compressor::Encoded Compressor::compress(ByteView chunk) {
    const Encoded raw{Codec::kRaw, chunk};
    if (impl_->level == 0) return raw;
    ZSTD_CCtx* const context = impl_->context(chunk.size());
    if (context == nullptr) return raw;
    const std::size_t room = worthwhile_bytes(chunk.size());
    impl_->reserve_payload(room);
    const std::size_t size =
        ZSTD_compress2(context, impl_->payload.data(), room, chunk.data(), chunk.size());
    if (ZSTD_isError(size) != 0) return raw;
    return {Codec::kZstd, ByteView(impl_->payload).first(size)};
}

Compressor::Encoded Compressor::compress_with(const Dictionary& dictionary, ByteView chunk) {
    const Encoded raw{Codec::kRaw, chunk};
    const ZSTD_CDict* const prepared = dictionary.impl_->compression.get();
    if (impl_->level == 0 || prepared == nullptr) return compress(chunk);
    ZSTD_CCtx* const context = impl_->context(chunk.size());
    if (context == nullptr) return raw;
    const std::size_t room = worthwhile_bytes(chunk.size());
    impl_->reserve_payload(room);
    const std::size_t size = ZSTD_compress_usingCDict(context, impl_->payload.data(), room,
                                                      chunk.data(), chunk.size(), prepared);
    if (ZSTD_isError(size) != 0) return raw;
    return {Codec::kZstdDictionary, ByteView(impl_->payload).first(size)};
}

Compressor::Encoded Compressor::compress_delta(const ChunkId& base_id, ByteView base_and_chunk,
                                               std::size_t chunk_begin,
                                               std::size_t payload_bytes_max) {
    const ByteView base = base_and_chunk.first(chunk_begin);
    const ByteView chunk = base_and_chunk.subspan(chunk_begin);
    const Encoded raw{Codec::kRaw, chunk};
    if (impl_->level == 0 || payload_bytes_max <= kDeltaHeaderBytes) return raw;
    ZSTD_CCtx* const context = impl_->delta_context(base_and_chunk.size());
    if (context == nullptr) return raw;
    impl_->reserve_payload(payload_bytes_max);
    std::copy(base_id.digest.begin(), base_id.digest.end(), impl_->payload.begin());
    // After a result that did not fit, zstd is still in the middle of it.
    ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
    // The window reaches from the chunk's end to the base's beginning.
    const int window_log =
        std::max(kWindowLogMin, static_cast<int>(std::bit_width(base_and_chunk.size())));
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    if (impl_->level <= kQuickDeltaLevelMax)
        ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog,
                               std::clamp(window_log - 2, kHashLogMin, kHashLogMax));
    ZSTD_CCtx_refPrefix(context, base.data(), base.size());
    const std::size_t size =
        ZSTD_compress2(context, impl_->payload.data() + kDeltaHeaderBytes,
                       payload_bytes_max - kDeltaHeaderBytes, chunk.data(), chunk.size());
    if (ZSTD_isError(size) != 0) return raw;
    return {Codec::kDelta, ByteView(impl_->payload).first(kDeltaHeaderBytes + size)};
}

Result<void> Compressor::decompress(Codec codec, ByteView payload, std::uint32_t plain_bytes,
                                    Bytes& out) {
    CATALOG_TRY_VOID(check_chunk_bytes(plain_bytes));
    if (codec == Codec::kZstd) CATALOG_TRY_VOID(impl_->begin_frame(payload, plain_bytes));
    out.resize(plain_bytes);
    return decompress(codec, payload, out);
}

Result<void> Compressor::decompress(Codec codec, ByteView payload, std::span<std::byte> out) {
    CATALOG_TRY_VOID(check_chunk_bytes(out.size()));
    if (codec == Codec::kRaw) {
        if (payload.size() != out.size())
            return fail(Errc::kDecompression, "raw payload has another length than its chunk");
        std::ranges::copy(payload, out.begin());
        return {};
    }
    if (codec != Codec::kZstd)
        return fail(Errc::kDecompression, "payload needs a dictionary or a base to be decoded");
    CATALOG_TRY_VOID(impl_->begin_frame(payload, out.size()));
    return Impl::check_decoded(ZSTD_decompressDCtx(impl_->decompression.get(), out.data(),
                                                   out.size(), payload.data(), payload.size()),
                               out.size());
}

Result<void> Compressor::decompress_with(const Dictionary& dictionary, ByteView payload,
                                         std::uint32_t plain_bytes, Bytes& out) {
    CATALOG_TRY_VOID(check_chunk_bytes(plain_bytes));
    CATALOG_TRY_VOID(impl_->begin_frame(payload, plain_bytes));
    out.resize(plain_bytes);
    return decompress_with(dictionary, payload, out);
}

Result<void> Compressor::decompress_with(const Dictionary& dictionary, ByteView payload,
                                         std::span<std::byte> out) {
    CATALOG_TRY_VOID(check_chunk_bytes(out.size()));
    CATALOG_TRY(const std::uint32_t number, dictionary_number(payload));
    if (number != dictionary.number())
        return fail(Errc::kDecompression,
                    "payload was made with another dictionary, number " + std::to_string(number));
    CATALOG_TRY_VOID(impl_->begin_frame(payload, out.size()));
    return Impl::check_decoded(
        ZSTD_decompress_usingDDict(impl_->decompression.get(), out.data(), out.size(),
                                   payload.data(), payload.size(),
                                   dictionary.impl_->decompression.get()),
        out.size());
}

Result<void> Compressor::decompress_delta(ByteView payload, ByteView base,
                                          std::uint32_t plain_bytes, Bytes& out) {
    CATALOG_TRY_VOID(check_chunk_bytes(plain_bytes));
    if (payload.size() > kDeltaHeaderBytes)
        CATALOG_TRY_VOID(impl_->begin_frame(payload.subspan(kDeltaHeaderBytes), plain_bytes));
    out.resize(plain_bytes);
    return decompress_delta(payload, base, out);
}

Result<void> Compressor::decompress_delta(ByteView payload, ByteView base,
                                          std::span<std::byte> out) {
    CATALOG_TRY_VOID(check_chunk_bytes(std::max(out.size(), base.size())));
    if (payload.size() <= kDeltaHeaderBytes)
        return fail(Errc::kDecompression, "payload is shorter than a delta");
    const ByteView frame = payload.subspan(kDeltaHeaderBytes);
    CATALOG_TRY_VOID(impl_->begin_frame(frame, out.size()));
    ZSTD_DCtx* const context = impl_->decompression.get();
    // As a prefix, zstd takes 27 KiB of memory for each. Without that it takes bytes which look
    // like a dictionary for one; a base that happens to is none.
    if (!looks_like_dictionary(base))
        return Impl::check_decoded(
            ZSTD_decompress_usingDict(context, out.data(), out.size(), frame.data(), frame.size(),
                                      base.data(), base.size()),
            out.size());
    const std::size_t referred = ZSTD_DCtx_refPrefix(context, base.data(), base.size());
    if (ZSTD_isError(referred) != 0)
        return fail(Errc::kOutOfMemory, "zstd got no memory for a decompression context");
    return Impl::check_decoded(
        ZSTD_decompressDCtx(context, out.data(), out.size(), frame.data(), frame.size()),
        out.size());
}

Result<ChunkId> delta_base(ByteView payload) {
    if (payload.size() <= kDeltaHeaderBytes)
        return fail(Errc::kDecompression, "payload is shorter than a delta");
    return ChunkId::from_digest(HashAlgorithm::kSha256, payload.first(kDeltaHeaderBytes));
}

Result<std::uint32_t> dictionary_number(ByteView payload) {
    const std::uint32_t number = ZSTD_getDictID_fromFrame(payload.data(), payload.size());
    if (number == 0)
        return fail(Errc::kDecompression, "payload is not a zstd frame that names a dictionary");
    return number;
}

}  // namespace catalog::content
