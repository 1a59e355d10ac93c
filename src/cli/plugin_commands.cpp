// Commands about the extension.

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "extension_check.hpp"

namespace catalog::cli {

void add_plugin_commands(CLI::App& app, Session& session) {
    CLI::App* plugin = app.add_subcommand("plugin", "Look at extensions without loading them");
    plugin->require_subcommand(1);
    CLI::App* check = plugin->add_subcommand(
        "check", "Check an extension: manifest, ELF note, symbols; exit 1 when it is refused");
    const auto path = std::make_shared<std::string>();
    check->add_option("FILE", *path, "Shared object, or the folder of its extension.toml")
        ->required();
    check->callback([&session, path] {
        session.command = "plugin check";
        session.action = [&session, path]() -> Result<ExitCode> {
            CATALOG_TRY(const host::ExtensionFiles files, host::locate_extension(*path));
            CATALOG_TRY(const host::CheckReport report, host::check_extension(files));
            if (session.json())
                session.print_json(report.to_json());
            else
                session.print(report.to_text());
            return report.ok() ? ExitCode::kOk : ExitCode::kAnswerIsNo;
        };
    });
}

}  // namespace catalog::cli
