#pragma once
// ContentTransformer: turns one stream of bytes into another while somebody pulls.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// One stream's way from what it was to what it is to be. Keeps no more of it than it must to go
/// on: memory does not depend on the stream's length.
///
/// Used once, for one stream. Thread safety: one thread at a time. An implementation of a host is
/// used as `transformed` does.
class ContentTransformer {
public:
    virtual ~ContentTransformer() = default;

    /// What errors name, for example "zstd decompression".
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

    struct Step {
        std::size_t taken = 0;  ///< Bytes from the front of `in` that need not be shown again.
        std::size_t given = 0;  ///< Bytes at the front of `out`.
        bool ended = false;     ///< The result is complete.
    };
    /// Goes on with `in`, what comes next of the input, and writes to `out`, which has room for one
    /// byte or more. With `is_last` nothing comes after `in`, and calls with room enough end the
    /// result. One that takes and gives nothing needs more input than `in`: it is called again with
    /// more behind the same bytes, up to 64 KiB. Errors: those of the kind of transformer.
    [[nodiscard]] virtual Result<Step> step(ByteView in, bool is_last,
                                            std::span<std::byte> out) = 0;
};

/// Returns a source of what `transformer` makes of `source`. Pulling from it pulls from `source`
/// what is needed for that, in pieces of up to 64 KiB: nobody who waits holds more. After an error
/// every further call returns it again. Errors: of `source` and `transformer`, kContentCorrupted
/// (input behind the end of what is transformed), kInternal (a transformer that never goes on).
[[nodiscard]] ByteSource transformed(ByteSource source,
                                     std::unique_ptr<ContentTransformer> transformer);

/// The same with several, the first nearest to `source`. Memory: 64 KiB each, and theirs.
[[nodiscard]] ByteSource transformed(ByteSource source,
                                     std::vector<std::unique_ptr<ContentTransformer>> transformers);

/// Makes a zstd frame (RFC 8878). `level` as of Compressor, at least 1. Errors of its steps:
/// kOutOfMemory.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_zstd_compression(int level = 3);

/// Takes zstd frames apart, one after the other. Gives at most `bytes_max` bytes, and takes at most
/// 8 MiB of memory for a window. Errors of its steps: kDecompression (malformed, cut short, a
/// larger window), kLimitExceeded (more bytes), kOutOfMemory.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_zstd_decompression(std::uint64_t bytes_max);

/// Makes a gzip member (RFC 1952) without name and time: the same bytes give the same member with
/// the same zlib. `level` 1 (quick) to 9 (dense). Memory: 256 KiB. Errors of its steps:
/// kOutOfMemory.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_gzip_compression(int level = 6);

/// Takes gzip members apart, one after the other, as gzip does; checks length and checksum of each.
/// Gives at most `bytes_max` bytes. Memory: 48 KiB. Errors of its steps: kDecompression (malformed,
/// cut short, something else behind a member), kLimitExceeded (more bytes), kOutOfMemory.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_gzip_decompression(std::uint64_t bytes_max);

enum class LineEnding : std::uint8_t { kLf, kCrLf };

/// Makes every LF, and every CR with an LF behind it, the line ending that is asked for. A CR alone
/// stays.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_line_endings(LineEnding ending);

}  // namespace catalog::content
