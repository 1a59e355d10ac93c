#include "app.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <functional>
#include <ostream>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/json/write.hpp"
#include "cycle.hpp"
#include "discovery.hpp"
#include "session.hpp"

namespace catalog::host {

namespace {

constexpr const char* kFooter =
    "Commands of scripts: hypermesh-host exec help. Extensions are searched in --search, "
    "$HYPERMESH_EXTENSIONS, ./extensions, ~/.hypermesh/extensions and the system's folders.\nExit "
    "codes: 0 ok; 1 the answer is no, or a rule was violated; 2 usage; 3 input at fault; 4 "
    "environment at fault; 5 busy or denied; 130 interrupted.";

/// Everything that options and subcommands fill.
struct Invocation {
    HostOptions host;
    SessionOptions session;
    CycleOptions cycle;
    std::vector<std::string> deny;
    std::vector<std::string> without;
    std::vector<std::string> late;
    std::vector<std::string> shapes;
    std::vector<std::string> variables;
    std::string consensus = "accept";
    std::string log_file;
    bool verbose = false;
    double growth_kib = 256;
    std::string script = "-";
    std::string file;
    std::vector<std::string> lines;
    std::function<int(Invocation&, std::istream&, std::ostream&, std::ostream&,
                      const std::stop_token&)>
        action;
};

Error bad_option(const std::string& message) {
    return Error(Errc::kFailedPrecondition, message).with_hint("hypermesh-host --help");
}

int report_error(const Invocation& invocation, std::ostream& out, std::ostream& error,
                 const Error& what) {
    if (invocation.session.json) {
        out << json::write_canonical(
                   json::Object{{"ok", false},
                                {"error", json::Object{{"code", errc_name(what.code())},
                                                       {"message", what.to_string()},
                                                       {"input", std::string(what.input())},
                                                       {"hint", std::string(what.hint())}}}})
            << '\n';
    } else {
        error << "hypermesh-host: " << what.to_string() << '\n';
        if (!what.hint().empty()) error << "hint: " << what.hint() << '\n';
    }
    return exit_code_of(what);
}

/// Options whose values have names of their own.
Result<void> apply_names(Invocation& invocation) {
    for (const std::string& name : invocation.deny) {
        const auto bit = parse_capability(name);
        if (!bit && name != "all") return fail(bad_option("--deny: no capability " + name));
        invocation.host.granted &= bit ? ~(std::uint64_t{1} << *bit) : 0;
    }
    const auto services = [](const std::vector<std::string>& names, const char* option,
                             std::set<std::string, std::less<>>& out) -> Result<void> {
        for (const std::string& name : names) {
            const std::string_view id = find_service_id(name);
            if (id.empty() && name != "all")
                return fail(bad_option(std::string(option) + ": no service " + name));
            for (const std::string_view each : service_ids())
                if (name == "all" || each == id) out.emplace(each);
        }
        return {};
    };
    CATALOG_TRY_VOID(services(invocation.without, "--without", invocation.host.without));
    CATALOG_TRY_VOID(services(invocation.late, "--late", invocation.host.late));
    const auto behaviour = parse_consensus(invocation.consensus);
    if (!behaviour) return fail(bad_option("--consensus: no behaviour " + invocation.consensus));
    invocation.host.consensus = *behaviour;
    if (invocation.verbose) invocation.host.log_level = HMX_LOG_TRACE;
    invocation.session.growth_bytes_max = static_cast<std::int64_t>(invocation.growth_kib * 1024);
    return {};
}

/// Commands that options stand for, run before the script.
std::vector<std::string> opening_lines(const Invocation& invocation) {
    std::vector<std::string> out;
    for (const std::string& shape : invocation.shapes) {
        const std::size_t equals = shape.find('=');
        out.push_back("shape " + (equals == std::string::npos
                                      ? shape
                                      : shape.substr(0, equals) + " " + shape.substr(equals + 1)));
    }
    for (const std::string& variable : invocation.variables) {
        const std::size_t equals = variable.find('=');
        out.push_back("set " + (equals == std::string::npos
                                    ? variable
                                    : variable.substr(0, equals) + " " + variable.substr(equals)));
    }
    return out;
}

/// Makes host and session and runs `body`.
int with_session(Invocation& invocation, std::ostream& out, std::ostream& error,
                 const std::stop_token& stop, const std::function<int(Session&)>& body) {
    std::ofstream log_file;
    if (!invocation.log_file.empty()) {
        log_file.open(invocation.log_file, std::ios::app);
        if (!log_file)
            return report_error(
                invocation, out, error,
                Error(Errc::kIo, "cannot be written").with_input(invocation.log_file));
    }
    Host host(invocation.host, invocation.log_file.empty() ? error : log_file);
    Session session(host, invocation.session, out, error, stop);
    for (const std::string& line : opening_lines(invocation)) {
        const Answer answer = session.run_line(line);
        if (!answer.ok()) return report_error(invocation, out, error, answer.failure());
    }
    return body(session);
}

int run_check(Invocation& invocation, std::istream&, std::ostream& out, std::ostream& error,
              const std::stop_token&) {
    const auto checked = [&]() -> Result<CheckReport> {
        CATALOG_TRY(const ExtensionFiles files,
                    find_extension(invocation.file, search_folders(invocation.host.search)));
        return check_extension(files);
    }();
    if (!checked) return report_error(invocation, out, error, checked.error());
    if (invocation.session.json)
        out << json::write_canonical(checked->to_json()) << '\n';
    else
        out << checked->to_text();
    return checked->ok() ? 0 : 1;
}

int run_find(Invocation& invocation, std::istream&, std::ostream& out, std::ostream&,
             const std::stop_token&) {
    const auto found = find_extensions(search_folders(invocation.host.search));
    json::Array list;
    for (const FoundExtension& each : found) {
        if (invocation.session.json)
            list.emplace_back(json::Object{{"id", each.id},
                                           {"version", each.version},
                                           {"file", each.files.library},
                                           {"manifest", each.files.manifest},
                                           {"problem", each.problem}});
        else if (each.problem.empty())
            out << each.id << ' ' << each.version << "  " << each.files.library << '\n';
        else
            out << "unusable  " << each.problem << '\n';
    }
    if (invocation.session.json)
        out << json::write_canonical(json::Object{{"extensions", std::move(list)}}) << '\n';
    return found.empty() ? 1 : 0;
}

int run_script(Invocation& invocation, std::istream& in, std::ostream& out, std::ostream& error,
               const std::stop_token& stop) {
    std::ifstream file;
    if (invocation.script != "-") {
        file.open(invocation.script);
        if (!file)
            return report_error(
                invocation, out, error,
                Error(Errc::kFileNotFound, "cannot be read").with_input(invocation.script));
    }
    return with_session(invocation, out, error, stop, [&](Session& session) {
        return session.run(invocation.script == "-" ? lines_of(in, "stdin")
                                                    : lines_of(file, invocation.script));
    });
}

int run_exec(Invocation& invocation, std::istream&, std::ostream& out, std::ostream& error,
             const std::stop_token& stop) {
    return with_session(invocation, out, error, stop,
                        [&](Session& session) { return session.run(lines_of(invocation.lines)); });
}

int run_cycle_command(Invocation& invocation, std::istream&, std::ostream& out, std::ostream& error,
                      const std::stop_token& stop) {
    return with_session(invocation, out, error, stop, [&](Session& session) {
        const Answer answer = run_cycles(session, invocation.cycle);
        if (!answer.ok() && !invocation.session.json)
            return report_error(invocation, out, error, answer.failure());
        if (invocation.session.json)
            out << json::write_canonical(json::Object{
                       {"ok", answer.ok()},
                       {"message", answer.ok() ? std::string() : answer.failure().to_string()},
                       {"answer", answer.value}})
                << '\n';
        else
            out << answer.text << '\n';
        const json::Array violations = session.violations();
        for (const json::Value& each : violations)
            error << "violation of " << *each.find("rule")->as_string() << ": "
                  << *each.find("what")->as_string() << '\n';
        return answer.ok() && violations.empty() ? 0 : 1;
    });
}

void add_options(CLI::App& app, Invocation& invocation) {
    HostOptions& host = invocation.host;
    SessionOptions& session = invocation.session;
    app.add_flag("--json", session.json, "One JSON document for every command");
    app.add_flag("--keep-going", session.keep_going, "Go on after a command that failed");
    app.add_flag("-q,--quiet", session.quiet, "Print no answers of commands that succeed");
    app.add_flag("-v,--verbose", invocation.verbose, "Print every record of the extension's log");
    app.add_option("--log-file", invocation.log_file, "Write the extension's log there")
        ->type_name("FILE");
    app.add_option("--search", host.search, "Search extensions there first")->type_name("DIR");
    app.add_option("--data-dir", session.data_dir, "Data folder of 'load' without one")
        ->type_name("DIR");
    app.add_option("--settings", host.settings, "Settings of instances")->type_name("JSON");
    app.add_option("--principal", host.principal, "Who asks, in every call")->type_name("NAME");
    app.add_option("--set", invocation.variables, "Set a variable for scripts")
        ->type_name("NAME=VALUE");
    app.add_option("--timeout", host.timeout_seconds, "Deadline of calls, seconds; 0: none")
        ->check(CLI::Range(0.0, 86400.0));
    app.add_option("--start-timeout", host.start_timeout_seconds,
                   "Deadline of start and shutdown, seconds")
        ->check(CLI::Range(0.01, 86400.0));
    app.add_option("--threads", host.threads, "Threads of the executor service")
        ->check(CLI::Range(1, 64));
    app.add_option("--without", invocation.without, "Do not offer a service")
        ->type_name("SERVICE|all");
    app.add_option("--late", invocation.late, "Offer a service only after the command 'offer'")
        ->type_name("SERVICE|all");
    app.add_option("--deny", invocation.deny, "Deny a capability")->type_name("CAPABILITY|all");
    app.add_option("--consensus", invocation.consensus,
                   "accept, reject, slow, pending or unavailable");
    app.add_option("--slow-ms", host.slow_ms, "How long slow consensus takes, milliseconds")
        ->check(CLI::Range(0, 3600000));
    app.add_option("--struct", invocation.shapes,
                   "Pass a struct in another size: a number of bytes, huge or normal")
        ->type_name("STRUCT=SIZE");
    app.add_option("--abi-major", host.abi_major, "Version of the interface to ask for");
    app.add_option("--abi-minor", host.abi_minor, "Version of the interface to ask for");
    app.add_option("--max-growth", invocation.growth_kib, "Memory that may be left behind, KiB");
    app.add_flag("--debug", host.debug, "Tell instances to be careful");
}

void add_subcommands(CLI::App& app, Invocation& invocation) {
    CLI::App* check = app.add_subcommand("check", "Check an extension without loading it");
    check->add_option("FILE", invocation.file, "Shared object, folder or id")->required();
    check->callback([&invocation] { invocation.action = run_check; });
    CLI::App* find = app.add_subcommand("find", "List the extensions in the search folders");
    find->callback([&invocation] { invocation.action = run_find; });
    CLI::App* run_command = app.add_subcommand("run", "Run a script");
    run_command->add_option("SCRIPT", invocation.script, "File; - for standard input");
    run_command->callback([&invocation] { invocation.action = run_script; });
    CLI::App* exec = app.add_subcommand("exec", "Run commands that are given as arguments");
    exec->add_option("COMMAND", invocation.lines, "One command an argument")->required();
    exec->callback([&invocation] { invocation.action = run_exec; });
    CLI::App* cycle =
        app.add_subcommand("cycle", "Load, use and unload N times; fail when something is left");
    cycle->add_option("N", invocation.cycle.times, "How often")
        ->required()
        ->check(CLI::Range(1, 10'000'000));
    cycle->add_option("FILE", invocation.cycle.extension, "Shared object, folder or id")
        ->required();
    cycle->add_option("DATA_DIR", invocation.cycle.data_dir, "The same in every cycle");
    cycle->add_option("--use", invocation.cycle.use, "Command of every cycle, repeatable");
    cycle->add_option("--warm-up", invocation.cycle.warm_up, "Cycles before the first count");
    cycle->callback([&invocation] { invocation.action = run_cycle_command; });
}

}  // namespace

int run(std::span<const std::string> arguments, std::istream& in, std::ostream& out,
        std::ostream& error, const std::stop_token& stop) {
    Invocation invocation;
    CLI::App app(
        "Loads extensions as an extension manager does, with simulated services, and drives them.",
        "hypermesh-host");
    app.set_version_flag("--version", "hypermesh-host " HYPERMESH_HOST_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(kFooter);
    add_options(app, invocation);
    add_subcommands(app, invocation);
    for (const std::string& argument : arguments)
        if (argument == "--json") invocation.session.json = true;
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        const auto chosen = app.get_subcommands();
        out << (chosen.empty() ? app.help() : chosen.front()->help()) << std::flush;
        return 0;
    } catch (const CLI::CallForVersion& version) {
        out << version.what() << '\n' << std::flush;
        return 0;
    } catch (const CLI::ParseError& mistake) {
        return report_error(invocation, out, error, bad_option(mistake.what()));
    }
    if (const Result<void> applied = apply_names(invocation); !applied)
        return report_error(invocation, out, error, applied.error());
    const int code = invocation.action(invocation, in, out, error, stop);
    out.flush();
    if (code == 0 && !out) return 4;
    return code;
}

}  // namespace catalog::host
