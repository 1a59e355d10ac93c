// Files of a similarity table: what is taken is what would be written, as far as there is room.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "catalog/content/similarity_table.hpp"
#include "catalog/internal/crc32c.hpp"

namespace {

using catalog::append_le;
using catalog::as_bytes;
using catalog::as_text;
using catalog::ByteView;
using catalog::Result;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

std::string saved(const SimilarityTable& table) {
    std::string bytes;
    require(table
                .save([&](ByteView piece) {
                    bytes += as_text(piece);
                    return Result<void>();
                })
                .has_value());
    return bytes;
}

void try_file(const std::string& file) {
    SimilarityTable table;
    if (!table.load(as_bytes(file))) {
        require(table.size() == 0);
    } else {
        require(saved(table) == file);
    }
    ChunkFeatures features;
    features.values.fill(5);
    ChunkId id;
    id.digest.fill(static_cast<std::byte>(9));
    table.add(TrustDomain{3}, features, id);
    const auto match = table.find(TrustDomain{3}, features);
    require(match && match->shared >= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string input(reinterpret_cast<const char*>(data), size);
    try_file(input);
    // The same with the checksum that it lacks.
    append_le(input, catalog::internal::crc32c(as_bytes(input)));
    try_file(input);
    return 0;
}
