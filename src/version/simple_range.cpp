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

    [[nodiscard]] std::uint64_t first_key() const noexcept {
        return ReleaseKey::first(numbers[0], numbers[1], numbers[2]);
    }
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
constexpr std::ptrdiff_t kDigitsMax = 6;
static_assert(ReleaseKey::kNumberMax >= 1'000'000);

bool is_wildcard(char c) noexcept { return c == '*' || c == 'x' || c == 'X'; }

std::uint64_t digit_at(const char* at) noexcept {
    return static_cast<unsigned char>(*at) - std::uint64_t{'0'};
}

/// 1 for a digit, else 0.
std::uint64_t is_digit(std::uint64_t digit) noexcept { return digit <= 9 ? 1 : 0; }

/// A number from `at`, which ends before something that is no digit; null when there is none, or
/// with leading zeros or too many digits. How many digits there are cannot be foretold: up to three
/// are read without a branch.
[[gnu::always_inline]] inline const char* read_simple_number(const char* at,
                                                             std::uint64_t& value) noexcept {
    const std::uint64_t first = digit_at(at);
    if (first > 9) return nullptr;  // perhaps at the end, behind which there is nothing to look at
    // What is no digit is looked at again, and adds nothing.
    const std::uint64_t second = digit_at(at + 1);
    const std::uint64_t has_second = is_digit(second);
    std::uint64_t sum = first + ((first * 9 + second) & (0 - has_second));
    const std::uint64_t third = digit_at(at + 1 + has_second);
    const std::uint64_t has_third = is_digit(third);
    sum += (sum * 9 + third) & (0 - has_third);
    // Sums and shifts, of which no compiler makes a branch for each.
    const std::uint64_t leading_zero = ((first - 1) >> 63) & has_second;
    if (leading_zero != 0) return nullptr;
    at += 1 + has_second + has_third;
    if (has_third != 0) [[unlikely]] {
        for (std::ptrdiff_t digits = 3; is_digit(digit_at(at)) != 0; ++at) {
            if (++digits > kDigitsMax) return nullptr;
            sum = sum * 10 + digit_at(at);
        }
    }
    value = sum;
    return at;
}

/// A dot and what may stand behind it; whether there is more is in `comparator.count`. Null when it
/// is not simple.
[[gnu::always_inline]] inline const char* read_simple_part(const char* at, unsigned part,
                                                           SimpleComparator& comparator) noexcept {
    ++at;
    if (is_wildcard(*at)) [[unlikely]] {
        comparator.has_wildcard = true;
        return at + 1;
    }
    at = read_simple_number(at, comparator.numbers[part]);
    comparator.count = part + 1;
    return comparator.has_wildcard ? nullptr : at;
}

/// A comparator from `at`; null when it is not simple.
[[gnu::always_inline]] inline const char* read_simple_comparator(
    const char* at, SimpleComparator& comparator) noexcept {
    comparator.op = kOps[static_cast<unsigned char>(*at)];
    at += comparator.op != SimpleOp::kNone;
    if (comparator.op >= SimpleOp::kGreater && *at == '=') {
        comparator.op =
            comparator.op == SimpleOp::kGreater ? SimpleOp::kGreaterEq : SimpleOp::kLessEq;
        ++at;
    }
    at = read_simple_number(at, comparator.numbers[0]);
    comparator.count = 1;
    if (at == nullptr || *at != '.') return at;
    at = read_simple_part(at, 1, comparator);
    if (at == nullptr || *at != '.') return at;
    return read_simple_part(at, 2, comparator);
}

/// What the last of so many numbers counts in. Not in the function, which would write it anew.
constexpr std::array<std::uint64_t, 4> kUnits = {0, ReleaseKey::kMajor, ReleaseKey::kMinor,
                                                 ReleaseKey::kPatch};

/// The end right after all that begins with the first `kept` numbers of `first`.
std::uint64_t key_after(std::uint64_t first, unsigned kept) noexcept {
    return (first & ~(kUnits[kept] - 1)) + kUnits[kept];
}

/// How many numbers the upper end keeps, of those that are written: a caret up to the first that is
/// not zero, a tilde two, and an equals sign all.
unsigned numbers_kept(const SimpleComparator& comparator, SimpleOp op) noexcept {
    const auto& n = comparator.numbers;
    // Sums, not branches: which operator it is, and what is zero, cannot be foretold.
    const unsigned by_caret = 1U + (n[0] == 0 ? 1U : 0U) + ((n[0] | n[1]) == 0 ? 1U : 0U);
    const unsigned by_other = op == SimpleOp::kTilde ? 2U : 3U;
    return std::min(comparator.count, op == SimpleOp::kCaret ? by_caret : by_other);
}

void raise_to(std::uint64_t lower, std::uint64_t wide, SimpleRange& range) noexcept {
    range.lower = std::max(range.lower, lower);
    range.wide_lower = std::max(range.wide_lower, wide);
}

/// `<`, `<=`, `>` and `>=`.
template <Dialect Syntax>
bool apply_simple_inequality(const SimpleComparator& comparator, SimpleRange& range) noexcept {
    constexpr bool kNpm = Syntax == Dialect::kNpm;
    const std::uint64_t first = comparator.first_key();
    const std::uint64_t end = key_after(first, comparator.count);
    const unsigned full = comparator.count == 3 ? 1 : 0;
    if (comparator.op == SimpleOp::kLess || comparator.op == SimpleOp::kLessEq) {
        range.upper = std::min(range.upper, comparator.op == SimpleOp::kLess ? first + full : end);
        return true;
    }
    // node-semver reads >=0.0.0 as no bound at all.
    if (kNpm && first == 0) return false;
    if (comparator.op == SimpleOp::kGreater) {
        raise_to(kNpm ? end + 1 - full : end, end, range);
    } else {
        raise_to(first + 1, first + full, range);
    }
    return true;
}

/// Narrows `range` as the full reader of the dialect does; its comments say why.
template <Dialect Syntax>
[[gnu::always_inline]] inline bool apply_simple_comparator(const SimpleComparator& comparator,
                                                           SimpleRange& range) noexcept {
    constexpr bool kNpm = Syntax == Dialect::kNpm;
    SimpleOp op = comparator.op;
    if (op >= SimpleOp::kGreater) return apply_simple_inequality<Syntax>(comparator, range);
    if (!kNpm && op == SimpleOp::kNone)
        op = comparator.has_wildcard ? SimpleOp::kEqual : SimpleOp::kCaret;
    const std::uint64_t first = comparator.first_key();
    if (kNpm && first == 0) return false;  // as >=0.0.0
    // In Cargo's dialect ^1.2 begins below 1.2.0 under either rule.
    const unsigned full = comparator.count == 3 ? 1 : 0;
    const unsigned at_release = kNpm || op != SimpleOp::kCaret ? 1 : full;
    raise_to(first + at_release, first + full, range);
    range.upper = std::min(range.upper, key_after(first, numbers_kept(comparator, op)));
    return true;
}

/// `A - B`, npm's, of which `low` was read and ` - ` follows; null when B is not simple.
const char* read_simple_hyphen(const char* at, const char* end, const SimpleComparator& low,
                               SimpleRange& range) noexcept {
    at += 3;
    SimpleComparator high;
    at = read_simple_comparator(at, high);
    if (at == nullptr || high.op != SimpleOp::kNone) return nullptr;
    const std::uint64_t first = low.first_key();
    if (first == 0) return nullptr;  // as >=0.0.0
    range.lower = first + 1;
    range.wide_lower = first;
    high.op = SimpleOp::kLessEq;
    if (!apply_simple_inequality<Dialect::kNpm>(high, range)) return nullptr;
    // Nothing may stand beside it; the full reader says so.
    while (at != end && *at == ' ') ++at;
    return at == end || *at == '|' ? at : nullptr;
}

/// What follows the first comparator of an alternative, which `at` is behind. Null when it is not
/// simple.
template <Dialect Syntax>
const char* read_simple_rest(const char* at, const char* end, SimpleRange& range) noexcept {
    constexpr bool kNpm = Syntax == Dialect::kNpm;
    // Cargo refuses a requirement of more comparators; the full reader says so.
    for (std::size_t count = 1; count < VersionReq::kCargoComparatorsMax; ++count) {
        if (at == end || (kNpm && *at == '|')) return at;
        if (*at != (kNpm ? ' ' : ',')) return nullptr;
        ++at;
        while (*at == ' ') ++at;
        if (kNpm && *at == '|') return at;
        SimpleComparator comparator;
        at = read_simple_comparator(at, comparator);
        if (at == nullptr || !apply_simple_comparator<Syntax>(comparator, range)) return nullptr;
    }
    return at == end ? at : nullptr;
}

template <Dialect Syntax>
const char* read_simple(const char* at, const char* end, SimpleRange& range) noexcept {
    SimpleComparator comparator;
    at = read_simple_comparator(at, comparator);
    if (at == nullptr) return nullptr;
    if (Syntax == Dialect::kNpm && comparator.op == SimpleOp::kNone && end - at > 3 &&
        at[0] == ' ' && at[1] == '-' && at[2] == ' ')
        return read_simple_hyphen(at, end, comparator, range);
    if (!apply_simple_comparator<Syntax>(comparator, range)) return nullptr;
    return at == end ? at : read_simple_rest<Syntax>(at, end, range);
}

}  // namespace

const char* read_simple_range(const char* at, const char* end, Dialect dialect,
                              SimpleRange& range) noexcept {
    return dialect == Dialect::kNpm ? read_simple<Dialect::kNpm>(at, end, range)
                                    : read_simple<Dialect::kCargo>(at, end, range);
}

}  // namespace catalog::version
