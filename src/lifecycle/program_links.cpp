#include "program_links.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/io/file_system.hpp"
#include "npm_package_json.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::string_view kModulesFolder = "node_modules";
constexpr std::string_view kProgramFolder = ".bin";

/// Tells whether a link to it would be of use.
bool is_program(const VerifiedPackage& package, const std::string& path) {
    const package::FileEntry* file = package.files.find(path);
    return file != nullptr && file->kind == package::FileEntryKind::kRegular &&
           (file->mode & 0100) != 0 &&
           std::ranges::find(package.manifest.metadata.binaries, path) !=
               package.manifest.metadata.binaries.end();
}

/// Returns the programs of a package: name -> path in the package.
Result<std::map<std::string, std::string>> programs_of(const Services& services,
                                                       const VerifiedPackage& package,
                                                       const CallContext& context) {
    const package::PackageMetadata& metadata = package.manifest.metadata;
    std::map<std::string, std::string> programs;
    if (metadata.binaries.empty()) return programs;
    const package::FileEntry* file = package.files.find("package.json");
    if (file != nullptr && file->kind == package::FileEntryKind::kRegular &&
        file->size <= services.limits.manifest_bytes_max) {
        CATALOG_TRY(const Bytes text, services.content->retrieve_all(
                                          file->tree, services.limits.manifest_bytes_max, context));
        programs = read_npm_programs(as_text(text), metadata.name.view(), services.limits);
    }
    if (programs.empty())
        for (const std::string& path : metadata.binaries)
            programs.emplace(path.substr(path.rfind('/') + 1), path);
    std::erase_if(programs,
                  [&](const auto& program) { return !is_program(package, program.second); });
    return programs;
}

/// Returns the node_modules folder of a copy: `a/node_modules` of `a/node_modules/@scope/name`.
std::string modules_folder_of(const std::string& location, const VerifiedPackage& package) {
    const std::string& name = package.manifest.metadata.name.str();
    return location.substr(0, location.size() - name.size() - 1);
}

/// Links under construction, by path.
class LinkPlan {
public:
    LinkPlan(const std::vector<VerifiedPackage>& packages, const std::vector<Placement>& placements)
        : packages_(packages) {
        for (const Placement& placement : placements)
            copies_.emplace(placement.location, placement.package);
    }

    void add(const Placement& placement, const std::string& name, const std::string& path,
             bool root) {
        const VerifiedPackage& package = packages_[placement.package];
        const std::string modules = modules_folder_of(placement.location, package);
        const std::string folder = io::join_path(modules, kProgramFolder);
        if (is_taken(modules, folder, name)) return;
        const std::string& package_name = package.manifest.metadata.name.str();
        Candidate candidate{!root,
                            package_name,
                            {placement.package, io::join_path(folder, name),
                             io::join_path(io::join_path("..", package_name), path)}};
        const auto [place, added] = links_.emplace(candidate.link.path, candidate);
        if (!added && std::tie(candidate.is_added, candidate.name) <
                          std::tie(place->second.is_added, place->second.name))
            place->second = std::move(candidate);
    }

    [[nodiscard]] std::vector<ProgramLink> take() {
        std::vector<ProgramLink> links;
        for (auto& [path, candidate] : links_) links.push_back(std::move(candidate.link));
        return links;
    }

private:
    struct Candidate {
        bool is_added;  // not asked for by the user
        std::string name;
        ProgramLink link;
    };

    /// Tells whether the place of a link belongs to a package: one that is called `.bin`, or one
    /// that carries its own node_modules.
    [[nodiscard]] bool is_taken(const std::string& modules, const std::string& folder,
                                const std::string& name) const {
        if (copies_.contains(folder)) return true;
        if (modules.size() <= kModulesFolder.size()) return false;
        const auto outer =
            copies_.find(modules.substr(0, modules.size() - kModulesFolder.size() - 1));
        if (outer == copies_.end()) return false;
        const package::FileTable& files = packages_[outer->second].files;
        const std::string inner = io::join_path(kModulesFolder, kProgramFolder);
        const package::FileEntry* in_the_way = files.find(inner);
        return files.find(io::join_path(inner, name)) != nullptr ||
               (in_the_way != nullptr && in_the_way->kind != package::FileEntryKind::kDirectory);
    }

    const std::vector<VerifiedPackage>& packages_;
    std::map<std::string, std::size_t> copies_;
    std::map<std::string, Candidate> links_;
};

}  // namespace

Result<std::vector<ProgramLink>> program_links(const Services& services,
                                               const std::vector<VerifiedPackage>& packages,
                                               const std::vector<Placement>& placements,
                                               const std::set<std::size_t>& roots,
                                               const CallContext& context) {
    std::vector<std::map<std::string, std::string>> programs;
    for (const VerifiedPackage& package : packages) {
        CATALOG_TRY(auto found, programs_of(services, package, context));
        programs.push_back(std::move(found));
    }
    LinkPlan plan(packages, placements);
    for (const Placement& placement : placements)
        for (const auto& [name, path] : programs[placement.package])
            plan.add(placement, name, path, roots.contains(placement.package));
    return plan.take();
}

}  // namespace catalog::lifecycle
