#include "npm_package_json.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"

namespace catalog::lifecycle {

namespace {

/// Members of package.json that say something about running the package and have no place of their
/// own in the metadata.
constexpr std::string_view kKeptMembers[] = {
    "cpu", "engines", "exports", "main", "os", "peerDependenciesMeta", "type"};

Error refused(std::string_view where, std::string message) {
    return Error(Errc::kImportRefused, std::move(message)).with_input(std::string(where));
}

/// Returns a string, or the member `inner` of an object: npm allows both forms in several places.
std::string text_of(const json::Value* value, std::string_view inner) {
    if (value == nullptr) return {};
    if (const std::string* text = value->as_string()) return *text;
    const json::Value* member = value->find(inner);
    return member != nullptr && member->as_string() != nullptr ? *member->as_string()
                                                               : std::string();
}

std::string person_text(const json::Value& value) {
    if (const std::string* text = value.as_string()) return *text;
    std::string text = text_of(&value, "name");
    if (const std::string mail = text_of(&value, "email"); !mail.empty())
        text += (text.empty() ? "<" : " <") + mail + ">";
    return text;
}

/// Strips "./" and doubled slashes, as npm does with the paths of programs.
std::string normalised_path(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view component = path.substr(0, slash);
        if (!component.empty() && component != ".") {
            if (!result.empty()) result += '/';
            result += component;
        }
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return result;
}

/// Reads what npm allows after a dependency's name. `npm:other@range` is an alias: the name stays,
/// the range counts.
Result<version::VersionConstraint> read_npm_requirement(std::string_view text) {
    if (text.starts_with("npm:")) {
        const std::size_t at = text.rfind('@');
        text =
            at == std::string_view::npos || at <= 5 ? std::string_view("*") : text.substr(at + 1);
    }
    return version::VersionConstraint::parse(text, version::Dialect::kNpm);
}

struct DependencySection {
    std::string_view member;
    DependencyKind kind;
    bool required;  ///< A requirement that cannot be read refuses the package; else it is left out
                    ///< with a warning.
};

constexpr DependencySection kSections[] = {
    {"dependencies", DependencyKind::kRequired, true},
    {"optionalDependencies", DependencyKind::kOptional, false},
    {"peerDependencies", DependencyKind::kPeer, false},
    {"devDependencies", DependencyKind::kDevelopment, false}};

bool is_optional_peer(const json::Value& document, const std::string& name) {
    const json::Value* meta = document.find("peerDependenciesMeta");
    const json::Value* peer = meta != nullptr ? meta->find(name) : nullptr;
    const json::Value* optional = peer != nullptr ? peer->find("optional") : nullptr;
    return optional != nullptr && optional->as_bool() != nullptr && *optional->as_bool();
}

Result<void> add_dependencies(NpmPackageJson& result, const json::Value& document,
                              std::string_view where) {
    for (const DependencySection& section : kSections) {
        const json::Value* value = document.find(section.member);
        const json::Object* object = value != nullptr ? value->as_object() : nullptr;
        if (object == nullptr) continue;
        for (const auto& [name, requirement] : *object) {
            // npm lists an optional dependency in `dependencies` too; the optional section wins.
            const json::Value* optional = document.find("optionalDependencies");
            if (section.kind == DependencyKind::kRequired && optional != nullptr &&
                optional->find(name) != nullptr)
                continue;
            if (section.kind == DependencyKind::kPeer && is_optional_peer(document, name)) continue;
            const Result<PackageName> parsed = PackageName::parse(name);
            const std::string* text = requirement.as_string();
            Result<version::VersionConstraint> constraint =
                text != nullptr ? read_npm_requirement(*text)
                                : Result<version::VersionConstraint>(
                                      fail(Errc::kRequirementSyntax, "not a string"));
            if (parsed && constraint) {
                result.metadata.dependencies.push_back(
                    {{*parsed, *std::move(constraint)}, section.kind, {}, {}, true, {}, {}});
                continue;
            }
            const std::string message =
                std::string(section.member) + ": " + name + ": " +
                (parsed ? constraint.error().to_string() : parsed.error().to_string());
            if (section.required) return fail(refused(where, message));
            result.warnings.push_back(message + " (left out)");
        }
    }
    return {};
}

void add_people_and_words(package::PackageMetadata& metadata, const json::Value& document) {
    metadata.description = text_of(document.find("description"), "");
    metadata.license = text_of(document.find("license"), "type");
    metadata.homepage = text_of(document.find("homepage"), "url");
    metadata.repository = text_of(document.find("repository"), "url");
    if (const json::Value* author = document.find("author"))
        if (std::string text = person_text(*author); !text.empty())
            metadata.authors.push_back(std::move(text));
    const json::Value* keywords = document.find("keywords");
    if (keywords == nullptr || keywords->as_array() == nullptr) return;
    for (const json::Value& keyword : *keywords->as_array()) {
        const std::string* text = keyword.as_string();
        if (text != nullptr && !text->empty() &&
            std::ranges::find(metadata.keywords, *text) == metadata.keywords.end() &&
            metadata.keywords.size() < Limits{}.keywords_max)
            metadata.keywords.push_back(*text);
    }
}

std::vector<std::string> names_in(const json::Value* value) {
    std::vector<std::string> names;
    if (value == nullptr || value->as_array() == nullptr) return names;
    for (const json::Value& name : *value->as_array())
        if (name.as_string() != nullptr) names.push_back(*name.as_string());
    return names;
}

/// Returns a program's name as npm links it: separators of any system part it, the last part stays.
std::string program_name(std::string_view name) {
    const std::size_t separator = name.find_last_of("/\\:");
    if (separator != std::string_view::npos) name.remove_prefix(separator + 1);
    const bool usable = io::check_relative_path(name).has_value() && is_utf8(name);
    return usable ? std::string(name) : std::string();
}

std::map<std::string, std::string> programs_in(const json::Value& document,
                                               std::string_view package_name) {
    std::map<std::string, std::string> programs;
    const auto add = [&](std::string_view name, const std::string& path) {
        std::string linked = program_name(name);
        if (!linked.empty()) programs.emplace(std::move(linked), normalised_path(path));
    };
    const json::Value* bin = document.find("bin");
    if (bin == nullptr) return programs;
    if (const std::string* path = bin->as_string()) add(package_name, *path);
    if (const json::Object* object = bin->as_object())
        for (const auto& [name, path] : *object)
            if (path.as_string() != nullptr) add(name, *path.as_string());
    return programs;
}

void add_programs(NpmPackageJson& result, const json::Value& document) {
    const json::Value* bin = document.find("bin");
    if (bin == nullptr) return;
    if (const std::string* path = bin->as_string()) result.bin.push_back(normalised_path(*path));
    if (const json::Object* object = bin->as_object())
        for (const auto& [name, path] : *object)
            if (path.as_string() != nullptr)
                result.bin.push_back(normalised_path(*path.as_string()));
    std::ranges::sort(result.bin);
    const auto repeated = std::ranges::unique(result.bin);
    result.bin.erase(repeated.begin(), repeated.end());
}

Result<json::Value> parse_package_json(std::string_view text, const Limits& limits) {
    json::ReadLimits read_limits;
    read_limits.bytes_max = limits.manifest_bytes_max;
    read_limits.depth_max = limits.json_depth_max;
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3);  // npm itself accepts a byte order mark here
    return json::read(text, read_limits);
}

}  // namespace

Result<NpmPackageJson> read_package_json(std::string_view text, std::string_view where,
                                         std::string_view name_override, const Limits& limits) {
    const Result<json::Value> document = parse_package_json(text, limits);
    if (!document) return fail(document.error().with_input(std::string(where)));
    if (document->as_object() == nullptr)
        return fail(refused(where, "package.json is not an object"));
    const json::Value* name = document->find("name");
    const json::Value* version = document->find("version");
    if (name == nullptr || name->as_string() == nullptr || version == nullptr ||
        version->as_string() == nullptr)
        return fail(refused(where, "package.json has no name or no version"));
    const Result<PackageName> parsed_name =
        PackageName::parse(name_override.empty() ? *name->as_string() : name_override);
    if (!parsed_name)
        return fail(refused(where, "its name cannot be used").with_cause(parsed_name.error()));
    const Result<version::SemVer> parsed_version = version::SemVer::parse(*version->as_string());
    if (!parsed_version)
        return fail(refused(where, "its version is not SemVer").with_cause(parsed_version.error()));

    NpmPackageJson result(package::PackageMetadata(*parsed_name, *parsed_version));
    if (!name_override.empty() && name_override != *name->as_string())
        result.warnings.push_back("imported under its alias " + std::string(name_override) +
                                  ", its own name is " + *name->as_string());
    add_people_and_words(result.metadata, *document);
    CATALOG_TRY_VOID(add_dependencies(result, *document, where));
    add_programs(result, *document);
    result.main = text_of(document->find("main"), "");
    result.bundled = names_in(document->find("bundleDependencies"));
    if (result.bundled.empty()) result.bundled = names_in(document->find("bundledDependencies"));
    json::Object kept;
    for (const std::string_view member : kKeptMembers)
        if (const json::Value* value = document->find(member))
            kept.emplace(std::string(member), *value);
    if (!kept.empty()) result.metadata.extra.emplace("npm", std::move(kept));
    return result;
}

std::map<std::string, std::string> read_npm_programs(std::string_view text,
                                                     std::string_view package_name,
                                                     const Limits& limits) {
    const Result<json::Value> document = parse_package_json(text, limits);
    if (!document) return {};
    return programs_in(*document, package_name);
}

std::string entry_point_of(std::string_view main,
                           const std::function<bool(const std::string&)>& exists) {
    const std::string path = normalised_path(main);
    std::vector<std::string> candidates;
    if (!path.empty())
        for (const std::string_view suffix :
             {"", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node"})
            candidates.push_back(path + std::string(suffix));
    for (const char* index : {"index.js", "index.json", "index.node"})
        candidates.emplace_back(index);
    for (const std::string& candidate : candidates)
        if (exists(candidate)) return candidate;
    return {};
}

}  // namespace catalog::lifecycle
