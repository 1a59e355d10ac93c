// solve and semver: answers over input lines, without a library.

#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/lines.hpp"
#include "catalog/json/write.hpp"
#include "catalog/library/resolution.hpp"
#include "input.hpp"
#include "package_list.hpp"
#include "resolution_options.hpp"
#include "semver_batch.hpp"
#include "solve_batch.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

/// Answers every line of `path` with one line.
Result<ExitCode> answer_lines(
    Session& session, const std::string& path,
    const std::function<json::Object(const Result<json::Value>&)>& answer) {
    CATALOG_TRY(const content::ByteSource source, open_input(session, path));
    json::ReadLimits limits;
    limits.bytes_max = Limits{}.json_line_bytes_max;
    json::LineReader reader(
        [&source](std::span<char> out) { return source(std::as_writable_bytes(out)); }, limits);
    std::ostream& out = session.streams().out;
    const CallContext context = session.context();
    for (;;) {
        CATALOG_TRY_VOID(context.check(*session.environment().clock));
        CATALOG_TRY(const std::optional<json::LineReader::Line> line, reader.next());
        if (!line) return ExitCode::kOk;
        out << json::write_canonical(answer(line->value)) << '\n';
        // Whoever holds a conversation over pipes waits for each answer.
        if (path == "-") out.flush();
        if (!out) return fail(Errc::kIo, "standard output cannot be written");
    }
}

struct SolveOptions {
    std::string packages;
    std::vector<std::string> require;
    std::string batch;
    ResolutionOptions resolution;
    bool keep_going = false;
};

Result<ExitCode> solve_once(Session& session, const SolveOptions& options,
                            const SolveDefaults& defaults, SolveAnswerer& answerer) {
    resolve::Request request = defaults.request;
    for (const std::string& text : options.require) {
        CATALOG_TRY(resolve::Root root, parse_require(text, defaults.dialect));
        request.roots.push_back(std::move(root));
    }
    CATALOG_TRY(const resolve::Solution solution, answerer.resolve(request));
    if (session.json()) {
        json::Object answer = to_json(solution);
        answer.emplace("status", "sat");
        session.print_json(answer);
        return ExitCode::kOk;
    }
    for (const resolve::Resolved& package : solution.packages)
        session.print(printable(package.name) + " " + package.candidate.version.to_string() + "\n");
    note_unproven(session, solution.proven);
    return ExitCode::kOk;
}

Result<ExitCode> solve(Session& session, const SolveOptions& options) {
    if (options.require.empty() == options.batch.empty())
        return fail(Error(Errc::kFailedPrecondition, "give either --require or --batch")
                        .with_hint("see: catalog solve --help"));
    SolveDefaults defaults;
    CATALOG_TRY(defaults.request, read_request(session, options.resolution));
    CATALOG_TRY(defaults.dialect, version::parse_dialect(options.resolution.text.dialect));
    CATALOG_TRY(const library::Solver solver, library::parse_solver(options.resolution.solver));
    CATALOG_TRY(const content::ByteSource source, open_input(session, options.packages));
    CATALOG_TRY(PackageList list,
                read_package_list(source, options.packages, options.keep_going,
                                  *session.environment().clock, session.context()));
    for (const Error& error : list.refused)
        session.note("left out: " + printable(error.to_string()));
    SolveAnswerer answerer(*list.provider, solver, defaults, session.environment().clock,
                           session.context());
    if (options.batch.empty()) return solve_once(session, options, defaults, answerer);
    return answer_lines(session, options.batch,
                        [&](const Result<json::Value>& line) { return answerer.answer(line); });
}

}  // namespace

void add_batch_commands(CLI::App& app, Session& session) {
    auto options = std::make_shared<SolveOptions>();
    CLI::App* command =
        app.add_subcommand("solve", "Resolve over a list of packages, without a library");
    command
        ->add_option("--packages", options->packages, "Packages, JSON Lines; - for standard input")
        ->required()
        ->type_name("FILE");
    command->add_option("--require", options->require, "\"NAME REQ\"; may be given several times")
        ->type_name("\"NAME REQ\"");
    command->add_option("--batch", options->batch, "Requests, JSON Lines; - for standard input")
        ->type_name("FILE");
    add_request_options(*command, options->resolution);
    add_solution_options(*command, options->resolution);
    add_solver_option(*command, options->resolution);
    command->add_flag("--keep-going", options->keep_going,
                      "Leave out lines of --packages that cannot be read");
    command->callback([&session, options] {
        session.action = [&session, options] { return solve(session, *options); };
    });

    auto path = std::make_shared<std::string>();
    command =
        app.add_subcommand("semver", "Parse, compare, match and sort versions; one answer a line");
    command->add_option("--batch", *path, "Questions, JSON Lines; - for standard input")
        ->required()
        ->type_name("FILE");
    command->callback([&session, path] {
        session.action = [&session, path] {
            return answer_lines(session, *path, [](const Result<json::Value>& line) {
                return answer_semver(line);
            });
        };
    });
}

}  // namespace catalog::cli
