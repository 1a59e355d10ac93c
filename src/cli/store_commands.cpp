// store put, get, cat, ls, stat, collect, repack: the content store alone.

#include <CLI/CLI.hpp>

#include <charconv>
#include <memory>
#include <ostream>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/package_builder.hpp"
#include "input.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

/// What `store put` gives as owner, so that the objects stay until somebody removes them.
constexpr std::string_view kStoreOwner = "store";

json::Object object_json(const content::ObjectInfo& info) {
    return {{"id", info.id.to_string()},
            {"bytes", info.size},
            {"chunks", static_cast<std::uint64_t>(info.chunks)}};
}

Result<ContentHash> parse_object_id(const std::string& text) { return ContentHash::parse(text); }

/// What one commit of `store put` holds at most.
constexpr std::uint64_t kPutBytesMax = 64u << 20;
constexpr std::size_t kPutFilesMax = 10'000;

/// Stores files, many in one commit, and says what each became once it is committed.
class StorePut {
public:
    StorePut(Session& session, content::ContentStorage& storage)
        : session_(session), storage_(storage), context_(session.context()) {}

    Result<void> put(const std::string& path) {
        if (!transaction_) {
            CATALOG_TRY(transaction_, storage_.begin());
        }
        CATALOG_TRY(const content::ByteSource source, open_input(session_, path));
        CATALOG_TRY(const content::ObjectInfo info,
                    transaction_->put([&](std::span<std::byte> out) -> Result<std::size_t> {
                        CATALOG_TRY_VOID(context_.check(*session_.environment().clock));
                        CATALOG_TRY(const std::size_t count, source(out));
                        bytes_ += count;
                        context_.report({"put", "files", "bytes", done_ + bytes_, total});
                        return count;
                    }));
        CATALOG_TRY_VOID(transaction_->add_reference(kStoreOwner, info.id));
        stored_.emplace_back(path, info);
        const bool full = bytes_ >= kPutBytesMax || stored_.size() >= kPutFilesMax;
        return full ? commit() : Result<void>();
    }

    Result<void> commit() {
        if (!transaction_) return {};
        const auto transaction = std::move(transaction_);
        CATALOG_TRY_VOID(storage_.commit(*transaction));
        done_ += std::exchange(bytes_, 0);
        for (const auto& [path, info] : stored_) say(path, info);
        stored_.clear();
        return {};
    }

    std::uint64_t total = 0;  ///< Bytes of all that is going to be put, 0 when unknown.

private:
    void say(const std::string& path, const content::ObjectInfo& info) {
        if (session_.json()) {
            json::Object object = object_json(info);
            object.emplace("path", path);
            session_.print_json(object);
        } else {
            session_.print(info.id.to_string() + "  " + printable(path) + "  " +
                           size_text(info.size) + "\n");
        }
    }

    Session& session_;
    content::ContentStorage& storage_;
    const CallContext context_;
    std::unique_ptr<content::ContentTransaction> transaction_;
    std::vector<std::pair<std::string, content::ObjectInfo>> stored_;
    std::uint64_t bytes_ = 0;  ///< Of the commit under way.
    std::uint64_t done_ = 0;
};

/// Names every file that `paths` stand for: a folder stands for the files below it.
Result<std::vector<std::string>> files_of(Session& session, const std::vector<std::string>& paths) {
    std::vector<std::string> all;
    for (const std::string& path : paths) {
        if (path != "-") {
            CATALOG_TRY(const io::FileInfo info, session.file_system()->info(path));
            if (info.kind == io::FileKind::kDirectory) {
                CATALOG_TRY(const std::vector<std::string> files,
                            lifecycle::files_below(*session.file_system(), path));
                for (const std::string& file : files) all.push_back(io::join_path(path, file));
                continue;
            }
        }
        all.push_back(path);
    }
    return all;
}

Result<ExitCode> put(Session& session, const std::vector<std::string>& paths) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const std::vector<std::string> files, files_of(session, paths));
    StorePut work(session, library->content());
    for (const std::string& file : files) {
        if (file == "-") continue;
        CATALOG_TRY(const io::FileInfo info, session.file_system()->info(file));
        work.total += info.size;
    }
    for (const std::string& file : files) {
        // What was put before a file that cannot be is kept.
        const auto stored = work.put(file);
        if (stored) continue;
        CATALOG_TRY_VOID(work.commit());
        return fail(stored.error());
    }
    CATALOG_TRY_VOID(work.commit());
    return ExitCode::kOk;
}

Result<ExitCode> get(Session& session, const std::string& id_text, const std::string& out_path) {
    CATALOG_TRY(const ContentHash id, parse_object_id(id_text));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const content::ObjectInfo info, library->content().info(id));
    CATALOG_TRY(const std::unique_ptr<io::WritableFile> file,
                session.file_system()->open_write(out_path, io::OpenMode::kCreateNew));
    const Result<void> written = library->content().retrieve(
        id, [&](ByteView bytes) { return file->append(bytes); }, session.context());
    if (!written) {
        // What was written is incomplete or unverified: it does not stay.
        static_cast<void>(session.file_system()->remove_file(out_path));
        return fail(written.error());
    }
    CATALOG_TRY_VOID(file->close());
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
    if (dash != std::string::npos && dash == 0 && last)
        return content::ByteRange{size - std::min(size, *last), *last};
    if (first && dash + 1 == text.size()) return content::ByteRange{*first, ~std::uint64_t{0}};
    if (first && last && *last >= *first) return content::ByteRange{*first, *last - *first + 1};
    return fail(Error(Errc::kInvalidArgument, "not a range of bytes")
                    .with_input(text)
                    .with_hint("use A-B, A- or -N"));
}

Result<ExitCode> cat(Session& session, const std::string& id_text, const std::string& range_text) {
    CATALOG_TRY(const ContentHash id, parse_object_id(id_text));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
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

Result<ExitCode> list_objects(Session& session) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY_VOID(
        library->content().for_each([&](const content::ObjectInfo& info) -> Result<void> {
            if (session.json())
                session.print_json(object_json(info));
            else
                session.print(info.id.to_string() + "  " + size_text(info.size) + "\n");
            return {};
        }));
    return ExitCode::kOk;
}

Result<ExitCode> stat(Session& session, const std::string& id_text) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    if (!id_text.empty()) {
        CATALOG_TRY(const ContentHash id, parse_object_id(id_text));
        CATALOG_TRY(const content::ObjectInfo info, library->content().info(id));
        if (session.json())
            session.print_json(object_json(info));
        else
            session.print(info.id.to_string() + "  " + size_text(info.size) + " in " +
                          std::to_string(info.chunks) + " chunks\n");
        return ExitCode::kOk;
    }
    CATALOG_TRY(const content::StorageStats stats, library->content().stats());
    if (session.json()) {
        session.print_json(json::Object{{"objects", stats.objects},
                                        {"object_bytes", stats.object_bytes},
                                        {"chunks", stats.chunks},
                                        {"chunk_bytes", stats.chunk_bytes},
                                        {"stored_bytes", stats.stored_bytes},
                                        {"unreferenced_bytes", stats.unreferenced_bytes},
                                        {"packs", stats.packs}});
        return ExitCode::kOk;
    }
    const auto ratio = [](std::uint64_t from, std::uint64_t to) {
        const std::uint64_t hundredths = to == 0 ? 100 : from * 100 / to;
        const std::string cents = std::to_string(hundredths % 100);
        return std::to_string(hundredths / 100) + "." + (cents.size() < 2 ? "0" : "") + cents + "x";
    };
    Table table({"step", "bytes", "share"});
    table.add({"objects as given", size_text(stats.object_bytes), ""});
    table.add({"equal chunks once", size_text(stats.chunk_bytes),
               ratio(stats.object_bytes, stats.chunk_bytes)});
    table.add({"compressed, in packs", size_text(stats.stored_bytes),
               ratio(stats.chunk_bytes, stats.stored_bytes)});
    session.print(table.to_string());
    return ExitCode::kOk;
}

Result<ExitCode> repack(Session& session, const content::RepackOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const content::RepackReport report,
                library->content().repack(options, session.context()));
    if (session.json()) {
        session.print_json(json::Object{{"level", options.level},
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
    return ExitCode::kOk;
}

Result<ExitCode> collect(Session& session, const content::CollectOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    CATALOG_TRY(const content::CollectReport report,
                library->content().collect(options, session.context()));
    if (session.json()) {
        session.print_json(json::Object{{"dry_run", options.dry_run},
                                        {"objects_removed", report.objects_removed},
                                        {"chunks_dead", report.chunks_dead},
                                        {"packs_removed", report.packs_removed},
                                        {"packs_rewritten", report.packs_rewritten},
                                        {"packs_damaged", report.packs_damaged},
                                        {"bytes_freed", report.bytes_freed},
                                        {"bytes_rewritten", report.bytes_rewritten},
                                        {"dead_bytes_left", report.dead_bytes_left}});
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
    table.add({"freed", "", size_text(report.bytes_freed)});
    table.add({"not needed, and stays", "", size_text(report.dead_bytes_left)});
    session.print(table.to_string());
    return ExitCode::kOk;
}

}  // namespace

void add_store_commands(CLI::App& app, Session& session) {
    CLI::App* store =
        app.add_subcommand("store", "The content store alone: files by the root of their bytes");
    store->require_subcommand(1);

    auto paths = std::make_shared<std::vector<std::string>>();
    CLI::App* command = store->add_subcommand("put", "Store files; folders file by file");
    command->add_option("paths", *paths, "Files, folders, or - for standard input")
        ->required()
        ->type_name("PATH");
    command->callback(
        [&session, paths] { session.action = [&session, paths] { return put(session, *paths); }; });

    auto get_id = std::make_shared<std::string>();
    auto get_out = std::make_shared<std::string>();
    command = store->add_subcommand("get", "Write an object to a new file, verified");
    command->add_option("id", *get_id, "sha256:...")->required()->type_name("ID");
    command->add_option("out", *get_out, "File that does not exist")->required()->type_name("OUT");
    command->callback([&session, get_id, get_out] {
        session.action = [&session, get_id, get_out] { return get(session, *get_id, *get_out); };
    });

    auto cat_id = std::make_shared<std::string>();
    auto range = std::make_shared<std::string>();
    command = store->add_subcommand("cat", "Print an object, or a part of it, verified");
    command->add_option("id", *cat_id, "sha256:...")->required()->type_name("ID");
    command->add_option("--range", *range, "Bytes A-B (both included), A- or -N (the last N)")
        ->type_name("RANGE");
    command->callback([&session, cat_id, range] {
        session.action = [&session, cat_id, range] { return cat(session, *cat_id, *range); };
    });

    command = store->add_subcommand("ls", "List objects");
    command->callback(
        [&session] { session.action = [&session] { return list_objects(session); }; });

    auto stat_id = std::make_shared<std::string>();
    command = store->add_subcommand("stat", "Say what the store, or one object, takes");
    command->add_option("id", *stat_id, "sha256:...")->type_name("ID");
    command->callback([&session, stat_id] {
        session.action = [&session, stat_id] { return stat(session, *stat_id); };
    });

    auto options = std::make_shared<content::CollectOptions>();
    command = store->add_subcommand("collect", "Reclaim the space of what nothing references");
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
    command = store->add_subcommand("repack", "Compress again, harder, for times without work");
    command
        ->add_option("--level", repacking->level,
                     "Of zstd; packs that were repacked at it or above are left alone")
        ->check(CLI::Range(1, content::kRepackLevelMax))
        ->capture_default_str();
    command
        ->add_option("--rewrite-max", repacking->rewrite_bytes_max,
                     "Most bytes to write again; the next repack goes on")
        ->type_name("BYTES");
    command->callback([&session, repacking] {
        session.action = [&session, repacking] { return repack(session, *repacking); };
    });

    add_store_care_commands(*store, session);
}

}  // namespace catalog::cli
