#include "catalog/library/answers.hpp"

namespace catalog::library {

namespace {

std::int64_t micros(WallTime time) {
    return static_cast<std::int64_t>(time.time_since_epoch().count());
}

}  // namespace

json::Array to_json(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

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

json::Object to_json(const lifecycle::PublishReceipt& receipt) {
    return {{"id", receipt.id.to_string()},
            {"digest", receipt.digest.to_string()},
            {"files_root", receipt.files_root.to_string()},
            {"files", receipt.file_count},
            {"bytes", receipt.file_bytes},
            {"log_index", receipt.log_index},
            {"already_published", receipt.already_published}};
}

json::Object to_json(const lifecycle::InstallReceipt& receipt) {
    return {{"generation", receipt.generation},    {"added", to_json(receipt.added)},
            {"removed", to_json(receipt.removed)}, {"kept", to_json(receipt.kept)},
            {"files", receipt.file_count},         {"bytes", receipt.file_bytes},
            {"unchanged", receipt.unchanged}};
}

json::Object to_json(const lifecycle::Generation& generation) {
    json::Array packages;
    for (const lifecycle::InstalledPackage& package : generation.packages)
        packages.push_back(json::Object{{"id", package.id.to_string()},
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
            {"stats", json::Object{{"load_us", stats.load_us},
                                   {"solve_us", stats.solve_us},
                                   {"decisions", stats.decisions},
                                   {"conflicts", stats.conflicts},
                                   {"propagations", stats.propagations}}}};
}

json::Object to_json(const Error& error) {
    return {{"code", errc_name(error.code())},
            {"message", error.to_string()},
            {"input", error.input()},
            {"hint", error.hint()}};
}

}  // namespace catalog::library
