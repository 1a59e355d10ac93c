// install, uninstall and update are one operation: from a list of roots to a new generation.

#include "catalog/lifecycle/installation.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/package_reader.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "consensus_gate.hpp"
#include "installation_note.hpp"
#include "placement.hpp"
#include "prefix.hpp"
#include "program_links.hpp"
#include "tree_writer.hpp"

namespace catalog::lifecycle {

namespace {

/// A request `NAME` or `NAME@REQ` in its parts.
struct ParsedRequest {
    std::string name;
    std::string requirement;  ///< Empty: any version.
};

Result<ParsedRequest> parse_request(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const bool versioned = at != std::string_view::npos && at > 0;
    CATALOG_TRY(const PackageName name, PackageName::parse(versioned ? text.substr(0, at) : text));
    return ParsedRequest{name.str(),
                         std::string(versioned ? text.substr(at + 1) : std::string_view())};
}

Result<resolve::Root> to_root(const std::string& request, version::Dialect dialect) {
    CATALOG_TRY(const ParsedRequest parsed, parse_request(request));
    resolve::Root root;
    root.target.name = parsed.name;
    const Result<version::VersionConstraint> constraint = version::VersionConstraint::parse(
        parsed.requirement.empty() ? "*" : parsed.requirement, dialect);
    if (!constraint) return fail(constraint.error().with_input(request));
    root.target.constraint = *constraint;
    return root;
}

/// What is to stand in the prefix, before versions are chosen.
struct Plan {
    std::string operation;
    Layout layout = Layout::kIsolated;
    std::vector<std::string> roots;
    std::vector<resolve::Locked> locked;
};

/// What is to stand in the prefix, file by file.
struct ResolvedPlan {
    resolve::Solution solution;
    std::vector<VerifiedPackage> packages;  ///< Parallel to solution.packages.
    std::vector<Placement> placements;
};

std::vector<resolve::Locked> locked_of(const Generation& generation,
                                       const std::set<std::string>& except) {
    std::vector<resolve::Locked> locked;
    for (const InstalledPackage& package : generation.packages) {
        if (except.contains(package.id.name().str())) continue;
        if (const Result<version::SemVer> version = version::SemVer::parse(package.id.version()))
            locked.push_back({package.id.name().str(), *version, ""});
    }
    return locked;
}

/// Carries out one plan in one prefix.
class Installer {
public:
    Installer(const Services& services, Prefix& prefix, const InstallOptions& options,
              const CallContext& context)
        : services_(services), prefix_(prefix), options_(options), context_(context) {}

    Result<InstallReceipt> run(const Plan& plan, const std::optional<Generation>& before) {
        CATALOG_TRY(const ResolvedPlan resolved, resolve_plan(plan));
        Generation generation = describe(plan, resolved);
        if (plan.layout == Layout::kNodeModules)
            CATALOG_TRY_VOID(add_programs(resolved, generation));
        InstallReceipt receipt = compare(before, generation);
        receipt.proven = resolved.solution.proven;
        for (const VerifiedPackage& package : resolved.packages)
            receipt.file_count += package.manifest.file_count;
        receipt.file_bytes = generation.file_bytes;
        if (options_.dry_run) return receipt;
        if (before && before->layout == generation.layout && before->roots == generation.roots &&
            before->packages == generation.packages) {
            receipt.unchanged = true;
            receipt.generation = before->number;
            receipt.file_count = receipt.file_bytes = 0;
            return receipt;
        }
        CATALOG_TRY_VOID(ask_for_roots(before, resolved, generation));
        CATALOG_TRY(generation.number, prefix_.next_number());
        generation.created = services_.clock->now_wall();
        CATALOG_TRY_VOID(
            note_intent(services_, prefix_.path(), generation.number, before.has_value()));
        if (const Result<void> written = write(resolved, generation); !written) {
            // What was staged goes at once; if that fails too, the next operation sweeps it.
            static_cast<void>(prefix_.sweep());
            static_cast<void>(note_current(services_, prefix_.path(), before ? &*before : nullptr));
            return fail(written.error());
        }
        CATALOG_TRY_VOID(prefix_.switch_to(generation.number));
        CATALOG_TRY_VOID(note_current(services_, prefix_.path(), &generation));
        receipt.generation = generation.number;
        return receipt;
    }

private:
    Result<resolve::Solution> resolve(const resolve::Request& request) {
        if (services_.resolve) return services_.resolve(request, context_);
        index::IndexProvider provider(*services_.index, request.locked);
        resolve::SatResolver resolver(services_.clock);
        return resolver.resolve(request, provider, context_);
    }

    Result<ResolvedPlan> resolve_plan(const Plan& plan) {
        resolve::Request request;
        for (const std::string& text : plan.roots) {
            CATALOG_TRY(resolve::Root root, to_root(text, options_.dialect));
            request.roots.push_back(std::move(root));
        }
        request.policy = plan.layout == Layout::kMerged ? resolve::VersionPolicy::kSingle
                                                        : resolve::VersionPolicy::kPerMajor;
        request.optimality = options_.optimality;
        request.locked = plan.locked;
        if (options_.lock) {
            std::vector<resolve::Locked> wanted = options_.lock->locked();
            request.locked.insert(request.locked.begin(), wanted.begin(), wanted.end());
        }
        request.development = options_.development;
        request.build = options_.build;
        request.optional = options_.optional;
        ResolvedPlan resolved;
        CATALOG_TRY(resolved.solution, resolve(request));
        std::vector<const package::FileTable*> tables;
        for (const resolve::Resolved& package : resolved.solution.packages) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            CATALOG_TRY(PackageName name, PackageName::parse(package.name));
            CATALOG_TRY(const PackageId id,
                        PackageId::make(std::move(name), package.candidate.version.to_string()));
            CATALOG_TRY(const index::IndexEntry entry, services_.index->find(id));
            CATALOG_TRY(VerifiedPackage verified, load_verified(services_, entry.digest, context_));
            resolved.packages.push_back(std::move(verified));
            context_.report({"install", "check", "packages", resolved.packages.size(),
                             resolved.solution.packages.size()});
        }
        CATALOG_TRY(resolved.placements, place_packages(resolved.solution, plan.layout));
        if (plan.layout == Layout::kMerged) {
            for (const VerifiedPackage& package : resolved.packages)
                tables.push_back(&package.files);
            CATALOG_TRY_VOID(check_merged(resolved.solution, tables));
        }
        return resolved;
    }

    static Generation describe(const Plan& plan, const ResolvedPlan& resolved) {
        Generation generation;
        generation.operation = plan.operation;
        generation.layout = plan.layout;
        generation.roots = plan.roots;
        for (const VerifiedPackage& package : resolved.packages) {
            InstalledPackage installed(package.manifest.metadata.id());
            installed.digest = package.digest;
            generation.packages.push_back(std::move(installed));
        }
        for (const std::size_t root : resolved.solution.roots)
            generation.packages[root].root = true;
        for (const Placement& placement : resolved.placements) {
            generation.packages[placement.package].locations.push_back(placement.location);
            generation.file_bytes += resolved.packages[placement.package].manifest.file_bytes;
        }
        for (const resolve::Edge& edge : resolved.solution.edges) {
            std::string id = generation.packages[edge.to].id.to_string();
            std::vector<std::string>& dependencies = generation.packages[edge.from].dependencies;
            if (std::ranges::find(dependencies, id) == dependencies.end())
                dependencies.push_back(std::move(id));
        }
        return generation;
    }

    Result<void> add_programs(const ResolvedPlan& resolved, Generation& generation) {
        const std::set<std::size_t> roots(resolved.solution.roots.begin(),
                                          resolved.solution.roots.end());
        CATALOG_TRY(
            const std::vector<ProgramLink> links,
            program_links(services_, resolved.packages, resolved.placements, roots, context_));
        for (const ProgramLink& link : links)
            generation.packages[link.package].programs.emplace(link.path, link.target);
        return {};
    }

    static InstallReceipt compare(const std::optional<Generation>& before,
                                  const Generation& after) {
        InstallReceipt receipt;
        std::map<std::string, package::PackageDigest> old_packages;
        if (before)
            for (const InstalledPackage& package : before->packages)
                old_packages.emplace(package.id.to_string(), package.digest);
        for (const InstalledPackage& package : after.packages) {
            const std::string id = package.id.to_string();
            const auto found = old_packages.find(id);
            (found != old_packages.end() && found->second == package.digest ? receipt.kept
                                                                            : receipt.added)
                .push_back(id);
            if (found != old_packages.end()) old_packages.erase(found);
        }
        for (const auto& [id, digest] : old_packages) receipt.removed.push_back(id);
        std::ranges::sort(receipt.added);
        std::ranges::sort(receipt.kept);
        return receipt;
    }

    /// Asks the consensus about each package that the user asks for and that was not asked for
    /// before.
    Result<void> ask_for_roots(const std::optional<Generation>& before,
                               const ResolvedPlan& resolved, const Generation& after) {
        for (std::size_t i = 0; i < after.packages.size(); ++i) {
            const InstalledPackage& package = after.packages[i];
            const auto same = [&](const InstalledPackage& there) {
                return there.root && there.id == package.id && there.digest == package.digest;
            };
            if (!package.root || (before && std::ranges::any_of(before->packages, same))) continue;
            const package::ConsensusRequirements& requirements =
                resolved.packages[i].manifest.metadata.consensus;
            if (!consensus_is_asked(services_, requirements)) continue;
            CATALOG_TRY_VOID(ask_consensus(services_, "install", package.id, package.digest,
                                           requirements, context_));
        }
        return {};
    }

    Result<void> write(const ResolvedPlan& resolved, const Generation& generation) {
        CATALOG_TRY(const std::string staged, prefix_.stage(generation.number));
        CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> root,
                    services_.fs->open_directory(staged));
        std::uint64_t files = 0;
        for (const Placement& placement : resolved.placements)
            files += resolved.packages[placement.package].manifest.file_count;
        const FileSync sync = file_sync_for(files);
        std::uint64_t done = 0;
        const auto written = [&](std::uint64_t bytes) {
            done += bytes;
            context_.report({"install", "write", "bytes", done, generation.file_bytes});
        };
        for (const Placement& placement : resolved.placements)
            CATALOG_TRY_VOID(write_package(services_, *root, placement.location,
                                           resolved.packages[placement.package].files, sync,
                                           context_, written));
        for (const InstalledPackage& package : generation.packages)
            for (const auto& [path, target] : package.programs) {
                CATALOG_TRY_VOID(root->make_directories(io::parent_path(path)));
                CATALOG_TRY_VOID(root->make_symlink(target, path));
            }
        CATALOG_TRY_VOID(sync_tree(*services_.fs, *root, staged, sync));
        CATALOG_TRY_VOID(context_.check(*services_.clock));
        return prefix_.seal(generation);
    }

    const Services& services_;
    Prefix& prefix_;
    const InstallOptions& options_;
    const CallContext& context_;
};

/// A prefix that is locked, swept and read.
struct OpenPrefix {
    std::unique_ptr<io::FileLock> lock;
    std::optional<Generation> current;
};

Result<OpenPrefix> open_prefix(Prefix& prefix, std::string_view operation) {
    OpenPrefix open;
    CATALOG_TRY(open.lock, prefix.lock(operation));
    CATALOG_TRY(const bool swept, prefix.sweep());
    static_cast<void>(swept);
    CATALOG_TRY(const std::optional<std::uint64_t> number, prefix.current_number());
    if (number) {
        CATALOG_TRY(open.current, prefix.generation(*number));
    }
    return open;
}

Result<void> require_prefix(Prefix& prefix) {
    CATALOG_TRY(const bool there, prefix.is_there());
    if (there) return {};
    return fail(Error(Errc::kPrefixInvalid, "nothing has been installed here")
                    .with_input(prefix.path())
                    .with_hint("install something first with: catalog install NAME --prefix " +
                               prefix.path()));
}

std::string root_name(const std::string& request) {
    const Result<ParsedRequest> parsed = parse_request(request);
    return parsed ? parsed->name : request;
}

Error not_a_root(const Generation& generation, const std::string& name) {
    std::string users;
    bool installed = false;
    for (const InstalledPackage& package : generation.packages) {
        if (package.id.name().view() == name) installed = true;
        for (const std::string& dependency : package.dependencies)
            if (root_name(dependency) == name)
                users += (users.empty() ? "" : ", ") + package.id.to_string();
    }
    if (!installed)
        return Error(Errc::kNotInstalled, "the package is not installed",
                     NotFoundDetail{"installed package", name})
            .with_input(name);
    return Error(Errc::kStillRequired,
                 "the package was not asked for by itself: it is needed by " + users)
        .with_input(name)
        .with_hint("uninstall what needs it");
}

}  // namespace

Result<InstallReceipt> InstallationManager::install(const std::string& prefix_path,
                                                    const std::vector<std::string>& requests,
                                                    const InstallOptions& options,
                                                    const CallContext& context) {
    if (requests.empty()) return fail(Errc::kInvalidArgument, "there is nothing to install");
    for (const std::string& request : requests) CATALOG_TRY_VOID(to_root(request, options.dialect));
    Prefix prefix(*services_.fs, prefix_path);
    CATALOG_TRY_VOID(prefix.create());
    CATALOG_TRY(const OpenPrefix open, open_prefix(prefix, "install"));
    Plan plan;
    plan.operation = "install";
    if (open.current) {
        plan.layout = open.current->layout;
        plan.roots = open.current->roots;
        plan.locked = locked_of(*open.current, {});
    }
    plan.layout = options.layout.value_or(plan.layout);
    for (const std::string& request : requests) {
        CATALOG_TRY(const ParsedRequest parsed, parse_request(request));
        const auto there = std::ranges::find(plan.roots, parsed.name, root_name);
        if (there == plan.roots.end())
            plan.roots.push_back(request);
        else if (!parsed.requirement.empty())
            *there = request;
    }
    return Installer(services_, prefix, options, context).run(plan, open.current);
}

Result<InstallReceipt> InstallationManager::uninstall(const std::string& prefix_path,
                                                      const std::vector<std::string>& names,
                                                      const InstallOptions& options,
                                                      const CallContext& context) {
    Prefix prefix(*services_.fs, prefix_path);
    CATALOG_TRY_VOID(require_prefix(prefix));
    CATALOG_TRY(const OpenPrefix open, open_prefix(prefix, "uninstall"));
    if (!open.current)
        return fail(
            Error(Errc::kPrefixInvalid, "nothing is installed here").with_input(prefix_path));
    Plan plan;
    plan.operation = "uninstall";
    plan.layout = open.current->layout;
    plan.roots = open.current->roots;
    plan.locked = locked_of(*open.current, {});
    for (const std::string& name : names) {
        const auto there = std::ranges::find(plan.roots, name, root_name);
        if (there == plan.roots.end()) return fail(not_a_root(*open.current, name));
        plan.roots.erase(there);
    }
    return Installer(services_, prefix, options, context).run(plan, open.current);
}

Result<InstallReceipt> InstallationManager::update(const std::string& prefix_path,
                                                   const std::vector<std::string>& names,
                                                   const InstallOptions& options,
                                                   const CallContext& context) {
    if (options.optimality == resolve::Optimality::kMinChange && names.empty() && !options.lock)
        return fail(Error(Errc::kInvalidArgument,
                          "an update of everything has nothing to change as little as possible")
                        .with_hint("name the packages to update, or give a lock file"));
    Prefix prefix(*services_.fs, prefix_path);
    CATALOG_TRY_VOID(require_prefix(prefix));
    CATALOG_TRY(const OpenPrefix open, open_prefix(prefix, "update"));
    if (!open.current)
        return fail(
            Error(Errc::kPrefixInvalid, "nothing is installed here").with_input(prefix_path));
    const std::set<std::string> named(names.begin(), names.end());
    for (const std::string& name : names) {
        const bool installed = std::ranges::any_of(
            open.current->packages,
            [&](const auto& package) { return package.id.name().view() == name; });
        if (!installed)
            return fail(Error(Errc::kNotInstalled, "the package is not installed",
                              NotFoundDetail{"installed package", name})
                            .with_input(name));
    }
    Plan plan;
    plan.operation = "update";
    plan.layout = options.layout.value_or(open.current->layout);
    plan.roots = open.current->roots;
    if (!names.empty()) plan.locked = locked_of(*open.current, named);
    return Installer(services_, prefix, options, context).run(plan, open.current);
}

Result<InstallReceipt> InstallationManager::rollback(const std::string& prefix_path,
                                                     std::optional<std::uint64_t> number,
                                                     const CallContext& context) {
    Prefix prefix(*services_.fs, prefix_path);
    CATALOG_TRY_VOID(require_prefix(prefix));
    CATALOG_TRY(const OpenPrefix open, open_prefix(prefix, "rollback"));
    CATALOG_TRY(const std::vector<Generation> generations, prefix.generations());
    const Generation* target = nullptr;
    for (const Generation& generation : generations) {
        if (number ? generation.number == *number
                   : open.current && generation.number < open.current->number)
            target = &generation;
    }
    if (target == nullptr)
        return fail(Error(Errc::kGenerationNotFound,
                          number ? "the prefix has no generation " + std::to_string(*number)
                                 : "there is no generation before this one",
                          NotFoundDetail{"generation", number ? std::to_string(*number) : ""})
                        .with_input(prefix_path)
                        .with_hint("list the generations with: catalog history"));
    InstallReceipt receipt;
    receipt.generation = target->number;
    if (target->current) {
        receipt.unchanged = true;
        return receipt;
    }
    CATALOG_TRY(const std::vector<PrefixDamage> damages,
                verify_generation(prefix_path, *target, context));
    const auto damage =
        std::ranges::find_if(damages, [](const PrefixDamage& d) { return d.what != "extra"; });
    if (damage != damages.end())
        return fail(Error(Errc::kPrefixDamaged, "generation " + std::to_string(target->number) +
                                                    " is damaged: " + damage->path + " (" +
                                                    damage->what + ")")
                        .with_input(prefix_path)
                        .with_hint("install again what it held"));
    std::set<std::string> before;
    if (open.current)
        for (const InstalledPackage& package : open.current->packages)
            before.insert(package.id.to_string());
    for (const InstalledPackage& package : target->packages)
        (before.erase(package.id.to_string()) > 0 ? receipt.kept : receipt.added)
            .push_back(package.id.to_string());
    receipt.removed.assign(before.begin(), before.end());
    CATALOG_TRY_VOID(context.check(*services_.clock));
    CATALOG_TRY_VOID(note_intent(services_, prefix_path, target->number, true));
    CATALOG_TRY_VOID(prefix.switch_to(target->number));
    CATALOG_TRY_VOID(note_current(services_, prefix_path, target));
    return receipt;
}

Result<std::vector<Generation>> InstallationManager::history(const std::string& prefix_path) {
    Prefix prefix(*services_.fs, prefix_path);
    CATALOG_TRY_VOID(require_prefix(prefix));
    return prefix.generations();
}

Result<Generation> InstallationManager::current(const std::string& prefix_path) {
    Prefix prefix(*services_.fs, prefix_path);
    CATALOG_TRY_VOID(require_prefix(prefix));
    CATALOG_TRY(const std::optional<std::uint64_t> number, prefix.current_number());
    if (!number)
        return fail(
            Error(Errc::kPrefixInvalid, "nothing is installed here").with_input(prefix_path));
    return prefix.generation(*number);
}

Result<std::vector<PrefixDamage>> InstallationManager::verify_generation(
    const std::string& prefix_path, const Generation& generation, const CallContext& context) {
    std::vector<package::FileTable> tables;
    tables.reserve(generation.packages.size());
    std::vector<ExpectedCopy> copies;
    for (const InstalledPackage& package : generation.packages) {
        CATALOG_TRY(const package::Manifest manifest, services_.index->manifest(package.digest));
        CATALOG_TRY(package::FileTable table,
                    load_file_table(services_, package.digest, manifest, context));
        tables.push_back(std::move(table));
        for (const std::string& location : package.locations)
            copies.push_back({package.id.to_string(), location, &tables.back(), nullptr});
        copies.push_back({package.id.to_string(), "", nullptr, &package.programs});
    }
    const Prefix prefix(*services_.fs, prefix_path);
    return compare_tree(services_, prefix.generation_path(generation.number), copies, context);
}

Result<std::vector<PrefixDamage>> InstallationManager::verify(const std::string& prefix_path,
                                                              const CallContext& context) {
    CATALOG_TRY(const Generation generation, current(prefix_path));
    return verify_generation(prefix_path, generation, context);
}

Result<std::uint64_t> InstallationManager::reconcile(const CallContext& context) {
    std::uint64_t touched = 0;
    CATALOG_TRY(const std::vector<InstallationNote> notes, installation_notes(services_));
    for (const InstallationNote& note : notes) {
        CATALOG_TRY_VOID(context.check(*services_.clock));
        if (note.state == package::PackageState::kInstalled) continue;
        Prefix prefix(*services_.fs, note.prefix);
        CATALOG_TRY(const bool there, prefix.is_there());
        if (!there) {
            CATALOG_TRY_VOID(note_current(services_, note.prefix, nullptr));
            ++touched;
            continue;
        }
        const Result<OpenPrefix> open = open_prefix(prefix, "reconcile");
        if (!open && open.error().code() == Errc::kBusy) continue;  // its owner is at work
        if (!open) return fail(open.error());
        CATALOG_TRY_VOID(
            note_current(services_, note.prefix, open->current ? &*open->current : nullptr));
        ++touched;
    }
    return touched;
}

Result<std::vector<std::string>> InstallationManager::prefixes() {
    CATALOG_TRY(const std::vector<InstallationNote> notes, installation_notes(services_));
    std::vector<std::string> paths;
    for (const InstallationNote& note : notes) paths.push_back(note.prefix);
    return paths;
}

}  // namespace catalog::lifecycle
