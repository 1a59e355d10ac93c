// search, show, list, deps, cat.

#include <CLI/CLI.hpp>

#include <memory>
#include <ostream>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "dependency_drawing.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

/// Filter options as they stand on the command line.
struct FilterOptions {
    index::Filter filter;
    std::string type;
    std::string state;
    bool all_versions = false;
    std::size_t limit = 20;

    void add_to(CLI::App& command) {
        command.add_option("--tag", filter.tag, "Only packages with this tag");
        command.add_option("--keyword", filter.keyword, "Only packages with this keyword");
        command.add_option("--type", type, "Only packages of this type");
        command.add_option("--license", filter.license, "Only packages with exactly this licence");
        command.add_option("--author", filter.author,
                           "Only packages of this author, or with this word in an author");
        command.add_option("--state", state,
                           "Only packages in this state: published, deprecated or archived");
        command.add_flag("--yanked", filter.include_yanked, "Yanked versions too");
        command.add_flag("--all-versions", all_versions,
                         "Every version, not only the newest of each name");
        command.add_option("--limit", limit, "At most this many, 1 to 10000")
            ->capture_default_str()
            ->check(CLI::Range(1, 10000));
    }

    Result<index::Filter> read() const {
        index::Filter result = filter;
        result.newest_only = !all_versions;
        if (!type.empty()) {
            CATALOG_TRY(result.type, package::parse_package_type(type));
        }
        if (!state.empty()) {
            CATALOG_TRY(result.state, package::parse_state(state));
        }
        return result;
    }
};

Result<ExitCode> search(Session& session, const FilterOptions& options,
                        const std::vector<std::string>& words) {
    CATALOG_TRY(const index::Filter filter, options.read());
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    CATALOG_TRY(const std::vector<index::SearchHit> hits,
                library->search(text, filter, options.limit, session.context()));
    if (session.json()) {
        session.print_json(to_json(hits));
    } else if (hits.empty()) {
        session.note("nothing found");
    } else {
        Table table({"name", "version", "what", "description"});
        for (const index::SearchHit& hit : hits)
            table.add({hit.entry.id.name().str(), hit.entry.id.version(), flags_text(hit.entry),
                       hit.entry.description});
        session.print(table.to_string(session.streams().out_is_terminal ? 120 : 0));
    }
    return hits.empty() ? ExitCode::kAnswerIsNo : ExitCode::kOk;
}

Result<ExitCode> list(Session& session, const FilterOptions& options, const std::string& prefix,
                      const std::string& cursor) {
    CATALOG_TRY(index::Filter filter, options.read());
    filter.name_prefix = prefix;
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const index::Page page,
                library->list(filter, options.limit, cursor, session.context()));
    if (session.json()) {
        session.print_json(to_json(page));
        return ExitCode::kOk;
    }
    Table table({"name", "version", "what", "files", "size", "description"});
    for (const index::IndexEntry& entry : page.entries)
        table.add({entry.id.name().str(), entry.id.version(), flags_text(entry),
                   count_text(entry.file_count), size_text(entry.file_bytes), entry.description});
    if (!table.empty()) session.print(table.to_string(session.streams().out_is_terminal ? 120 : 0));
    if (!page.cursor.empty()) session.note("more: --cursor " + page.cursor);
    return ExitCode::kOk;
}

Result<ExitCode> list_preparing(Session& session, std::size_t limit, const std::string& cursor) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const lifecycle::PreparingPage page,
                library->preparing(limit, cursor, session.context()));
    if (session.json()) {
        session.print_json(to_json(page));
        return ExitCode::kOk;
    }
    Table table({"package", "waits since", "by", "files", "size"});
    for (const lifecycle::PreparingPackage& package : page.packages)
        table.add({package.id.to_string(), time_text(package.since), package.principal,
                   count_text(package.file_count), size_text(package.file_bytes)});
    if (!table.empty()) session.print(table.to_string(session.streams().out_is_terminal ? 120 : 0));
    if (!page.next.empty()) session.note("more: --cursor " + page.next);
    return ExitCode::kOk;
}

std::string dependency_text(const package::Dependency& dependency) {
    std::string text =
        dependency.target.name.str() + " " + dependency.target.constraint.to_string();
    for (const package::DependencyTarget& target : dependency.any_of)
        text += " | " + target.name.str() + " " + target.constraint.to_string();
    if (dependency.kind != DependencyKind::kRequired)
        text += " (" + std::string(dependency_kind_name(dependency.kind)) + ")";
    if (!dependency.platform.is_everywhere()) text += " on " + dependency.platform.to_string();
    return text;
}

void print_card(Session& session, const index::IndexEntry& entry,
                const package::PackageMetadata& metadata,
                const std::vector<index::IndexEntry>& versions) {
    const auto line = [&](std::string_view name, const std::string& value) {
        if (!value.empty())
            session.print(std::string(name) + std::string(13 - name.size(), ' ') +
                          printable(value) + "\n");
    };
    line("package", entry.id.to_string());
    line("what", flags_text(entry));
    line("description", metadata.description);
    line("licence", metadata.license);
    for (const std::string& author : metadata.authors) line("author", author);
    line("homepage", metadata.homepage);
    line("repository", metadata.repository);
    std::string keywords;
    for (const std::string& keyword : metadata.keywords)
        keywords += (keywords.empty() ? "" : ", ") + keyword;
    line("keywords", keywords);
    line("entry", metadata.entry);
    for (const package::Dependency& dependency : metadata.dependencies)
        line("needs", dependency_text(dependency));
    for (const package::Conflict& conflict : metadata.conflicts)
        line("conflicts", conflict.name.str() + " " + conflict.constraint.to_string());
    for (const package::Provide& provide : metadata.provides)
        line("provides", provide.name.str() + " " + provide.version.to_string());
    line("files", count_text(entry.file_count) + ", " + size_text(entry.file_bytes));
    line("digest", entry.digest.to_string());
    line("published", time_text(entry.published));
    std::string others;
    for (std::size_t i = 0; i < std::min<std::size_t>(versions.size(), 12); ++i)
        others += (i == 0 ? "" : ", ") + versions[i].id.version() +
                  (versions[i].yanked ? " (yanked)" : "");
    if (versions.size() > 12) others += " and " + std::to_string(versions.size() - 12) + " more";
    line("versions", others);
}

Result<ExitCode> show(Session& session, const std::string& what, bool files) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    const CallContext context = session.context();
    CATALOG_TRY(const index::LazyPackage package, library->find(what, context));
    CATALOG_TRY(const std::shared_ptr<const package::Manifest> manifest, package.manifest());
    CATALOG_TRY(const std::vector<index::IndexEntry> versions,
                library->versions(package.entry().id.name(), context));
    package::FileTable table;
    if (files && package.entry().origin == index::Origin::kPublished) {
        CATALOG_TRY(table, library->file_table(package.entry().digest, context));
    }
    if (session.json()) {
        session.print_json(
            library::package_json(package.entry(), *manifest, versions, files ? &table : nullptr));
        return ExitCode::kOk;
    }
    print_card(session, package.entry(), manifest->metadata, versions);
    for (const package::FileEntry& file : table.entries())
        session.print(
            "  " + std::string(file.mode == 0755 ? "x " : "  ") + printable(file.path) +
            (file.target.empty() ? "  " + size_text(file.size) : " -> " + printable(file.target)) +
            "\n");
    return ExitCode::kOk;
}

struct DepsOptions {
    std::string what;
    bool reverse = false;
    bool all_versions = false;
    bool dot = false;
    bool svg = false;
};

Result<ExitCode> dependents(Session& session, library::AssetLibrary& library,
                            const DepsOptions& options) {
    CATALOG_TRY(const PackageName name, PackageName::parse(options.what));
    CATALOG_TRY(const std::vector<index::DependencyEdge> edges,
                library.dependents(name, options.all_versions, session.context()));
    if (session.json()) {
        session.print_json(library::dependents_json(options.what, edges));
        return ExitCode::kOk;
    }
    Table table({"needed by", "requirement", "kind"});
    for (const index::DependencyEdge& edge : edges)
        table.add({edge.from.to_string(), edge.dependency.target.constraint.to_string(),
                   std::string(dependency_kind_name(edge.dependency.kind))});
    if (table.empty())
        session.note("nothing needs " + options.what);
    else
        session.print(table.to_string());
    return ExitCode::kOk;
}

Result<ExitCode> deps(Session& session, const DepsOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    if (options.reverse) return dependents(session, *library, options);
    if (options.dot || options.svg) {
        CATALOG_TRY(const std::string drawing,
                    draw_dependencies(session, *library, options.what, options.svg));
        session.print(drawing);
        return ExitCode::kOk;
    }
    CATALOG_TRY(const index::LazyPackage package, library->find(options.what, session.context()));
    CATALOG_TRY(const std::shared_ptr<const package::Manifest> manifest, package.manifest());
    if (session.json()) {
        session.print_json(library::dependencies_json(package.entry().id, manifest->metadata));
        return ExitCode::kOk;
    }
    for (const package::Dependency& dependency : manifest->metadata.dependencies)
        session.print(printable(dependency_text(dependency)) + "\n");
    return ExitCode::kOk;
}

Result<ExitCode> cat(Session& session, const std::string& id_text, const std::string& path) {
    CATALOG_TRY(const PackageId id, PackageId::parse(id_text));
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    std::ostream& out = session.streams().out;
    CATALOG_TRY_VOID(library->read_file(
        id, path,
        [&out](ByteView bytes) -> Result<void> {
            out.write(reinterpret_cast<const char*>(bytes.data()),
                      static_cast<std::streamsize>(bytes.size()));
            return {};
        },
        session.context()));
    return ExitCode::kOk;
}

}  // namespace

void add_look_commands(CLI::App& app, Session& session) {
    auto search_options = std::make_shared<FilterOptions>();
    auto words = std::make_shared<std::vector<std::string>>();
    CLI::App* command = app.add_subcommand(
        "search", "Find packages by words in name, keywords and description, best first");
    command->add_option("words", *words, "All of them must match")->required()->type_name("WORD");
    search_options->add_to(*command);
    command->callback([&session, search_options, words] {
        session.action = [&session, search_options, words] {
            return search(session, *search_options, *words);
        };
    });

    auto list_options = std::make_shared<FilterOptions>();
    list_options->limit = 1000;
    auto prefix = std::make_shared<std::string>();
    auto cursor = std::make_shared<std::string>();
    command = app.add_subcommand("list", "List packages in order of names");
    command->add_option("prefix", *prefix, "Only names that start with this")->type_name("PREFIX");
    command->add_option("--cursor", *cursor, "Go on where an earlier page ended");
    auto preparing = std::make_shared<bool>(false);
    command->add_flag("--preparing", *preparing,
                      "The packages that wait for a host's consensus instead");
    list_options->add_to(*command);
    command->callback([&session, list_options, prefix, cursor, preparing] {
        session.action = [&session, list_options, prefix, cursor, preparing] {
            if (*preparing) return list_preparing(session, list_options->limit, *cursor);
            return list(session, *list_options, *prefix, *cursor);
        };
    });

    auto what = std::make_shared<std::string>();
    auto files = std::make_shared<bool>(false);
    command = app.add_subcommand("show", "Show one package");
    command->add_option("package", *what, "NAME, NAME@VERSION or NAME@REQUIREMENT")
        ->required()
        ->type_name("PACKAGE");
    command->add_flag("--files", *files, "Its files too");
    command->callback([&session, what, files] {
        session.action = [&session, what, files] { return show(session, *what, *files); };
    });

    auto deps_options = std::make_shared<DepsOptions>();
    command = app.add_subcommand("deps", "What a package needs, or who needs it");
    command
        ->add_option("package", deps_options->what,
                     "NAME or NAME@REQUIREMENT; with --reverse a NAME")
        ->required()
        ->type_name("PACKAGE");
    command->add_flag("--reverse", deps_options->reverse,
                      "Who needs it: the newest version of each");
    command->add_flag("--all-versions", deps_options->all_versions,
                      "With --reverse: every version");
    command->add_flag("--dot", deps_options->dot, "The resolved closure as Graphviz text");
    command->add_flag("--svg", deps_options->svg, "The resolved closure as a picture");
    command->callback([&session, deps_options] {
        session.action = [&session, deps_options] { return deps(session, *deps_options); };
    });

    auto id = std::make_shared<std::string>();
    auto path = std::make_shared<std::string>();
    command = app.add_subcommand("cat", "Print one file of a package, verified");
    command->add_option("id", *id, "NAME@VERSION")->required()->type_name("ID");
    command->add_option("path", *path, "Path in the package")->required()->type_name("PATH");
    command->callback([&session, id, path] {
        session.action = [&session, id, path] { return cat(session, *id, *path); };
    });
}

}  // namespace catalog::cli
