#pragma once
// The command line as a function.

#include <span>
#include <stop_token>
#include <string>

#include "session.hpp"
#include "streams.hpp"

namespace CLI {
class App;
}

namespace catalog::cli {

/// Runs `catalog ARGUMENTS...` (without the program's name) and returns the exit code. `stop` ends
/// long work cleanly.
[[nodiscard]] int run(std::span<const std::string> arguments, Streams& streams,
                      const std::stop_token& stop);

// Each adds its commands; the chosen one sets Session::action.
void add_library_commands(CLI::App& app, Session& session);
void add_stats_command(CLI::App& app, Session& session);
void add_publish_commands(CLI::App& app, Session& session);
void add_look_commands(CLI::App& app, Session& session);
void add_resolve_commands(CLI::App& app, Session& session);
void add_install_commands(CLI::App& app, Session& session);
void add_store_commands(CLI::App& app, Session& session);
/// Adds to the command `store`.
void add_store_care_commands(CLI::App& store, Session& session);
void add_key_commands(CLI::App& app, Session& session);
void add_batch_commands(CLI::App& app, Session& session);
void add_plugin_commands(CLI::App& app, Session& session);
void add_completion_command(CLI::App& app, Session& session);

}  // namespace catalog::cli
