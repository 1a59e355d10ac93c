// store put, get, cat, ls, stat, collect, repack: the content store alone.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <ostream>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/content_exporter.hpp"
#include "catalog/lifecycle/stored_tree.hpp"
#include "store_tree_commands.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

Result<ExitCode> get(Session& session, const std::string& id_text, const std::string& out_path) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const ContentHash id, object_of(session, *library, id_text));
    CATALOG_TRY(const content::ObjectInfo info, library->content().info(id));
    // Under its name only as a whole, with progress, durable.
    const lifecycle::ContentExporter exporter(store_services(session, *library));
    CATALOG_TRY_VOID(exporter.export_object(id, out_path, {}, session.context()));
    if (session.json()) session.print_json(object_json(info));
    return ExitCode::kOk;
}

/// Reads "A-B" (both included), "A-" or "-N" (the last N), in bytes.
Result<content::ByteRange> parse_range(const std::string& text, std::uint64_t size) {
    const auto number = [&](std::string_view part) -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
        if (part.empty() || parsed.ec != std::errc() || parsed.ptr != part.data() + part.size())
            return std::nullopt;
        return value;
    };
    const std::size_t dash = text.find('-');
    const std::string_view view(text);
    const auto first = dash == std::string::npos ? std::nullopt : number(view.substr(0, dash));
    const auto last = dash == std::string::npos ? std::nullopt : number(view.substr(dash + 1));
    if (dash == 0 && last) return content::ByteRange{size - std::min(size, *last), *last};
    if (first && dash + 1 == text.size()) return content::ByteRange{*first, ~std::uint64_t{0}};
    if (first && last && *last >= *first) return content::ByteRange{*first, *last - *first + 1};
    return fail(Error(Errc::kInvalidArgument, "not a range of bytes")
                    .with_input(text)
                    .with_hint("use A-B, A- or -N"));
}

Result<ExitCode> cat(Session& session, const std::string& id_text, const std::string& range_text) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const ContentHash id, object_of(session, *library, id_text));
    CATALOG_TRY(const content::ObjectInfo info, library->content().info(id));
    content::ByteRange range;
    if (!range_text.empty()) {
        CATALOG_TRY(range, parse_range(range_text, info.size));
    }
    std::ostream& out = session.streams().out;
    CATALOG_TRY_VOID(library->content().retrieve(
        id,
        [&out](ByteView bytes) -> Result<void> {
            out.write(reinterpret_cast<const char*>(bytes.data()),
                      static_cast<std::streamsize>(bytes.size()));
            return {};
        },
        session.context(), range));
    return ExitCode::kOk;
}

/// Shows step by step what becomes of the bytes that were put.
Table shares_of(const content::StorageStats& stats, std::uint64_t database_bytes) {
    constexpr std::uint64_t kBarWidth = 40;
    Table table({"step", "bytes", "of all", ""});
    const auto add = [&](const char* step, std::uint64_t bytes) {
        const std::uint64_t whole = std::max<std::uint64_t>(stats.object_bytes, 1);
        const auto share = static_cast<double>(bytes) / static_cast<double>(whole);
        const auto thousandths = static_cast<std::uint64_t>(std::llround(share * 1000));
        const auto bar = static_cast<std::uint64_t>(std::llround(share * kBarWidth));
        table.add({step, size_text(bytes),
                   std::to_string(thousandths / 10) + "." + std::to_string(thousandths % 10) + " %",
                   std::string(std::min(bar, kBarWidth), '#')});
    };
    add("objects as given", stats.object_bytes);
    add("equal chunks once", stats.chunk_bytes);
    const std::uint64_t with_deltas = stats.chunk_bytes -
                                      std::min(stats.chunk_bytes, stats.delta_bytes) +
                                      stats.delta_stored_bytes;
    add("similar ones as differences", with_deltas);
    if (stats.dictionary_chunks != 0)
        add("small ones with a dictionary", with_deltas -
                                                std::min(with_deltas, stats.dictionary_bytes) +
                                                stats.dictionary_stored_bytes);
    add("the rest compressed", stats.payload_bytes);
    add("with heads and indexes",
        stats.stored_bytes - std::min(stats.stored_bytes, stats.unreferenced_bytes));
    add("with what nothing needs", stats.stored_bytes);
    add("with the database", stats.stored_bytes + database_bytes);
    return table;
}

Result<ExitCode> stat(Session& session, const std::string& id_text) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    if (!id_text.empty()) {
        CATALOG_TRY(const ContentHash id, object_of(session, *library, id_text));
        CATALOG_TRY(const content::ObjectInfo info, library->content().info(id));
        CATALOG_TRY(const std::optional<package::FileTable> tree,
                    lifecycle::find_tree(library->content(), id, Limits(), session.context()));
        if (session.json()) {
            json::Object object = object_json(info);
            if (tree) {
                object.emplace("entries", static_cast<std::uint64_t>(tree->entries().size()));
                object.emplace("tree_bytes", tree->total_bytes());
            }
            session.print_json(object);
            return ExitCode::kOk;
        }
        std::string line = info.id.to_string() + "  ";
        if (tree)
            line += "tree of " + counted(tree->entries().size(), "entry") + ", " +
                    size_text(tree->total_bytes()) + "; its list of files ";
        session.print(line + size_text(info.size) + " in " + counted(info.chunks, "chunk") + "\n");
        return ExitCode::kOk;
    }
    CATALOG_TRY(const library::LibraryStats all, library->stats(session.context()));
    CATALOG_TRY(lifecycle::FileCache cache, kept_files_of(*library));
    CATALOG_TRY(const lifecycle::FileCacheUsage kept, cache.usage());
    const content::StorageStats& stats = all.content;
    if (session.json()) {
        session.print_json(json::Object{{"objects", stats.objects},
                                        {"object_bytes", stats.object_bytes},
                                        {"chunks", stats.chunks},
                                        {"chunk_bytes", stats.chunk_bytes},
                                        {"delta_chunks", stats.delta_chunks},
                                        {"delta_bytes", stats.delta_bytes},
                                        {"delta_stored_bytes", stats.delta_stored_bytes},
                                        {"dictionary_chunks", stats.dictionary_chunks},
                                        {"dictionary_bytes", stats.dictionary_bytes},
                                        {"dictionary_stored_bytes", stats.dictionary_stored_bytes},
                                        {"payload_bytes", stats.payload_bytes},
                                        {"index_bytes", stats.index_bytes},
                                        {"stored_bytes", stats.stored_bytes},
                                        {"unreferenced_bytes", stats.unreferenced_bytes},
                                        {"database_bytes", all.database_bytes},
                                        {"packs", stats.packs},
                                        {"kept_files", kept.files},
                                        {"kept_bytes", kept.bytes},
                                        {"kept_unlinked_bytes", kept.unlinked_bytes}});
        return ExitCode::kOk;
    }
    session.print(shares_of(stats, all.database_bytes).to_string());
    if (kept.files != 0)
        session.print("kept for exports: " + counted(kept.files, "file") + ", " +
                      size_text(kept.bytes) + ", of which no export links " +
                      size_text(kept.unlinked_bytes) + "\n");
    return ExitCode::kOk;
}

Result<ExitCode> repack(Session& session, const content::RepackOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const library::ContentRepack done,
                library->repack_content(options, session.context()));
    const content::RepackReport& report = done.report;
    if (session.json()) {
        json::Array dropped;
        for (const content::KeyGeneration each : done.generations_dropped)
            dropped.emplace_back(static_cast<std::uint64_t>(each));
        session.print_json(json::Object{{"level", options.rekey ? 0 : options.level},
                                        {"generations_dropped", std::move(dropped)},
                                        {"packs_rewritten", report.packs_rewritten},
                                        {"packs_left", report.packs_left},
                                        {"packs_damaged", report.packs_damaged},
                                        {"bytes_before", report.bytes_before},
                                        {"bytes_after", report.bytes_after}});
        return ExitCode::kOk;
    }
    Table table({"packs", "count", "bytes"});
    table.add(
        {"written again", std::to_string(report.packs_rewritten), size_text(report.bytes_before)});
    table.add({"what they became", "", size_text(report.bytes_after)});
    table.add({"left for the next repack", std::to_string(report.packs_left), ""});
    table.add({"damaged, left alone", std::to_string(report.packs_damaged), ""});
    session.print(table.to_string());
    for (const content::KeyGeneration each : done.generations_dropped)
        session.print("generation " + std::to_string(static_cast<std::uint32_t>(each)) +
                      " of the keys is dropped\n");
    return ExitCode::kOk;
}

Result<ExitCode> collect(Session& session, const content::CollectOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const content::CollectReport report,
                library->content().collect(options, session.context()));
    CATALOG_TRY(lifecycle::FileCache cache, kept_files_of(*library));
    // An export that fills the cache now knows better what is needed.
    Result<lifecycle::FileCacheUsage> pruned = cache.prune(options.dry_run);
    if (!pruned && pruned.error().code() != Errc::kBusy) return fail(pruned.error());
    const lifecycle::FileCacheUsage gone = pruned.value_or(lifecycle::FileCacheUsage());
    if (session.json()) {
        session.print_json(json::Object{{"dry_run", options.dry_run},
                                        {"objects_removed", report.objects_removed},
                                        {"chunks_dead", report.chunks_dead},
                                        {"packs_removed", report.packs_removed},
                                        {"packs_rewritten", report.packs_rewritten},
                                        {"packs_damaged", report.packs_damaged},
                                        {"bytes_freed", report.bytes_freed},
                                        {"bytes_rewritten", report.bytes_rewritten},
                                        {"dead_bytes_left", report.dead_bytes_left},
                                        {"kept_files_removed", gone.files},
                                        {"kept_bytes_freed", gone.bytes}});
        return ExitCode::kOk;
    }
    Table table({options.dry_run ? "would be" : "done", "count", "bytes"});
    table.add({"objects removed", std::to_string(report.objects_removed), ""});
    table.add({"chunks that nothing needs", std::to_string(report.chunks_dead), ""});
    table.add({"packs removed", std::to_string(report.packs_removed), ""});
    table.add({"packs rewritten", std::to_string(report.packs_rewritten),
               size_text(report.bytes_rewritten)});
    if (report.packs_damaged != 0)
        table.add({"damaged packs that stay", std::to_string(report.packs_damaged), ""});
    if (gone.files != 0)
        table.add(
            {"kept files that no export links", std::to_string(gone.files), size_text(gone.bytes)});
    table.add({"freed", "", size_text(report.bytes_freed + gone.bytes)});
    table.add({"not needed, and stays", "", size_text(report.dead_bytes_left)});
    session.print(table.to_string());
    return ExitCode::kOk;
}

void add_reclaiming(CLI::App& store, Session& session) {
    auto options = std::make_shared<content::CollectOptions>();
    CLI::App* command =
        store.add_subcommand("collect", "Reclaim the space of what nothing references");
    command->add_flag("--dry-run", options->dry_run, "Only say what would be done");
    command
        ->add_option("--live-share", options->live_share_min,
                     "Write packs anew of which less than this share is needed, 0 to 1")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("SHARE");
    command->add_option("--rewrite-max", options->rewrite_bytes_max, "Most bytes to write again")
        ->type_name("BYTES");
    command->callback([&session, options] {
        session.action = [&session, options] { return collect(session, *options); };
    });

    auto repacking = std::make_shared<content::RepackOptions>();
    command = store.add_subcommand("repack", "Compress again, harder, for times without work");
    command
        ->add_option("--level", repacking->level,
                     "Of zstd; packs that were repacked at it or above are left alone")
        ->check(CLI::Range(1, content::kRepackLevelMax))
        ->capture_default_str();
    command->add_flag("--rekey", repacking->rekey,
                      "Only seal again, under the newest keys, what is under older ones; then drop "
                      "these");
    command
        ->add_option("--rewrite-max", repacking->rewrite_bytes_max,
                     "Most bytes to write again; the next repack goes on")
        ->type_name("BYTES");
    command->callback([&session, repacking] {
        session.action = [&session, repacking] { return repack(session, *repacking); };
    });
}

}  // namespace

void add_store_commands(CLI::App& app, Session& session) {
    CLI::App* store =
        app.add_subcommand("store", "The content store alone: files by the root of their bytes");
    store->require_subcommand(1);

    add_store_tree_commands(*store, session);

    auto get_id = std::make_shared<std::string>();
    auto get_out = std::make_shared<std::string>();
    CLI::App* command = store->add_subcommand("get", "Write an object to a new file, verified");
    command->add_option("id", *get_id, "sha256:..., or sha256:.../PATH of a tree")
        ->required()
        ->type_name("ID");
    command->add_option("out", *get_out, "File that does not exist")->required()->type_name("OUT");
    command->callback([&session, get_id, get_out] {
        session.action = [&session, get_id, get_out] { return get(session, *get_id, *get_out); };
    });

    auto cat_id = std::make_shared<std::string>();
    auto range = std::make_shared<std::string>();
    command = store->add_subcommand("cat", "Print an object, or a part of it, verified");
    command->add_option("id", *cat_id, "sha256:..., or sha256:.../PATH of a tree")
        ->required()
        ->type_name("ID");
    command->add_option("--range", *range, "Bytes A-B (both included), A- or -N (the last N)")
        ->type_name("RANGE");
    command->callback([&session, cat_id, range] {
        session.action = [&session, cat_id, range] { return cat(session, *cat_id, *range); };
    });

    auto stat_id = std::make_shared<std::string>();
    command = store->add_subcommand("stat", "Say what the store, or one object, takes");
    command->add_option("id", *stat_id, "sha256:..., or sha256:.../PATH of a tree")
        ->type_name("ID");
    command->callback([&session, stat_id] {
        session.action = [&session, stat_id] { return stat(session, *stat_id); };
    });

    add_reclaiming(*store, session);
    add_store_care_commands(*store, session);
}

}  // namespace catalog::cli
