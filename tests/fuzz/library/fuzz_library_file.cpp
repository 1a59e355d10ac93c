// library.toml: what is accepted can be written, and reading that gives the same.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "library_file.hpp"
#include "support/core/byte_feed.hpp"

namespace {

using namespace catalog;           // NOLINT: one file, one program
using namespace catalog::library;  // NOLINT
using fakes::require;

void write_and_read(const LibraryFile& file) {
    const std::string text = file.encode();
    const Result<LibraryFile> again = LibraryFile::decode(text, "library.toml");
    require(again.has_value());
    require(again->id == file.id && again->created == file.created &&
            again->chunk_bytes_average == file.chunk_bytes_average &&
            again->compression_level == file.compression_level &&
            again->library_key == file.library_key && again->publishers == file.publishers);
    require(again->encode() == text);
}

template <std::size_t kSize>
void fill(std::array<std::byte, kSize>& bytes, fakes::ByteFeed& feed) {
    for (std::byte& byte : bytes) byte = std::byte{feed.byte()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Result<LibraryFile> file = LibraryFile::decode(input, "library.toml");
    if (file) {
        require(file->format == kLibraryFormat);
        // What a store can be opened with: a quarter and four times of it are chunk sizes, too.
        require(file->chunk_bytes_average >= 4096 && file->chunk_bytes_average <= 1u << 20);
        require(file->compression_level >= 1 && file->compression_level <= 22);
        write_and_read(*file);
    } else {
        require(file.error().code() == Errc::kLibraryFormat &&
                file.error().input() == "library.toml");
    }

    fakes::ByteFeed feed(input);
    LibraryFile made;
    made.created = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(feed.number())));
    made.chunk_bytes_average = 4096u << feed.byte() % 9;
    made.compression_level = 1 + feed.byte() % 22;
    fill(made.id.bytes, feed);
    fill(made.library_key.bytes, feed);
    while (!feed.empty() && made.publishers.size() < 100)
        fill(made.publishers.emplace_back().bytes, feed);
    write_and_read(made);
    return 0;
}
