// init, info, stats, verify, repair.

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

json::Object metadata_json(const library::LibraryMetadata& metadata) {
    json::Array keys;
    for (const KeyInfo& key : metadata.keys)
        keys.push_back(json::Object{
            {"id", key.id},
            {"purpose", key.purpose == KeyPurpose::kLibrary ? "library" : "publisher"}});
    return {{"id", metadata.id.to_string()},
            {"path", metadata.path},
            {"format", static_cast<std::uint64_t>(metadata.format)},
            {"created_us", static_cast<std::int64_t>(metadata.created.time_since_epoch().count())},
            {"chunk_bytes_average", static_cast<std::uint64_t>(metadata.chunk_bytes_average)},
            {"compression_level", metadata.compression_level},
            {"keys", std::move(keys)}};
}

void print_metadata(Session& session, const library::LibraryMetadata& metadata) {
    if (session.json()) return session.print_json(metadata_json(metadata));
    session.print("library      " + metadata.path + "\nid           " + metadata.id.to_string() +
                  "\nmade         " + time_text(metadata.created) + "\nchunks       " +
                  size_text(metadata.chunk_bytes_average) + " on average, zstd level " +
                  std::to_string(metadata.compression_level) + "\n");
    for (const KeyInfo& key : metadata.keys)
        session.print(
            std::string(key.purpose == KeyPurpose::kLibrary ? "log key      " : "publisher    ") +
            key.id + "\n");
}

struct InitOptions {
    std::string directory;
    std::uint32_t chunk_bytes = 64u << 10;
    int level = 3;
};

Result<ExitCode> init(Session& session, const InitOptions& options) {
    if (!options.directory.empty()) session.options.library = options.directory;
    library::LibraryOptions library_options;
    library_options.chunk_bytes_average = options.chunk_bytes;
    library_options.compression_level = options.level;
    library_options.holder = "catalog init";
    CATALOG_TRY_VOID(library::AssetLibrary::create(session.library_path(), library_options,
                                                   session.environment()));
    CATALOG_TRY(const library::AssetLibrary* library, session.open(Access::kRead));
    print_metadata(session, library->metadata());
    return ExitCode::kOk;
}

Result<ExitCode> info(Session& session) {
    CATALOG_TRY(const library::AssetLibrary* library, session.open(Access::kRead));
    print_metadata(session, library->metadata());
    return ExitCode::kOk;
}

Result<ExitCode> stats(Session& session) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const library::LibraryStats stats, library->stats(session.context()));
    if (session.json()) {
        session.print_json(json::Object{{"names", stats.packages.names},
                                        {"versions", stats.packages.versions},
                                        {"published", stats.packages.published},
                                        {"imported", stats.packages.imported},
                                        {"yanked", stats.packages.yanked},
                                        {"objects", stats.content.objects},
                                        {"object_bytes", stats.content.object_bytes},
                                        {"chunks", stats.content.chunks},
                                        {"chunk_bytes", stats.content.chunk_bytes},
                                        {"stored_bytes", stats.content.stored_bytes},
                                        {"unreferenced_bytes", stats.content.unreferenced_bytes},
                                        {"packs", stats.content.packs},
                                        {"database_bytes", stats.database_bytes},
                                        {"log_size", stats.log_size}});
        return ExitCode::kOk;
    }
    Table table({"what", "count", "size"});
    table.add({"packages", count_text(stats.packages.names), ""});
    table.add({"versions", count_text(stats.packages.versions), ""});
    table.add({"  published", count_text(stats.packages.published), ""});
    table.add({"  metadata only", count_text(stats.packages.imported), ""});
    table.add({"  yanked", count_text(stats.packages.yanked), ""});
    table.add(
        {"objects", count_text(stats.content.objects), size_text(stats.content.object_bytes)});
    table.add({"chunks", count_text(stats.content.chunks), size_text(stats.content.chunk_bytes)});
    table.add({"packs", count_text(stats.content.packs), size_text(stats.content.stored_bytes)});
    table.add({"  not needed", "", size_text(stats.content.unreferenced_bytes)});
    table.add({"database", "", size_text(stats.database_bytes)});
    table.add({"log entries", count_text(stats.log_size), ""});
    session.print(table.to_string());
    return ExitCode::kOk;
}

json::Array findings_json(const std::vector<library::Finding>& findings) {
    json::Array list;
    for (const library::Finding& finding : findings)
        list.push_back(json::Object{{"where", finding.where},
                                    {"what", finding.what},
                                    {"packages", to_json(finding.packages)},
                                    {"files", to_json(finding.files)}});
    return list;
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
        json::Array list;
        for (const lifecycle::PrefixDamage& damage : damages)
            list.push_back(json::Object{
                {"package", damage.package}, {"path", damage.path}, {"what", damage.what}});
        session.print_json(json::Object{{"ok", damages.empty()}, {"damages", std::move(list)}});
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
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const library::VerifyResult result, library->verify(deep, session.context()));
    if (session.json()) {
        session.print_json(json::Object{{"ok", result.findings.empty()},
                                        {"packages", result.packages},
                                        {"objects", result.objects},
                                        {"bytes", result.bytes},
                                        {"findings", findings_json(result.findings)}});
    } else {
        print_findings(session, result.findings);
        session.print(count_text(result.packages) + " packages, " + count_text(result.objects) +
                      " objects, " + size_text(result.bytes) + " checked: " +
                      (result.findings.empty() ? "no damage"
                                               : count_text(result.findings.size()) + " findings") +
                      "\n");
    }
    return result.findings.empty() ? ExitCode::kOk : ExitCode::kAnswerIsNo;
}

Result<ExitCode> repair(Session& session) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const library::RepairResult result, library->repair(session.context()));
    if (session.json()) {
        session.print_json(json::Object{{"index_records", result.index_entries_rebuilt},
                                        {"actions", to_json(result.actions)},
                                        {"remaining", findings_json(result.remaining)}});
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
    command->callback([&session, init_options] {
        session.action = [&session, init_options] { return init(session, *init_options); };
    });

    command = app.add_subcommand("info", "Say what the library is: id, format, keys");
    command->callback([&session] { session.action = [&session] { return info(session); }; });

    command = app.add_subcommand("stats", "Count packages, objects, chunks and bytes");
    command->callback([&session] { session.action = [&session] { return stats(session); }; });

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
        "repair", "Rebuild the index from stored manifests, and sign the log's head");
    command->callback([&session] { session.action = [&session] { return repair(session); }; });
}

}  // namespace catalog::cli
