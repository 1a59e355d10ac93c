// install, uninstall, update, rollback, history.

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "resolution_options.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

struct InstallArguments {
    std::vector<std::string> names;
    std::string prefix;
    std::string layout;
    ResolutionOptions resolution;
    bool dry_run = false;
};

void add_install_options(CLI::App& command, InstallArguments& arguments) {
    command.add_option("--prefix", arguments.prefix, "Where it is installed")
        ->required()
        ->type_name("DIR");
    add_request_options(command, arguments.resolution);
    command.add_flag("--dry-run", arguments.dry_run, "Resolve and check only");
}

Result<lifecycle::InstallOptions> read_options(Session& session,
                                               const InstallArguments& arguments) {
    lifecycle::InstallOptions options;
    if (!arguments.layout.empty()) {
        CATALOG_TRY(options.layout, lifecycle::parse_layout(arguments.layout));
    }
    const library::ResolutionText& text = arguments.resolution.text;
    CATALOG_TRY(options.dialect, version::parse_dialect(text.dialect));
    options.development = text.development;
    options.build = text.build;
    options.optional = text.optional;
    CATALOG_TRY(options.optimality, library::parse_optimality(text.optimize));
    options.dry_run = arguments.dry_run;
    if (!arguments.resolution.lock.empty()) {
        CATALOG_TRY(options.lock, read_lock_file(session, arguments.resolution.lock));
    }
    return options;
}

void print_install_receipt(Session& session, const lifecycle::InstallReceipt& receipt,
                           bool dry_run) {
    if (session.json()) {
        session.print_json(to_json(receipt));
        return;
    }
    for (const std::string& id : receipt.added) session.print("+ " + printable(id) + "\n");
    for (const std::string& id : receipt.removed) session.print("- " + printable(id) + "\n");
    std::string summary = std::to_string(receipt.added.size()) + " added, " +
                          std::to_string(receipt.removed.size()) + " removed, " +
                          std::to_string(receipt.kept.size()) + " kept";
    if (receipt.unchanged)
        summary = "nothing to do: generation " + std::to_string(receipt.generation) +
                  " stands like this already";
    else if (dry_run)
        summary += " (dry run: nothing was changed)";
    else
        summary += "; generation " + std::to_string(receipt.generation) + ", " +
                   counted(receipt.file_count, "file") + ", " + size_text(receipt.file_bytes);
    session.print(summary + "\n");
    note_unproven(session, receipt.proven);
}

using Operation = Result<lifecycle::InstallReceipt> (library::AssetLibrary::*)(
    const std::string&, const std::vector<std::string>&, const lifecycle::InstallOptions&,
    const CallContext&);

Result<ExitCode> change_prefix(Session& session, const InstallArguments& arguments,
                               Operation operation) {
    CATALOG_TRY(const lifecycle::InstallOptions options, read_options(session, arguments));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWriteIfFree));
    CATALOG_TRY(const lifecycle::InstallReceipt receipt,
                (library->*operation)(absolute_path(arguments.prefix), arguments.names, options,
                                      session.context()));
    print_install_receipt(session, receipt, arguments.dry_run);
    return ExitCode::kOk;
}

Result<ExitCode> rollback(Session& session, const std::string& prefix, std::uint64_t generation) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWriteIfFree));
    CATALOG_TRY(const lifecycle::InstallReceipt receipt,
                library->rollback(absolute_path(prefix),
                                  generation == 0 ? std::nullopt : std::optional(generation),
                                  session.context()));
    print_install_receipt(session, receipt, false);
    return ExitCode::kOk;
}

Result<ExitCode> history(Session& session, const std::string& prefix) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const std::vector<lifecycle::Generation> generations,
                library->history(absolute_path(prefix), session.context()));
    if (session.json()) {
        session.print_json(to_json(generations));
        return ExitCode::kOk;
    }
    if (generations.empty()) {
        session.note("nothing was ever installed in " + printable(prefix));
        return ExitCode::kOk;
    }
    Table table({"generation", "made", "by", "layout", "packages", "size", "roots"});
    for (const lifecycle::Generation& generation : generations) {
        std::string roots;
        for (const std::string& root : generation.roots) roots += (roots.empty() ? "" : " ") + root;
        table.add({std::to_string(generation.number) + (generation.current ? " *" : ""),
                   time_text(generation.created), generation.operation,
                   std::string(lifecycle::layout_name(generation.layout)),
                   std::to_string(generation.packages.size()), size_text(generation.file_bytes),
                   roots});
    }
    session.print(table.to_string());
    return ExitCode::kOk;
}

}  // namespace

void add_install_commands(CLI::App& app, Session& session) {
    const auto add = [&](const std::string& name, const std::string& description,
                         const std::string& positional, const std::string& positional_help,
                         bool required, Operation operation) {
        auto arguments = std::make_shared<InstallArguments>();
        CLI::App* command = app.add_subcommand(name, description);
        CLI::Option* names =
            command->add_option(positional, arguments->names, positional_help)->type_name("NAME");
        if (required) names->required();
        add_install_options(*command, *arguments);
        if (name != "uninstall") {
            add_optimize_option(*command, arguments->resolution);
            command->add_option("--layout", arguments->layout,
                                "isolated, merged or node_modules; default: as the prefix has it");
        }
        command->callback([&session, arguments, operation] {
            session.action = [&session, arguments, operation] {
                return change_prefix(session, *arguments, operation);
            };
        });
    };
    add("install", "Install packages with what they need, as a new generation", "requests",
        "NAME or NAME@REQUIREMENT", true, &library::AssetLibrary::install);
    add("uninstall", "Take packages away, and what only they needed", "names",
        "Names that were installed by request", true, &library::AssetLibrary::uninstall);
    add("update", "Move to the newest versions that the requests allow", "names",
        "Only these; default: everything", false, &library::AssetLibrary::update);

    auto prefix = std::make_shared<std::string>();
    auto generation = std::make_shared<std::uint64_t>(0);
    CLI::App* command = app.add_subcommand("rollback", "Go back to an earlier generation");
    command
        ->add_option("generation", *generation,
                     "Its number; default: the one before the current one")
        ->type_name("N");
    command->add_option("--prefix", *prefix, "The installation")->required()->type_name("DIR");
    command->callback([&session, prefix, generation] {
        session.action = [&session, prefix, generation] {
            return rollback(session, *prefix, *generation);
        };
    });

    command = app.add_subcommand("history", "List the generations of an installation");
    auto history_prefix = std::make_shared<std::string>();
    command->add_option("--prefix", *history_prefix, "The installation")
        ->required()
        ->type_name("DIR");
    command->callback([&session, history_prefix] {
        session.action = [&session, history_prefix] { return history(session, *history_prefix); };
    });
}

}  // namespace catalog::cli
