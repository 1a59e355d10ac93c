#include "resolution_options.hpp"

#include <CLI/CLI.hpp>

#include "catalog/internal/try.hpp"

namespace catalog::cli {

namespace {

constexpr std::uint64_t kLockFileBytesMax = 64u << 20;

}  // namespace

void add_request_options(CLI::App& command, ResolutionOptions& options) {
    command
        .add_option("--dialect", options.text.dialect,
                    "Of requirements in the requests: cargo or npm")
        ->capture_default_str();
    command.add_flag("--dev", options.text.development,
                     "Development dependencies of the requests too");
    command.add_flag("--build", options.text.build, "Build dependencies of the requests too");
    command
        .add_option("--optional", options.text.optional,
                    "Optional dependencies to take in, by name")
        ->type_name("NAME");
    command.add_option("--lock", options.lock, "Prefer the versions in this lock file")
        ->type_name("FILE");
}

void add_solution_options(CLI::App& command, ResolutionOptions& options) {
    command
        .add_option("--policy", options.text.policy, "Versions of one name: single or per-major")
        ->capture_default_str();
    command.add_option("--prefer", options.text.prefer, "Versions to try first: newest or minimal")
        ->capture_default_str();
    add_optimize_option(command, options);
    command.add_flag("--refuse-cycles", options.text.refuse_cycles,
                     "A dependency cycle in the answer is an error");
}

void add_optimize_option(CLI::App& command, ResolutionOptions& options) {
    command
        .add_option("--optimize", options.text.optimize,
                    "What is best: roots in their order, all packages in turn, fewest changes to "
                    "what is locked, or the first answer found")
        ->check(CLI::IsMember({"roots", "all", "changes", "first"}))
        ->capture_default_str();
}

void add_solver_option(CLI::App& command, ResolutionOptions& options) {
    command
        .add_option("--solver", options.solver, "sat (complete) or graph (fast, without search)")
        ->capture_default_str();
}

void note_unproven(Session& session, bool proven) {
    if (!proven)
        session.note("remark: the answer is valid, but not shown to be the best (--optimize)");
}

Result<resolve::LockFile> read_lock_file(Session& session, const std::string& path) {
    CATALOG_TRY(const std::string text,
                io::read_file(*session.file_system(), path, kLockFileBytesMax));
    Result<resolve::LockFile> lock = resolve::LockFile::decode(text);
    if (!lock) return fail(lock.error().with_input(path));
    return lock;
}

Result<resolve::Request> read_request(Session& session, const ResolutionOptions& options) {
    CATALOG_TRY(resolve::Request request, library::read_resolution(options.text));
    if (options.lock.empty()) return request;
    CATALOG_TRY(const resolve::LockFile lock, read_lock_file(session, options.lock));
    request.locked = lock.locked();
    return request;
}

Result<resolve::Root> parse_require(std::string_view text, version::Dialect dialect) {
    const std::size_t space = text.find(' ');
    const std::string_view requirement =
        space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    Result<resolve::Root> root = library::make_root(text.substr(0, space), requirement, dialect);
    if (!root && root.error().code() == Errc::kInvalidName)
        return fail(root.error().with_hint("--require takes \"NAME REQ\", as in \"app ^1.2\""));
    return root;
}

}  // namespace catalog::cli
