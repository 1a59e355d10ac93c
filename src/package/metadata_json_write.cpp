#include "metadata_json.hpp"

namespace catalog::package {

namespace {

/// Sets members that differ from what a reader assumes when they are absent.
class MemberWriter {
public:
    explicit MemberWriter(json::Object& object) : object_(object) {}

    void text(const char* name, const std::string& value) {
        if (!value.empty()) object_.emplace(name, value);
    }
    void texts(const char* name, const std::vector<std::string>& values) {
        if (!values.empty()) object_.emplace(name, json::Array(values.begin(), values.end()));
    }
    void number(const char* name, std::uint64_t value) {
        if (value != 0) object_.emplace(name, value);
    }
    void flag(const char* name, bool value) {
        if (value) object_.emplace(name, true);
    }
    void array(const char* name, json::Array value) {
        if (!value.empty()) object_.emplace(name, std::move(value));
    }
    void object(const char* name, json::Object value) {
        if (!value.empty()) object_.emplace(name, std::move(value));
    }

private:
    json::Object& object_;
};

/// `inherited` is the dialect that a reader assumes.
json::Object target_to_json(const PackageName& name, const version::VersionConstraint& constraint,
                            version::Dialect inherited) {
    json::Object object;
    object.emplace("name", name.str());
    object.emplace("req", constraint.to_string());
    if (constraint.dialect() != inherited)
        object.emplace("dialect", version::dialect_name(constraint.dialect()));
    return object;
}

json::Object requirements_to_json(const ResourceRequirements& requirements) {
    json::Object object;
    MemberWriter out(object);
    if (requirements.cpu_cores != 0) object.emplace("cpu_cores", requirements.cpu_cores);
    out.number("memory_bytes", requirements.memory_bytes);
    out.number("storage_bytes", requirements.storage_bytes);
    out.number("gpu_count", requirements.gpu_count);
    out.number("gpu_memory_bytes", requirements.gpu_memory_bytes);
    out.flag("network", requirements.network);
    return object;
}

json::Object consensus_to_json(const ConsensusRequirements& consensus) {
    json::Object object;
    MemberWriter out(object);
    out.flag("stake", consensus.stake);
    out.flag("time", consensus.time);
    out.flag("space", consensus.space);
    out.flag("work", consensus.work);
    out.number("stake_min", consensus.stake_min);
    out.number("space_bytes_min", consensus.space_bytes_min);
    out.number("work_difficulty_min", consensus.work_difficulty_min);
    return object;
}

}  // namespace

json::Object dependency_to_json(const Dependency& dependency) {
    const version::VersionConstraint& constraint = dependency.target.constraint;
    json::Object object =
        target_to_json(dependency.target.name, constraint, version::Dialect::kCargo);
    MemberWriter out(object);
    if (dependency.kind != DependencyKind::kRequired)
        object.emplace("kind", dependency_kind_name(dependency.kind));
    out.text("platform", dependency.platform.to_string());
    out.texts("features", dependency.features);
    if (!dependency.default_features) object.emplace("default_features", false);
    json::Array alternatives;
    for (const DependencyTarget& alternative : dependency.any_of)
        alternatives.emplace_back(
            target_to_json(alternative.name, alternative.constraint, constraint.dialect()));
    out.array("any_of", std::move(alternatives));
    for (const auto& [name, value] : dependency.extra)
        if (!is_dependency_member(name)) object.emplace(name, value);
    return object;
}

json::Object metadata_to_json(const PackageMetadata& metadata) {
    json::Object object;
    MemberWriter out(object);
    object.emplace("name", metadata.name.str());
    object.emplace("version", metadata.version.to_string());
    if (metadata.type != PackageType::kLibrary)
        object.emplace("type", package_type_name(metadata.type));
    out.text("description", metadata.description);
    out.text("license", metadata.license);
    out.texts("authors", metadata.authors);
    out.texts("keywords", metadata.keywords);
    out.texts("tags", metadata.tags);
    out.text("homepage", metadata.homepage);
    out.text("repository", metadata.repository);
    out.text("entry", metadata.entry);
    out.texts("binaries", metadata.binaries);
    out.texts("templates", metadata.templates);
    out.texts("resources", metadata.resources);

    json::Array dependencies;
    for (const Dependency& dependency : metadata.dependencies)
        dependencies.emplace_back(dependency_to_json(dependency));
    out.array("dependencies", std::move(dependencies));
    json::Array conflicts;
    for (const Conflict& conflict : metadata.conflicts)
        conflicts.emplace_back(
            target_to_json(conflict.name, conflict.constraint, version::Dialect::kCargo));
    out.array("conflicts", std::move(conflicts));
    json::Array provides;
    for (const Provide& provide : metadata.provides)
        provides.emplace_back(
            json::Object{{"name", provide.name.str()}, {"version", provide.version.to_string()}});
    out.array("provides", std::move(provides));
    json::Object features;
    for (const auto& [name, switched_on] : metadata.features)
        features.emplace(name, json::Array(switched_on.begin(), switched_on.end()));
    out.object("features", std::move(features));
    out.object("requirements", requirements_to_json(metadata.requirements));
    out.object("consensus", consensus_to_json(metadata.consensus));
    for (const auto& [name, value] : metadata.extra)
        if (!is_metadata_member(name)) object.emplace(name, value);
    return object;
}

}  // namespace catalog::package
