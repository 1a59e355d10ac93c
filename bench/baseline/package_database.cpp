#include "package_database.hpp"

#include <cstdio>
#include <cstdlib>

#include "catalogue_lines.hpp"

namespace catalog::bench {
namespace {

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s failed\n", what);
    std::exit(4);
}

void bind_text(sqlite3_stmt* statement, int place, const std::string& text) {
    sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
}

std::string column(sqlite3_stmt* statement, int place) {
    const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, place));
    return text == nullptr ? std::string() : std::string(text);
}

// Words as FTS5 takes them whatever they hold.
std::string quoted(const std::string& words) {
    std::string query;
    for (const char c : words) query += c == '"' ? std::string("\"\"") : std::string(1, c);
    std::string out = "\"";
    for (const char c : query) out += c == ' ' ? std::string("\" \"") : std::string(1, c);
    return out + "\"";
}

}  // namespace

PackageDatabase::PackageDatabase(const std::string& path) {
    require(sqlite3_open(path.c_str(), &db_) == SQLITE_OK, "sqlite3_open");
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
        "PRAGMA mmap_size=4294967296;"
        "CREATE TABLE IF NOT EXISTS p(id INTEGER PRIMARY KEY, name TEXT, version TEXT,"
        " description TEXT, license TEXT, author TEXT, keywords TEXT);"
        "CREATE UNIQUE INDEX IF NOT EXISTS by_id ON p(name, version);"
        "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(name, keywords, description,"
        " content='', detail='full');");
    find_ = prepare(
        "SELECT description, license, author, keywords FROM p"
        " WHERE name=? AND version=?");
    search_ = prepare(
        "SELECT p.name, p.version, p.description FROM words JOIN p ON p.id=words.rowid"
        " WHERE words MATCH ? ORDER BY rank LIMIT ?");
}

PackageDatabase::~PackageDatabase() {
    sqlite3_finalize(find_);
    sqlite3_finalize(search_);
    sqlite3_close(db_);
}

void PackageDatabase::fill(std::uint32_t count) {
    run("BEGIN");
    sqlite3_stmt* const row = prepare("INSERT INTO p VALUES(?,?,?,?,?,?,?)");
    sqlite3_stmt* const words =
        prepare("INSERT INTO words(rowid, name, keywords, description) VALUES(?,?,?,?)");
    for (std::uint32_t i = 0; i < count; ++i) {
        const Line line = line_of(i);
        std::string keywords;
        for (const std::string& keyword : line.keywords) keywords += keyword + " ";
        sqlite3_bind_int64(row, 1, i + 1);
        bind_text(row, 2, line.name);
        bind_text(row, 3, line.version);
        bind_text(row, 4, line.description);
        bind_text(row, 5, line.license);
        bind_text(row, 6, line.author);
        bind_text(row, 7, keywords);
        require(sqlite3_step(row) == SQLITE_DONE, "INSERT");
        sqlite3_reset(row);
        // One entry a package, its newest version, as a registry's search answers.
        if (i % 3 != 2) continue;
        sqlite3_bind_int64(words, 1, i + 1);
        bind_text(words, 2, line.name);
        bind_text(words, 3, keywords);
        bind_text(words, 4, line.description);
        require(sqlite3_step(words) == SQLITE_DONE, "INSERT of words");
        sqlite3_reset(words);
    }
    sqlite3_finalize(row);
    sqlite3_finalize(words);
    run("COMMIT");
}

std::optional<nlohmann::json> PackageDatabase::find(const std::string& name,
                                                    const std::string& version) {
    bind_text(find_, 1, name);
    bind_text(find_, 2, version);
    std::optional<nlohmann::json> found;
    if (sqlite3_step(find_) == SQLITE_ROW)
        found = nlohmann::json{{"name", name},
                               {"version", version},
                               {"description", column(find_, 0)},
                               {"license", column(find_, 1)},
                               {"author", column(find_, 2)},
                               {"keywords", column(find_, 3)}};
    sqlite3_reset(find_);
    return found;
}

nlohmann::json PackageDatabase::search(const std::string& words, int limit) {
    bind_text(search_, 1, quoted(words));
    sqlite3_bind_int(search_, 2, limit);
    nlohmann::json hits = nlohmann::json::array();
    while (sqlite3_step(search_) == SQLITE_ROW)
        hits.push_back({{"name", column(search_, 0)},
                        {"version", column(search_, 1)},
                        {"description", column(search_, 2)}});
    sqlite3_reset(search_);
    return hits;
}

void PackageDatabase::run(const char* sql) {
    require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
}

sqlite3_stmt* PackageDatabase::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    require(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK, sql);
    return statement;
}

}  // namespace catalog::bench
