// Cargo's version requirements: the Cargo book, "Specifying Dependencies", and the rules that its
// semver crate adds (which text is accepted, what a partial comparator means for pre-releases).

#include <optional>

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

bool take_cargo_wildcard(Scanner& in) noexcept {
    return in.take('*') || in.take('x') || in.take('X');
}

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
    comparator = {};
    comparator.op = read_cargo_op(in);
    const bool bare = in.offset() == start;
    skip_spaces(in);
    Partial& partial = comparator.partial;
    auto& numbers = partial.first.numbers;
    if (!in.number(SemVer::kNumberMax, numbers[0])) return false;
    partial.count = 1;
    bool has_wildcard = false;
    for (std::size_t i = 1; i < numbers.size() && in.take('.'); ++i) {
        if (take_cargo_wildcard(in)) {
            has_wildcard = true;
            continue;
        }
        if (has_wildcard) return in.refuse("only wildcards can follow a wildcard");
        if (!in.number(SemVer::kNumberMax, numbers[i])) return false;
        ++partial.count;
    }
    // A bare 1.* is a wildcard, which pre-releases never match; ^1.* keeps its operator.
    if (bare && has_wildcard) comparator.op = CargoOp::kExact;
    std::string_view build;
    if (partial.is_full() && in.take('-') && !in.identifiers(true, partial.first.prerelease))
        return false;
    if (partial.is_full() && in.take('+') && !in.identifiers(false, build)) return false;
    skip_spaces(in);
    return true;
}

/// Reads comparators up to the end of the text and gives each to `use`.
template <class Use>
bool read_cargo_comparators(Scanner& in, const Use& use) {
    CargoComparator comparator;
    for (std::size_t count = 0;;) {
        if (++count > VersionReq::kCargoComparatorsMax)
            return in.refuse("there are more than 32 comparators");
        if (!read_cargo_comparator(in, comparator)) return false;
        use(comparator);
        if (in.at_end()) return true;
        if (!in.take(',')) return in.refuse("expected a comma between comparators");
        skip_spaces(in);
    }
}

/// How many numbers a caret keeps: up to the first that is not zero, or all that are written.
unsigned numbers_kept_by_caret(const Partial& partial) noexcept {
    unsigned kept = 1;
    while (kept < partial.count && partial.first.numbers[kept - 1] == 0) ++kept;
    return kept;
}

void apply_cargo_comparator(const CargoComparator& comparator, RangeBuilder& out) {
    const Partial& partial = comparator.partial;
    const VersionParts& first = partial.first;
    const bool full = partial.is_full();
    switch (comparator.op) {
        case CargoOp::kCaret:
            // ^1.2 begins below 1.2.0: together with <=1.2.0-b it holds 1.2.0-a.
            out.above({full ? first : first.with_lowest_prerelease(), true});
            out.before(partial.after(numbers_kept_by_caret(partial)));
            return;
        case CargoOp::kTilde:
            full ? out.above({first, true}) : out.from(first);
            out.before(partial.after(partial.count == 1 ? 1 : 2));
            return;
        case CargoOp::kExact:
            full ? out.above({first, true}) : out.from(first);
            full ? out.below({first, true}) : out.before(partial.after(partial.count));
            return;
        case CargoOp::kGreater:
            full ? out.above({first, false})
                 : out.above({partial.after(partial.count).with_lowest_prerelease(), true});
            return;
        case CargoOp::kGreaterEq:
            full ? out.above({first, true}) : out.from(first);
            return;
        case CargoOp::kLess:
            full ? out.below({first, false}) : out.before(first);
            return;
        case CargoOp::kLessEq:
            full ? out.below({first, true}) : out.before(partial.after(partial.count));
            return;
    }
}

/// Tells whether `comparator`, though its bounds contain them, turns away every pre-release of that
/// major.minor.patch: Cargo compares a partial `=1.2`, `1.2.*`, `~1.2`, `>=1.2` or `<=1.2` as if it
/// had an empty pre-release, unless the numbers alone decide.
bool turns_prereleases_away(const CargoComparator& comparator,
                            const VersionParts& version) noexcept {
    const Partial& partial = comparator.partial;
    if (partial.is_full() || comparator.op == CargoOp::kCaret ||
        comparator.op == CargoOp::kGreater || comparator.op == CargoOp::kLess)
        return false;
    return version.numbers[0] == partial.first.numbers[0] &&
           (partial.count == 1 || version.numbers[1] == partial.first.numbers[1]);
}

/// Admits the pre-releases that share their numbers with `bound`, if a comparator names one and
/// none turns them away. `comparators` are read once more: few requirements come here.
void admit_cargo_prereleases(Scanner comparators, const std::optional<RangeBuilder::Bound>& bound,
                             RangeBuilder& out) {
    if (!bound || bound->version.prerelease.empty()) return;
    bool named = false;
    bool turned_away = false;
    const auto look = [&](const CargoComparator& comparator) {
        const VersionParts& first = comparator.partial.first;
        turned_away |= turns_prereleases_away(comparator, bound->version);
        named |= !first.prerelease.empty() && first.numbers == bound->version.numbers;
    };
    if (read_cargo_comparators(comparators, look) && named && !turned_away)
        out.admit_prereleases_at(*bound);
}

}  // namespace

bool read_cargo_range(Scanner& in, RangeBuilder& out) {
    skip_spaces(in);
    if (take_cargo_wildcard(in)) {
        skip_spaces(in);
        if (!in.at_end()) return in.refuse("a lone wildcard must be the only comparator");
        out.finish_alternative();
        return true;
    }
    const Scanner comparators = in;
    bool names_prerelease = false;
    const auto apply = [&](const CargoComparator& comparator) {
        names_prerelease |= !comparator.partial.first.prerelease.empty();
        apply_cargo_comparator(comparator, out);
    };
    if (!read_cargo_comparators(in, apply)) return false;
    if (names_prerelease) {
        admit_cargo_prereleases(comparators, out.bounds().lower, out);
        admit_cargo_prereleases(comparators, out.bounds().upper, out);
    }
    out.finish_alternative();
    return true;
}

}  // namespace catalog::version
