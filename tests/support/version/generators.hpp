#pragma once
// Generators of versions, sets and ranges for property tests, and short makers for unit tests.
//
// Numbers and identifiers come from small pools, so that two generated values often touch: equal,
// adjacent, nested.

#include <rapidcheck.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/version/constraint.hpp"

namespace catalog::version {

/// The version that `text` names. REQUIRES: valid text (a test that breaks this fails loudly).
[[nodiscard]] SemVer semver(std::string_view text);
/// Likewise for a range.
[[nodiscard]] VersionReq req(std::string_view text, Dialect dialect = Dialect::kCargo);

/// Every version with numbers 0 to `number_max` and each of a handful of pre-releases, lowest
/// first: the world over which brute force decides.
[[nodiscard]] std::vector<SemVer> version_grid(unsigned number_max);

/// A version without build metadata whose numbers are at most 3 (rarely large), often with a
/// pre-release.
[[nodiscard]] rc::Gen<SemVer> small_version();
/// Any version: large numbers, long identifiers, build metadata.
[[nodiscard]] rc::Gen<SemVer> any_version();
/// Up to four intervals between small versions.
[[nodiscard]] rc::Gen<VersionSet> any_set();
/// Text of a valid range.
[[nodiscard]] rc::Gen<std::string> range_text(Dialect dialect);
/// Text that is a valid range about half of the time: valid text with some bytes changed.
[[nodiscard]] rc::Gen<std::string> damaged_range_text(Dialect dialect);
/// A valid range in either dialect.
[[nodiscard]] rc::Gen<VersionReq> any_req();

void showValue(const SemVer& version, std::ostream& os);
void showValue(const VersionSet& set, std::ostream& os);
void showValue(const VersionReq& req, std::ostream& os);

/// Readable failures in GoogleTest.
void PrintTo(const SemVer& version, std::ostream* os);
void PrintTo(const VersionSet& set, std::ostream* os);
void PrintTo(const VersionReq& req, std::ostream* os);

}  // namespace catalog::version

template <>
struct rc::Arbitrary<catalog::version::SemVer> {
    static rc::Gen<catalog::version::SemVer> arbitrary() { return catalog::version::any_version(); }
};
template <>
struct rc::Arbitrary<catalog::version::VersionSet> {
    static rc::Gen<catalog::version::VersionSet> arbitrary() { return catalog::version::any_set(); }
};
template <>
struct rc::Arbitrary<catalog::version::VersionReq> {
    static rc::Gen<catalog::version::VersionReq> arbitrary() { return catalog::version::any_req(); }
};
