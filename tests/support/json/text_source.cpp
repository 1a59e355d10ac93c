#include "support/json/text_source.hpp"

#include <algorithm>
#include <utility>

namespace catalog::json::testing {

ByteSource text_source(std::string text, std::size_t piece_bytes) {
    return [text = std::move(text), piece_bytes,
            at = std::size_t{0}](std::span<char> out) mutable -> Result<std::size_t> {
        const std::size_t size = std::min({out.size(), piece_bytes, text.size() - at});
        std::copy_n(text.data() + at, size, out.data());
        at += size;
        return size;
    };
}

ByteSource faulty_source(ByteSource source, std::size_t failing_call, Error error) {
    return [source = std::move(source), failing_call, error = std::move(error),
            call = std::size_t{0}](std::span<char> out) mutable -> Result<std::size_t> {
        if (call++ == failing_call) return fail(error);
        return source(out);
    };
}

}  // namespace catalog::json::testing
