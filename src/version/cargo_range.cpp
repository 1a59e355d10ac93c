// Cargo's version requirements: the Cargo book, "Specifying Dependencies", and the rules that its
// semver crate adds (which text is accepted, what a partial comparator means for pre-releases).

#include <array>
#include <span>

#include "range_builder.hpp"

namespace catalog::version {

namespace {

enum class CargoOp : std::uint8_t { kCaret, kTilde, kExact, kGreater, kGreaterEq, kLess, kLessEq };

struct CargoComparator {
    CargoOp op = CargoOp::kCaret;
    Partial partial;
};

void skip_spaces(Scanner& in) noexcept {
    while (in.take(' ')) {
    }
}

bool take_wildcard(Scanner& in) noexcept { return in.take('*') || in.take('x') || in.take('X'); }

CargoOp read_cargo_op(Scanner& in) noexcept {
    if (in.take('=')) return CargoOp::kExact;
    if (in.take('>')) return in.take('=') ? CargoOp::kGreaterEq : CargoOp::kGreater;
    if (in.take('<')) return in.take('=') ? CargoOp::kLessEq : CargoOp::kLess;
    if (in.take('~')) return CargoOp::kTilde;
    in.take('^');
    return CargoOp::kCaret;
}

bool read_cargo_comparator(Scanner& in, CargoComparator& comparator) {
    const std::size_t start = in.offset();
    comparator.op = read_cargo_op(in);
    const bool bare = in.offset() == start;
    skip_spaces(in);
    Partial& partial = comparator.partial;
    if (!in.number(SemVer::kNumberMax, partial.major)) return false;
    partial.numbers = 1;
    bool has_wildcard = false;
    for (std::uint64_t* const number : {&partial.minor, &partial.patch}) {
        if (!in.take('.')) break;
        if (take_wildcard(in)) {
            has_wildcard = true;
            continue;
        }
        if (has_wildcard) return in.refuse("only wildcards can follow a wildcard");
        if (!in.number(SemVer::kNumberMax, *number)) return false;
        ++partial.numbers;
    }
    // A bare 1.* is a wildcard, which pre-releases never match; ^1.* keeps its operator.
    if (bare && has_wildcard) comparator.op = CargoOp::kExact;
    std::string_view build;
    if (partial.is_full() && in.take('-') && !in.identifiers(true, partial.prerelease))
        return false;
    if (partial.is_full() && in.take('+') && !in.identifiers(false, build)) return false;
    skip_spaces(in);
    return true;
}

/// How many numbers a caret keeps: up to the first that is not zero, or all that are written.
unsigned numbers_kept_by_caret(const Partial& partial) noexcept {
    if (partial.major > 0 || partial.numbers == 1) return 1;
    if (partial.minor > 0 || partial.numbers == 2) return 2;
    return 3;
}

void apply_cargo_comparator(const CargoComparator& comparator, RangeBuilder& out) {
    const Partial& partial = comparator.partial;
    const SemVer first = first_of(partial);
    const bool full = partial.is_full();
    switch (comparator.op) {
        case CargoOp::kCaret:
            // ^1.2 begins below 1.2.0: together with <=1.2.0-b it holds 1.2.0-a.
            out.above({full ? first : first.with_prerelease("0"), true});
            out.before(after(partial, numbers_kept_by_caret(partial)));
            return;
        case CargoOp::kTilde:
            full ? out.above({first, true}) : out.from(first);
            out.before(after(partial, partial.numbers == 1 ? 1 : 2));
            return;
        case CargoOp::kExact:
            full ? out.above({first, true}) : out.from(first);
            full ? out.below({first, true}) : out.before(after(partial, partial.numbers));
            return;
        case CargoOp::kGreater:
            out.above(full ? RangeBuilder::Bound{first, false}
                           : RangeBuilder::Bound{
                                 after(partial, partial.numbers).with_prerelease("0"), true});
            return;
        case CargoOp::kGreaterEq:
            full ? out.above({first, true}) : out.from(first);
            return;
        case CargoOp::kLess:
            full ? out.below({first, false}) : out.before(first);
            return;
        case CargoOp::kLessEq:
            full ? out.below({first, true}) : out.before(after(partial, partial.numbers));
            return;
    }
}

/// Tells whether `comparator`, though its bounds contain them, turns away every pre-release of that
/// major.minor.patch: Cargo compares a partial `=1.2`, `1.2.*`, `~1.2`, `>=1.2` or `<=1.2` as if it
/// had an empty pre-release, unless the numbers alone decide.
bool turns_prereleases_away(const CargoComparator& comparator, const SemVer& version) noexcept {
    const Partial& partial = comparator.partial;
    if (partial.is_full() || comparator.op == CargoOp::kCaret ||
        comparator.op == CargoOp::kGreater || comparator.op == CargoOp::kLess)
        return false;
    return version.major() == partial.major &&
           (partial.numbers == 1 || version.minor() == partial.minor);
}

/// Tells whether pre-releases with the numbers of `bound` are admitted.
bool admits(std::span<const CargoComparator> comparators,
            const std::optional<VersionSet::Bound>& bound) noexcept {
    if (!bound || !bound->version.is_prerelease()) return false;
    bool named = false;
    for (const CargoComparator& comparator : comparators) {
        if (turns_prereleases_away(comparator, bound->version)) return false;
        const Partial& partial = comparator.partial;
        named |=
            !partial.prerelease.empty() &&
            SemVer(partial.major, partial.minor, partial.patch).has_same_numbers(bound->version);
    }
    return named;
}

}  // namespace

bool read_cargo_range(Scanner& in, RangeBuilder& out) {
    std::array<CargoComparator, VersionReq::kCargoComparatorsMax> comparators;
    std::size_t count = 0;
    skip_spaces(in);
    if (take_wildcard(in)) {
        skip_spaces(in);
        if (!in.at_end()) return in.refuse("a lone wildcard must be the only comparator");
        out.finish_alternative();
        return true;
    }
    for (;;) {
        if (count == comparators.size()) return in.refuse("there are more than 32 comparators");
        if (!read_cargo_comparator(in, comparators[count++])) return false;
        if (in.at_end()) break;
        if (!in.take(',')) return in.refuse("expected a comma between comparators");
        skip_spaces(in);
    }
    const std::span<const CargoComparator> all(comparators.data(), count);
    for (const CargoComparator& comparator : all) apply_cargo_comparator(comparator, out);
    out.current().lower_admits = admits(all, out.current().bounds.lower);
    out.current().upper_admits = admits(all, out.current().bounds.upper);
    out.finish_alternative();
    return true;
}

}  // namespace catalog::version
