#pragma once
// The first record of a pack whose chunks were compressed with a trained dictionary
// (docs/formats/pack.md, "Dictionary").

#include <cstdint>
#include <string>

#include "catalog/content/pack_format.hpp"
#include "record_cipher.hpp"

namespace catalog::content {

/// Where a pack's dictionary is: it begins right behind the header.
inline constexpr std::uint64_t kDictionaryOffset = kPackHeaderBytes;

/// A dictionary as packs hold it.
struct EncodedDictionary {
    RecordHeader header;
    Bytes payload;
    Bytes plain;
    std::uint32_t number = 0;
};

/// Makes the record of a trained dictionary. Errors: kDecompression (not one, longer than
/// kDictionaryBytesMax, or with another number than dictionary_number_of gives).
[[nodiscard]] Result<EncodedDictionary> encode_dictionary(ByteView dictionary);

/// Returns the record as it goes into a pack behind the header; `sealer` is null in a store in the
/// clear. Errors: kRandomUnavailable, kInternal.
[[nodiscard]] Result<std::string> first_record(const EncodedDictionary& dictionary,
                                               RecordSealer* sealer);

/// Returns the dictionary of a record of codec kDictionary. Errors: kDecompression (malformed, or
/// not what the header says).
[[nodiscard]] Result<Bytes> decode_dictionary(const RecordHeader& header, ByteView payload);

}  // namespace catalog::content
