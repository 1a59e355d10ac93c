// new, check, publish, import, import-npm, yank and its like.

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/constraint_remarks.hpp"
#include "catalog/library/publish_batch.hpp"
#include "catalog/lifecycle/publishing_pipeline.hpp"
#include "catalog/package/project.hpp"
#include "input.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

struct NewOptions {
    std::string directory = ".";
    std::string name;
    std::string version = "0.1.0";
    std::string type = "library";
};

Result<ExitCode> make_project(Session& session, const NewOptions& options) {
    CATALOG_TRY(const PackageName name, PackageName::parse(options.name));
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(options.version));
    CATALOG_TRY(const package::PackageType type, package::parse_package_type(options.type));
    const std::shared_ptr<io::FileSystem> fs = session.file_system();
    const std::string path = io::join_path(options.directory, "catalog.toml");
    CATALOG_TRY(const bool there, io::exists(*fs, path));
    if (there)
        return fail(Error(Errc::kFileExists, "there is a project here already").with_input(path));
    CATALOG_TRY_VOID(fs->make_directories(options.directory));
    const std::string text = package::new_catalog_toml(name, version, type);
    CATALOG_TRY_VOID(io::write_file_durably(*fs, path, as_bytes(text)));
    if (session.json())
        session.print_json(json::Object{{"path", path}});
    else
        session.print("made " + path + "\n");
    return ExitCode::kOk;
}

void print_receipt(Session& session, const lifecycle::PublishReceipt& receipt,
                   const std::vector<std::string>& warnings, std::string_view verb) {
    for (const std::string& warning : warnings)
        session.note("warning: " + receipt.id.to_string() + ": " + printable(warning));
    if (session.json()) {
        session.print_json(to_json(receipt, warnings));
        return;
    }
    session.print((receipt.already_published ? "already there " : std::string(verb) + " ") +
                  receipt.id.to_string() + "  " + counted(receipt.file_count, "file") + ", " +
                  size_text(receipt.file_bytes) + "  " + receipt.digest.to_string() + "\n");
}

Result<ExitCode> check(Session& session, const std::string& directory) {
    CATALOG_TRY(lifecycle::PackageDraft draft,
                lifecycle::draft_from_directory(session.file_system(), directory));
    // A project can be checked without a library; then nothing is known of other packages.
    if (const Result<library::AssetLibrary*> library = session.open(Access::kRead))
        library::add_constraint_remarks(**library, directory, draft, session.context());
    CATALOG_TRY(
        const lifecycle::PublishReceipt receipt,
        lifecycle::hash_draft(draft, *session.environment().clock, Limits{}, session.context()));
    print_receipt(session, receipt, draft.warnings, "would publish");
    return ExitCode::kOk;
}

struct PublishOptions {
    std::vector<std::string> paths;
    bool keep_going = false;
};

using BatchOperation = Result<library::BatchCounts> (*)(library::AssetLibrary&,
                                                        const std::vector<std::string>&,
                                                        const library::BatchOptions&,
                                                        const CallContext&);

Result<ExitCode> publish_batch(Session& session, const PublishOptions& options,
                               BatchOperation operation) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    ExitCode code = ExitCode::kOk;
    library::BatchOptions batch;
    batch.keep_going = options.keep_going;
    batch.published = [&](const lifecycle::PackageDraft& draft,
                          const lifecycle::PublishReceipt& receipt) {
        print_receipt(session, receipt, draft.warnings, "published");
    };
    batch.failed = [&](const Error& error) { code = session.report(error); };
    CATALOG_TRY(const library::BatchCounts counts,
                operation(*library, options.paths, batch, session.context()));
    if (counts.published + counts.already_there + counts.failed > 1)
        session.note(count_text(counts.published) + " published, " +
                     count_text(counts.already_there) + " already there, " +
                     count_text(counts.failed) + " failed, " + size_text(counts.bytes));
    return code;
}

struct ImportOptions {
    std::string path;
    bool strict = false;
};

Result<ExitCode> import_metadata(Session& session, const ImportOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const content::ByteSource source, open_input(session, options.path));
    CATALOG_TRY(const lifecycle::ImportReport report,
                library->import_metadata(source, options.strict, session.context()));
    if (session.json()) {
        session.print_json(to_json(report));
    } else {
        for (const lifecycle::ImportReport::Refused& line : report.refused)
            session.note("refused: " + printable(line.error.to_string()));
        session.print(count_text(report.imported) + " imported, " +
                      count_text(report.already_there) + " already there, " +
                      count_text(report.refused_total) + " of " + counted(report.lines, "line") +
                      " refused\n");
    }
    return report.refused_total == 0 ? ExitCode::kOk : ExitCode::kInput;
}

struct StateOptions {
    std::string id;
    std::string reason;
};

Result<ExitCode> change_state(Session& session, const StateOptions& options,
                              const std::string& event) {
    CATALOG_TRY(const PackageId id, PackageId::parse(options.id));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY_VOID(library->change_state(id, event, options.reason, session.context()));
    CATALOG_TRY(const index::LazyPackage package, library->find(options.id, session.context()));
    if (session.json())
        session.print_json(to_json(package.entry()));
    else
        session.print(options.id + ": " + flags_text(package.entry()) + "\n");
    return ExitCode::kOk;
}

Result<ExitCode> abandon(Session& session, const std::string& text) {
    CATALOG_TRY(const PackageId id, PackageId::parse(text));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY_VOID(library->abandon_publishing(id, session.context()));
    if (session.json())
        session.print_json(json::Object{{"id", text}, {"abandoned", true}});
    else
        session.print("abandoned " + text + "\n");
    return ExitCode::kOk;
}

void add_state_command(CLI::App& app, Session& session, const std::string& event,
                       const std::string& description, bool reason) {
    auto options = std::make_shared<StateOptions>();
    CLI::App* command = app.add_subcommand(event, description);
    command->add_option("id", options->id, "Package version, NAME@VERSION")
        ->required()
        ->type_name("ID");
    CLI::Option* option =
        command->add_option("--reason", options->reason, "Why; written into the log")
            ->type_name("TEXT");
    if (reason) option->required();
    command->callback([&session, options, event] {
        session.action = [&session, options, event] {
            return change_state(session, *options, event);
        };
    });
}

void add_project_commands(CLI::App& app, Session& session) {
    auto new_options = std::make_shared<NewOptions>();
    CLI::App* command = app.add_subcommand("new", "Start a project: write a catalog.toml");
    command->add_option("name", new_options->name, "Name of the package")
        ->required()
        ->type_name("NAME");
    command->add_option("directory", new_options->directory, "Folder of the project")
        ->capture_default_str()
        ->type_name("DIR");
    command->add_option("--package-version", new_options->version, "First version")
        ->capture_default_str()
        ->type_name("VERSION");
    command
        ->add_option("--type", new_options->type,
                     "library, application, vm, container, dataset, model, template or resource")
        ->capture_default_str();
    command->callback([&session, new_options] {
        session.action = [&session, new_options] { return make_project(session, *new_options); };
    });

    auto directory = std::make_shared<std::string>(".");
    command = app.add_subcommand(
        "check", "Check a project and print the digest that publishing it would give");
    command->add_option("directory", *directory, "Folder of the project")
        ->capture_default_str()
        ->type_name("DIR");
    command->callback([&session, directory] {
        session.action = [&session, directory] { return check(session, *directory); };
    });
}

void add_package_commands(CLI::App& app, Session& session) {
    auto publish_options = std::make_shared<PublishOptions>();
    CLI::App* command = app.add_subcommand(
        "publish", "Publish projects; each is signed, logged and visible at once or not at all");
    command->add_option("directories", publish_options->paths, "Folders with a catalog.toml")
        ->required()
        ->type_name("DIR");
    command->add_flag("--keep-going", publish_options->keep_going,
                      "Go on with the next one after an error");
    command->callback([&session, publish_options] {
        session.action = [&session, publish_options] {
            return publish_batch(session, *publish_options, library::publish_projects);
        };
    });

    auto npm_options = std::make_shared<PublishOptions>();
    command = app.add_subcommand(
        "import-npm",
        "Publish npm packages: unpacked ones, node_modules trees, tarballs of npm pack");
    command->add_option("paths", npm_options->paths, "Folders or .tgz files")
        ->required()
        ->type_name("PATH");
    command->add_flag("--keep-going", npm_options->keep_going,
                      "Go on with the next one after an error");
    command->callback([&session, npm_options] {
        session.action = [&session, npm_options] {
            return publish_batch(session, *npm_options, library::publish_npm);
        };
    });
}

void add_import_command(CLI::App& app, Session& session) {
    auto import_options = std::make_shared<ImportOptions>();
    CLI::App* command = app.add_subcommand(
        "import", "Load package metadata, JSON Lines, into the index without content");
    command->add_option("file", import_options->path, "File, or - for standard input")
        ->required()
        ->type_name("FILE");
    command->add_flag("--strict", import_options->strict, "End with the first bad line");
    command->callback([&session, import_options] {
        session.action = [&session, import_options] {
            return import_metadata(session, *import_options);
        };
    });
}

}  // namespace

void add_publish_commands(CLI::App& app, Session& session) {
    add_project_commands(app, session);
    add_package_commands(app, session);
    add_import_command(app, session);

    auto abandoned = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "abandon", "Take a package that waits for a host's consensus out of the library");
    command->add_option("id", *abandoned, "Package version, NAME@VERSION")
        ->required()
        ->type_name("ID");
    command->callback([&session, abandoned] {
        session.action = [&session, abandoned] { return abandon(session, *abandoned); };
    });

    add_state_command(app, session, "yank",
                      "Keep a version from being resolved anew; locks may still select it", true);
    add_state_command(app, session, "unyank", "Take a yank back", false);
    add_state_command(app, session, "deprecate", "Mark a version as deprecated; it stays usable",
                      true);
    add_state_command(app, session, "restore", "Take a deprecation back", false);
    add_state_command(app, session, "archive",
                      "Take a version out of resolution for good; it stays verifiable", true);
}

}  // namespace catalog::cli
