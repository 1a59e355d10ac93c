#include "stored_answer.hpp"

#include <utility>

#include "catalog/json/write.hpp"
#include "catalog/merkle/hash.hpp"

namespace catalog::resolve {
namespace {

json::Value texts_value(const std::vector<std::string>& texts) {
    json::Array array;
    for (const std::string& text : texts) array.emplace_back(text);
    return array;
}

json::Value target_value(const Target& target) {
    return json::Object{{"name", target.name},
                        {"kind", target.constraint.kind_name()},
                        {"dialect", version::dialect_name(target.constraint.dialect())},
                        {"constraint", target.constraint.to_string()}};
}

json::Value numbers_value(const std::vector<std::size_t>& numbers) {
    json::Array array;
    for (const std::size_t number : numbers) array.emplace_back(std::uint64_t{number});
    return array;
}

}  // namespace

json::Value root_value(const Root& root) {
    return json::Object{{"target", target_value(root.target)},
                        {"features", texts_value(root.features)},
                        {"defaults", root.default_features}};
}

json::Object world_object(const Request& request) {
    json::Array locked;
    for (const Locked& lock : request.locked)
        locked.emplace_back(json::Object{{"name", lock.name},
                                         {"version", lock.version.to_string()},
                                         {"source", lock.source_id}});
    json::Array constraints;
    for (const Target& constraint : request.constraints)
        constraints.push_back(target_value(constraint));
    json::Array host;
    for (const Provided& provided : request.host_provides)
        host.emplace_back(
            json::Object{{"name", provided.name}, {"version", provided.version.to_string()}});
    return json::Object{{"policy", static_cast<int>(request.policy)},
                        {"locked", std::move(locked)},
                        {"constraints", std::move(constraints)},
                        {"host", std::move(host)},
                        {"optional", texts_value(request.optional)},
                        {"development", request.development},
                        {"build", request.build},
                        {"prereleases", request.include_prereleases},
                        {"platform", request.platform.to_string()}};
}

json::Value request_value(const Request& request) {
    json::Array roots;
    for (const Root& root : request.roots) roots.push_back(root_value(root));
    json::Object object = world_object(request);
    object["roots"] = std::move(roots);
    object["preference"] = static_cast<int>(request.preference);
    object["optimality"] = static_cast<int>(request.optimality);
    object["refuse_cycles"] = request.refuse_cycles;
    object["conflicts_max"] = std::to_string(request.conflicts_max);
    return object;
}

json::Value solution_value(const Solution& solution) {
    json::Array packages;
    for (const Resolved& package : solution.packages)
        packages.emplace_back(json::Object{{"name", package.name},
                                           {"version", package.candidate.version.to_string()},
                                           {"yanked", package.candidate.yanked},
                                           {"source", package.candidate.source_id},
                                           {"features", texts_value(package.features)}});
    json::Array edges;
    for (const Edge& edge : solution.edges)
        edges.emplace_back(json::Object{{"from", std::uint64_t{edge.from}},
                                        {"to", std::uint64_t{edge.to}},
                                        {"kind", static_cast<int>(edge.kind)},
                                        {"as", edge.as}});
    json::Array order;
    for (const std::vector<std::size_t>& component : solution.order)
        order.push_back(numbers_value(component));
    return json::Object{{"packages", std::move(packages)},
                        {"roots", numbers_value(solution.roots)},
                        {"edges", std::move(edges)},
                        {"order", std::move(order)}};
}

json::Value failure_value(const Error& failure) {
    json::Object object{{"code", static_cast<int>(failure.code())},
                        {"message", failure.message()},
                        {"input", failure.input()},
                        {"hint", failure.hint()}};
    if (const auto* detail = failure.detail_as<ResolutionDetail>()) {
        object["roots"] = texts_value(detail->roots);
        object["steps"] = texts_value(detail->steps);
    } else if (const auto* missing = failure.detail_as<NotFoundDetail>()) {
        object["missing_kind"] = missing->kind;
        object["missing"] = missing->id;
    } else if (const auto* cycle = failure.detail_as<CycleDetail>()) {
        object["path"] = texts_value(cycle->path);
    }
    return object;
}

std::string sealed(const json::Value& answer) {
    const std::string text = json::write_canonical(answer);
    return merkle::hash_of(as_bytes(text)).to_string() + "\n" + text;
}

std::optional<std::string_view> unsealed(std::string_view stored) {
    const std::size_t end = stored.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = stored.substr(end + 1);
    if (merkle::hash_of(as_bytes(text)).to_string() != stored.substr(0, end)) return std::nullopt;
    return text;
}

}  // namespace catalog::resolve
