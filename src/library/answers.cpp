#include "catalog/library/answers.hpp"

#include "catalog/internal/try.hpp"

namespace catalog::library {

namespace {

std::int64_t micros(WallTime time) {
    return static_cast<std::int64_t>(time.time_since_epoch().count());
}

}  // namespace

json::Array to_json(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

json::Object to_json(const LibraryMetadata& metadata) {
    json::Array keys;
    for (const KeyInfo& key : metadata.keys)
        keys.emplace_back(json::Object{
            {"id", key.id},
            {"purpose", key.purpose == KeyPurpose::kLibrary ? "library" : "publisher"}});
    return {{"id", metadata.id.to_string()},
            {"path", metadata.path},
            {"format", static_cast<std::uint64_t>(metadata.format)},
            {"created_us", micros(metadata.created)},
            {"chunk_bytes_average", static_cast<std::uint64_t>(metadata.chunk_bytes_average)},
            {"compression_level", metadata.compression_level},
            {"encrypted", metadata.encrypted},
            {"keys", std::move(keys)}};
}

json::Object to_json(const LibraryStats& stats) {
    return {{"names", stats.packages.names},
            {"versions", stats.packages.versions},
            {"published", stats.packages.published},
            {"imported", stats.packages.imported},
            {"preparing", stats.preparing},
            {"yanked", stats.packages.yanked},
            {"objects", stats.content.objects},
            {"object_bytes", stats.content.object_bytes},
            {"chunks", stats.content.chunks},
            {"chunk_bytes", stats.content.chunk_bytes},
            {"stored_bytes", stats.content.stored_bytes},
            {"unreferenced_bytes", stats.content.unreferenced_bytes},
            {"packs", stats.content.packs},
            {"database_bytes", stats.database_bytes},
            {"log_size", stats.log_size},
            {"frozen_versions", stats.frozen_versions},
            {"frozen_bytes", stats.frozen_bytes},
            {"frozen_changes", stats.frozen_changes},
            {"freezing", stats.freezing}};
}

json::Object to_json(const index::IndexEntry& entry) {
    return {{"name", entry.id.name().str()},
            {"version", entry.id.version()},
            {"digest", entry.digest.to_string()},
            {"state", package::state_name(entry.state)},
            {"yanked", entry.yanked},
            {"origin", entry.origin == index::Origin::kPublished ? "published" : "imported"},
            {"type", package::package_type_name(entry.type)},
            {"description", entry.description},
            {"license", entry.license},
            {"files", entry.file_count},
            {"bytes", entry.file_bytes},
            {"published_us", micros(entry.published)},
            {"log_index", entry.log_index}};
}

json::Array to_json(const std::vector<index::IndexEntry>& entries) {
    json::Array list;
    for (const index::IndexEntry& entry : entries) list.emplace_back(to_json(entry));
    return list;
}

json::Object to_json(const index::Page& page) {
    return {{"packages", to_json(page.entries)}, {"cursor", page.cursor}};
}

json::Object to_json(const lifecycle::PreparingPage& page) {
    json::Array preparing;
    for (const lifecycle::PreparingPackage& package : page.packages)
        preparing.emplace_back(json::Object{{"id", package.id.to_string()},
                                            {"digest", package.digest.to_string()},
                                            {"principal", package.principal},
                                            {"since_us", micros(package.since)},
                                            {"files", package.file_count},
                                            {"bytes", package.file_bytes}});
    return {{"preparing", std::move(preparing)}, {"cursor", page.next}};
}

json::Object to_json(const std::vector<index::SearchHit>& hits) {
    json::Array list;
    for (const index::SearchHit& hit : hits) {
        json::Object object = to_json(hit.entry);
        object.emplace("score", hit.score);
        list.emplace_back(std::move(object));
    }
    return {{"hits", std::move(list)}};
}

Result<SearchAnswer> answer_search(AssetLibrary& library, const index::Query& query,
                                   const SearchExtras& extras, const CallContext& context) {
    SearchAnswer answer;
    CATALOG_TRY(answer.page, library.search(query, context));
    if (extras.count || !extras.facets.empty()) {
        CATALOG_TRY(answer.counts,
                    library.count_hits(query, extras.facets, extras.facet_values_max, context));
    }
    if (answer.page.hits.empty() && query.cursor.empty() && !query.exact.empty() &&
        extras.suggestions_max > 0) {
        CATALOG_TRY(answer.suggestions,
                    library.suggest(query.exact, extras.suggestions_max, context));
    }
    return answer;
}

json::Object to_json(const SearchAnswer& answer) {
    json::Object object = to_json(answer.page.hits);
    object.emplace("cursor", answer.page.cursor);
    if (answer.counts) object.merge(to_json(*answer.counts));
    if (answer.page.hits.empty()) object.emplace("suggestions", to_json(answer.suggestions));
    return object;
}

json::Object to_json(const index::HitCounts& counts) {
    json::Object object{{"total", counts.hits}};
    if (counts.fields.empty()) return object;
    json::Object facets;
    for (const index::FieldCounts& field : counts.fields) {
        json::Array values;
        for (const index::ValueCount& one : field.values)
            values.emplace_back(json::Object{{"value", one.value}, {"hits", one.hits}});
        facets.insert_or_assign(
            std::string(counted_field_name(field.field)),
            json::Object{{"values", std::move(values)}, {"distinct", field.distinct_values}});
    }
    object.emplace("facets", std::move(facets));
    return object;
}

json::Object dependents_json(const std::string& name, const index::Dependents& dependents) {
    json::Array list;
    for (const index::Dependent& one : dependents.packages)
        list.emplace_back(json::Object{{"id", one.id.to_string()},
                                       {"distance", std::uint64_t{one.distance}},
                                       {"needs", one.needs.str()}});
    return {
        {"name", name}, {"dependents", std::move(list)}, {"truncated", dependents.is_truncated}};
}

json::Object package_json(const index::IndexEntry& entry, const package::Manifest& manifest,
                          const std::vector<index::IndexEntry>& versions,
                          const package::FileTable* table) {
    json::Object object = to_json(entry);
    object.emplace("metadata", package::metadata_to_json(manifest.metadata));
    object.emplace("files_root", manifest.files_root.to_string());
    json::Array others;
    for (const index::IndexEntry& version : versions) others.emplace_back(version.id.version());
    object.emplace("versions", std::move(others));
    if (table == nullptr) return object;
    json::Array list;
    for (const package::FileEntry& file : table->entries())
        list.emplace_back(json::Object{
            {"path", file.path},
            {"size", file.size},
            {"mode", static_cast<std::uint64_t>(file.mode)},
            {"target", file.target},
            {"tree", file.kind == package::FileEntryKind::kRegular ? file.tree.to_string() : ""}});
    object.emplace("file_table", std::move(list));
    return object;
}

json::Object dependencies_json(const PackageId& id, const package::PackageMetadata& metadata) {
    const json::Object object = package::metadata_to_json(metadata);
    const auto found = object.find("dependencies");
    json::Array dependencies;
    if (found != object.end() && found->second.as_array() != nullptr)
        dependencies = *found->second.as_array();
    return {{"id", id.to_string()}, {"dependencies", std::move(dependencies)}};
}

json::Object dependents_json(const std::string& name,
                             const std::vector<index::DependencyEdge>& edges) {
    json::Array list;
    for (const index::DependencyEdge& edge : edges)
        list.emplace_back(json::Object{{"id", edge.from.to_string()},
                                       {"req", edge.dependency.target.constraint.to_string()},
                                       {"kind", dependency_kind_name(edge.dependency.kind)}});
    return {{"name", name}, {"dependents", std::move(list)}};
}

json::Object to_json(const lifecycle::PublishReceipt& receipt) {
    return {{"id", receipt.id.to_string()},
            {"digest", receipt.digest.to_string()},
            {"files_root", receipt.files_root.to_string()},
            {"files", receipt.file_count},
            {"bytes", receipt.file_bytes},
            {"log_index", receipt.log_index},
            {"already_published", receipt.already_published}};
}

json::Object to_json(const lifecycle::PublishReceipt& receipt,
                     const std::vector<std::string>& warnings) {
    json::Object object = to_json(receipt);
    object.emplace("warnings", to_json(warnings));
    return object;
}

json::Object to_json(const lifecycle::ImportReport& report) {
    json::Array refused;
    for (const lifecycle::ImportReport::Refused& line : report.refused)
        refused.emplace_back(json::Object{{"line", line.line}, {"error", to_json(line.error)}});
    return {{"lines", report.lines},
            {"imported", report.imported},
            {"already_there", report.already_there},
            {"refused_total", report.refused_total},
            {"refused", std::move(refused)}};
}

json::Object to_json(const lifecycle::InstallReceipt& receipt) {
    return {{"generation", receipt.generation},    {"added", to_json(receipt.added)},
            {"removed", to_json(receipt.removed)}, {"kept", to_json(receipt.kept)},
            {"files", receipt.file_count},         {"bytes", receipt.file_bytes},
            {"unchanged", receipt.unchanged},      {"proven", receipt.proven}};
}

json::Object to_json(const lifecycle::Generation& generation) {
    json::Array packages;
    for (const lifecycle::InstalledPackage& package : generation.packages)
        packages.emplace_back(json::Object{{"id", package.id.to_string()},
                                           {"digest", package.digest.to_string()},
                                           {"root", package.root},
                                           {"locations", to_json(package.locations)},
                                           {"dependencies", to_json(package.dependencies)}});
    return {{"generation", generation.number},
            {"current", generation.current},
            {"operation", generation.operation},
            {"created_us", micros(generation.created)},
            {"layout", lifecycle::layout_name(generation.layout)},
            {"roots", to_json(generation.roots)},
            {"bytes", generation.file_bytes},
            {"packages", std::move(packages)}};
}

json::Object to_json(const std::vector<lifecycle::Generation>& generations) {
    json::Array list;
    for (const lifecycle::Generation& generation : generations)
        list.emplace_back(to_json(generation));
    return {{"generations", std::move(list)}};
}

json::Object to_json(const std::vector<lifecycle::PrefixDamage>& damages) {
    json::Array list;
    for (const lifecycle::PrefixDamage& damage : damages)
        list.emplace_back(json::Object{
            {"package", damage.package}, {"path", damage.path}, {"what", damage.what}});
    return {{"ok", damages.empty()}, {"damages", std::move(list)}};
}

json::Object solved_json(const resolve::Solution& solution) {
    json::Object answer = to_json(solution);
    answer.emplace("status", "sat");
    return answer;
}

json::Object to_json(const resolve::Solution& solution) {
    json::Array packages;
    for (const resolve::Resolved& package : solution.packages) {
        json::Object object{{"name", package.name},
                            {"version", package.candidate.version.to_string()}};
        if (!package.features.empty()) object.emplace("features", to_json(package.features));
        if (!package.candidate.source_id.empty())
            object.emplace("source", package.candidate.source_id);
        packages.emplace_back(std::move(object));
    }
    json::Array order;
    for (const std::vector<std::size_t>& component : solution.order) {
        json::Array members;
        for (const std::size_t index : component)
            members.emplace_back(solution.packages[index].name + "@" +
                                 solution.packages[index].candidate.version.to_string());
        order.emplace_back(std::move(members));
    }
    const resolve::SolveStats& stats = solution.stats;
    return {{"packages", std::move(packages)},
            {"order", std::move(order)},
            {"proven", solution.proven},
            {"stats", json::Object{{"load_us", stats.load_us},
                                   {"solve_us", stats.solve_us},
                                   {"decisions", stats.decisions},
                                   {"conflicts", stats.conflicts},
                                   {"propagations", stats.propagations}}}};
}

json::Array to_json(const std::vector<Finding>& findings) {
    json::Array list;
    for (const Finding& finding : findings)
        list.emplace_back(json::Object{{"where", finding.where},
                                       {"what", finding.what},
                                       {"packages", to_json(finding.packages)},
                                       {"files", to_json(finding.files)}});
    return list;
}

json::Object to_json(const VerifyResult& result) {
    return {{"ok", result.findings.empty()},
            {"packages", result.packages},
            {"objects", result.objects},
            {"bytes", result.bytes},
            {"findings", to_json(result.findings)}};
}

json::Object to_json(const RepairResult& result) {
    return {{"index_records", result.index_entries_rebuilt},
            {"actions", to_json(result.actions)},
            {"remaining", to_json(result.remaining)}};
}

json::Object to_json(const Error& error) {
    return {{"code", errc_name(error.code())},
            {"message", error.to_string()},
            {"input", error.input()},
            {"hint", error.hint()}};
}

}  // namespace catalog::library
