#include "dictionary_record.hpp"

#include <catalog/internal/try.hpp>

#include "catalog/content/compressor.hpp"
#include "catalog/content/dictionary.hpp"

namespace catalog::content {
namespace {

// Of a pack of 64 MiB a dictionary takes less than a thousandth, so it need not be small at any
// price; level 9 takes 5 ms, once for each dictionary.
constexpr int kRecordLevel = 9;
constexpr std::size_t kDictionaryNumberAt = 4;

Result<void> check_number(ByteView dictionary, const ContentHash& id) {
    const auto number = load_le<std::uint32_t>(dictionary.data() + kDictionaryNumberAt);
    if (number == dictionary_number_of(id)) return {};
    return fail(Errc::kDecompression, "dictionary has another number than its bytes give");
}

}  // namespace

Result<EncodedDictionary> encode_dictionary(ByteView dictionary) {
    if (dictionary.size() > kDictionaryBytesMax)
        return fail(Errc::kDecompression,
                    "dictionary has more than " + std::to_string(kDictionaryBytesMax) + " bytes");
    EncodedDictionary encoded;
    CATALOG_TRY(encoded.header.id, dictionary_id(dictionary));
    CATALOG_TRY_VOID(check_number(dictionary, encoded.header.id));
    Compressor compressor(kRecordLevel);
    const Compressor::Encoded compressed = compressor.compress(dictionary);
    encoded.header.codec = Codec::kDictionary;
    encoded.header.id_rule = IdRule::kBytes;
    encoded.header.plain_bytes = static_cast<std::uint32_t>(dictionary.size());
    encoded.header.stored_bytes = static_cast<std::uint32_t>(compressed.payload.size());
    encoded.payload.assign(compressed.payload.begin(), compressed.payload.end());
    encoded.plain.assign(dictionary.begin(), dictionary.end());
    encoded.number = dictionary_number_of(encoded.header.id);
    return encoded;
}

Result<std::string> first_record(const EncodedDictionary& dictionary, RecordSealer* sealer) {
    std::string record;
    if (sealer == nullptr) {
        append_record(record, dictionary.header, dictionary.payload);
        return record;
    }
    std::string bare;
    append_record_header(bare, dictionary.header);
    Bytes sealed(sealed_record_bytes(dictionary.header.stored_bytes));
    CATALOG_TRY_VOID(sealer->seal(kDictionaryOffset, as_bytes(bare).first<kRecordHeaderBytes>(),
                                  dictionary.payload, sealed));
    record.assign(as_text(sealed));
    return record;
}

Result<Bytes> decode_dictionary(const RecordHeader& header, ByteView payload) {
    Bytes plain;
    const bool is_raw = header.stored_bytes == header.plain_bytes;
    CATALOG_TRY_VOID(Compressor().decompress(is_raw ? Codec::kRaw : Codec::kZstd, payload,
                                             header.plain_bytes, plain));
    CATALOG_TRY(const ContentHash id, dictionary_id(plain));
    if (id != header.id) return fail(Errc::kDecompression, "dictionary does not match its digest");
    CATALOG_TRY_VOID(check_number(plain, id));
    return plain;
}

}  // namespace catalog::content
