// Records of waiting packages. The input is the record without its checksum, which would keep
// every changed input out; the key is the manifest's id.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/crc32c.hpp"
#include "preparing_record.hpp"

using namespace catalog;             // NOLINT: one file, one program
using namespace catalog::lifecycle;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    append_le(bytes, internal::crc32c(as_bytes(bytes)));
    for (const std::string key : {"kit@1.0.0", "acme/kit@1.2.0-rc.1"}) {
        const Result<PreparingRecord> read = decode_preparing(key, bytes);
        if (!read) {
            if (read.error().code() != Errc::kDatabaseCorrupt || read.error().input() != key)
                std::abort();
            continue;
        }
        if (encode_preparing(*read) != bytes) std::abort();
        const Publication& publication = read->publication;
        if (publication.manifest.metadata.id().to_string() != key) std::abort();
        if (package::digest_of_manifest(publication.manifest_bytes) != publication.digest)
            std::abort();
    }
    return 0;
}
