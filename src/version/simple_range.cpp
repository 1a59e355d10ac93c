#include "simple_range.hpp"

#include <algorithm>

namespace catalog::version {

namespace {

enum class SimpleOp : std::uint8_t {
    kNone,
    kCaret,
    kTilde,
    kEqual,
    kGreater,
    kGreaterEq,
    kLess,
    kLessEq
};

constexpr unsigned kDigitsMax = 9;  // no sum of such numbers leaves 2^53

struct SimpleComparator {
    SimpleOp op = SimpleOp::kNone;
    std::array<std::uint64_t, 3> numbers = {};
    unsigned count = 0;
    bool has_wildcard = false;
};

bool is_wildcard(char c) noexcept { return c == '*' || c == 'x' || c == 'X'; }

/// A comparator from `at`; null when it is not simple.
const char* read_simple_comparator(const char* at, const char* end,
                                   SimpleComparator& comparator) noexcept {
    comparator = {};
    const bool has_equal = end - at > 1 && at[1] == '=';
    switch (*at) {
        case '^':
            comparator.op = SimpleOp::kCaret;
            ++at;
            break;
        case '~':
            comparator.op = SimpleOp::kTilde;
            ++at;
            break;
        case '=':
            comparator.op = SimpleOp::kEqual;
            ++at;
            break;
        case '>':
            comparator.op = has_equal ? SimpleOp::kGreaterEq : SimpleOp::kGreater;
            at += has_equal ? 2 : 1;
            break;
        case '<':
            comparator.op = has_equal ? SimpleOp::kLessEq : SimpleOp::kLess;
            at += has_equal ? 2 : 1;
            break;
        default:
            break;
    }
    for (unsigned part = 0; part < 3; ++part) {
        if (part > 0) {
            if (at == end || *at != '.') break;
            ++at;
        }
        if (at == end) return nullptr;
        if (part > 0 && is_wildcard(*at)) {
            comparator.has_wildcard = true;
            ++at;
            continue;
        }
        const char* const first = at;
        std::uint64_t number = 0;
        for (; at != end; ++at) {
            const std::uint64_t digit = static_cast<unsigned char>(*at) - std::uint64_t{'0'};
            if (digit > 9) break;
            number = number * 10 + digit;
        }
        const auto digits = static_cast<std::size_t>(at - first);
        if (digits == 0 || digits > kDigitsMax || (digits > 1 && *first == '0') ||
            comparator.has_wildcard)
            return nullptr;
        comparator.numbers[part] = number;
        ++comparator.count;
    }
    return at;
}

/// The numbers right after all that begin with the first `kept` of the comparator's.
ReleaseCut cut_after(const SimpleComparator& comparator, unsigned kept) noexcept {
    ReleaseCut cut;
    for (unsigned i = 0; i < kept; ++i) cut.numbers[i] = comparator.numbers[i];
    ++cut.numbers[kept - 1];
    return cut;
}

void raise_to(SimpleRange& range, ReleaseCut cut, ReleaseCut::Side side,
              ReleaseCut::Side wide_side) noexcept {
    cut.side = side;
    range.lower = std::max(range.lower, cut);
    cut.side = wide_side;
    range.wide_lower = std::max(range.wide_lower, cut);
}

void lower_to(SimpleRange& range, const ReleaseCut& cut) noexcept {
    range.upper = std::min(range.upper, cut);
}

/// Narrows `range` as the full reader of the dialect does; its comments say why.
bool apply_simple_comparator(const SimpleComparator& comparator, Dialect dialect,
                             SimpleRange& range) noexcept {
    const bool npm = dialect == Dialect::kNpm;
    const bool full = comparator.count == 3;
    const ReleaseCut first{comparator.numbers, ReleaseCut::kBeforePrereleases};
    constexpr auto kPre = ReleaseCut::kBeforePrereleases;
    constexpr auto kAt = ReleaseCut::kBeforeRelease;
    constexpr auto kAfter = ReleaseCut::kAfterRelease;
    SimpleOp op = comparator.op;
    if (op == SimpleOp::kNone)
        op = npm || comparator.has_wildcard ? SimpleOp::kEqual : SimpleOp::kCaret;
    // node-semver reads >=0.0.0 as no bound at all.
    if (npm && op != SimpleOp::kLess && op != SimpleOp::kLessEq && first == ReleaseCut{})
        return false;
    switch (op) {
        case SimpleOp::kNone:
        case SimpleOp::kCaret: {
            unsigned kept = 1;
            while (kept < comparator.count && comparator.numbers[kept - 1] == 0) ++kept;
            raise_to(range, first, full || npm ? kAt : kPre, full ? kAt : kPre);
            lower_to(range, cut_after(comparator, kept));
            return true;
        }
        case SimpleOp::kTilde:
            raise_to(range, first, kAt, full ? kAt : kPre);
            lower_to(range, cut_after(comparator, comparator.count == 1 ? 1 : 2));
            return true;
        case SimpleOp::kEqual:
            raise_to(range, first, kAt, full ? kAt : kPre);
            lower_to(range, full ? ReleaseCut{comparator.numbers, kAfter}
                                 : cut_after(comparator, comparator.count));
            return true;
        case SimpleOp::kGreater:
            if (full) {
                raise_to(range, first, kAfter, kAfter);
            } else {
                raise_to(range, cut_after(comparator, comparator.count), npm ? kAt : kPre, kPre);
            }
            return true;
        case SimpleOp::kGreaterEq:
            raise_to(range, first, kAt, full ? kAt : kPre);
            return true;
        case SimpleOp::kLess:
            lower_to(range, {comparator.numbers, full ? kAt : kPre});
            return true;
        case SimpleOp::kLessEq:
            lower_to(range, full ? ReleaseCut{comparator.numbers, kAfter}
                                 : cut_after(comparator, comparator.count));
            return true;
    }
    return false;
}

}  // namespace

bool read_simple_range(std::string_view& text, Dialect dialect, SimpleRange& range) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    SimpleComparator comparator;
    unsigned comparators = 0;
    while (at != end) {
        // Cargo refuses a requirement of more; the full reader says so.
        if (++comparators > VersionReq::kCargoComparatorsMax) return false;
        at = read_simple_comparator(at, end, comparator);
        if (at == nullptr || !apply_simple_comparator(comparator, dialect, range)) return false;
        if (at == end) break;
        if (*at != (dialect == Dialect::kNpm ? ' ' : ',')) {
            if (dialect == Dialect::kNpm && *at == '|') break;
            return false;
        }
        ++at;
        while (at != end && *at == ' ') ++at;
        if (at == end) return false;
        if (dialect == Dialect::kNpm && *at == '|') break;
    }
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    return comparators > 0;
}

}  // namespace catalog::version
