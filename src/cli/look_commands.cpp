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

struct SearchOptions {
    FilterOptions filter;
    std::vector<std::string> words;
    std::string cursor;
    bool count = false;
    std::vector<std::string> facets;

    Result<index::Query> read() const {
        std::string text;
        for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
        CATALOG_TRY(index::Query query, index::Query::parse(text));
        CATALOG_TRY(const index::Filter narrower, filter.read());
        CATALOG_TRY_VOID(query.narrow(narrower));
        query.limit = filter.limit;
        query.cursor = cursor;
        return query;
    }
};

constexpr std::size_t kFacetValues = 20;
constexpr std::size_t kSuggestions = 3;

void print_hits(Session& session, const library::SearchAnswer& answer) {
    Table table({"name", "version", "what", "description"});
    for (const index::SearchHit& hit : answer.page.hits)
        table.add({hit.entry.id.name().str(), hit.entry.id.version(), flags_text(hit.entry),
                   hit.entry.description});
    if (!table.empty()) session.print(table.to_string(session.streams().out_is_terminal ? 120 : 0));
    if (answer.counts) {
        session.print(count_text(answer.counts->hits) + " in all\n");
        for (const index::FieldCounts& field : answer.counts->fields) {
            Table counts({std::string(counted_field_name(field.field)), "hits"});
            for (const index::ValueCount& one : field.values)
                counts.add({one.value, count_text(one.hits)});
            session.print(counts.to_string());
        }
    }
    if (!answer.page.cursor.empty()) session.note("more: --cursor " + answer.page.cursor);
    if (!answer.page.hits.empty()) return;
    std::string said = "nothing found";
    for (const std::string& name : answer.suggestions)
        said += (&name == &answer.suggestions.front() ? "; is it " : ", ") + printable(name);
    session.note(said);
}

Result<ExitCode> search(Session& session, const SearchOptions& options) {
    CATALOG_TRY(const index::Query query, options.read());
    library::SearchExtras extras;
    extras.count = options.count;
    extras.suggestions_max = kSuggestions;
    extras.facet_values_max = kFacetValues;
    for (const std::string& name : options.facets) {
        CATALOG_TRY(const index::CountedField field, index::parse_counted_field(name));
        extras.facets.push_back(field);
    }
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const library::SearchAnswer answer,
                answer_search(*library, query, extras, session.context()));
    if (session.json())
        session.print_json(to_json(answer));
    else
        print_hits(session, answer);
    return answer.page.hits.empty() ? ExitCode::kAnswerIsNo : ExitCode::kOk;
}

Result<ExitCode> suggest(Session& session, const std::string& name, std::size_t limit) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    CATALOG_TRY(const std::vector<std::string> names,
                library->suggest(name, limit, session.context()));
    if (session.json())
        session.print_json(json::Object{{"name", name}, {"names", library::to_json(names)}});
    else
        for (const std::string& near : names) session.print(near + "\n");
    return names.empty() ? ExitCode::kAnswerIsNo : ExitCode::kOk;
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
    bool transitive = false;
    std::size_t limit = 1000;
    bool dot = false;
    bool svg = false;
};

Result<ExitCode> all_dependents(Session& session, library::AssetLibrary& library,
                                const PackageName& name, std::size_t limit) {
    CATALOG_TRY(const index::Dependents found,
                library.all_dependents(name, limit, session.context()));
    if (session.json()) {
        session.print_json(library::dependents_json(name.str(), found));
        return ExitCode::kOk;
    }
    Table table({"needed by", "distance", "through"});
    for (const index::Dependent& one : found.packages)
        table.add({one.id.to_string(), count_text(one.distance), one.needs.str()});
    if (table.empty())
        session.note("nothing needs " + name.str());
    else
        session.print(table.to_string());
    if (found.is_truncated) session.note("there are more: --limit");
    return ExitCode::kOk;
}

Result<ExitCode> dependents(Session& session, library::AssetLibrary& library,
                            const DepsOptions& options) {
    CATALOG_TRY(const PackageName name, PackageName::parse(options.what));
    if (options.transitive) return all_dependents(session, library, name, options.limit);
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

void add_search_command(CLI::App& app, Session& session) {
    auto options = std::make_shared<SearchOptions>();
    CLI::App* command = app.add_subcommand(
        "search", "Find packages by words in name, keywords and description, best first");
    command
        ->add_option("words", options->words,
                     "All must match; '\"a phrase\"', 'a OR b', field:value, and after -- also "
                     "-not")
        ->required()
        ->type_name("WORD");
    options->filter.add_to(*command);
    command->add_option("--cursor", options->cursor, "Go on where an earlier page ended");
    command->add_flag("--count", options->count, "How many there are in all, too");
    command
        ->add_option("--facet", options->facets,
                     "How many have each type, license, state, keyword, tag or author, too")
        ->type_name("FIELD")
        ->allow_extra_args(false);
    command->callback([&session, options] {
        session.action = [&session, options] { return search(session, *options); };
    });
}

void add_suggest_command(CLI::App& app, Session& session) {
    auto name = std::make_shared<std::string>();
    auto limit = std::make_shared<std::size_t>(5);
    CLI::App* command =
        app.add_subcommand("suggest", "Names that a name may be a misspelling of, likeliest first");
    command->add_option("name", *name, "What was typed")->required()->type_name("NAME");
    command->add_option("--limit", *limit, "At most this many, 1 to 64")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    command->callback([&session, name, limit] {
        session.action = [&session, name, limit] { return suggest(session, *name, *limit); };
    });
}

}  // namespace

void add_look_commands(CLI::App& app, Session& session) {
    add_search_command(app, session);
    add_suggest_command(app, session);
    CLI::App* command = nullptr;

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
    command->add_flag("--transitive", deps_options->transitive,
                      "With --reverse: those that need it through others too");
    command
        ->add_option("--limit", deps_options->limit,
                     "With --transitive: at most this many, 1 to 100000")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
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
