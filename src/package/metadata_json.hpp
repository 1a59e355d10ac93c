#pragma once
// Parts of the JSON form of metadata that several sources need. Never installed.

#include <string>
#include <string_view>

#include "catalog/core/error.hpp"
#include "catalog/json/value.hpp"
#include "catalog/package/metadata.hpp"

namespace catalog::package {

/// Tells whether a member of a document has a meaning of its own (and is therefore not `extra`).
[[nodiscard]] bool is_metadata_member(std::string_view name) noexcept;

/// Tells the same of a member of a dependency.
[[nodiscard]] bool is_dependency_member(std::string_view name) noexcept;

[[nodiscard]] json::Object dependency_to_json(const Dependency& dependency);

/// Returns `error` with `context` and a colon before its message; everything else is kept.
[[nodiscard]] Error in_context(const Error& error, const std::string& context);

}  // namespace catalog::package
