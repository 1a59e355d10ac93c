#pragma once
// Foreign text in messages. Never installed.

#include <cstddef>
#include <string>
#include <string_view>

namespace catalog::package {

/// Returns `text` cut to `bytes_max`, with control characters and bytes that are not UTF-8 as
/// `\xNN`, so that a hostile name cannot drive a terminal or break a log line.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max);

/// Returns `text` in quotation marks, printable and cut to 100 bytes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace catalog::package
