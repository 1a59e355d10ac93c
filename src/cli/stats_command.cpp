// stats: what a library holds, once, or for Prometheus until somebody ends it.

#include <CLI/CLI.hpp>

#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "metrics_server.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

constexpr const char* kDefaultPlace = "127.0.0.1:9464";

std::string share_text(std::uint64_t bytes, std::uint64_t whole) {
    if (whole == 0) return "-";
    const double share = static_cast<double>(bytes) / static_cast<double>(whole);
    const auto thousandths = static_cast<std::uint64_t>(std::llround(share * 1000));
    return std::to_string(thousandths / 10) + "." + std::to_string(thousandths % 10) + " %";
}

Table table_of(const library::LibraryStats& stats) {
    Table table({"what", "count", "size", "of objects"});
    const auto add_count = [&](const char* what, std::uint64_t count) {
        table.add({what, count_text(count), "", ""});
    };
    const auto add_bytes = [&](const char* what, const std::string& count, std::uint64_t bytes) {
        table.add({what, count, size_text(bytes), share_text(bytes, stats.content.object_bytes)});
    };
    add_count("packages", stats.packages.names);
    add_count("versions", stats.packages.versions);
    add_count("  published", stats.packages.published);
    add_count("  metadata only", stats.packages.imported);
    if (stats.preparing > 0) add_count("  waiting for consensus", stats.preparing);
    add_count("  yanked", stats.packages.yanked);
    add_bytes("distinct objects", count_text(stats.content.objects), stats.content.object_bytes);
    add_bytes("  equal chunks once", count_text(stats.content.chunks), stats.content.chunk_bytes);
    add_bytes("  compressed", "", stats.content.payload_bytes);
    add_bytes("packs on disk", count_text(stats.content.packs), stats.content.stored_bytes);
    add_bytes("  not needed", "", stats.content.unreferenced_bytes);
    table.add({"database on disk", "", size_text(stats.database_bytes), ""});
    add_count("log entries", stats.log_size);
    if (stats.frozen_versions > 0) {
        table.add({"frozen for resolving", count_text(stats.frozen_versions),
                   size_text(stats.frozen_bytes), ""});
        add_count("  packages changed since", stats.frozen_changes);
    }
    if (stats.freezing) table.add({"  a newer one is being made", "", "", ""});
    return table;
}

/// Serves until the session is asked to stop, which is how a server ends well.
Result<ExitCode> serve(Session& session, const library::AssetLibrary& library,
                       const std::string& place) {
    CATALOG_TRY(const auto server, MetricsServer::listen(place, library.environment().monitor));
    if (session.json())
        session.print_json(json::Object{{"url", server->url()}});
    else
        session.print("serving " + server->url() + " until SIGINT or SIGTERM\n");
    session.streams().out.flush();
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait(lock, session.context().stop, [] { return false; });
    return ExitCode::kOk;
}

Result<ExitCode> stats(Session& session, const std::string& place) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    if (!place.empty()) return serve(session, *library, place);
    CATALOG_TRY(const library::LibraryStats stats, library->stats(session.context()));
    if (session.json())
        session.print_json(to_json(stats));
    else
        session.print(table_of(stats).to_string());
    return ExitCode::kOk;
}

}  // namespace

void add_stats_command(CLI::App& app, Session& session) {
    auto place = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("stats", "Count packages, objects, chunks and bytes");
    CLI::Option* serve = command->add_option(
        "--serve", *place,
        "Serve metrics to Prometheus at http://ADDRESS:PORT/metrics instead, by default "
        "127.0.0.1:9464, until SIGINT");
    serve->expected(0, 1)->type_name("[ADDRESS:PORT]");
    command->callback([&session, place, serve] {
        if (serve->count() > 0 && place->empty()) *place = kDefaultPlace;
        session.action = [&session, place] { return stats(session, *place); };
    });
}

}  // namespace catalog::cli
