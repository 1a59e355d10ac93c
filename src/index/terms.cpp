// Which terms a package version is found by.

#include <algorithm>
#include <map>

#include "records.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kWordBytesMax = 64;

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_word_byte(char c) noexcept {
    return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_joiner(char c) noexcept { return c == '-' || c == '_' || c == '.'; }

/// Adds a word, lower-cased and cut, unless it is there already.
void add_word(std::vector<std::string>& words, std::string_view word) {
    if (word.empty()) return;
    std::string text = lower_case(word.substr(0, kWordBytesMax));
    if (std::ranges::find(words, text) == words.end()) words.push_back(std::move(text));
}

/// Splits a compound without spaces at joiners and at a change from lower to upper case.
void add_compound(std::vector<std::string>& words, std::string_view compound) {
    std::size_t start = 0;
    std::size_t parts = 0;
    for (std::size_t i = 0; i <= compound.size(); ++i) {
        const bool end = i == compound.size();
        const bool joiner = !end && is_joiner(compound[i]);
        const bool hump = !end && i > start && is_upper(compound[i]) && is_lower(compound[i - 1]);
        if (!end && !joiner && !hump) continue;
        if (i > start) ++parts;
        add_word(words, compound.substr(start, i - start));
        start = joiner ? i + 1 : i;
    }
    if (parts > 1) add_word(words, compound);
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::size_t i = 0;
    while (i < text.size()) {
        while (i < text.size() && !is_word_byte(text[i])) ++i;
        std::size_t end = i;
        while (end < text.size() &&
               (is_word_byte(text[end]) ||
                (is_joiner(text[end]) && end + 1 < text.size() && is_word_byte(text[end + 1]))))
            ++end;
        add_compound(words, text.substr(i, end - i));
        i = end;
    }
    return words;
}

void for_each_part(std::string_view text, const std::function<void(std::string_view)>& use) {
    for (std::size_t i = 0; i < text.size();) {
        if (!is_word_byte(text[i])) {
            ++i;
            continue;
        }
        const std::size_t start = i++;
        while (i < text.size() && is_word_byte(text[i]) &&
               !(is_upper(text[i]) && is_lower(text[i - 1])))
            ++i;
        use(lower_case(text.substr(start, std::min(i - start, kWordBytesMax))));
    }
}

std::vector<Term> terms_of(const package::PackageMetadata& metadata) {
    std::map<std::pair<TermKind, std::string>, std::uint32_t> weights;
    const auto add = [&](TermKind kind, std::string text, std::uint32_t weight = 1) {
        if (!text.empty()) weights[{kind, std::move(text)}] += weight;
    };
    const auto add_words = [&](std::string_view text, std::uint32_t weight) {
        for (std::string& word : words_of(text)) add(TermKind::kWord, std::move(word), weight);
    };
    add_words(metadata.name.view(), kNameWeight);
    add_words(metadata.description, kDescriptionWeight);
    for (const std::string& keyword : metadata.keywords) {
        add_words(keyword, kKeywordWeight);
        add(TermKind::kKeyword, lower_case(keyword.substr(0, 256)));
    }
    for (const std::string& tag : metadata.tags) add(TermKind::kTag, tag.substr(0, 256));
    for (const std::string& author : metadata.authors) {
        add(TermKind::kAuthor, lower_case(author.substr(0, 256)));
        for (std::string& word : words_of(author)) add(TermKind::kAuthor, std::move(word));
    }
    add(TermKind::kLicense, lower_case(metadata.license.substr(0, 256)));
    add(TermKind::kType, std::string(package::package_type_name(metadata.type)));
    for (const package::Dependency& dependency : metadata.dependencies) {
        add(TermKind::kDependency, dependency.target.name.str());
        for (const package::DependencyTarget& target : dependency.any_of)
            add(TermKind::kDependency, target.name.str());
    }
    for (const package::Provide& provide : metadata.provides)
        add(TermKind::kVirtual, provide.name.str());

    std::uint32_t length = 0;
    for (const auto& [key, weight] : weights)
        if (key.first == TermKind::kWord) length += weight;
    std::vector<Term> terms;
    terms.reserve(weights.size());
    for (auto& [key, weight] : weights) {
        // A key ends its text with NUL, so a text that contains one cannot be a term; the readers
        // refuse such text anyway.
        if (key.second.find('\0') == std::string::npos)
            terms.push_back({key.first, key.second, weight, length});
    }
    return terms;
}

}  // namespace catalog::index
