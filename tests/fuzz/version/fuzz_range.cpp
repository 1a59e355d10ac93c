// Input: a range, then lines that are perhaps versions. Read in both dialects; what is read must
// agree with the set that it says it means.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/version/constraint.hpp"

namespace {

using catalog::version::Dialect;
using catalog::version::PrereleaseRule;
using catalog::version::SemVer;
using catalog::version::VersionConstraint;
using catalog::version::VersionReq;
using catalog::version::VersionSet;

void require(bool condition) {
    if (!condition) std::abort();
}

/// The versions of the input, and for each bound the versions around it.
std::vector<SemVer> probes(std::string_view lines, const VersionSet& set) {
    std::vector<SemVer> versions;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        if (const auto version = SemVer::parse(lines.substr(0, end))) versions.push_back(*version);
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    for (const VersionSet::Interval& interval : set.intervals()) {
        for (const auto& bound : {interval.lower, interval.upper}) {
            if (!bound) continue;
            const SemVer& version = bound->version;
            versions.push_back(version);
            versions.push_back(version.with_prerelease(""));
            versions.push_back(version.with_prerelease("a"));
            versions.emplace_back(version.major(), version.minor(), version.patch() + 1);
        }
    }
    return versions;
}

void check_range(std::string_view text, std::string_view lines, Dialect dialect) {
    const auto req = VersionReq::parse(text, dialect);
    if (!req) {
        require(!req.error().message().empty());
        return;
    }
    require(VersionReq::parse(req->text(), dialect) == *req);
    require(req->set().complement().complement() == req->set());
    for (const SemVer& version : probes(lines, req->set())) {
        const bool in_set = req->set().contains(version);
        require(in_set || !req->matches(version));
        if (!version.is_prerelease()) require(req->matches(version) == in_set);
        if (req->matches(version) && !version.is_prerelease())
            require(req->matches(version, PrereleaseRule::kInclude));
    }
}

void check_constraint(std::string_view text, Dialect dialect) {
    const auto constraint = VersionConstraint::parse(text, dialect);
    if (!constraint) return;
    require(VersionConstraint::parse(constraint->to_string(), constraint->dialect()) ==
            *constraint);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t line_end = std::min(input.find('\n'), input.size());
    const std::string_view text = input.substr(0, line_end);
    for (const Dialect dialect : {Dialect::kCargo, Dialect::kNpm}) {
        check_range(text, input.substr(std::min(line_end + 1, input.size())), dialect);
        check_constraint(text, dialect);
    }
    return 0;
}
