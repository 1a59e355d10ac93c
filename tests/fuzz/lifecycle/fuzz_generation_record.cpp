// Records of generations: what is accepted is written and read back the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "generation_record.hpp"

using namespace catalog;             // NOLINT: one file, one program
using namespace catalog::lifecycle;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<Generation> read = decode_generation(text, "record");
    if (!read) {
        if (read.error().code() != Errc::kPrefixDamaged || read.error().input() != "record")
            std::abort();
        return 0;
    }
    const std::string written = encode_generation(*read);
    const Result<Generation> again = decode_generation(written, "record");
    if (!again || encode_generation(*again) != written) std::abort();
    if (again->number != read->number || again->created != read->created ||
        again->roots != read->roots || again->packages != read->packages ||
        again->layout != read->layout)
        std::abort();
    return 0;
}
