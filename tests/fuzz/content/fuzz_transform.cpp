// Transformers that read what others wrote: the first byte says which one, the second how long the
// pieces are that it is shown, the third how much room it gets. Whatever the input, it goes on, and
// gives no more than it may; an error is the same in whatever pieces it comes.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

#include "catalog/content/content_transformer.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

constexpr std::size_t kHeadBytes = 3;
constexpr std::uint64_t kBytesMax = 1u << 18;

void require(bool condition) {
    if (!condition) std::abort();
}

std::unique_ptr<ContentTransformer> make(unsigned kind) {
    switch (kind % 6) {
        case 0:
            return make_zstd_decompression(kBytesMax);
        case 1:
            return make_gzip_decompression(kBytesMax);
        case 2:
            return make_line_endings(LineEnding::kLf);
        case 3:
            return make_line_endings(LineEnding::kCrLf);
        case 4:
            return make_gzip_compression(1);
        default:
            return make_zstd_compression(1);
    }
}

std::optional<Bytes> pull(ByteView input, unsigned kind, std::size_t slice, std::size_t room) {
    const auto source = transformed(
        [input, slice](std::span<std::byte> out) mutable -> Result<std::size_t> {
            const std::size_t count = std::min({input.size(), slice, out.size()});
            std::copy_n(input.begin(), count, out.begin());
            input = input.subspan(count);
            return count;
        },
        make(kind));
    Bytes all;
    Bytes piece(room);
    for (;;) {
        const auto count = source(piece);
        if (!count) {
            require(count.error().code() != Errc::kInternal);
            return std::nullopt;
        }
        if (*count == 0) return all;
        require(*count <= room);
        all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*count));
        require(kind % 6 > 1 || all.size() <= kBytesMax);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < kHeadBytes) return 0;
    const ByteView input = std::as_bytes(std::span(data, size)).subspan(kHeadBytes);
    const auto whole = pull(input, data[0], 1u << 16, 1u << 16);
    require(pull(input, data[0], 1u + data[1], 1u + data[2]) == whole);
    return 0;
}
