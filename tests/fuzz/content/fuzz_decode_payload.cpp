// Payloads of chunks: the first byte is the codec (4: bytes of a dictionary, 5: payload of a record
// of one), four bytes the plain length, the rest the payload. What is decoded has that length, and
// nothing takes more memory.

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "catalog/content/compressor.hpp"
#include "catalog/content/dictionary.hpp"
#include "dictionary_record.hpp"

namespace {

using catalog::Bytes;
using catalog::ByteView;
using catalog::load_le;
using namespace catalog::content;

constexpr std::size_t kHeadBytes = 5;

void require(bool condition) {
    if (!condition) std::abort();
}

// The same lines for ever: seeds of the corpus refer to them.
Bytes lines(std::uint32_t seed, std::size_t count) {
    constexpr std::string_view kAlphabet = "etaoin shrdlu(){};=.\n";
    Bytes bytes;
    bytes.reserve(count);
    for (std::uint32_t state = seed; bytes.size() < count;) {
        state = state * 1664525u + 1013904223u;
        bytes.push_back(static_cast<std::byte>(kAlphabet[(state >> 24) % kAlphabet.size()]));
    }
    return bytes;
}

const Bytes& base() {
    static const Bytes bytes = lines(1, 20'000);
    return bytes;
}

const Dictionary& dictionary() {
    static const std::shared_ptr<const Dictionary> made = [] {
        const Bytes family = lines(2, 4'000);
        std::vector<ByteView> samples;
        samples.reserve(500);
        for (std::size_t i = 0; i < 500; ++i)
            samples.push_back(ByteView(family).subspan(i * 7 % 3'000, 600 + i % 300));
        auto trained = train_dictionary(samples);
        require(trained.has_value());
        auto loaded = Dictionary::load(*trained, 3);
        require(loaded.has_value());
        return *loaded;
    }();
    return *made;
}

void try_dictionary(ByteView bytes) {
    const auto loaded = Dictionary::load(bytes, 1);
    if (!loaded) return;
    Compressor compressor(1);
    const ByteView chunk = ByteView(base()).first(3'000);
    const auto encoded = compressor.compress_with(**loaded, chunk);
    if (encoded.codec != Codec::kZstdDictionary) return;
    Bytes out;
    require(compressor.decompress_with(**loaded, encoded.payload, 3'000, out).has_value());
    require(std::equal(out.begin(), out.end(), chunk.begin(), chunk.end()));
}

// What a pack's first record gives is what a writer would put there.
void try_record(ByteView payload, std::uint32_t plain_bytes) {
    RecordHeader header;
    header.codec = Codec::kDictionary;
    header.plain_bytes = plain_bytes % std::uint32_t{kDictionaryBytesMax} + 1;
    header.stored_bytes = static_cast<std::uint32_t>(payload.size());
    if (header.stored_bytes > header.plain_bytes) return;
    if (const auto id = dictionary_id(payload)) header.id = *id;
    const auto plain = decode_dictionary(header, payload);
    if (!plain) return;
    const auto again = encode_dictionary(*plain);
    require(again.has_value());
    require(again->header.id == header.id);
    const auto decoded = decode_dictionary(again->header, again->payload);
    require(decoded.has_value() && *decoded == *plain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < kHeadBytes) return 0;
    const ByteView input = std::as_bytes(std::span(data, size));
    const auto plain_bytes = load_le<std::uint32_t>(input.data() + 1);
    const ByteView payload = input.subspan(kHeadBytes);
    static Compressor compressor;
    Bytes out;
    catalog::Result<void> decoded;
    switch (data[0]) {
        case 2:
            decoded = compressor.decompress_with(dictionary(), payload, plain_bytes, out);
            break;
        case 3:
            (void)delta_base(payload);
            decoded = compressor.decompress_delta(payload, base(), plain_bytes, out);
            break;
        case 4:
            try_dictionary(payload);
            return 0;
        case 5:
            try_record(payload, plain_bytes);
            return 0;
        default:
            decoded = compressor.decompress(static_cast<Codec>(data[0]), payload, plain_bytes, out);
    }
    require(!decoded || out.size() == plain_bytes);
    require(out.capacity() <= kChunkBytesMax);
    return 0;
}
