#include "support/version/generators.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

namespace catalog::version {

namespace {

constexpr std::uint64_t kLargeNumber = (std::uint64_t{1} << 63) - 1;

rc::Gen<std::uint64_t> small_number() {
    return rc::gen::weightedElement<std::uint64_t>({{4, 0}, {4, 1}, {3, 2}, {2, 3}});
}

rc::Gen<std::string> small_prerelease() {
    return rc::gen::element<std::string>("0", "1", "10", "0.0", "a", "a.0", "a.1", "b", "rc-1");
}

rc::Gen<std::string> identifier(bool numeric_may_have_zeros) {
    const auto byte = rc::gen::elementOf(
        std::string("0123456789-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    return rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::string>(byte)),
                        [numeric_may_have_zeros](std::string text) {
                            text.resize(std::min<std::size_t>(text.size(), 30));
                            const bool numeric =
                                text.find_first_not_of("0123456789") == std::string::npos;
                            if (numeric && !numeric_may_have_zeros && text.front() == '0')
                                return std::string("0");
                            return text;
                        });
}

rc::Gen<std::string> identifiers(bool numeric_may_have_zeros) {
    return rc::gen::map(rc::gen::resize(3, rc::gen::container<std::vector<std::string>>(
                                               identifier(numeric_may_have_zeros))),
                        [](const std::vector<std::string>& parts) {
                            std::string text;
                            for (const std::string& part : parts)
                                text += (text.empty() ? "" : ".") + part;
                            return text;
                        });
}

std::optional<VersionSet::Bound> pick_bound() {
    if (*rc::gen::inRange(0, 5) == 0) return std::nullopt;
    return VersionSet::Bound{*small_version(), *rc::gen::arbitrary<bool>()};
}

template <class... T>
std::string pick(const T&... choices) {
    return *rc::gen::element<std::string>(std::string(choices)...);
}

/// A partial version with or without wildcards; `wild` are the wildcard texts of the dialect.
std::string pick_partial(bool wildcard_major) {
    const int numbers = *rc::gen::inRange(wildcard_major ? 0 : 1, 6);
    std::string text = numbers == 0 ? pick("*", "x", "X") : std::to_string(*small_number());
    if (numbers == 0) return text;
    if (numbers == 1) return text + pick("", ".*", ".x", ".x.x", ".*.X");
    text += "." + std::to_string(*small_number());
    if (numbers == 2) return text + pick("", ".*", ".x");
    text += "." + std::to_string(*small_number());
    if (numbers == 4) text += "-" + *small_prerelease();
    return text + pick("", "", "", "+build.1");
}

std::string pick_cargo_range() {
    if (*rc::gen::inRange(0, 20) == 0) return pick("*", "x", " * ");
    std::string text;
    const int comparators = *rc::gen::inRange(1, 4);
    for (int i = 0; i < comparators; ++i) {
        if (i > 0) text += pick(",", ", ", " , ");
        text += pick("", "^", "~", "=", ">", ">=", "<", "<=") + pick("", "", " ");
        text += pick_partial(false);
    }
    return text;
}

std::string pick_npm_comparators() {
    if (*rc::gen::inRange(0, 8) == 0) return pick_partial(true) + " - " + pick_partial(true);
    std::string text;
    const int comparators = *rc::gen::inRange(0, 4);
    for (int i = 0; i < comparators; ++i) {
        if (i > 0) text += pick(" ", "  ", "\t");
        text += pick("", "", "^", "~", "~>", "=", ">", ">=", "<", "<=") + pick("", "", " ");
        text += pick("", "", "", "v") + pick_partial(true);
    }
    return text;
}

std::string pick_npm_range() {
    std::string text = pick_npm_comparators();
    const int more = *rc::gen::weightedElement<int>({{4, 0}, {2, 1}, {1, 2}});
    for (int i = 0; i < more; ++i) text += pick("||", " || ") + pick_npm_comparators();
    return text;
}

std::string pick_range(Dialect dialect) {
    return dialect == Dialect::kCargo ? pick_cargo_range() : pick_npm_range();
}

}  // namespace

SemVer semver(std::string_view text) { return SemVer::parse(text).value(); }

VersionReq req(std::string_view text, Dialect dialect) {
    return VersionReq::parse(text, dialect).value();
}

std::vector<SemVer> version_grid(unsigned number_max) {
    std::vector<SemVer> grid;
    for (unsigned major = 0; major <= number_max; ++major)
        for (unsigned minor = 0; minor <= number_max; ++minor)
            for (unsigned patch = 0; patch <= number_max; ++patch) {
                const SemVer release(major, minor, patch);
                for (const char* prerelease :
                     {"0", "0.0", "1", "10", "a", "a.0", "a.0.0", "a.1", "b", "rc-1"})
                    grid.push_back(release.with_prerelease(prerelease));
                grid.push_back(release);
            }
    return grid;
}

rc::Gen<SemVer> small_version() {
    return rc::gen::exec([] {
        SemVer version(*small_number(), *small_number(), *small_number());
        if (*rc::gen::arbitrary<bool>()) version = version.with_prerelease(*small_prerelease());
        return version;
    });
}

rc::Gen<SemVer> any_version() {
    return rc::gen::exec([] {
        const auto number =
            rc::gen::oneOf(small_number(), rc::gen::inRange<std::uint64_t>(0, kLargeNumber),
                           rc::gen::just(kLargeNumber));
        std::string text =
            std::to_string(*number) + "." + std::to_string(*number) + "." + std::to_string(*number);
        if (const std::string prerelease = *identifiers(false); !prerelease.empty())
            text += "-" + prerelease;
        if (const std::string build = *identifiers(true); !build.empty()) text += "+" + build;
        return semver(text);
    });
}

rc::Gen<VersionSet> any_set() {
    return rc::gen::exec([] {
        VersionSet set;
        const int intervals = *rc::gen::inRange(0, 5);
        for (int i = 0; i < intervals; ++i)
            set = set.united_with(VersionSet::between(pick_bound(), pick_bound()));
        return set;
    });
}

rc::Gen<std::string> range_text(Dialect dialect) {
    // node-semver refuses a number behind a wildcard and nothing else that is picked here, so
    // picking again ends soon.
    return rc::gen::suchThat(rc::gen::exec([dialect] { return pick_range(dialect); }),
                             [dialect](const std::string& text) {
                                 return VersionReq::parse(text, dialect).has_value();
                             });
}

rc::Gen<std::string> damaged_range_text(Dialect dialect) {
    return rc::gen::exec([dialect] {
        std::string text = pick_range(dialect);
        const int changes = *rc::gen::inRange(0, 3);
        for (int i = 0; i < changes; ++i) {
            const char byte = *rc::gen::elementOf(std::string("<>=~^ -.x*v0129+|,ab"));
            const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
            *rc::gen::arbitrary<bool>() ? text.insert(at, 1, byte)
                                        : text.replace(at, 1, std::string(1, byte));
        }
        return text;
    });
}

rc::Gen<VersionReq> any_req() {
    return rc::gen::exec([] {
        const Dialect dialect = *rc::gen::element(Dialect::kCargo, Dialect::kNpm);
        return req(*range_text(dialect), dialect);
    });
}

void showValue(const SemVer& version, std::ostream& os) { os << version.to_string(); }
void showValue(const VersionSet& set, std::ostream& os) { os << set.to_string(); }
void showValue(const VersionReq& req, std::ostream& os) {
    os << dialect_name(req.dialect()) << " \"" << req.text() << '"';
}

void PrintTo(const SemVer& version, std::ostream* os) { showValue(version, *os); }
void PrintTo(const VersionSet& set, std::ostream* os) { showValue(set, *os); }
void PrintTo(const VersionReq& req, std::ostream* os) { showValue(req, *os); }

}  // namespace catalog::version
