#pragma once
// Says in the reader's own words why a text is not JSON. Runs only after the parser has refused it.

#include <cstddef>
#include <string>
#include <string_view>

#include "catalog/core/errc.hpp"

namespace catalog::json {

/// What the grammar admits after the last complete token (separators not counted).
enum class Expected {
    kDocument,      ///< Nothing was read.
    kFirstElement,  ///< "[" was read.
    kAfterElement,  ///< An element was read.
    kFirstMember,   ///< "{" was read.
    kAfterName,     ///< A member's name was read.
    kAfterMember,   ///< A member was read.
    kEnd,           ///< The document was read.
};

struct Fault {
    Errc code = Errc::kJsonSyntax;
    std::string message;     ///< Without the place.
    std::size_t offset = 0;  ///< Byte at fault.
};

/// Finds what is wrong at `offset`, the end of the last complete token.
[[nodiscard]] Fault diagnose(std::string_view text, std::size_t offset, Expected expected);

/// Returns the end of the number that starts at `offset`, or npos when it is malformed.
[[nodiscard]] std::size_t number_end(std::string_view text, std::size_t offset);

/// Returns the first byte from `offset` that is not JSON's white space.
[[nodiscard]] std::size_t skip_white_space(std::string_view text, std::size_t offset);

}  // namespace catalog::json
