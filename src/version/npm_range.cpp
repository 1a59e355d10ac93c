// npm's ranges: the grammar and desugaring published with node-semver 7 (strict, not loose), made
// into one pass over the text. Where node-semver accepts more than its grammar says, so does this.

#include <array>
#include <string>
#include <vector>

#include "range_builder.hpp"

namespace catalog::version {

namespace {

enum class NpmOp : std::uint8_t { kNone, kEqual, kGreater, kGreaterEq, kLess, kLessEq };

/// One of major, minor, patch in an x-range.
struct Component {
    bool written = false;
    bool is_number = false;  // else a wildcard or nothing
    std::uint64_t value = 0;
};

struct XRange {
    std::array<Component, 3> components;
    std::string_view prerelease;
    std::size_t offset = 0;  // of the first component
    std::size_t prefix = 0;  // bytes of `v` and `=` before it
    bool prefix_is_v = false;

    /// Numbers up to the first wildcard; a pre-release behind a wildcard means nothing.
    [[nodiscard]] Partial partial() const noexcept {
        Partial result;
        result.major = components[0].value;
        while (result.numbers < 3 && components[result.numbers].is_number) ++result.numbers;
        if (result.numbers > 1) result.minor = components[1].value;
        if (result.numbers > 2) result.patch = components[2].value;
        if (result.numbers == 3) result.prerelease = prerelease;
        return result;
    }
    /// Tells whether a number stands behind a wildcard, as in 1.x.3.
    [[nodiscard]] bool is_disordered() const noexcept {
        return (!components[0].is_number && components[1].is_number) ||
               (!components[1].is_number && components[2].is_number);
    }
    /// Tells whether the prefix is one that a complete version can have.
    [[nodiscard]] bool has_plain_prefix() const noexcept {
        return prefix == 0 || (prefix == 1 && prefix_is_v);
    }
};

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool skip_blanks(Scanner& in) noexcept {
    const std::size_t start = in.offset();
    while (!in.at_end() && is_blank(in.peek())) in.advance();
    return in.offset() != start;
}

bool at_token_end(const Scanner& in) noexcept { return in.at_end() || is_blank(in.peek()); }

bool read_component(Scanner& in, Component& component) noexcept {
    component.written = true;
    if (in.take('x') || in.take('X') || in.take('*')) return true;
    component.is_number = true;
    return in.number(VersionReq::kNpmNumberMax, component.value);
}

/// Reads prefix, components, pre-release. Build metadata is gone from the text already.
bool read_xrange(Scanner& in, XRange& xrange, bool blanks_in_prefix) noexcept {
    const std::size_t start = in.offset();
    xrange.prefix_is_v = in.peek() == 'v';
    while (in.take('v') || in.take('=') || (blanks_in_prefix && skip_blanks(in))) {
    }
    xrange.offset = in.offset();
    xrange.prefix = in.offset() - start;
    if (!read_component(in, xrange.components[0])) return false;
    for (std::size_t i = 1; i < 3 && in.take('.'); ++i)
        if (!read_component(in, xrange.components[i])) return false;
    if (xrange.components[2].written && in.take('-'))
        return in.identifiers(true, xrange.prerelease);
    return true;
}

/// Refuses a bound that node-semver could not count.
bool counts(Scanner& in, std::size_t offset, const SemVer& version) noexcept {
    if (version.major() <= VersionReq::kNpmNumberMax &&
        version.minor() <= VersionReq::kNpmNumberMax &&
        version.patch() <= VersionReq::kNpmNumberMax)
        return true;
    return in.refuse_at(offset, "the number is too large for a range");
}

bool is_too_long(const Partial& partial) {
    return !partial.prerelease.empty() && first_of(partial).to_string().size() > SemVer::kBytesMax;
}

/// `>=first`, whose pre-releases the wider reading takes when `widened`.
void npm_from(const Partial& partial, bool widened, bool is_literal, RangeBuilder& out) {
    const SemVer first = first_of(partial);
    widened ? out.above_with_prereleases({first.with_prerelease("0"), true})
            : out.above_with_prereleases({first, true});
    // node-semver reads >=0.0.0 as no bound at all, which admits pre-releases of 0.0.0 when another
    // comparator names one.
    const bool no_bound = is_literal && first == SemVer();
    if (!no_bound) out.above_in_dialect({first, true});
}

/// `~` and `^`; `kept` says how many numbers must stay the same.
bool apply_npm_tilde(Scanner& in, const XRange& xrange, bool caret, RangeBuilder& out) {
    const Partial partial = xrange.partial();
    if (partial.numbers == 0) return true;
    unsigned kept = partial.numbers == 1 ? 1 : 2;
    if (caret) {
        kept = 1;
        if (partial.major == 0 && partial.numbers > 1)
            kept = partial.minor == 0 && partial.is_full() ? 3 : 2;
    }
    const SemVer end = after(partial, kept);
    if (!counts(in, xrange.offset, end)) return false;
    npm_from(partial, !partial.is_full(), true, out);
    out.before(end);
    return true;
}

/// An operator, or none, before a complete version.
void apply_npm_full(NpmOp op, const XRange& xrange, RangeBuilder& out) {
    const Partial partial = xrange.partial();
    const SemVer version = first_of(partial);
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
            npm_from(partial, false, xrange.prefix == 0, out);
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
    const Partial partial = xrange.partial();
    if (partial.numbers == 0) {
        if (op == NpmOp::kGreater || op == NpmOp::kLess) out.nothing();
        return true;
    }
    const SemVer first = first_of(partial);
    const SemVer end = after(partial, partial.numbers);
    if (op != NpmOp::kGreaterEq && op != NpmOp::kLess && !counts(in, xrange.offset, end))
        return false;
    switch (op) {
        case NpmOp::kNone:
        case NpmOp::kEqual:
            npm_from(partial, true, true, out);
            out.before(end);
            return true;
        case NpmOp::kGreater:
            out.from(end);
            return true;
        case NpmOp::kGreaterEq:
            npm_from(partial, true, true, out);
            return true;
        case NpmOp::kLess:
            out.before(first);
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
    if (is_too_long(xrange.partial()))
        return in.refuse_at(xrange.offset, "the version is too long");
    return apply_npm_tilde(in, xrange, caret, out);
}

/// A comparator with an optional operator, which `op` is.
bool read_npm_primitive(Scanner& in, NpmOp op, RangeBuilder& out) {
    XRange xrange;
    if (!read_xrange(in, xrange, false)) return false;
    const Partial partial = xrange.partial();
    // node-semver drops a star behind a complete version: 1.2.3* is read as 1.2.3.
    if (partial.is_full()) in.take('*');
    if (!at_token_end(in)) return in.refuse("a byte is out of place after the version");
    if (xrange.is_disordered())
        return in.refuse_at(xrange.offset, "a number stands behind a wildcard");
    if (!partial.is_full()) return apply_npm_partial(in, op, xrange, out);
    if (!xrange.has_plain_prefix())
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
    const Partial low = from.partial();
    const Partial high = to.partial();
    // node-semver puts >= before the first version as written, and <= before the second unless it
    // names a pre-release.
    if ((low.is_full() && !from.has_plain_prefix()) ||
        (high.is_full() && high.prerelease.empty() && !to.has_plain_prefix()))
        return in.refuse_at(from.offset, "two operators stand together");
    if (is_too_long(low) || is_too_long(high))
        return in.refuse_at(from.offset, "the version is too long");
    if (low.numbers > 0)
        npm_from(low, low.prerelease.empty(), from.prefix == 0 || !low.is_full(), out);
    if (high.numbers == 0) return true;
    const SemVer end = after(high, high.numbers);
    if (!high.is_full()) {
        if (!counts(in, to.offset, end)) return false;
        out.before(end);
    } else if (!high.prerelease.empty()) {
        out.below({first_of(high), true});
    } else {
        out.below_in_dialect({first_of(high), true});
        out.below_with_prereleases({end.with_prerelease("0"), false});
    }
    return true;
}

/// One alternative; `in` holds it alone.
bool read_npm_alternative(Scanner& in, RangeBuilder& out) {
    XRange from;
    XRange to;
    if (in.text().find('-') != std::string_view::npos && is_npm_hyphen(in, from, to))
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

bool read_one_npm_alternative(std::string_view text, Scanner& whole, RangeBuilder& out) {
    const bool has_build = text.find('+') != std::string_view::npos;
    std::vector<std::size_t> offsets;
    const std::string kept = has_build ? without_npm_builds(text, offsets) : std::string();
    Scanner in(has_build ? std::string_view(kept) : text);
    if (!read_npm_alternative(in, out)) {
        const std::size_t at = has_build ? offsets[in.refused_at()] : in.refused_at();
        return whole.refuse_at(whole.offset() + at, in.reason());
    }
    RangeBuilder::Alternative& alternative = out.current();
    const auto names_prerelease = [](const std::optional<VersionSet::Bound>& bound) {
        return bound && bound->version.is_prerelease();
    };
    alternative.lower_admits = names_prerelease(alternative.bounds.lower);
    alternative.upper_admits = names_prerelease(alternative.bounds.upper);
    out.finish_alternative();
    return true;
}

}  // namespace

bool read_npm_range(Scanner& in, RangeBuilder& out) {
    for (;;) {
        const std::size_t bar = in.text().find("||", in.offset());
        const std::size_t end = bar == std::string_view::npos ? in.text().size() : bar;
        if (!read_one_npm_alternative(in.text().substr(in.offset(), end - in.offset()), in, out))
            return false;
        if (bar == std::string_view::npos) break;
        in.rewind(bar + 2);
    }
    // Once an alternative is `*`, node-semver forgets the others, and with them the pre-releases
    // that they named.
    bool any = false;
    for (const RangeBuilder::Alternative& alternative : out.alternatives())
        any |= !alternative.bounds.lower && !alternative.bounds.upper;
    if (any)
        for (RangeBuilder::Alternative& alternative : out.alternatives())
            alternative.lower_admits = alternative.upper_admits = false;
    return true;
}

}  // namespace catalog::version
