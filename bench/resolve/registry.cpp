#include "registry.hpp"

#include <catalog/internal/try.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "catalog/json/lines.hpp"

namespace catalog::bench {

namespace {

/// Calls `take` for every line of a file.
Result<void> for_each_line(const std::string& path,
                           const std::function<Result<void>(const json::Object&)>& take) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                               &std::fclose);
    if (!file) return fail(Error(Errc::kFileNotFound, "cannot be opened").with_input(path));
    json::LineReader reader(
        [&](std::span<char> into) -> Result<std::size_t> {
            return std::fread(into.data(), 1, into.size(), file.get());
        },
        json::ReadLimits{});
    for (;;) {
        CATALOG_TRY(auto line, reader.next());
        if (!line) return {};
        CATALOG_TRY(const json::Value value, line->value);
        const json::Object* object = value.as_object();
        if (object == nullptr) return fail(Errc::kPackageListInvalid, "a line is not an object");
        CATALOG_TRY_VOID(take(*object));
    }
}

}  // namespace

std::uint32_t Registry::name_id(std::string_view name) {
    const auto [at, fresh] = name_ids_.emplace(name, static_cast<std::uint32_t>(versions_.size()));
    if (fresh) {
        names_.emplace_back(name);
        versions_.emplace_back();
    }
    return at->second;
}

Result<std::uint32_t> Registry::range_id(const std::string& text) {
    const auto [at, fresh] = range_ids_.emplace(text, static_cast<std::uint32_t>(ranges_.size()));
    if (fresh) {
        CATALOG_TRY(auto range, version::VersionConstraint::parse(text, version::Dialect::kCargo));
        ranges_.push_back(std::move(range));
    }
    return at->second;
}

Result<resolve::Target> Registry::target(const json::Object& from) {
    CATALOG_TRY(std::string name, json::require_string(from, "name", "list"));
    CATALOG_TRY(const std::string req, json::optional_string(from, "req", "list", "*"));
    CATALOG_TRY(const std::uint32_t range, range_id(req));
    return resolve::Target{std::move(name), ranges_[range]};
}

namespace {

const json::Array& array_of(const json::Object& object, std::string_view key) {
    static const json::Array kNothing;
    const auto at = object.find(std::string(key));
    const json::Array* array = at == object.end() ? nullptr : at->second.as_array();
    return array == nullptr ? kNothing : *array;
}

const json::Object& object_of(const json::Value& value) {
    static const json::Object kNothing;
    const json::Object* object = value.as_object();
    return object == nullptr ? kNothing : *object;
}

}  // namespace

/// Reads alternatives, conflicts and what is provided; false when there is none of it.
Result<bool> Registry::read_more(const json::Object& line, resolve::PackageRecord& record) {
    bool more = false;
    for (const json::Value& value : array_of(line, "dependencies")) {
        resolve::Requirement requirement;
        CATALOG_TRY(requirement.target, target(object_of(value)));
        for (const json::Value& other : array_of(object_of(value), "any_of")) {
            CATALOG_TRY(resolve::Target alternative, target(object_of(other)));
            requirement.any_of.push_back(std::move(alternative));
            more = true;
        }
        record.dependencies.push_back(std::move(requirement));
    }
    for (const json::Value& value : array_of(line, "conflicts")) {
        CATALOG_TRY(resolve::Target conflict, target(object_of(value)));
        record.conflicts.push_back(std::move(conflict));
        more = true;
    }
    for (const json::Value& value : array_of(line, "provides")) {
        const json::Object& object = object_of(value);
        CATALOG_TRY(std::string name, json::require_string(object, "name", "list"));
        CATALOG_TRY(const std::string text, json::require_string(object, "version", "list"));
        CATALOG_TRY(auto version, version::SemVer::parse(text));
        record.provides.push_back({std::move(name), std::move(version)});
        more = true;
    }
    return more;
}

Result<Registry> Registry::load(const std::string& path) {
    Registry registry;
    CATALOG_TRY_VOID(for_each_line(path, [&](const json::Object& line) -> Result<void> {
        CATALOG_TRY(const std::string name, json::require_string(line, "name", path));
        CATALOG_TRY(const std::string text, json::require_string(line, "version", path));
        CATALOG_TRY(auto parsed, version::SemVer::parse(text));
        Version version{std::move(parsed), registry.needs_.size(), 0, kPlain};
        resolve::PackageRecord record;
        CATALOG_TRY(const bool more, registry.read_more(line, record));
        if (more) {
            for (const resolve::Provided& provided : record.provides) {
                registry.providers_[provided.name].push_back(
                    {name, {version.version, false, {}}, provided.version});
            }
            version.record = static_cast<std::uint32_t>(registry.records_.size());
            registry.dependency_count_ += record.dependencies.size();
            registry.records_.push_back(std::move(record));
        } else {
            for (const resolve::Requirement& need : record.dependencies) {
                CATALOG_TRY(const std::uint32_t range,
                            registry.range_id(need.target.constraint.to_string()));
                registry.needs_.push_back({registry.name_id(need.target.name), range});
                ++version.needs_count;
            }
            registry.dependency_count_ += record.dependencies.size();
        }
        registry.versions_[registry.name_id(name)].push_back(std::move(version));
        ++registry.version_count_;
        return {};
    }));
    registry.needs_.shrink_to_fit();
    return registry;
}

Result<std::vector<resolve::Candidate>> Registry::versions(std::string_view name) {
    std::vector<resolve::Candidate> candidates;
    const auto at = name_ids_.find(std::string(name));
    if (at == name_ids_.end()) return candidates;
    candidates.reserve(versions_[at->second].size());
    for (const Version& version : versions_[at->second]) {
        candidates.push_back({version.version, false, {}});
    }
    return candidates;
}

Result<resolve::PackageRecord> Registry::record(std::string_view name,
                                                const resolve::Candidate& candidate) {
    const auto at = name_ids_.find(std::string(name));
    if (at != name_ids_.end()) {
        for (const Version& version : versions_[at->second]) {
            if (version.version != candidate.version) continue;
            if (version.record != kPlain) return records_[version.record];
            resolve::PackageRecord record;
            record.dependencies.resize(version.needs_count);
            for (std::uint32_t i = 0; i < version.needs_count; ++i) {
                const Need& need = needs_[version.needs_first + i];
                record.dependencies[i].target = {names_[need.name], ranges_[need.range]};
            }
            return record;
        }
    }
    return fail(Errc::kProviderFailed, "no such version");
}

Result<std::vector<resolve::VirtualProvider>> Registry::providers(std::string_view name) {
    const auto at = providers_.find(std::string(name));
    if (at == providers_.end()) return std::vector<resolve::VirtualProvider>{};
    return at->second;
}

Result<std::vector<Query>> load_queries(const std::string& path) {
    std::vector<Query> queries;
    CATALOG_TRY_VOID(for_each_line(path, [&](const json::Object& line) -> Result<void> {
        Query query;
        CATALOG_TRY(query.id, json::require_string(line, "id", path));
        const auto at = line.find("require");
        const json::Array* roots = at == line.end() ? nullptr : at->second.as_array();
        for (std::size_t i = 0; roots != nullptr && i < roots->size(); ++i) {
            const json::Object* root = (*roots)[i].as_object();
            if (root == nullptr) return fail(Errc::kPackageListInvalid, "not a requirement");
            CATALOG_TRY(const std::string name, json::require_string(*root, "name", path));
            CATALOG_TRY(const std::string req, json::optional_string(*root, "req", path, "*"));
            CATALOG_TRY(auto range,
                        version::VersionConstraint::parse(req, version::Dialect::kCargo));
            query.roots.push_back({name, std::move(range)});
        }
        queries.push_back(std::move(query));
        return {};
    }));
    return queries;
}

}  // namespace catalog::bench
