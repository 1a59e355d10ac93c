#include "simple_range.hpp"

#include <algorithm>
#include <array>

namespace catalog::version {

namespace {

enum class SimpleOp : std::uint8_t {
    kNone,
    kCaret,
    kTilde,
    kEqual,
    kGreater,
    kLess,
    kGreaterEq,
    kLessEq
};

struct SimpleComparator {
    SimpleOp op = SimpleOp::kNone;
    std::array<std::uint64_t, 3> numbers = {};
    unsigned count = 0;
    bool has_wildcard = false;
};

/// What an operator's first byte means. A table: which one it is cannot be foretold.
constexpr std::array<SimpleOp, 256> kOps = [] {
    std::array<SimpleOp, 256> ops = {};
    ops['^'] = SimpleOp::kCaret;
    ops['~'] = SimpleOp::kTilde;
    ops['='] = SimpleOp::kEqual;
    ops['>'] = SimpleOp::kGreater;
    ops['<'] = SimpleOp::kLess;
    return ops;
}();

/// Digits of a number, so that it and the next one have keys.
constexpr std::size_t kDigitsMax = 6;
static_assert(ReleaseKey::kNumberMax >= 1'000'000);

bool is_wildcard(char c) noexcept { return c == '*' || c == 'x' || c == 'X'; }

/// A comparator from `at`; null when it is not simple.
const char* read_simple_comparator(const char* at, const char* end,
                                   SimpleComparator& comparator) noexcept {
    comparator.op = kOps[static_cast<unsigned char>(*at)];
    at += comparator.op != SimpleOp::kNone;
    if (comparator.op >= SimpleOp::kGreater && at != end && *at == '=') {
        comparator.op =
            comparator.op == SimpleOp::kGreater ? SimpleOp::kGreaterEq : SimpleOp::kLessEq;
        ++at;
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

std::uint64_t first_key(const SimpleComparator& comparator) noexcept {
    const auto& n = comparator.numbers;
    return ReleaseKey::first(n[0], n[1], n[2]);
}

/// The end right after all that begins with the first `kept` numbers of `first`.
std::uint64_t key_after(std::uint64_t first, unsigned kept) noexcept {
    constexpr std::array<std::uint64_t, 4> kUnits = {0, ReleaseKey::kMajor, ReleaseKey::kMinor,
                                                     ReleaseKey::kPatch};
    return (first & ~(kUnits[kept] - 1)) + kUnits[kept];
}

unsigned kept_by_caret(const SimpleComparator& comparator) noexcept {
    unsigned kept = 1;
    while (kept < comparator.count && comparator.numbers[kept - 1] == 0) ++kept;
    return kept;
}

/// Narrows `range` as the full reader of the dialect does; its comments say why.
template <Dialect kDialect>
bool apply_simple_comparator(const SimpleComparator& comparator, SimpleRange& range) noexcept {
    constexpr bool kNpm = kDialect == Dialect::kNpm;
    const unsigned count = comparator.count;
    const bool full = count == 3;
    const std::uint64_t first = first_key(comparator);
    const auto raise_to = [&range](std::uint64_t lower, std::uint64_t wide) {
        range.lower = std::max(range.lower, lower);
        range.wide_lower = std::max(range.wide_lower, wide);
    };
    const auto lower_to = [&range](std::uint64_t end) { range.upper = std::min(range.upper, end); };
    SimpleOp op = comparator.op;
    if (op == SimpleOp::kNone)
        op = kNpm || comparator.has_wildcard ? SimpleOp::kEqual : SimpleOp::kCaret;
    if (op == SimpleOp::kLess) {
        lower_to(first + (full ? 1 : 0));
        return true;
    }
    const std::uint64_t end = key_after(first, count);
    if (op == SimpleOp::kLessEq) {
        lower_to(end);
        return true;
    }
    // node-semver reads >=0.0.0 as no bound at all.
    if (kNpm && first == 0) return false;
    if (op == SimpleOp::kGreater) {
        raise_to(end + (kNpm && !full ? 1 : 0), end);
        return true;
    }
    // In Cargo's dialect ^1.2 begins below 1.2.0 under either rule.
    const bool at_release = full || kNpm || op != SimpleOp::kCaret;
    raise_to(first + (at_release ? 1 : 0), first + (full ? 1 : 0));
    if (op == SimpleOp::kCaret) {
        lower_to(key_after(first, kept_by_caret(comparator)));
    } else if (op == SimpleOp::kTilde) {
        lower_to(key_after(first, count == 1 ? 1 : 2));
    } else if (op == SimpleOp::kEqual) {
        lower_to(end);
    }
    return true;
}

/// `A - B`, npm's, of which `low` was read and ` - ` follows; null when B is not simple.
const char* read_simple_hyphen(const char* at, const char* end, const SimpleComparator& low,
                               SimpleRange& range) noexcept {
    at += 3;
    SimpleComparator high;
    if (at == end) return nullptr;
    at = read_simple_comparator(at, end, high);
    if (at == nullptr || high.op != SimpleOp::kNone) return nullptr;
    const std::uint64_t first = first_key(low);
    if (first == 0) return nullptr;  // as >=0.0.0
    range.lower = first + 1;
    range.wide_lower = first;
    high.op = SimpleOp::kLessEq;
    if (!apply_simple_comparator<Dialect::kNpm>(high, range)) return nullptr;
    // Nothing may stand beside it; the full reader says so.
    while (at != end && *at == ' ') ++at;
    return at == end || *at == '|' ? at : nullptr;
}

template <Dialect kDialect>
bool read_simple(std::string_view& text, SimpleRange& range) noexcept {
    constexpr bool kNpm = kDialect == Dialect::kNpm;
    const char* at = text.data();
    const char* const end = at + text.size();
    unsigned comparators = 0;
    while (at != end) {
        // Cargo refuses a requirement of more; the full reader says so.
        if (++comparators > VersionReq::kCargoComparatorsMax) return false;
        SimpleComparator comparator;
        at = read_simple_comparator(at, end, comparator);
        if (at == nullptr) return false;
        if (kNpm && comparators == 1 && comparator.op == SimpleOp::kNone && end - at > 3 &&
            at[0] == ' ' && at[1] == '-' && at[2] == ' ') {
            at = read_simple_hyphen(at, end, comparator, range);
            if (at == nullptr) return false;
            break;
        }
        if (!apply_simple_comparator<kDialect>(comparator, range)) return false;
        if (at == end || (kNpm && *at == '|')) break;
        if (*at != (kNpm ? ' ' : ',')) return false;
        ++at;
        while (at != end && *at == ' ') ++at;
        if (at == end) return false;
        if (kNpm && *at == '|') break;
    }
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    return comparators > 0;
}

}  // namespace

bool read_simple_range(std::string_view& text, Dialect dialect, SimpleRange& range) noexcept {
    return dialect == Dialect::kNpm ? read_simple<Dialect::kNpm>(text, range)
                                    : read_simple<Dialect::kCargo>(text, range);
}

}  // namespace catalog::version
