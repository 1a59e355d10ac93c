// Any bytes in pieces of any size give the same answers as cutting the text at its newlines.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/json/lines.hpp"
#include "catalog/json/write.hpp"

namespace {

using namespace catalog;

struct Answer {
    std::uint64_t number = 0;
    std::string text;  // the canonical document, or the error's code and place
    friend bool operator==(const Answer&, const Answer&) = default;
};

Answer answer(std::uint64_t number, const Result<json::Value>& value) {
    if (value) return {number, json::write_canonical(*value)};
    std::string text = "!" + std::string(errc_name(value.error().code()));
    // Columns do not depend on where the line stands.
    if (const auto* place = value.error().detail_as<LocationDetail>())
        text += std::to_string(place->column);
    return {number, text};
}

std::vector<Answer> by_hand(std::string_view text, const json::ReadLimits& limits) {
    std::vector<Answer> answers;
    std::uint64_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
        if (blank && line.size() <= limits.bytes_max) continue;
        answers.push_back(answer(number, json::read(line, limits)));
    }
    return answers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t piece = std::size_t{data[0]} + 1;
    json::ReadLimits limits;
    limits.bytes_max = data[1];
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

    std::string_view left = text;
    json::LineReader reader(
        [&](std::span<char> out) -> Result<std::size_t> {
            const std::size_t taken = std::min({piece, out.size(), left.size()});
            std::ranges::copy(left.substr(0, taken), out.begin());
            left.remove_prefix(taken);
            return taken;
        },
        limits);
    std::vector<Answer> answers;
    for (;;) {
        const auto line = reader.next();
        if (!line) __builtin_trap();
        if (!*line) break;
        answers.push_back(answer((*line)->number, (*line)->value));
    }
    if (answers != by_hand(text, limits)) __builtin_trap();
    return 0;
}
