#pragma once
// Requests of the command line, `NAME` or `NAME@REQ`, as the resolvers take them.

#include <string>
#include <string_view>

#include "catalog/core/result.hpp"
#include "catalog/resolve/request.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::cli {

/// Splits at the last `@` that is not the first byte. Errors: kInvalidName, kRequirementSyntax,
/// naming the text.
[[nodiscard]] Result<resolve::Root> parse_request(std::string_view text, version::Dialect dialect);

/// Makes a root of a name and requirement text; empty text means any version.
[[nodiscard]] Result<resolve::Root> make_root(std::string_view name, std::string_view requirement,
                                              version::Dialect dialect);

/// Reads "single" or "per-major". Errors: kInvalidArgument.
[[nodiscard]] Result<resolve::VersionPolicy> parse_policy(std::string_view text);

/// Reads "newest" or "minimal". Errors: kInvalidArgument.
[[nodiscard]] Result<resolve::Preference> parse_preference(std::string_view text);

}  // namespace catalog::cli
