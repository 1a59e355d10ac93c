#include "record_copier.hpp"

#include <catalog/internal/try.hpp>

namespace catalog::content {

Result<ChunkLocation> RecordCopier::append(const StoredRecord& record) {
    const RecordHeader& header = record.header;
    auto copy = core_.backend->append({header.id, header.codec, header.plain_bytes, record.payload,
                                       header.id_rule, std::nullopt, record.pack});
    if (copy || header.codec != Codec::kZstdDictionary ||
        copy.error().code() != Errc::kFailedPrecondition)
        return copy;
    CATALOG_TRY(const ByteView chunk, decoder_.decode(record, plain_));
    const Compressor::Encoded alone = compressor_.compress(chunk);
    return core_.backend->append({header.id, alone.codec, header.plain_bytes, alone.payload,
                                  header.id_rule, std::nullopt, record.pack});
}

}  // namespace catalog::content
