#pragma once
// The JSON forms of answers, the same on the command line and through the C interface. docs/cli.md
// describes each.

#include <string>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "catalog/json/value.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::library {

[[nodiscard]] json::Array to_json(const std::vector<std::string>& texts);
[[nodiscard]] json::Object to_json(const index::IndexEntry& entry);
[[nodiscard]] json::Object to_json(const lifecycle::PublishReceipt& receipt);
[[nodiscard]] json::Object to_json(const lifecycle::InstallReceipt& receipt);
[[nodiscard]] json::Object to_json(const lifecycle::Generation& generation);
/// `packages`, `order` and `stats`, as an answer line of `catalog solve` has them.
[[nodiscard]] json::Object to_json(const resolve::Solution& solution);
/// `{"code","message","input","hint"}`.
[[nodiscard]] json::Object to_json(const Error& error);

}  // namespace catalog::library
