// store put, ls, rm, export: what the content store keeps for people: trees and files.

#include "store_tree_commands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/content_exporter.hpp"
#include "catalog/lifecycle/file_cache.hpp"
#include "catalog/lifecycle/stored_tree.hpp"
#include "input.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

/// What `store put` gives as owner, so that what was put stays until somebody removes it.
constexpr std::string_view kStoreOwner = "store";

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

    std::uint64_t total = 0;  ///< Bytes of all files that are going to be put, 0 when unknown.

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

Result<void> put_folder(Session& session, library::AssetLibrary& library, const std::string& path) {
    CATALOG_TRY(const lifecycle::StoredTree tree,
                lifecycle::put_tree(store_services(session, library), path, kStoreOwner,
                                    session.context()));
    if (session.json())
        session.print_json(json::Object{{"id", tree.id.to_string()},
                                        {"path", path},
                                        {"files", tree.files},
                                        {"links", tree.links},
                                        {"folders", tree.folders},
                                        {"bytes", tree.bytes}});
    else
        session.print(tree.id.to_string() + "  " + printable(path) + "  " +
                      counted(tree.files, "file") + ", " + size_text(tree.bytes) + "\n");
    return {};
}

Result<ExitCode> put(Session& session, const std::vector<std::string>& paths) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    StorePut work(session, library->content());
    std::vector<bool> is_folder;
    for (const std::string& path : paths) {
        is_folder.push_back(false);
        if (path == "-") continue;
        CATALOG_TRY(const io::FileInfo info, session.file_system()->info(path));
        is_folder.back() = info.kind == io::FileKind::kDirectory;
        if (!is_folder.back()) work.total += info.size;
    }
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const auto put_one = [&]() -> Result<void> {
            if (!is_folder[i]) return work.put(paths[i]);
            CATALOG_TRY_VOID(work.commit());  // In the order of the arguments.
            return put_folder(session, *library, paths[i]);
        };
        // What was put before something that cannot be is kept.
        const auto stored = put_one();
        if (stored) continue;
        CATALOG_TRY_VOID(work.commit());
        return fail(stored.error());
    }
    CATALOG_TRY_VOID(work.commit());
    return ExitCode::kOk;
}

std::string_view kind_text(package::FileEntryKind kind) {
    switch (kind) {
        case package::FileEntryKind::kSymlink:
            return "link";
        case package::FileEntryKind::kDirectory:
            return "folder";
        case package::FileEntryKind::kRegular:
            break;
    }
    return "file";
}

void say_entry(Session& session, const package::FileEntry& entry) {
    const bool is_file = entry.kind == package::FileEntryKind::kRegular;
    const bool is_link = entry.kind == package::FileEntryKind::kSymlink;
    if (session.json()) {
        json::Object object{{"kind", std::string(kind_text(entry.kind))}, {"path", entry.path}};
        if (is_file) {
            object.emplace("id", entry.tree.to_string());
            object.emplace("bytes", entry.size);
            object.emplace("executable", entry.mode == 0755);
        }
        if (is_link) object.emplace("target", entry.target);
        session.print_json(object);
        return;
    }
    std::string line = is_file ? entry.tree.to_string() + (entry.mode == 0755 ? " x " : "   ")
                               : std::string(kind_text(entry.kind)) + "  ";
    line += printable(entry.path);
    if (is_file) line += "  " + size_text(entry.size);
    if (is_link) line += " -> " + printable(entry.target);
    session.print(line + "\n");
}

Result<ExitCode> list_tree(Session& session, const std::string& text) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const ContentHash id, ContentHash::parse(text));
    CATALOG_TRY(const package::FileTable table, tree_of(session, *library, id));
    for (const package::FileEntry& entry : table.entries()) say_entry(session, entry);
    return ExitCode::kOk;
}

void say_object(Session& session, const content::ObjectInfo& info) {
    if (session.json())
        session.print_json(object_json(info));
    else
        session.print(info.id.to_string() + "  " + size_text(info.size) + "\n");
}

Result<void> say_tree(Session& session, library::AssetLibrary& library, const ContentHash& id) {
    CATALOG_TRY(const package::FileTable table, tree_of(session, library, id));
    if (session.json())
        session.print_json(
            json::Object{{"id", id.to_string()},
                         {"entries", static_cast<std::uint64_t>(table.entries().size())},
                         {"bytes", table.total_bytes()}});
    else
        session.print(id.to_string() + "  tree of " + counted(table.entries().size(), "entry") +
                      ", " + size_text(table.total_bytes()) + "\n");
    return {};
}

Result<ExitCode> list(Session& session, bool all) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    content::ContentStorage& content = library->content();
    const auto say = [&](const content::ObjectInfo& info) -> Result<void> {
        say_object(session, info);
        return {};
    };
    if (all) {
        CATALOG_TRY_VOID(content.for_each(say));
        return ExitCode::kOk;
    }
    std::vector<ContentHash> trees;
    const content::IdSink keep = [&](const ContentHash& id) -> Result<void> {
        trees.push_back(id);
        return {};
    };
    CATALOG_TRY_VOID(content.for_each_list_of(kStoreOwner, keep));
    for (const ContentHash& id : trees) CATALOG_TRY_VOID(say_tree(session, *library, id));
    const content::IdSink say_file = [&](const ContentHash& id) -> Result<void> {
        if (std::ranges::binary_search(trees, id)) return {};
        CATALOG_TRY(const content::ObjectInfo info, content.info(id));
        return say(info);
    };
    CATALOG_TRY_VOID(content.for_each_of(kStoreOwner, say_file));
    return ExitCode::kOk;
}

Result<ExitCode> remove(Session& session, const std::vector<std::string>& ids) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kWrite));
    for (const std::string& text : ids) {
        CATALOG_TRY(const ContentHash id, ContentHash::parse(text));
        CATALOG_TRY_VOID(library->remove_content(id, kStoreOwner));
    }
    return ExitCode::kOk;
}

struct ExportChoice {
    std::string id;
    std::string out;
    bool loose = false;
    bool link = false;
    bool clone = false;
    lifecycle::FileCacheOptions cache;
};

std::string_view sharing_text(lifecycle::FileSharing sharing) {
    return sharing == lifecycle::FileSharing::kLink ? "linked" : "cloned";
}

void say_export(Session& session, const ContentHash& id, const lifecycle::ExportReport& report,
                lifecycle::FileSharing sharing) {
    const lifecycle::SharingReport& shared = report.sharing;
    const bool shares = sharing != lifecycle::FileSharing::kNone;
    if (session.json()) {
        json::Object object{{"id", id.to_string()},
                            {"files", report.files},
                            {"links", report.links},
                            {"folders", report.folders},
                            {"bytes", report.bytes}};
        if (shares) {
            object.emplace("shared", shared.shared);
            object.emplace("copied", shared.copied);
            object.emplace("cached", shared.added);
            object.emplace("replaced", shared.replaced);
        }
        session.print_json(object);
    } else {
        std::string line = counted(report.files, "file") + ", " + size_text(report.bytes);
        if (shares)
            line += "; " + std::to_string(shared.shared) + " " +
                    std::string(sharing_text(sharing)) + ", " + std::to_string(shared.copied) +
                    " copied, " + std::to_string(shared.added) + " new in the cache";
        session.print(line + "\n");
    }
    if (shared.copied != 0 && shared.why_copied)
        session.note(counted(shared.copied, "file") +
                     " copied: " + std::string(shared.why_copied->message()));
    if (shared.replaced != 0)
        session.note(counted(shared.replaced, "cached file") +
                     " had been changed and was replaced: trees that link it are changed too");
}

Result<ExitCode> export_to(Session& session, const ExportChoice& choice) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    const lifecycle::ContentExporter exporter(store_services(session, *library));
    lifecycle::ExportOptions options;
    options.durable = !choice.loose;
    std::optional<lifecycle::FileCache> cache;
    if (choice.link || choice.clone) {
        CATALOG_TRY(cache, library->file_cache(choice.cache));
        options.sharing =
            choice.link ? lifecycle::FileSharing::kLink : lifecycle::FileSharing::kClone;
        options.cache = &*cache;
    }
    CATALOG_TRY(const ContentHash id, object_of(session, *library, choice.id));
    lifecycle::ExportReport report;
    if (auto tree = exporter.export_tree(id, choice.out, options, session.context()); tree) {
        report = *std::move(tree);
    } else if (tree.error().code() == Errc::kFileKind) {
        CATALOG_TRY(report, exporter.export_object(id, choice.out, options, session.context()));
    } else {
        return fail(std::move(tree).error());
    }
    say_export(session, id, report, options.sharing);
    return ExitCode::kOk;
}

}  // namespace

lifecycle::Services store_services(Session& session, library::AssetLibrary& library) {
    lifecycle::Services services;
    services.fs = session.file_system();
    services.clock = session.environment().clock;
    services.content = &library.content();
    return services;
}

json::Object object_json(const content::ObjectInfo& info) {
    return {{"id", info.id.to_string()},
            {"bytes", info.size},
            {"chunks", static_cast<std::uint64_t>(info.chunks)}};
}

Result<lifecycle::FileCache> kept_files_of(const library::AssetLibrary& library) {
    lifecycle::FileCacheOptions options;
    options.plain_files_of_encrypted = true;
    return library.file_cache(options);
}

Result<package::FileTable> tree_of(Session& session, library::AssetLibrary& library,
                                   const ContentHash& id) {
    CATALOG_TRY(std::optional<package::FileTable> table,
                lifecycle::find_tree(library.content(), id, Limits(), session.context()));
    if (!table)
        return fail(
            Error(Errc::kFileKind, "this object is a file and no tree").with_input(id.to_string()));
    return *std::move(table);
}

Result<ContentHash> object_of(Session& session, library::AssetLibrary& library,
                              const std::string& text) {
    const std::size_t slash = text.find('/');
    CATALOG_TRY(const ContentHash id, ContentHash::parse(text.substr(0, slash)));
    if (slash == std::string::npos) return id;
    CATALOG_TRY(const package::FileTable table, tree_of(session, library, id));
    std::string path = text.substr(slash + 1);
    while (path.ends_with('/')) path.pop_back();
    if (path.empty()) return id;
    const package::FileEntry* entry = table.find(path);
    if (entry == nullptr)
        return fail(
            Error(Errc::kFileNotFound, "the tree has no such path", NotFoundDetail{"file", path})
                .with_input(text)
                .with_hint("list its paths with: catalog store ls " + id.to_string()));
    if (entry->kind != package::FileEntryKind::kRegular)
        return fail(Error(Errc::kFileKind, "this path of the tree is no file")
                        .with_input(text)
                        .with_hint("name a file of the tree, or export all of it"));
    return entry->tree;
}

void add_store_tree_commands(CLI::App& store, Session& session) {
    auto paths = std::make_shared<std::vector<std::string>>();
    CLI::App* command = store.add_subcommand(
        "put", "Store files, and folders as trees: names, links, empty folders, who may execute");
    command->add_option("paths", *paths, "Files, folders, or - for standard input")
        ->required()
        ->type_name("PATH");
    command->callback(
        [&session, paths] { session.action = [&session, paths] { return put(session, *paths); }; });

    auto of_tree = std::make_shared<std::string>();
    auto all = std::make_shared<bool>(false);
    command = store.add_subcommand("ls", "List what was put: trees, then files; or one tree");
    command->add_option("id", *of_tree, "The tree whose paths are listed, sha256:...")
        ->type_name("ID");
    command->add_flag("--all", *all, "Every object, also those of trees and packages");
    command->callback([&session, of_tree, all] {
        session.action = [&session, of_tree, all] {
            return of_tree->empty() ? list(session, *all) : list_tree(session, *of_tree);
        };
    });

    auto removed = std::make_shared<std::vector<std::string>>();
    command = store.add_subcommand(
        "rm", "Remove what was put; its space is reclaimed by: catalog store collect");
    command->add_option("ids", *removed, "Trees and files, sha256:...")
        ->required()
        ->type_name("ID");
    command->callback([&session, removed] {
        session.action = [&session, removed] { return remove(session, *removed); };
    });

    auto choice = std::make_shared<ExportChoice>();
    command = store.add_subcommand("export", "Write a tree as a new folder, a file as a new file");
    command->add_option("id", choice->id, "sha256:..., or sha256:.../PATH of a tree")
        ->required()
        ->type_name("ID");
    command->add_option("out", choice->out, "Place that does not exist")
        ->required()
        ->type_name("OUT");
    command->add_flag("--no-sync", choice->loose, "Do not wait until everything is durable");
    CLI::Option* link = command->add_flag(
        "--link", choice->link,
        "Hard links of read-only files that the library keeps: fast, and nobody may change them");
    CLI::Option* clone = command->add_flag(
        "--clone", choice->clone,
        "Files of their own that share the disk's space with kept ones (btrfs, XFS), else copies");
    link->excludes(clone);
    command
        ->add_option("--cache-max", choice->cache.bytes_max,
                     "With --link or --clone: most bytes of kept files")
        ->type_name("BYTES")
        ->capture_default_str();
    command->add_flag("--plain-cache", choice->cache.plain_files_of_encrypted,
                      "With --link or --clone of an encrypted library: keep files unencrypted");
    command->callback([&session, choice] {
        session.action = [&session, choice] { return export_to(session, *choice); };
    });
}

}  // namespace catalog::cli
