// store check, repair: whether content is what it was, and what is done when it is not.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>

#include "app.hpp"
#include "catalog/content/content_source.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/file_cache.hpp"
#include "store_tree_commands.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

struct CheckOptions {
    content::VerifyDepth depth = content::VerifyDepth::kFull;
    bool resume = false;
};

// How far an interrupted check came: the number of a pack, and how many damages it had found.
struct CheckPlace {
    std::uint32_t last_pack = 0;
    std::uint64_t damages = 0;
};

std::string check_place_path(const Session& session) {
    return io::join_path(session.library_path(), "check.place");
}

// One that cannot be read is none: the check begins anew.
CheckPlace read_check_place(const Session& session) {
    CheckPlace place;
    const auto text = io::read_file(*session.file_system(), check_place_path(session), 64);
    if (!text) return place;
    const std::size_t space = text->find(' ');
    const auto number = [&](std::size_t begin, std::size_t end, auto& value) {
        const char* const last = text->data() + std::min(end, text->size());
        const auto read = std::from_chars(text->data() + begin, last, value);
        return read.ec == std::errc() && read.ptr == last;
    };
    const std::size_t end = text->find('\n');
    if (space == std::string::npos || end == std::string::npos || end < space ||
        !number(0, space, place.last_pack) || !number(space + 1, end, place.damages))
        return {};
    return place;
}

json::Array hashes_json(const std::vector<ContentHash>& hashes) {
    json::Array array;
    for (const ContentHash& hash : hashes) array.emplace_back(hash.to_string());
    return array;
}

json::Array damages_json(const std::vector<content::Damage>& damages) {
    json::Array array;
    for (const content::Damage& damage : damages)
        array.emplace_back(json::Object{{"where", damage.where},
                                        {"what", damage.what},
                                        {"objects", hashes_json(damage.objects)}});
    return array;
}

json::Array users_json(const std::vector<library::ObjectUser>& users) {
    json::Array array;
    for (const library::ObjectUser& user : users)
        array.emplace_back(json::Object{
            {"object", user.object.to_string()}, {"package", user.package}, {"path", user.path}});
    return array;
}

void print_damages(Session& session, const std::vector<content::Damage>& damages) {
    Table table({"where", "what", "objects hurt"});
    for (const content::Damage& damage : damages)
        table.add({damage.where, damage.what, std::to_string(damage.objects.size())});
    if (!damages.empty()) session.print(table.to_string());
}

json::Array kept_json(const std::vector<lifecycle::CachedFileDamage>& damages) {
    json::Array array;
    for (const lifecycle::CachedFileDamage& damage : damages)
        array.emplace_back(
            json::Object{{"where", damage.path}, {"what", damage.what}, {"links", damage.links}});
    return array;
}

void print_kept(Session& session, const std::vector<lifecycle::CachedFileDamage>& damages) {
    Table table({"file kept for exports", "what", "exported links"});
    for (const lifecycle::CachedFileDamage& damage : damages)
        table.add({printable(damage.path), damage.what, std::to_string(damage.links)});
    if (!damages.empty()) session.print(table.to_string());
}

Result<std::vector<lifecycle::CachedFileDamage>> verify_kept(Session& session,
                                                             const library::AssetLibrary& library,
                                                             bool remove) {
    CATALOG_TRY(lifecycle::FileCache cache, kept_files_of(library));
    return cache.verify(remove, *session.environment().clock, session.context());
}

// What of packages is hurt, and objects that belong to none.
void print_hurt(Session& session, const std::vector<ContentHash>& objects,
                const std::vector<library::ObjectUser>& users) {
    if (objects.empty()) return;
    Table table({"hurt", "package", "path"});
    std::set<ContentHash> used;
    for (const library::ObjectUser& user : users) {
        used.insert(user.object);
        table.add({user.object.to_string(), user.package,
                   user.path.empty() ? "(its list of files)" : printable(user.path)});
    }
    for (const ContentHash& object : objects)
        if (!used.contains(object)) table.add({object.to_string(), "", ""});
    session.print(table.to_string());
}

std::vector<ContentHash> objects_of(const std::vector<content::Damage>& damages) {
    std::set<ContentHash> objects;
    for (const content::Damage& damage : damages)
        objects.insert(damage.objects.begin(), damage.objects.end());
    return {objects.begin(), objects.end()};
}

Result<ExitCode> check(Session& session, const CheckOptions& options) {
    CATALOG_TRY(library::AssetLibrary * library, session.open(Access::kRead));
    const bool is_full = options.depth == content::VerifyDepth::kFull;
    const CheckPlace before = options.resume && is_full ? read_check_place(session) : CheckPlace();
    content::VerifyOptions verification(options.depth);
    verification.resume_after = before.last_pack;
    // A place that cannot be noted costs only that the next check begins anew.
    const std::string path = check_place_path(session);
    verification.reached = [&](const content::VerifyReport& report) -> Result<void> {
        const std::string text = std::to_string(report.last_pack) + " " +
                                 std::to_string(before.damages + report.damages.size()) + "\n";
        static_cast<void>(io::write_file_durably(*session.file_system(), path, as_bytes(text)));
        return {};
    };
    CATALOG_TRY(const content::VerifyReport report,
                library->content().verify(verification, session.context()));
    std::vector<lifecycle::CachedFileDamage> kept;
    if (is_full) {
        CATALOG_TRY(kept, verify_kept(session, *library, false));
    }
    if (is_full) static_cast<void>(session.file_system()->remove_file(path));
    const std::vector<ContentHash> hurt = objects_of(report.damages);
    CATALOG_TRY(const auto users, library->users_of(hurt, session.context()));
    const bool ok = report.damages.empty() && before.damages == 0 && kept.empty();
    if (session.json()) {
        session.print_json(
            json::Object{{"ok", ok},
                         {"objects", report.objects},
                         {"chunks", report.chunks},
                         {"bytes", report.bytes},
                         {"resumed_after", static_cast<std::uint64_t>(before.last_pack)},
                         {"damages_before", before.damages},
                         {"damages", damages_json(report.damages)},
                         {"truncated", report.truncated},
                         {"files", users_json(users)},
                         {"kept_damages", kept_json(kept)}});
    } else {
        print_damages(session, report.damages);
        print_kept(session, kept);
        print_hurt(session, hurt, users);
        if (before.damages != 0)
            session.print("the part that was checked before had " +
                          counted(before.damages, "damage") + "\n");
        session.print(counted(report.objects, "object") + ", " + counted(report.chunks, "chunk") +
                      ", " + size_text(report.bytes) + " of packs checked: " +
                      (ok ? "no damage" : counted(report.damages.size() + kept.size(), "damage")) +
                      "\n");
    }
    return ok ? ExitCode::kOk : ExitCode::kAnswerIsNo;
}

// Opens what `--from` names: another library, or files.
class Offers {
public:
    Result<void> add(Session& session, const std::string& path) {
        const std::string file = io::join_path(path, "library.toml");
        CATALOG_TRY(const bool is_library, io::exists(*session.file_system(), file));
        if (is_library) {
            library::LibraryOptions options;
            options.read_only = true;
            CATALOG_TRY(auto opened, library::AssetLibrary::open(absolute_path(path), options,
                                                                 session.environment()));
            sources_.push_back(content::make_storage_source(opened->content(), path));
            libraries_.push_back(std::move(opened));
            return {};
        }
        CATALOG_TRY(const auto info, session.file_system()->info(path));
        static_cast<void>(info);
        sources_.push_back(content::make_directory_source(session.file_system(), path));
        return {};
    }
    [[nodiscard]] std::vector<content::ContentSource*> all() const {
        std::vector<content::ContentSource*> pointers;
        pointers.reserve(sources_.size());
        for (const auto& source : sources_) pointers.push_back(source.get());
        return pointers;
    }

private:
    std::vector<std::unique_ptr<library::AssetLibrary>> libraries_;
    std::vector<std::unique_ptr<content::ContentSource>> sources_;
};

json::Object repair_json(const content::RepairReport& report,
                         const content::AdoptionReport& adopted,
                         const std::vector<library::ObjectUser>& users,
                         const std::vector<lifecycle::CachedFileDamage>& kept, bool dry_run) {
    json::Array packs_adopted;
    for (const std::string& pack : adopted.packs) packs_adopted.emplace_back(pack);
    json::Array packs;
    for (const std::string& pack : report.packs_rewritten) packs.emplace_back(pack);
    json::Array restored;
    for (const content::RestoredObject& object : report.restored)
        restored.emplace_back(
            json::Object{{"id", object.id.to_string()}, {"source", object.source}});
    json::Array refused;
    for (const content::RefusedSource& each : report.refused)
        refused.emplace_back(
            json::Object{{"id", each.id.to_string()}, {"source", each.source}, {"why", each.why}});
    return {{"ok", report.hurt.empty()},
            {"dry_run", dry_run},
            {"damages", damages_json(report.damages)},
            {"packs_adopted", std::move(packs_adopted)},
            {"packs_rewritten", std::move(packs)},
            {"chunks_kept", report.chunks_kept},
            {"indexes_dropped", report.indexes_dropped},
            {"references_mended", report.references_mended},
            {"restored", std::move(restored)},
            {"refused", std::move(refused)},
            {"hurt", hashes_json(report.hurt)},
            {"files", users_json(users)},
            {"kept_damages", kept_json(kept)}};
}

void print_adopted(Session& session, const content::AdoptionReport& adopted) {
    if (!adopted.packs.empty())
        session.print("took in again what no record named: " + counted(adopted.chunks, "chunk") +
                      " of " + counted(adopted.packs.size(), "pack") + "\n");
    if (adopted.format_restored) session.print("wrote the record of the format again\n");
    for (const content::RefusedPack& each : adopted.refused)
        session.note("put " + each.file + " aside: " + each.why);
}

Result<ExitCode> repair(Session& session, const std::vector<std::string>& from, bool dry_run) {
    CATALOG_TRY(library::AssetLibrary * library,
                session.open(dry_run ? Access::kWrite : Access::kMend));
    Offers offers;
    for (const std::string& path : from) CATALOG_TRY_VOID(offers.add(session, path));
    content::RepairOptions options;
    options.sources = offers.all();
    options.dry_run = dry_run;
    CATALOG_TRY(const content::RepairReport report,
                library->repair_content(options, session.context()));
    CATALOG_TRY(const auto users, library->users_of(report.hurt, session.context()));
    CATALOG_TRY(const auto kept, verify_kept(session, *library, !dry_run));
    const ExitCode code = report.hurt.empty() ? ExitCode::kOk : ExitCode::kAnswerIsNo;
    if (session.json()) {
        session.print_json(repair_json(report, library->adopted_packs(), users, kept, dry_run));
        return code;
    }
    print_kept(session, kept);
    if (!kept.empty())
        session.note(std::string(dry_run ? "would remove " : "removed ") +
                     counted(kept.size(), "kept file") +
                     "; exported trees that link one stay as they are");
    const content::AdoptionReport& adopted = library->adopted_packs();
    print_adopted(session, adopted);
    if (report.damages.empty()) {
        if (!kept.empty() || !adopted.empty()) return code;
        session.print("nothing had to be repaired\n");
        return code;
    }
    print_damages(session, report.damages);
    Table table({dry_run ? "would be" : "done", "count"});
    table.add({"packs written anew", std::to_string(report.packs_rewritten.size())});
    table.add({"chunks kept of them", std::to_string(report.chunks_kept)});
    table.add({"index files dropped", std::to_string(report.indexes_dropped)});
    table.add({"references completed", std::to_string(report.references_mended)});
    table.add({"objects restored", std::to_string(report.restored.size())});
    table.add({"objects still hurt", std::to_string(report.hurt.size())});
    session.print(table.to_string());
    for (const content::RefusedSource& each : report.refused)
        session.note("refused " + each.id.to_string() + " from " + printable(each.source) + ": " +
                     each.why);
    print_hurt(session, report.hurt, users);
    return code;
}

}  // namespace

void add_store_care_commands(CLI::App& store, Session& session) {
    auto options = std::make_shared<CheckOptions>();
    CLI::App* command =
        store.add_subcommand("check", "Check all content; exit 1 when something is damaged");
    const std::map<std::string, content::VerifyDepth> levels{
        {"quick", content::VerifyDepth::kQuick},
        {"structural", content::VerifyDepth::kStructure},
        {"full", content::VerifyDepth::kFull}};
    command
        ->add_option("--level", options->depth,
                     "quick (records and indexes), structural (checksums) or full (every byte)")
        ->transform(CLI::CheckedTransformer(levels))
        ->type_name("LEVEL");
    command->add_flag("--resume", options->resume, "Go on where a full check was interrupted");
    command->callback([&session, options] {
        session.action = [&session, options] { return check(session, *options); };
    });

    auto from = std::make_shared<std::vector<std::string>>();
    auto dry_run = std::make_shared<bool>(false);
    command = store.add_subcommand(
        "repair", "Put what is damaged aside, and take what is lost from elsewhere");
    command->add_option("--from", *from, "Libraries, folders or files that may have good copies")
        ->type_name("PATH");
    command->add_flag("--dry-run", *dry_run, "Only say what would be done");
    command->callback([&session, from, dry_run] {
        session.action = [&session, from, dry_run] { return repair(session, *from, *dry_run); };
    });
}

}  // namespace catalog::cli
