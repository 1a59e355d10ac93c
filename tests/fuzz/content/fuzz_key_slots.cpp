// A file of key slots of any bytes: it is refused, or encodes to the same bytes again and demands
// no more than was allowed. Inputs are tried as they are and with length and checksum made right.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "catalog/internal/crc32c.hpp"
#include "key_slots_format.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

void try_file(const std::string& bytes) {
    KeySlotLimits limits;
    limits.memory_kib_max = 1u << 16;
    limits.passes_max = 4;
    const Result<SlotsFile> file = decode_slots_file(as_bytes(bytes), limits);
    if (!file) {
        const Errc code = file.error().code();
        require(code == Errc::kKeyInvalid || code == Errc::kUnsupported ||
                code == Errc::kLimitExceeded);
        return;
    }
    require(encode_slots_file(*file) == bytes);
    require(!file->slots.empty() && file->slots.size() <= kKeySlotsMax);
    require(!file->generations.empty() && file->generations.size() <= kKeyGenerationsMax + 2);
    for (const SlotRecord& slot : file->slots)
        require(slot.info.cost.memory_kib <= limits.memory_kib_max &&
                slot.info.cost.passes <= limits.passes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    try_file(bytes);
    constexpr std::size_t kFrameBytes = 24;
    if (bytes.size() < kFrameBytes) return 0;
    std::string number;
    append_le(number, static_cast<std::uint32_t>(bytes.size()));
    bytes.replace(12, 4, number);
    number.clear();
    append_le(number, internal::crc32c(as_bytes(bytes).first(bytes.size() - 8)));
    append_le(number, std::uint32_t{0});
    bytes.replace(bytes.size() - 8, 8, number);
    try_file(bytes);
    return 0;
}
