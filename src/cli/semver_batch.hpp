#pragma once
// Questions about versions, one line each.

#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"

namespace catalog::cli {

/// Answers one line of `catalog semver --batch`: `{"ok":true,"result":...}` or
/// `{"ok":false,"error":"..."}`. A line that could not be read is answered too. Never fails.
/// docs/cli.md describes the operations.
[[nodiscard]] json::Object answer_semver(const Result<json::Value>& line);

}  // namespace catalog::cli
