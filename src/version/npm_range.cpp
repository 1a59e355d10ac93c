// npm's ranges: the grammar and desugaring published with node-semver 7 (strict, not loose), made
// into one pass over the text. Where node-semver accepts more than its grammar says, so does this.

#include <string>
#include <vector>

#include "range_builder.hpp"

namespace catalog::version {

namespace {

enum class NpmOp : std::uint8_t { kNone, kEqual, kGreater, kGreaterEq, kLess, kLessEq };

struct XRange {
    Partial partial;          // up to the first wildcard; a pre-release behind one means nothing
    bool disordered = false;  // a number stands behind a wildcard, as in 1.x.3
    /// Whether a complete version can have the `v` and `=` that stand before this one.
    bool has_plain_prefix = true;
    bool has_prefix = false;
    std::size_t offset = 0;  // of the first number or wildcard
};

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool skip_blanks(Scanner& in) noexcept {
    const std::size_t start = in.offset();
    while (!in.at_end() && is_blank(in.peek())) in.advance();
    return in.offset() != start;
}

bool at_token_end(const Scanner& in) noexcept { return in.at_end() || is_blank(in.peek()); }

bool take_npm_wildcard(Scanner& in) noexcept {
    return in.take('x') || in.take('X') || in.take('*');
}

/// Reads prefix, numbers and wildcards, pre-release. Build metadata is gone from the text already.
bool read_xrange(Scanner& in, XRange& xrange, bool blanks_in_prefix) noexcept {
    const std::size_t start = in.offset();
    const bool starts_with_v = in.peek() == 'v';
    while (in.take('v') || in.take('=') || (blanks_in_prefix && skip_blanks(in))) {
    }
    xrange.offset = in.offset();
    xrange.has_prefix = in.offset() != start;
    xrange.has_plain_prefix = !xrange.has_prefix || (starts_with_v && in.offset() == start + 1);
    Partial& partial = xrange.partial;
    unsigned written = 0;
    do {
        if (take_npm_wildcard(in)) continue;
        std::uint64_t number = 0;
        if (!in.number(VersionReq::kNpmNumberMax, number)) return false;
        if (partial.count == written) {
            partial.first.numbers[partial.count++] = number;
        } else {
            xrange.disordered = true;
        }
    } while (++written < 3 && in.take('.'));
    std::string_view prerelease;
    if (written == 3 && in.take('-') && !in.identifiers(true, prerelease)) return false;
    if (partial.is_full()) partial.first.prerelease = prerelease;
    return true;
}

/// Refuses a bound that node-semver could not count.
bool counts(Scanner& in, std::size_t offset, const VersionParts& version) noexcept {
    for (const std::uint64_t number : version.numbers)
        if (number > VersionReq::kNpmNumberMax)
            return in.refuse_at(offset, "the number is too large for a range");
    return true;
}

bool is_too_long(const Partial& partial) {
    // Three numbers that node-semver can count, dots and hyphen take 51 bytes at most.
    return partial.first.prerelease.size() > SemVer::kBytesMax - 51 &&
           partial.first.to_version().to_string().size() > SemVer::kBytesMax;
}

/// `>=first`, whose pre-releases the wider reading takes when `widened`.
void apply_npm_from(const VersionParts& first, bool widened, bool is_literal, RangeBuilder& out) {
    out.above_with_prereleases({widened ? first.with_lowest_prerelease() : first, true});
    // node-semver reads >=0.0.0 as no bound at all, which admits pre-releases of 0.0.0 when another
    // comparator names one.
    const bool is_zero = first.numbers == VersionParts().numbers && first.prerelease.empty();
    if (!is_literal || !is_zero) out.above_in_dialect({first, true});
}

/// `~` and `^`.
bool apply_npm_tilde(Scanner& in, const XRange& xrange, bool caret, RangeBuilder& out) {
    const Partial& partial = xrange.partial;
    if (partial.count == 0) return true;
    unsigned kept = 1;
    if (caret) {
        while (kept < partial.count && partial.first.numbers[kept - 1] == 0) ++kept;
    } else if (partial.count > 1) {
        kept = 2;
    }
    const VersionParts end = partial.after(kept);
    if (!counts(in, xrange.offset, end)) return false;
    apply_npm_from(partial.first, !partial.is_full(), true, out);
    out.before(end);
    return true;
}

/// An operator, or none, before a complete version.
void apply_npm_full(NpmOp op, const XRange& xrange, RangeBuilder& out) {
    const VersionParts& version = xrange.partial.first;
    switch (op) {
        case NpmOp::kNone:
        case NpmOp::kEqual:
            out.above({version, true});
            out.below({version, true});
            return;
        case NpmOp::kGreater:
            out.above({version, false});
            return;
        case NpmOp::kGreaterEq:
            apply_npm_from(version, false, !xrange.has_prefix, out);
            return;
        case NpmOp::kLess:
            out.below({version, false});
            return;
        case NpmOp::kLessEq:
            out.below({version, true});
            return;
    }
}

/// An operator, or none, before an x-range.
bool apply_npm_partial(Scanner& in, NpmOp op, const XRange& xrange, RangeBuilder& out) {
    const Partial& partial = xrange.partial;
    if (partial.count == 0) {
        if (op == NpmOp::kGreater || op == NpmOp::kLess) out.nothing();
        return true;
    }
    const VersionParts end = partial.after(partial.count);
    if (op != NpmOp::kGreaterEq && op != NpmOp::kLess && !counts(in, xrange.offset, end))
        return false;
    switch (op) {
        case NpmOp::kNone:
        case NpmOp::kEqual:
            apply_npm_from(partial.first, true, true, out);
            out.before(end);
            return true;
        case NpmOp::kGreater:
            out.from(end);
            return true;
        case NpmOp::kGreaterEq:
            apply_npm_from(partial.first, true, true, out);
            return true;
        case NpmOp::kLess:
            out.before(partial.first);
            return true;
        case NpmOp::kLessEq:
            out.before(end);
            return true;
    }
    return true;
}

/// Reads an operator and the blanks behind it. They may stand in one place only: before the `=` or
/// after it.
NpmOp read_npm_op(Scanner& in, bool& ends_in_blank) noexcept {
    const bool greater = in.take('>');
    const bool less = !greater && in.take('<');
    ends_in_blank = (greater || less) && skip_blanks(in);
    const bool equal = in.take('=');
    if (equal && !ends_in_blank) {
        ends_in_blank = skip_blanks(in);
    } else if (equal) {
        ends_in_blank = false;
    }
    if (greater) return equal ? NpmOp::kGreaterEq : NpmOp::kGreater;
    if (less) return equal ? NpmOp::kLessEq : NpmOp::kLess;
    return equal ? NpmOp::kEqual : NpmOp::kNone;
}

/// `~1.2`, `~>1.2`, `^1.2`: the sign has been taken.
bool read_npm_tilde(Scanner& in, bool caret, RangeBuilder& out) {
    const std::size_t start = in.offset();
    skip_blanks(in);
    bool ends_in_blank = false;
    const bool has_arrow = !caret && in.offset() == start && in.peek() == '>';
    NpmOp op = read_npm_op(in, ends_in_blank);
    // `~> >1` is read as `~>1`.
    if (has_arrow && op == NpmOp::kGreater && ends_in_blank && in.peek() == '>')
        op = read_npm_op(in, ends_in_blank);
    const bool allowed = op == NpmOp::kNone || op == NpmOp::kEqual ||
                         (!caret && (op == NpmOp::kGreater || op == NpmOp::kGreaterEq));
    if (!allowed) return in.refuse("two operators stand together");
    XRange xrange;
    if (!read_xrange(in, xrange, false)) return false;
    if (!at_token_end(in)) return in.refuse("a byte is out of place after the version");
    if (is_too_long(xrange.partial)) return in.refuse_at(xrange.offset, "the version is too long");
    return apply_npm_tilde(in, xrange, caret, out);
}

/// A comparator with an optional operator, which `op` is.
bool read_npm_primitive(Scanner& in, NpmOp op, RangeBuilder& out) {
    XRange xrange;
    if (!read_xrange(in, xrange, false)) return false;
    const Partial& partial = xrange.partial;
    // node-semver drops a star behind a complete version: 1.2.3* is read as 1.2.3.
    if (partial.is_full()) in.take('*');
    if (!at_token_end(in)) return in.refuse("a byte is out of place after the version");
    if (xrange.disordered) return in.refuse_at(xrange.offset, "a number stands behind a wildcard");
    if (!partial.is_full()) return apply_npm_partial(in, op, xrange, out);
    if (!xrange.has_plain_prefix)
        return in.refuse_at(xrange.offset, "two operators stand together");
    if (is_too_long(partial)) return in.refuse_at(xrange.offset, "the version is too long");
    apply_npm_full(op, xrange, out);
    return true;
}

bool read_npm_comparator(Scanner& in, RangeBuilder& out) {
    if (in.take('~')) return read_npm_tilde(in, false, out);
    if (in.take('^')) return read_npm_tilde(in, true, out);
    bool ends_in_blank = false;
    const NpmOp op = read_npm_op(in, ends_in_blank);
    return read_npm_primitive(in, op, out);
}

/// `A - B` and nothing else; false without a refusal when the text is not of that form.
bool is_npm_hyphen(Scanner& in, XRange& from, XRange& to) noexcept {
    skip_blanks(in);
    const bool ok = read_xrange(in, from, true) && skip_blanks(in) && in.take('-') &&
                    skip_blanks(in) && read_xrange(in, to, true) && (skip_blanks(in), in.at_end());
    in.forgive();
    if (!ok) in.rewind(0);
    return ok;
}

bool apply_npm_hyphen(Scanner& in, const XRange& from, const XRange& to, RangeBuilder& out) {
    const Partial& low = from.partial;
    const Partial& high = to.partial;
    const bool low_is_release = low.first.prerelease.empty();
    const bool high_is_release = high.first.prerelease.empty();
    // node-semver puts >= before the first version as written, and <= before the second unless it
    // names a pre-release.
    if ((low.is_full() && !from.has_plain_prefix) ||
        (high.is_full() && high_is_release && !to.has_plain_prefix))
        return in.refuse_at(from.offset, "two operators stand together");
    if (is_too_long(low) || is_too_long(high))
        return in.refuse_at(from.offset, "the version is too long");
    if (low.count > 0)
        apply_npm_from(low.first, low_is_release, !from.has_prefix || !low.is_full(), out);
    if (high.count == 0) return true;
    const VersionParts end = high.after(high.count);
    if (!high.is_full()) {
        if (!counts(in, to.offset, end)) return false;
        out.before(end);
    } else if (!high_is_release) {
        out.below({high.first, true});
    } else {
        out.below_in_dialect({high.first, true});
        out.below_with_prereleases({end.with_lowest_prerelease(), false});
    }
    return true;
}

/// Tells whether a hyphen stands alone, as it does in `A - B` and in nothing else that is valid.
bool has_lone_hyphen(std::string_view text) noexcept {
    for (std::size_t at = text.find('-'); at != std::string_view::npos; at = text.find('-', at + 1))
        if (at + 1 < text.size() && is_blank(text[at + 1])) return true;
    return false;
}

/// One alternative; `in` holds it alone.
bool read_npm_alternative(Scanner& in, RangeBuilder& out) {
    XRange from;
    XRange to;
    if (has_lone_hyphen(in.text()) && is_npm_hyphen(in, from, to))
        return apply_npm_hyphen(in, from, to, out);
    for (skip_blanks(in); !in.at_end(); skip_blanks(in))
        if (!read_npm_comparator(in, out)) return false;
    return true;
}

/// The end of the build metadata that begins at `at`, or `at` when none does.
std::size_t end_of_npm_build(std::string_view text, std::size_t at) noexcept {
    const auto is_identifier_at = [text](std::size_t i) {
        return i < text.size() && Scanner::is_identifier_byte(text[i]);
    };
    std::size_t end = at;
    while (end < text.size() && text[end] == (end == at ? '+' : '.') && is_identifier_at(end + 1))
        for (++end; is_identifier_at(end);) ++end;
    return end;
}

/// Copies `text` without build metadata, which node-semver cuts out wherever it stands.
/// `offsets[i]` is where byte `i` of the copy, or its end, was in `text`.
std::string without_npm_builds(std::string_view text, std::vector<std::size_t>& offsets) {
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = end_of_npm_build(text, at);
        if (end == at) {
            kept += text[at];
            offsets.push_back(at++);
        } else {
            at = end;
        }
    }
    offsets.push_back(text.size());
    return kept;
}

/// Reads `text`, which is the next part of `whole`; `any` becomes true when it bounds nothing.
bool read_one_npm_alternative(std::string_view text, Scanner& whole, bool& any, RangeBuilder& out) {
    const bool has_build = text.find('+') != std::string_view::npos;
    std::vector<std::size_t> offsets;
    const std::string kept = has_build ? without_npm_builds(text, offsets) : std::string();
    Scanner in(has_build ? std::string_view(kept) : text);
    if (!read_npm_alternative(in, out)) {
        const std::size_t at = has_build ? offsets[in.refused_at()] : in.refused_at();
        return whole.refuse_at(whole.offset() + at, in.reason());
    }
    for (const auto& bound : {out.bounds().lower, out.bounds().upper})
        if (bound && !bound->version.prerelease.empty()) out.admit_prereleases_at(*bound);
    any |= !out.bounds().lower && !out.bounds().upper;
    out.finish_alternative();  // now: what it was read from may be a copy
    return true;
}

}  // namespace

bool read_npm_range(Scanner& in, RangeBuilder& out) {
    bool any = false;
    for (;;) {
        const std::size_t bar = in.text().find("||", in.offset());
        const std::size_t end = bar == std::string_view::npos ? in.text().size() : bar;
        if (!read_one_npm_alternative(in.text().substr(in.offset(), end - in.offset()), in, any,
                                      out))
            return false;
        if (bar == std::string_view::npos) break;
        in.rewind(bar + 2);
    }
    // Once an alternative is `*`, node-semver forgets the others, and with them the pre-releases
    // that they named.
    if (any) out.admit_nothing();
    return true;
}

}  // namespace catalog::version
