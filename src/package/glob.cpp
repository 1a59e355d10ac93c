// Globs, matched by simulating the automaton whose states are the positions between tokens: every
// state that can be reached is followed at once, so there is nothing to go back to and the cost is
// bounded by path times glob (K. Thompson, "Regular Expression Search Algorithm", 1968).

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "catalog/package/project.hpp"

namespace catalog::package {

namespace {

constexpr char32_t kNotUtf8 = 0x110000;  // added to a byte that begins no character

/// Takes one character from the front of `text`, which is not empty; a byte that is not UTF-8 is a
/// character of its own.
char32_t take_character(std::string_view& text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    char32_t value = length == 1 ? lead : lead & (0x7fU >> length);
    bool good = length != 0 && length <= text.size();
    for (std::size_t i = 1; good && i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        good = (next & 0xc0) == 0x80;
        value = (value << 6) | (next & 0x3fU);
    }
    if (!good) {
        text.remove_prefix(1);
        return kNotUtf8 + lead;
    }
    text.remove_prefix(length);
    return value;
}

enum class GlobTokenKind : std::uint8_t {
    kCharacter,   // itself
    kOne,         // ?
    kClass,       // [...]
    kStar,        // *: any characters but slashes
    kAny,         // ** beside other text: any characters
    kComponents,  // **/ at the start of a component: any number of whole components
};

struct GlobToken {
    GlobTokenKind kind;
    bool negated;  // a class
    char32_t character;
    std::uint16_t members_begin;  // of a class, without brackets and negation, in the glob
    std::uint16_t members_bytes;
};

/// A glob as tokens, in place: globs are short and matching must not allocate. Tokens from `count`
/// on are not initialised, which would cost more than most matches.
struct GlobTokens {
    std::string_view glob;
    std::size_t count = 0;
    std::array<GlobToken, kGlobBytesMax + 1> tokens;

    explicit GlobTokens(std::string_view text) noexcept;

private:
    void add(GlobTokenKind kind, char32_t character = 0) noexcept {
        tokens[count++] = {kind, false, character, 0, 0};
    }
    bool take_class(std::string_view& rest) noexcept;
};

/// Takes a class from the front of `rest`, which begins with `[`. Returns false when there is no
/// closing bracket.
bool GlobTokens::take_class(std::string_view& rest) noexcept {
    std::string_view members = rest.substr(1);
    const bool negated = members.starts_with('!') || members.starts_with('^');
    if (negated) members.remove_prefix(1);
    const std::size_t close = members.find(']', 1);  // a bracket that comes first is a member
    if (close == std::string_view::npos) return false;
    tokens[count++] = {GlobTokenKind::kClass, negated, 0,
                       static_cast<std::uint16_t>(members.data() - glob.data()),
                       static_cast<std::uint16_t>(close)};
    rest = members.substr(close + 1);
    return true;
}

GlobTokens::GlobTokens(std::string_view text) noexcept : glob(text) {
    bool component_start = true;
    while (!text.empty()) {
        const bool starts_component = component_start;
        component_start = false;
        if (text.starts_with("**")) {
            text.remove_prefix(std::min(text.find_first_not_of('*'), text.size()));
            if (starts_component && text.starts_with('/')) {
                add(GlobTokenKind::kComponents);
                text.remove_prefix(1);
                component_start = true;
            } else {
                add(GlobTokenKind::kAny);
            }
        } else if (text.front() == '*') {
            add(GlobTokenKind::kStar);
            text.remove_prefix(1);
        } else if (text.front() == '?') {
            add(GlobTokenKind::kOne);
            text.remove_prefix(1);
        } else if (text.front() != '[' || !take_class(text)) {
            const char32_t character = take_character(text);
            add(GlobTokenKind::kCharacter, character);
            component_start = character == '/';
        }
    }
    if (glob.ends_with('/')) add(GlobTokenKind::kAny);
}

bool class_holds(std::string_view members, char32_t character) noexcept {
    while (!members.empty()) {
        const char32_t first = take_character(members);
        char32_t last = first;
        if (members.size() > 1 && members.front() == '-') {
            members.remove_prefix(1);
            last = take_character(members);
        }
        if (first <= character && character <= last) return true;
    }
    return false;
}

/// Tells whether one character brings the automaton past `token`.
bool passes(std::string_view glob, const GlobToken& token, char32_t character) noexcept {
    switch (token.kind) {
        case GlobTokenKind::kCharacter:
            return token.character == character;
        case GlobTokenKind::kOne:
            return character != '/';
        case GlobTokenKind::kClass:
            return character != '/' &&
                   class_holds(glob.substr(token.members_begin, token.members_bytes), character) !=
                       token.negated;
        case GlobTokenKind::kStar:
        case GlobTokenKind::kAny:
        case GlobTokenKind::kComponents:
            return false;
    }
    return false;
}

/// Tells whether the automaton may stay at `token` over one character.
bool stays(const GlobToken& token, char32_t character) noexcept {
    switch (token.kind) {
        case GlobTokenKind::kStar:
            return character != '/';
        case GlobTokenKind::kAny:
        case GlobTokenKind::kComponents:
            return true;
        default:
            return false;
    }
}

using GlobStates = std::array<bool, kGlobBytesMax + 2>;

/// Adds the states that are reached without a character. Tokens only lead onward, so one pass from
/// left to right reaches all.
void skip_empty(const GlobTokens& glob, GlobStates& states, bool component_start) noexcept {
    for (std::size_t i = 0; i < glob.count; ++i) {
        if (!states[i]) continue;
        const GlobTokenKind kind = glob.tokens[i].kind;
        if (kind == GlobTokenKind::kStar || kind == GlobTokenKind::kAny ||
            (kind == GlobTokenKind::kComponents && component_start))
            states[i + 1] = true;
    }
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view path) noexcept {
    if (glob.size() > kGlobBytesMax) return false;
    const GlobTokens tokens(glob);

    std::array<GlobStates, 2> buffers;
    GlobStates* states = &buffers[0];
    GlobStates* next = &buffers[1];
    std::fill_n(states->begin(), tokens.count + 1, false);
    states->front() = true;
    skip_empty(tokens, *states, true);
    while (!path.empty()) {
        const char32_t character = take_character(path);
        std::fill_n(next->begin(), tokens.count + 1, false);
        bool any = false;
        for (std::size_t i = 0; i < tokens.count; ++i) {
            if (!(*states)[i]) continue;
            const bool pass = passes(glob, tokens.tokens[i], character);
            const bool stay = stays(tokens.tokens[i], character);
            (*next)[i + 1] = (*next)[i + 1] || pass;
            (*next)[i] = (*next)[i] || stay;
            any = any || pass || stay;
        }
        if (!any) return false;
        skip_empty(tokens, *next, character == '/');
        std::swap(states, next);
    }
    return (*states)[tokens.count];
}

}  // namespace catalog::package
