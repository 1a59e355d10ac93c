// Encoded range proofs: what is accepted is what would be written, and holds for no bytes but those
// it was made of.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "catalog/content/range_proof.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    const auto proof = decode_range_proof(as_bytes(input));
    if (!proof) {
        require(proof.error().code() == Errc::kProofInvalid);
        return 0;
    }
    require(encode_range_proof(*proof) == input);
    const ByteRange covered = proof->covered();
    require(covered.size != 0 && covered.size <= proof->object_size - covered.offset);
    const auto blocks = blocks_of(covered, proof->object_size);
    require(blocks && *blocks == proof->blocks);
    // Nobody can know bytes whose digest is all zeros.
    if (covered.size > (1u << 20)) return 0;
    const Bytes bytes(covered.size);
    require(!verify_range(ContentHash{}, proof->object_size, covered, bytes, *proof));
    return 0;
}
