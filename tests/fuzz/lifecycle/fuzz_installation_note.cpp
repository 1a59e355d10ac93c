// Notes of prefixes: what is accepted is written and read back the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "installation_note.hpp"

using namespace catalog;             // NOLINT: one file, one program
using namespace catalog::lifecycle;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<InstallationNote> read = decode_note("/prefix", text);
    if (!read) {
        if (read.error().code() != Errc::kDatabaseCorrupt || read.error().input() != "/prefix")
            std::abort();
        return 0;
    }
    if (read->state != package::PackageState::kInstalling &&
        read->state != package::PackageState::kInstalled &&
        read->state != package::PackageState::kUpdating)
        std::abort();
    const Result<InstallationNote> again =
        decode_note("/prefix", encode_note(read->generation, read->state));
    if (!again || again->generation != read->generation || again->state != read->state)
        std::abort();
    return 0;
}
