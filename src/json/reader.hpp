#pragma once
// What the reader of documents and the reader of lines share.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"
#include "catalog/json/read.hpp"

namespace catalog::json {

/// Where a text begins in the input that the user knows.
struct Origin {
    std::uint64_t line = 1;    ///< 1-based.
    std::uint64_t offset = 0;  ///< Bytes before the text.
};

/// As `read`, with errors located in the larger input.
[[nodiscard]] Result<Value> read_at(std::string_view text, const ReadLimits& limits,
                                    const Origin& origin);

/// Makes an error about the byte `offset` of `text`, with the place in message and detail. Linear
/// in `offset`.
[[nodiscard]] Error error_at(Errc code, const std::string& message, std::string_view text,
                             std::size_t offset, const Origin& origin);

}  // namespace catalog::json
