#include "metric_names.hpp"

#include <algorithm>
#include <bit>

namespace catalog::monitor {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kHelpBytesMax = 256;
constexpr std::size_t kLabelsMax = 8;
constexpr std::uint32_t kOneInMax = 65'536;

bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(std::string_view name, bool colons) noexcept {
    const auto fits = [colons](char c) { return is_letter(c) || (colons && c == ':'); };
    return !name.empty() && name.size() <= kNameBytesMax && fits(name[0]) &&
           std::ranges::all_of(name, [&](char c) { return fits(c) || (c >= '0' && c <= '9'); });
}

Result<void> refuse(std::string_view metric, const std::string& why) {
    return fail(Errc::kInvalidArgument, "metric \"" + std::string(metric) + "\": " + why);
}

}  // namespace

Result<void> check_terms(const MetricTerms& terms) {
    if (!is_name(terms.name, true))
        return refuse(terms.name, "a name has 1 to 128 letters, digits, _ and :, no digit first");
    // The text format has no way to write them that every reader knows.
    const bool plain = std::ranges::none_of(
        terms.help, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; });
    if (terms.help.empty() || terms.help.size() > kHelpBytesMax || !plain)
        return refuse(terms.name,
                      "a help text has 1 to 256 bytes without control characters and \\");
    if (!std::has_single_bit(terms.one_in) || terms.one_in > kOneInMax)
        return refuse(terms.name, "one_in is " + std::to_string(terms.one_in) +
                                      ", allowed are powers of two up to 65536");
    return {};
}

Result<void> check_labels(std::string_view name, const Labels& labels) {
    if (labels.size() > kLabelsMax)
        return refuse(name, std::to_string(labels.size()) + " labels, allowed are 8");
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const Label& label = labels[i];
        if (!is_name(label.name, false) || label.name.starts_with("__") || label.name == "le")
            return refuse(name, "\"" + label.name + "\" cannot be the name of a label");
        if (label.value.size() > kNameBytesMax)
            return refuse(name, "a value of label " + label.name + " has " +
                                    std::to_string(label.value.size()) + " bytes, allowed are 128");
        if (i > 0 && labels[i - 1].name == label.name)
            return refuse(name, "two labels are named " + label.name);
    }
    return {};
}

}  // namespace catalog::monitor
