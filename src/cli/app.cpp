#include "app.hpp"

#include <CLI/CLI.hpp>

#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace catalog::cli {

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok; 1 the answer is no; 2 usage; 3 input at fault; 4 environment at fault; 5 "
    "busy or denied; 130 "
    "interrupted.\nEvery command takes --library DIR (else $CATALOG_LIBRARY, else "
    "$XDG_DATA_HOME/catalog), --json, -q, -v, --no-progress, --lock-wait: see catalog --help.";

void add_global_options(CLI::App& app, Session& session) {
    GlobalOptions& options = session.options;
    app.add_option("--library", options.library, "Folder of the library")->type_name("DIR");
    app.add_option("--passphrase-file", options.passphrase_file,
                   "File whose first line opens an encrypted library; else "
                   "$CATALOG_PASSPHRASE_FILE, $CATALOG_PASSPHRASE, or it is asked for")
        ->type_name("FILE");
    app.add_option("--recovery-key-file", options.recovery_key_file,
                   "File whose first line is a recovery key of the library")
        ->type_name("FILE");
    app.add_flag("--json", options.json, "Print answers and errors as JSON");
    app.add_flag("-q,--quiet", options.quiet, "Print no remarks and no progress");
    app.add_flag("-v,--verbose", options.verbose,
                 "Print diagnostics of the library to standard error");
    app.add_flag("--no-progress", options.no_progress, "Draw no progress bar");
    app.add_option("--lock-wait", options.lock_wait_seconds,
                   "How long to wait for another writer, seconds")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
}

/// The innermost command that the arguments chose.
const CLI::App& chosen_command(const CLI::App& app) {
    const CLI::App* chosen = &app;
    while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
    return *chosen;
}

/// Returns "catalog store put" for that command.
std::string command_path(const CLI::App& app, const CLI::App& chosen) {
    std::string path = chosen.get_name();
    for (const CLI::App* at = &chosen; at != &app;) {
        at = at->get_parent();
        path.insert(0, " ").insert(0, at->get_name());
    }
    return path;
}

/// Says what is wrong with a command line in our own words where the parser's do not help.
Error usage_mistake(const CLI::App& app, const CLI::App& chosen, const CLI::ParseError& mistake) {
    const std::string what = mistake.what();
    const std::vector<std::string> left = app.remaining(true);
    const bool wants_command =
        !chosen.get_subcommands([](const CLI::App*) { return true; }).empty();
    if (wants_command && !left.empty())
        return Error(Errc::kFailedPrecondition,
                     left.front().starts_with('-') ? "unknown option" : "unknown command")
            .with_input(left.front());
    if (wants_command) return Error(Errc::kFailedPrecondition, "a command is missing");
    constexpr std::string_view kRequired = " is required";
    if (what.ends_with(kRequired))
        return Error(Errc::kFailedPrecondition,
                     "missing: " + what.substr(0, what.size() - kRequired.size()));
    return Error(Errc::kFailedPrecondition, what);
}

/// Reports a mistake in the command line itself.
int usage_error(const CLI::App& app, const CLI::ParseError& mistake, Session& session) {
    const CLI::App& chosen = chosen_command(app);
    session.report(usage_mistake(app, chosen, mistake)
                       .with_hint("see: " + command_path(app, chosen) + " --help"));
    return static_cast<int>(ExitCode::kUsage);
}

int run_action(Session& session) {
    const Result<ExitCode> result = session.action();
    session.streams().out.flush();
    if (!result) return static_cast<int>(session.report(result.error()));
    if (!session.streams().out) {
        // Whoever reads has gone away, or the disk is full: an answer that did not arrive is not a
        // success.
        session.report(Error(Errc::kIo, "standard output cannot be written"));
        return static_cast<int>(ExitCode::kEnvironment);
    }
    return static_cast<int>(*result);
}

}  // namespace

int run(std::span<const std::string> arguments, Streams& streams, const std::stop_token& stop) {
    Session session(streams, stop);
    CLI::App app(
        "Catalog keeps packages: it publishes, finds, resolves, installs, updates and verifies "
        "them.",
        "catalog");
    app.set_version_flag("--version", "catalog " CATALOG_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(kFooter);
    app.set_help_all_flag("--help-all", "Print help of all commands");
    add_global_options(app, session);
    add_library_commands(app, session);
    add_publish_commands(app, session);
    add_look_commands(app, session);
    add_resolve_commands(app, session);
    add_install_commands(app, session);
    add_store_commands(app, session);
    add_key_commands(app, session);
    add_batch_commands(app, session);
#ifdef CATALOG_CLI_PLUGIN
    add_plugin_commands(app, session);
#endif
    add_completion_command(app, session);
    // The JSON form must hold for mistakes that are found before --json has been read.
    for (const std::string& argument : arguments)
        if (argument == "--json") session.options.json = true;
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        streams.out << app.help() << std::flush;
        return 0;
    } catch (const CLI::CallForAllHelp&) {
        streams.out << app.help("", CLI::AppFormatMode::All) << std::flush;
        return 0;
    } catch (const CLI::CallForVersion& version) {
        streams.out << version.what() << '\n' << std::flush;
        return 0;
    } catch (const CLI::ParseError& mistake) {
        return usage_error(app, mistake, session);
    }
    try {
        return run_action(session);
    } catch (const std::bad_alloc&) {
        return static_cast<int>(session.report(Error(Errc::kOutOfMemory, "out of memory")));
    }
}

}  // namespace catalog::cli
