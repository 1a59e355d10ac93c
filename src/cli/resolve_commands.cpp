// resolve, why, why-not.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>

#include "advice_commands.hpp"
#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/lock_file.hpp"
#include "resolution_options.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

struct ResolveArguments {
    ResolutionOptions resolution;
    std::string write_lock;
};

void print_solution(Session& session, const resolve::Solution& solution) {
    Table table({"name", "version", "needed by"});
    for (std::size_t i = 0; i < solution.packages.size(); ++i) {
        std::string users;
        if (std::ranges::find(solution.roots, i) != solution.roots.end()) users = "you";
        std::size_t more = 0;
        for (const resolve::Edge& edge : solution.edges) {
            if (edge.to != i) continue;
            if (users.size() > 60)
                ++more;
            else
                users += (users.empty() ? "" : ", ") + solution.packages[edge.from].name;
        }
        if (more > 0) users += " and " + std::to_string(more) + " more";
        table.add(
            {solution.packages[i].name, solution.packages[i].candidate.version.to_string(), users});
    }
    session.print(table.to_string());
    for (const std::vector<std::string>& cycle : resolve::find_cycles(solution)) {
        std::string text;
        for (const std::string& name : cycle) text += (text.empty() ? "" : " -> ") + name;
        session.note("cycle: " + printable(text));
    }
}

Result<ExitCode> resolve_requests(Session& session, const ResolveArguments& options) {
    CATALOG_TRY(const resolve::Request request, read_request(session, options.resolution));
    CATALOG_TRY(const library::Solver solver, library::parse_solver(options.resolution.solver));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const resolve::Solution solution,
                library::solve(*library, request, solver, session.context()));
    if (!options.write_lock.empty()) {
        resolve::LockFile lock = library::lock_of(
            *library, request, solution, options.resolution.text.requests, session.context());
        // Comments in the file that is written over stay; one that cannot be read has none.
        const auto older =
            io::read_file(*session.file_system(), options.write_lock, std::uint64_t{64} << 20);
        if (older)
            if (const auto read = resolve::LockFile::decode(*older)) lock.keep_other(*read);
        const std::string text = lock.encode();
        CATALOG_TRY_VOID(
            io::write_file_durably(*session.file_system(), options.write_lock, as_bytes(text)));
    }
    if (session.json()) {
        session.print_json(library::solved_json(solution));
    } else {
        print_solution(session, solution);
    }
    note_unproven(session, solution.proven);
    return ExitCode::kOk;
}

/// Prints the shortest chains from what was asked for to an installed package.
Result<ExitCode> why(Session& session, const std::string& name, const std::string& prefix) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const std::vector<lifecycle::Generation> generations,
                library->history(absolute_path(prefix), session.context()));
    const auto current = std::ranges::find_if(generations, &lifecycle::Generation::current);
    if (current == generations.end())
        return fail(Error(Errc::kPrefixInvalid, "nothing is installed here").with_input(prefix));
    std::map<std::string, const lifecycle::InstalledPackage*> by_id;
    for (const lifecycle::InstalledPackage& package : current->packages)
        by_id.emplace(package.id.to_string(), &package);
    std::map<std::string, std::string> reached_from;
    std::deque<std::string> queue;
    for (const auto& [id, package] : by_id)
        if (package->root && reached_from.emplace(id, "").second) queue.push_back(id);
    for (; !queue.empty(); queue.pop_front())
        for (const std::string& dependency : by_id.at(queue.front())->dependencies)
            if (by_id.contains(dependency) &&
                reached_from.emplace(dependency, queue.front()).second)
                queue.push_back(dependency);
    json::Array chains;
    for (const auto& [id, package] : by_id) {
        if (package->id.name().view() != name || !reached_from.contains(id)) continue;
        std::vector<std::string> chain;
        for (std::string at = id; !at.empty(); at = reached_from.at(at))
            chain.insert(chain.begin(), at);
        std::string text;
        for (const std::string& step : chain) text += (text.empty() ? "" : " -> ") + step;
        if (!session.json())
            session.print(printable(text) + (chain.size() == 1 ? "  (asked for by you)" : "") +
                          "\n");
        chains.emplace_back(to_json(chain));
    }
    if (chains.empty())
        return fail(Error(Errc::kNotInstalled, "the package is not installed",
                          NotFoundDetail{"installed package", name})
                        .with_input(name));
    if (session.json())
        session.print_json(json::Object{{"name", name}, {"chains", std::move(chains)}});
    return ExitCode::kOk;
}

}  // namespace

void add_resolve_commands(CLI::App& app, Session& session) {
    auto options = std::make_shared<ResolveArguments>();
    ResolutionOptions& resolution = options->resolution;
    CLI::App* command =
        app.add_subcommand("resolve", "Find versions that fit together, newest first");
    command
        ->add_option("requests", resolution.text.requests,
                     "NAME or NAME@REQUIREMENT, most important first")
        ->required()
        ->type_name("REQUEST");
    add_request_options(*command, resolution);
    add_solution_options(*command, resolution);
    add_solver_option(*command, resolution);
    command->add_option("--write-lock", options->write_lock, "Write the answer as a lock file")
        ->type_name("FILE");
    command->callback([&session, options] {
        session.action = [&session, options] { return resolve_requests(session, *options); };
    });

    auto why_not_options = std::make_shared<ResolutionOptions>();
    auto why_not_for = std::make_shared<std::vector<std::string>>();
    command = app.add_subcommand(
        "why-not", "Explain why requests cannot be met together, and what would help");
    command->add_option("requests", why_not_options->text.requests, "NAME or NAME@REQUIREMENT")
        ->required()
        ->type_name("REQUEST");
    command
        ->add_option("--for", *why_not_for,
                     "Say why the answer to these requests does not have the package")
        ->type_name("REQUEST");
    add_request_options(*command, *why_not_options);
    add_solution_options(*command, *why_not_options);
    command->callback([&session, why_not_options, why_not_for] {
        session.action = [&session, why_not_options, why_not_for] {
            return why_not_for->empty() ? explain_requests(session, *why_not_options)
                                        : why_not_in(session, *why_not_options, *why_not_for);
        };
    });

    auto name = std::make_shared<std::string>();
    auto prefix = std::make_shared<std::string>();
    auto why_options = std::make_shared<ResolutionOptions>();
    command = app.add_subcommand("why", "Say who needs a package, installed or in an answer");
    command->add_option("name", *name, "Name of the package")->required()->type_name("NAME");
    CLI::Option* where =
        command->add_option("--prefix", *prefix, "The installation")->type_name("DIR");
    command->add_option("--for", why_options->text.requests, "Look in the answer to these requests")
        ->type_name("REQUEST")
        ->excludes(where);
    command->callback([&session, name, prefix, why_options] {
        const bool in_answer = !why_options->text.requests.empty();
        if (!in_answer && prefix->empty()) throw CLI::RequiredError("--prefix");
        session.action = [&session, name, prefix, why_options, in_answer] {
            return in_answer ? why_in(session, *name, *why_options) : why(session, *name, *prefix);
        };
    });
    add_matrix_command(app, session);
}

}  // namespace catalog::cli
