#pragma once
// RecordCopier: appends stored records again, as they are where that is possible.

#include "content_core.hpp"

namespace catalog::content {

/// Thread safety: one thread at a time.
class RecordCopier {
public:
    /// `core` outlives it.
    explicit RecordCopier(const ContentCore& core)
        : core_(core), decoder_(*core.backend), compressor_(core.options.compression_level) {}

    /// Appends a record of a pack that goes. One whose dictionary is not that of the pack which
    /// grows is compressed anew without. Returns where it is. Errors: kContentCorrupted (it would
    /// have to be decoded, and cannot be), as StorageBackend::append.
    [[nodiscard]] Result<ChunkLocation> append(const StoredRecord& record);

private:
    const ContentCore& core_;
    ChunkDecoder decoder_;
    Compressor compressor_;
    Bytes plain_;
};

}  // namespace catalog::content
