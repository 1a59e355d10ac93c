// init, info, verify, repair.

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "secrets.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

void print_metadata(Session& session, const library::LibraryMetadata& metadata) {
    if (session.json()) {
        session.print_json(to_json(metadata));
        return;
    }
    session.print("library      " + metadata.path + "\nid           " + metadata.id.to_string() +
                  "\nmade         " + time_text(metadata.created) + "\nchunks       " +
                  size_text(metadata.chunk_bytes_average) + " on average, zstd level " +
                  std::to_string(metadata.compression_level) + "\nencrypted    " +
                  (metadata.encrypted ? "yes" : "no") + "\n");
    for (const KeyInfo& key : metadata.keys)
        session.print(
            std::string(key.purpose == KeyPurpose::kLibrary ? "log key      " : "publisher    ") +
            key.id + "\n");
}

struct InitOptions {
    std::string directory;
    bool encrypt = false;
    std::uint32_t chunk_bytes = 64u << 10;
    int level = 3;
};

Result<ExitCode> init(Session& session, const InitOptions& options) {
    if (!options.directory.empty()) session.options.library = options.directory;
    library::LibraryOptions library_options;
    library_options.chunk_bytes_average = options.chunk_bytes;
    library_options.compression_level = options.level;
    library_options.holder = "catalog init";
    std::optional<UserSecret> secret;
    if (options.encrypt) {
        CATALOG_TRY(secret, first_passphrase(session));
        library_options.key = secret->slot_secret();
    }
    CATALOG_TRY_VOID(library::AssetLibrary::create(session.library_path(), library_options,
                                                   session.environment()));
    CATALOG_TRY(const library::AssetLibrary* library,
                session.open(Access::kRead, false, library_options.key));
    print_metadata(session, library->metadata());
    return ExitCode::kOk;
}

Result<ExitCode> info(Session& session) {
    CATALOG_TRY(const library::AssetLibrary* library, session.open(Access::kRead));
    print_metadata(session, library->metadata());
    return ExitCode::kOk;
}

void print_findings(Session& session, const std::vector<library::Finding>& findings) {
    for (const library::Finding& finding : findings) {
        session.print(finding.where + ": " + printable(finding.what) + "\n");
        for (const std::string& package : finding.packages)
            session.print("  hurts " + printable(package) + "\n");
        for (const std::string& file : finding.files)
            session.print("    " + printable(file) + "\n");
    }
}

Result<ExitCode> verify_prefix(Session& session, const std::string& prefix) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const std::vector<lifecycle::PrefixDamage> damages,
                library->verify_prefix(absolute_path(prefix), session.context()));
    if (session.json()) {
        session.print_json(to_json(damages));
    } else if (damages.empty()) {
        session.print("every file is as its package says\n");
    } else {
        Table table({"what", "path", "package"});
        for (const lifecycle::PrefixDamage& damage : damages)
            table.add({damage.what, damage.path, damage.package});
        session.print(table.to_string());
    }
    return damages.empty() ? ExitCode::kOk : ExitCode::kAnswerIsNo;
}

Result<ExitCode> verify(Session& session, bool deep) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead, true));
    CATALOG_TRY(const library::VerifyResult result, library->verify(deep, session.context()));
    if (session.json()) {
        session.print_json(to_json(result));
    } else {
        print_findings(session, result.findings);
        const std::size_t findings = result.findings.size();
        session.print(counted(result.packages, "package") + ", " +
                      counted(result.objects, "object") + ", " + size_text(result.bytes) +
                      " checked: " + (findings == 0 ? "no damage" : counted(findings, "finding")) +
                      "\n");
    }
    return result.findings.empty() ? ExitCode::kOk : ExitCode::kAnswerIsNo;
}

Result<ExitCode> repair(Session& session) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite, true));
    CATALOG_TRY(const library::RepairResult result, library->repair(session.context()));
    if (session.json()) {
        session.print_json(to_json(result));
    } else {
        for (const std::string& action : result.actions) session.print(action + "\n");
        if (result.actions.empty()) session.print("nothing had to be repaired\n");
        print_findings(session, result.remaining);
    }
    return result.remaining.empty() ? ExitCode::kOk : ExitCode::kAnswerIsNo;
}

}  // namespace

void add_library_commands(CLI::App& app, Session& session) {
    auto init_options = std::make_shared<InitOptions>();
    CLI::App* command = app.add_subcommand("init", "Make a library with fresh keys");
    command
        ->add_option("directory", init_options->directory, "Folder that does not exist or is empty")
        ->type_name("DIR");
    command
        ->add_option("--chunk-bytes", init_options->chunk_bytes,
                     "Average chunk, bytes (a power of two); never part of a digest")
        ->capture_default_str();
    command
        ->add_option("--compression", init_options->level,
                     "zstd level, 1 to 19; never part of a digest")
        ->capture_default_str();
    command->add_flag("--encrypt", init_options->encrypt,
                      "Encrypt all that it will hold: asks for a passphrase, or takes it from "
                      "--passphrase-file or $CATALOG_PASSPHRASE");
    command->callback([&session, init_options] {
        session.action = [&session, init_options] { return init(session, *init_options); };
    });

    command = app.add_subcommand("info", "Say what the library is: id, format, keys");
    command->callback([&session] { session.action = [&session] { return info(session); }; });

    add_stats_command(app, session);

    auto deep = std::make_shared<bool>(false);
    auto prefix = std::make_shared<std::string>();
    command = app.add_subcommand(
        "verify", "Check the library, or a prefix, for damage; exit 1 when there is some");
    command->add_flag("--deep", *deep, "Read and hash every stored byte");
    command->add_option("--prefix", *prefix, "Check this installation instead of the library")
        ->type_name("DIR");
    command->callback([&session, deep, prefix] {
        session.action = [&session, deep, prefix] {
            return prefix->empty() ? verify(session, *deep) : verify_prefix(session, *prefix);
        };
    });

    command = app.add_subcommand(
        "repair", "Mend content, rebuild the index from manifests, and sign the log's head");
    command->callback([&session] { session.action = [&session] { return repair(session); }; });
}

}  // namespace catalog::cli
