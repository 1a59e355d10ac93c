#include "range_model.hpp"

#include <algorithm>
#include <regex>

namespace catalog::version {

namespace {

const char* const kNumber = "(?:0|[1-9][0-9]*)";
const char* const kPrerelease =
    "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    "(?:\\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*";
const char* const kBuild = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";

std::vector<std::string> split(const std::string& text, const std::string& separator) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    for (std::size_t end; (end = text.find(separator, start)) != std::string::npos;
         start = end + separator.size())
        parts.push_back(text.substr(start, end - start));
    parts.push_back(text.substr(start));
    return parts;
}

std::weak_ordering compare_fields(const SemVer& version, std::uint64_t major, std::uint64_t minor,
                                  std::uint64_t patch, const std::string& prerelease) {
    return compare_precedence(version, SemVer(major, minor, patch).with_prerelease(prerelease));
}

bool is_wild(const std::string& part) {
    return part.empty() || part == "x" || part == "X" || part == "*";
}

}  // namespace

CargoModel::CargoModel(const std::string& text) {
    static const std::regex star(" *[*xX] *");
    static const std::regex comparator(std::string(" *(=|>=|>|<=|<|~|\\^)? *(") + kNumber +
                                       ")(?:\\.(?:(" + kNumber + ")(?:\\.(?:(" + kNumber +
                                       ")(?:-(" + kPrerelease + "))?(?:\\+" + kBuild +
                                       ")?|([*xX])))?|([*xX])(?:\\.[*xX])?))? *");
    if (std::regex_match(text, star)) return;
    for (const std::string& part : split(text, ",")) {
        std::smatch match;
        if (!std::regex_match(part, match, comparator)) {
            valid_ = false;
            return;
        }
        Comparator parsed;
        const bool wild = match[6].matched || match[7].matched;
        parsed.op = match[1].matched ? match[1].str() : (wild ? "=" : "^");
        parsed.major = std::stoull(match[2]);
        if (match[3].matched) parsed.minor = std::stoull(match[3]);
        if (match[4].matched) parsed.patch = std::stoull(match[4]);
        parsed.prerelease = match[5];
        comparators_.push_back(parsed);
    }
}

bool CargoModel::is_exact(const Comparator& c, const SemVer& v) {
    return v.major() == c.major && (!c.minor || v.minor() == *c.minor) &&
           (!c.patch || v.patch() == *c.patch) && v.prerelease() == c.prerelease;
}

bool CargoModel::is_greater(const Comparator& c, const SemVer& v) {
    if (v.major() != c.major || !c.minor) return v.major() > c.major;
    if (v.minor() != *c.minor || !c.patch) return v.minor() > *c.minor;
    return compare_fields(v, c.major, *c.minor, *c.patch, c.prerelease) > 0;
}

bool CargoModel::is_less(const Comparator& c, const SemVer& v) {
    if (v.major() != c.major || !c.minor) return v.major() < c.major;
    if (v.minor() != *c.minor || !c.patch) return v.minor() < *c.minor;
    return compare_fields(v, c.major, *c.minor, *c.patch, c.prerelease) < 0;
}

bool CargoModel::holds(const Comparator& c, const SemVer& v) {
    if (c.op == "=") return is_exact(c, v);
    if (c.op == ">") return is_greater(c, v);
    if (c.op == ">=") return is_greater(c, v) || is_exact(c, v);
    if (c.op == "<") return is_less(c, v);
    if (c.op == "<=") return is_less(c, v) || is_exact(c, v);
    if (v.major() != c.major) return false;
    if (c.op == "~") {
        if (c.minor && v.minor() != *c.minor) return false;
        if (!c.patch) return !v.is_prerelease();
        return compare_fields(v, c.major, *c.minor, *c.patch, c.prerelease) >= 0;
    }
    if (!c.minor) return true;
    if (c.major == 0 && v.minor() != *c.minor) return false;
    if (!c.patch) return v.minor() >= *c.minor;
    if (c.major == 0 && *c.minor == 0 && v.patch() != *c.patch) return false;
    return compare_fields(v, c.major, *c.minor, *c.patch, c.prerelease) >= 0;
}

bool CargoModel::matches(const SemVer& version) const {
    const auto names = [&](const Comparator& c) {
        return !c.prerelease.empty() && c.major == version.major() && c.minor == version.minor() &&
               c.patch == version.patch();
    };
    return std::ranges::all_of(comparators_, [&](const auto& c) { return holds(c, version); }) &&
           (!version.is_prerelease() || std::ranges::any_of(comparators_, names));
}

NpmModel::NpmModel(const std::string& text, bool include_prerelease)
    : include_prerelease_(include_prerelease) {
    static const std::regex build(std::string("\\+") + kBuild);
    static const std::regex hyphen("\\s*(\\S+)\\s+-\\s+(\\S+)\\s*");
    static const std::regex blank_after_operator("([<>=~^])\\s+");
    static const std::regex word("\\S+");
    bool any = false;
    for (const std::string& part : split(text, "||")) {
        std::string plain = std::regex_replace(part, build, "");
        Alternative alternative;
        std::smatch match;
        if (std::regex_match(plain, match, hyphen)) {
            add_hyphen(alternative, match[1], match[2]);
        } else {
            plain = std::regex_replace(plain, blank_after_operator, "$1");
            for (std::sregex_iterator it(plain.begin(), plain.end(), word), end; it != end; ++it)
                add_comparator(alternative, it->str());
        }
        any |= alternative.empty();
        alternatives_.push_back(alternative);
    }
    if (any) alternatives_.assign(1, {});
}

void NpmModel::add(Alternative& alternative, const std::string& op, std::uint64_t major,
                   std::uint64_t minor, std::uint64_t patch, const std::string& prerelease) const {
    const SemVer version = SemVer(major, minor, patch).with_prerelease(prerelease);
    // The README: `*` is `>=0.0.0`; node-semver makes the reverse step, too.
    if (op == ">=" && version == SemVer() && !include_prerelease_) return;
    alternative.push_back({op, version});
}

void NpmModel::add_comparator(Alternative& alternative, const std::string& text) const {
    static const std::regex comparator(
        "(<=|>=|<|>|=|~>|~|\\^)?v?([^.-]+)(?:\\.([^.-]+)(?:\\.([^.-]+)"
        "(?:-(.*))?)?)?");
    std::smatch m;
    if (!std::regex_match(text, m, comparator)) throw std::invalid_argument(text);
    std::string op = m[1];
    if (op == "~>") op = "~";
    const bool tilde_or_caret = op == "~" || op == "^";
    const std::string lowest = include_prerelease_ ? "0" : "";
    if (is_wild(m[2])) {
        if (op == "<" || op == ">") add(alternative, "<", 0, 0, 0, "0");
        return;
    }
    const std::uint64_t major = std::stoull(m[2]);
    if (is_wild(m[3])) {
        if (op == "<") return add(alternative, "<", major, 0, 0, "0");
        if (op == "<=") return add(alternative, "<", major + 1, 0, 0, "0");
        if (op == ">") return add(alternative, ">=", major + 1, 0, 0, lowest);
        add(alternative, ">=", major, 0, 0, lowest);
        if (op != ">=") add(alternative, "<", major + 1, 0, 0, "0");
        return;
    }
    const std::uint64_t minor = std::stoull(m[3]);
    if (is_wild(m[4])) {
        if (op == "<") return add(alternative, "<", major, minor, 0, "0");
        if (op == "<=") return add(alternative, "<", major, minor + 1, 0, "0");
        if (op == ">") return add(alternative, ">=", major, minor + 1, 0, lowest);
        add(alternative, ">=", major, minor, 0, lowest);
        if (op == "^" && major > 0) return add(alternative, "<", major + 1, 0, 0, "0");
        if (op != ">=") add(alternative, "<", major, minor + 1, 0, "0");
        return;
    }
    const std::uint64_t patch = std::stoull(m[4]);
    if (!tilde_or_caret) return add(alternative, op, major, minor, patch, m[5]);
    add(alternative, ">=", major, minor, patch, m[5]);
    if (op == "^" && major > 0) return add(alternative, "<", major + 1, 0, 0, "0");
    if (op == "~" || minor > 0) return add(alternative, "<", major, minor + 1, 0, "0");
    add(alternative, "<", major, minor, patch + 1, "0");
}

void NpmModel::add_hyphen(Alternative& alternative, const std::string& low,
                          const std::string& high) const {
    const auto is_complete = [](const std::string& text) {
        return text.find_first_of("xX*") == std::string::npos &&
               std::ranges::count(text.substr(0, text.find('-')), '.') == 2;
    };
    const auto has_prerelease = [&](const std::string& text) {
        return is_complete(text) && text.find('-') != std::string::npos;
    };
    const bool widen_low = include_prerelease_ && is_complete(low) && !has_prerelease(low);
    add_comparator(alternative, ">=" + low + (widen_low ? "-0" : ""));
    if (include_prerelease_ && is_complete(high) && !has_prerelease(high)) {
        // Up to the end of the patch: 1.2.3 - 2.0.0 is <2.0.1-0.
        const std::size_t dot = high.rfind('.') + 1;
        add_comparator(alternative, "<" + high.substr(0, dot) +
                                        std::to_string(std::stoull(high.substr(dot)) + 1) + "-0");
    } else {
        add_comparator(alternative, "<=" + high);
    }
}

bool NpmModel::holds(const Alternative& alternative, const SemVer& version) const {
    for (const Primitive& p : alternative) {
        const std::weak_ordering order = compare_precedence(version, p.version);
        const bool ok = (p.op == ">" && order > 0) || (p.op == ">=" && order >= 0) ||
                        (p.op == "<" && order < 0) || (p.op == "<=" && order <= 0) ||
                        ((p.op.empty() || p.op == "=") && order == 0);
        if (!ok) return false;
    }
    return !version.is_prerelease() || include_prerelease_ ||
           std::ranges::any_of(alternative, [&](const Primitive& p) {
               return p.version.is_prerelease() && p.version.has_same_numbers(version);
           });
}

bool NpmModel::matches(const SemVer& version) const {
    return std::ranges::any_of(alternatives_,
                               [&](const Alternative& a) { return holds(a, version); });
}

}  // namespace catalog::version
