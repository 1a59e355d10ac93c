#include "support/content/sample_bytes.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "catalog/merkle/tree.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content::testing {

using io::testing::SeededRandom;

Bytes noise(std::size_t count, std::uint64_t seed) {
    SeededRandom random(seed);
    Bytes bytes(count);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next() >> 56);
    return bytes;
}

Bytes prose(std::size_t count, std::uint64_t seed) {
    static constexpr std::array<std::string_view, 12> kWords = {
        "function ", "return ", "value", "const ",      "(",     ") {\n",
        ";\n",       "    ",    "index", "export let ", " === ", "null"};
    SeededRandom random(seed);
    Bytes bytes;
    bytes.reserve(count + 16);
    while (bytes.size() < count) {
        const ByteView word = as_bytes(kWords[random.below(kWords.size())]);
        bytes.insert(bytes.end(), word.begin(), word.end());
        if (random.chance(20)) bytes.push_back(static_cast<std::byte>('a' + random.below(26)));
    }
    bytes.resize(count);
    return bytes;
}

Bytes mixed_bytes() {
    Bytes bytes = noise(5'000, 1);
    const Bytes more = prose(7'000, 2);
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
}

Bytes edited(Bytes bytes, std::size_t edits, std::uint64_t seed) {
    SeededRandom random(seed);
    for (std::size_t i = 0; i < edits; ++i) {
        const Bytes fresh = noise(1 + random.below(40), random.next());
        const auto at = static_cast<std::ptrdiff_t>(random.below(bytes.size() + 1));
        const auto left = static_cast<std::ptrdiff_t>(bytes.size()) - at;
        const auto length = std::min(left, static_cast<std::ptrdiff_t>(fresh.size()));
        const std::uint64_t kind = random.below(3);
        if (kind == 0) bytes.insert(bytes.begin() + at, fresh.begin(), fresh.end());
        if (kind == 1) bytes.erase(bytes.begin() + at, bytes.begin() + at + length);
        if (kind == 2) std::copy_n(fresh.begin(), length, bytes.begin() + at);
    }
    return bytes;
}

ByteSource slices_of(ByteView bytes, std::size_t slice) {
    return [whole = source_of(bytes), slice](std::span<std::byte> out) {
        return whole(out.first(std::min(slice, out.size())));
    };
}

RandomAccessSource slices_anywhere_of(ByteView bytes, std::size_t slice) {
    return [bytes, slice](std::uint64_t offset, std::span<std::byte> out) -> Result<std::size_t> {
        const ByteView rest = bytes.subspan(std::min<std::uint64_t>(offset, bytes.size()));
        const std::size_t count = std::min({slice, out.size(), rest.size()});
        std::copy_n(rest.begin(), count, out.begin());
        return count;
    };
}

ByteSource ragged_slices_of(ByteView bytes, std::size_t slice_max, std::uint64_t seed) {
    return [whole = source_of(bytes), random = SeededRandom(seed),
            slice_max](std::span<std::byte> out) mutable {
        const auto slice = static_cast<std::size_t>(1 + random.below(slice_max));
        return whole(out.first(std::min(slice, out.size())));
    };
}

ContentHash id_of(ByteView bytes) {
    merkle::BlockTree tree;
    tree.update(bytes);
    return tree.finish();
}

}  // namespace catalog::content::testing
