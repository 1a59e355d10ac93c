// A lock file that is accepted must come back unchanged from what it is written as.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/resolve/lock_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = catalog::resolve::LockFile::decode(text);
    if (!read) {
        const bool named = read.error().detail_as<catalog::LocationDetail>() != nullptr ||
                           read.error().cause() != nullptr;
        if (read.error().code() != catalog::Errc::kLockFileInvalid || !named) std::abort();
        return 0;
    }
    const std::string written = read->encode();
    const auto again = catalog::resolve::LockFile::decode(written);
    if (!again || again->encode() != written) std::abort();
    return 0;
}
