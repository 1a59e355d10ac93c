#pragma once
// The JSON forms of answers, the same on the command line and through the C interface. docs/cli.md
// describes each.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "catalog/index/query.hpp"
#include "catalog/json/value.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/lifecycle/installation.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/package/file_table.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::library {

[[nodiscard]] json::Array to_json(const std::vector<std::string>& texts);

// What the library says of itself.
[[nodiscard]] json::Object to_json(const LibraryMetadata& metadata);
[[nodiscard]] json::Object to_json(const LibraryStats& stats);

// Looking.
[[nodiscard]] json::Object to_json(const index::IndexEntry& entry);
[[nodiscard]] json::Array to_json(const std::vector<index::IndexEntry>& entries);
/// `packages` and `cursor`.
[[nodiscard]] json::Object to_json(const index::Page& page);
/// {"preparing":[..],"cursor"}
[[nodiscard]] json::Object to_json(const lifecycle::PreparingPage& page);
/// `hits`: entries with `score`.
[[nodiscard]] json::Object to_json(const std::vector<index::SearchHit>& hits);
/// What an answer to a search says beside the page.
struct SearchExtras {
    bool count = false;  ///< How many hits there are.
    std::vector<index::CountedField> facets;
    std::size_t facet_values_max = 20;
    std::size_t suggestions_max = 3;
};

struct SearchAnswer {
    index::SearchPage page;
    std::optional<index::HitCounts> counts;
    std::vector<std::string> suggestions;  ///< Near names, where a first page has no hit.
};

/// Searches, and finds out what `extras` ask for. Errors: those of AssetLibrary::search,
/// count_hits and suggest.
[[nodiscard]] Result<SearchAnswer> answer_search(AssetLibrary& library, const index::Query& query,
                                                 const SearchExtras& extras,
                                                 const CallContext& context);
/// `hits`: entries with `score`; `cursor`; where they were asked for `total` and `facets`; without
/// hits `suggestions`.
[[nodiscard]] json::Object to_json(const SearchAnswer& answer);
/// `total`; with fields `facets`: of each field `values` (`value`, `hits`) and `distinct`.
[[nodiscard]] json::Object to_json(const index::HitCounts& counts);
/// `name`, `dependents` (`id`, `distance`, `needs`) and `truncated`.
[[nodiscard]] json::Object dependents_json(const std::string& name,
                                           const index::Dependents& dependents);
/// An entry with `metadata`, `files_root` and `versions`, and with a table `file_table`.
[[nodiscard]] json::Object package_json(const index::IndexEntry& entry,
                                        const package::Manifest& manifest,
                                        const std::vector<index::IndexEntry>& versions,
                                        const package::FileTable* table);
/// `id` and `dependencies`.
[[nodiscard]] json::Object dependencies_json(const PackageId& id,
                                             const package::PackageMetadata& metadata);
/// `name` and `dependents`.
[[nodiscard]] json::Object dependents_json(const std::string& name,
                                           const std::vector<index::DependencyEdge>& edges);

// Publishing.
[[nodiscard]] json::Object to_json(const lifecycle::PublishReceipt& receipt);
/// A receipt with `warnings`.
[[nodiscard]] json::Object to_json(const lifecycle::PublishReceipt& receipt,
                                   const std::vector<std::string>& warnings);
[[nodiscard]] json::Object to_json(const lifecycle::ImportReport& report);

// Resolving.
/// `status` "sat", `packages`, `order`, `proven` and `stats`.
[[nodiscard]] json::Object solved_json(const resolve::Solution& solution);
/// `packages`, `order`, `proven` and `stats`, as an answer line of `catalog solve` has them.
[[nodiscard]] json::Object to_json(const resolve::Solution& solution);

// Prefixes.
[[nodiscard]] json::Object to_json(const lifecycle::InstallReceipt& receipt);
[[nodiscard]] json::Object to_json(const lifecycle::Generation& generation);
/// `generations`.
[[nodiscard]] json::Object to_json(const std::vector<lifecycle::Generation>& generations);
/// `ok` and `damages`.
[[nodiscard]] json::Object to_json(const std::vector<lifecycle::PrefixDamage>& damages);

// Care.
[[nodiscard]] json::Array to_json(const std::vector<Finding>& findings);
[[nodiscard]] json::Object to_json(const VerifyResult& result);
[[nodiscard]] json::Object to_json(const RepairResult& result);

/// `{"code","message","input","hint"}`.
[[nodiscard]] json::Object to_json(const Error& error);

}  // namespace catalog::library
