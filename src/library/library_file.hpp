#pragma once
// `library.toml`: what makes a folder a library. Format page: docs/formats/library.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/result.hpp"

namespace catalog::library {

/// The format that this code reads and writes.
inline constexpr std::uint32_t kLibraryFormat = 1;

/// Tells whether a store can have chunks of that average: a power of two from 4 KiB to 1 MiB.
[[nodiscard]] constexpr bool is_chunk_bytes_average(std::int64_t bytes) noexcept {
    return bytes >= 4096 && bytes <= (1 << 20) && (bytes & (bytes - 1)) == 0;
}

/// Content of `library.toml`.
struct LibraryFile {
    std::uint32_t format = kLibraryFormat;
    LibraryId id;
    WallTime created;
    std::uint32_t chunk_bytes_average = 64u << 10;
    int compression_level = 3;
    bool encrypted = false;             ///< With the key slots in `keys/`.
    PublicKey library_key;              ///< Verifies checkpoints.
    std::vector<PublicKey> publishers;  ///< Whose signatures count.

    /// Returns the text, commented.
    [[nodiscard]] std::string encode() const;

    /// Errors: kLibraryFormat (another format, malformed), naming `path`.
    [[nodiscard]] static Result<LibraryFile> decode(std::string_view text, const std::string& path);
};

}  // namespace catalog::library
