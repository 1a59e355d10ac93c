#include "quote.hpp"

#include "catalog/core/bytes.hpp"

namespace catalog::package {

std::string printable(std::string_view text, std::size_t bytes_max) {
    constexpr char kHex[] = "0123456789abcdef";
    const bool cut = text.size() > bytes_max;
    if (cut) text = text.substr(0, bytes_max);
    std::string out;
    std::size_t good_until = 0;  // a character that is cut in two counts as bad bytes
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i >= good_until) good_until = i + utf8_prefix_bytes(text.substr(i));
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f || i >= good_until) {
            out += "\\x";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += text[i];
        }
    }
    if (cut) out += "...";
    return out;
}

std::string quoted(std::string_view text) { return "\"" + printable(text, 100) + "\""; }

}  // namespace catalog::package
