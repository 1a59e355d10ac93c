#include "peers.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "catalog/core/bytes.hpp"

#ifdef CATALOG_BENCH_LMDB
#include <lmdb.h>
#endif
#ifdef CATALOG_BENCH_SQLITE
#include <sqlite3.h>
#endif

namespace catalog::bench {

namespace {

// One version as one value: digest, licence, author, keywords, dependencies, description.
[[maybe_unused]] std::string value_of(const index::SegmentRow& row) {
    std::string value(as_text(row.digest.bytes()));
    append_le(value, row.file_count);
    append_le(value, row.file_bytes);
    append_le(value, row.log_index);
    append_le(value, static_cast<std::uint64_t>(row.published_us));
    const auto add = [&value](std::string_view text) { value.append(text).append(1, '\0'); };
    add(row.license);
    for (const std::string_view author : row.authors) add(author);
    for (const std::string_view keyword : row.keywords) add(keyword);
    for (const index::SegmentRelation& relation : row.relations) {
        add(relation.name);
        add(relation.constraint);
    }
    add(row.description);
    return value;
}

[[maybe_unused]] void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s failed\n", what);
    std::exit(4);
}

#ifdef CATALOG_BENCH_LMDB
class Lmdb final : public Peer {
public:
    explicit Lmdb(std::string path) : path_(std::move(path)) {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
        require(mdb_env_create(&env_) == 0, "mdb_env_create");
        mdb_env_set_mapsize(env_, std::size_t{8} << 30);
        require(mdb_env_open(env_, path_.c_str(), MDB_NOSYNC | MDB_NOTLS, 0644) == 0,
                "mdb_env_open");
    }
    ~Lmdb() override {
        if (reader_ != nullptr) mdb_txn_abort(reader_);
        mdb_env_close(env_);
        std::filesystem::remove_all(path_);
    }
    [[nodiscard]] const char* name() const override { return "LMDB"; }
    void load(std::span<const index::SegmentRow> rows) override {
        MDB_txn* txn = nullptr;
        require(mdb_txn_begin(env_, nullptr, 0, &txn) == 0, "mdb_txn_begin");
        require(mdb_dbi_open(txn, nullptr, 0, &dbi_) == 0, "mdb_dbi_open");
        for (const index::SegmentRow& row : rows) {
            std::string value = value_of(row);
            MDB_val key = key_of(row.name, row.version);
            MDB_val data{value.size(), value.data()};
            require(mdb_put(txn, dbi_, &key, &data, 0) == 0, "mdb_put");
        }
        require(mdb_txn_commit(txn) == 0, "mdb_txn_commit");
        require(mdb_env_sync(env_, 1) == 0, "mdb_env_sync");
        require(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader_) == 0, "mdb_txn_begin");
    }
    [[nodiscard]] std::uint64_t bytes() const override {
        return std::filesystem::file_size(path_ + "/data.mdb");
    }
    std::size_t find(std::string_view name, std::string_view version) override {
        MDB_val key = key_of(name, version);
        MDB_val data{};
        return mdb_get(reader_, dbi_, &key, &data) == 0 ? data.mv_size : 0;
    }

private:
    MDB_val key_of(std::string_view name, std::string_view version) {
        key_.assign(name);
        key_.append(1, '\0').append(version);
        return {key_.size(), key_.data()};
    }
    std::string path_;
    std::string key_;
    MDB_env* env_ = nullptr;
    MDB_txn* reader_ = nullptr;
    MDB_dbi dbi_ = 0;
};
#endif

#ifdef CATALOG_BENCH_SQLITE
class Sqlite final : public Peer {
public:
    explicit Sqlite(std::string path) : path_(std::move(path)) {
        std::filesystem::remove(path_);
        require(sqlite3_open(path_.c_str(), &db_) == SQLITE_OK, "sqlite3_open");
        run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
            "PRAGMA mmap_size=4294967296;"
            "CREATE TABLE p(name TEXT, version TEXT, value BLOB, PRIMARY KEY(name, version))"
            " WITHOUT ROWID;");
    }
    ~Sqlite() override {
        sqlite3_finalize(find_);
        sqlite3_close(db_);
        std::filesystem::remove(path_);
    }
    [[nodiscard]] const char* name() const override { return "SQLite"; }
    void load(std::span<const index::SegmentRow> rows) override {
        run("BEGIN");
        sqlite3_stmt* insert = prepare("INSERT INTO p VALUES(?,?,?)");
        for (const index::SegmentRow& row : rows) {
            const std::string value = value_of(row);
            bind(insert, row.name, row.version);
            sqlite3_bind_blob(insert, 3, value.data(), static_cast<int>(value.size()),
                              SQLITE_STATIC);
            require(sqlite3_step(insert) == SQLITE_DONE, "INSERT");
            sqlite3_reset(insert);
        }
        sqlite3_finalize(insert);
        run("COMMIT");
        find_ = prepare("SELECT value FROM p WHERE name=? AND version=?");
    }
    [[nodiscard]] std::uint64_t bytes() const override { return std::filesystem::file_size(path_); }
    std::size_t find(std::string_view name, std::string_view version) override {
        bind(find_, name, version);
        std::size_t size = 0;
        if (sqlite3_step(find_) == SQLITE_ROW)
            size = static_cast<std::size_t>(sqlite3_column_bytes(find_, 0));
        sqlite3_reset(find_);
        return size;
    }

private:
    void run(const char* sql) {
        require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
    }
    sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        require(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK, sql);
        return statement;
    }
    static void bind(sqlite3_stmt* statement, std::string_view name, std::string_view version) {
        sqlite3_bind_text(statement, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, version.data(), static_cast<int>(version.size()),
                          SQLITE_STATIC);
    }
    std::string path_;
    sqlite3* db_ = nullptr;
    sqlite3_stmt* find_ = nullptr;
};

class Fts5 final : public TextPeer {
public:
    explicit Fts5(std::string path) : path_(std::move(path)) {
        std::filesystem::remove(path_);
        require(sqlite3_open(path_.c_str(), &db_) == SQLITE_OK, "sqlite3_open");
        run("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
            "PRAGMA mmap_size=4294967296;"
            "CREATE VIRTUAL TABLE t USING fts5(name, keywords, description);"
            "INSERT INTO t(t, rank) VALUES('rank', 'bm25(6.0, 3.0, 1.0)')");
    }
    ~Fts5() override {
        sqlite3_finalize(search_);
        sqlite3_finalize(count_);
        sqlite3_finalize(complete_);
        sqlite3_close(db_);
        std::filesystem::remove(path_);
    }
    [[nodiscard]] const char* name() const override { return "SQLite FTS5"; }
    void load(std::span<const index::SegmentRow> rows) override {
        run("BEGIN");
        sqlite3_stmt* insert = prepare("INSERT INTO t VALUES(?,?,?)");
        for (const index::SegmentRow& row : rows) {
            std::string keywords;
            for (const std::string_view keyword : row.keywords)
                keywords.append(keyword).append(1, ' ');
            bind(insert, 1, row.name);
            bind(insert, 2, keywords);
            bind(insert, 3, row.description);
            require(sqlite3_step(insert) == SQLITE_DONE, "INSERT");
            sqlite3_reset(insert);
        }
        sqlite3_finalize(insert);
        run("COMMIT");
        search_ = prepare("SELECT name FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?");
        count_ = prepare("SELECT count(*) FROM t WHERE t MATCH ?");
        complete_ = prepare("SELECT DISTINCT name FROM t WHERE t MATCH ? LIMIT ?");
    }
    [[nodiscard]] std::uint64_t bytes() const override { return std::filesystem::file_size(path_); }
    std::size_t search(const std::string& words, int limit) override {
        bind(search_, 1, words);
        sqlite3_bind_int(search_, 2, limit);
        std::size_t hits = 0;
        for (; sqlite3_step(search_) == SQLITE_ROW; ++hits)
            require(sqlite3_column_bytes(search_, 0) > 0, "name");
        sqlite3_reset(search_);
        return hits;
    }
    std::uint64_t count(const std::string& match) override {
        bind(count_, 1, match);
        require(sqlite3_step(count_) == SQLITE_ROW, "count");
        const auto count = static_cast<std::uint64_t>(sqlite3_column_int64(count_, 0));
        sqlite3_reset(count_);
        return count;
    }
    std::size_t complete(const std::string& prefix, int limit) override {
        bind(complete_, 1, "name : ^ " + prefix + " *");
        sqlite3_bind_int(complete_, 2, limit);
        std::size_t names = 0;
        for (; sqlite3_step(complete_) == SQLITE_ROW; ++names)
            require(sqlite3_column_bytes(complete_, 0) > 0, "name");
        sqlite3_reset(complete_);
        return names;
    }

private:
    void run(const char* sql) {
        require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
    }
    sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        require(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK, sql);
        return statement;
    }
    static void bind(sqlite3_stmt* statement, int place, std::string_view text) {
        sqlite3_bind_text(statement, place, text.data(), static_cast<int>(text.size()),
                          SQLITE_STATIC);
    }
    std::string path_;
    sqlite3* db_ = nullptr;
    sqlite3_stmt* search_ = nullptr;
    sqlite3_stmt* count_ = nullptr;
    sqlite3_stmt* complete_ = nullptr;
};
#endif

}  // namespace

std::unique_ptr<TextPeer> make_text_peer([[maybe_unused]] const std::string& folder) {
#ifdef CATALOG_BENCH_SQLITE
    return std::make_unique<Fts5>(folder + "/fts5.db");
#else
    return nullptr;
#endif
}

std::vector<std::unique_ptr<Peer>> make_peers(const std::string& folder) {
    std::vector<std::unique_ptr<Peer>> peers;
#ifdef CATALOG_BENCH_LMDB
    peers.push_back(std::make_unique<Lmdb>(folder + "/lmdb"));
#endif
#ifdef CATALOG_BENCH_SQLITE
    peers.push_back(std::make_unique<Sqlite>(folder + "/sqlite.db"));
#endif
    if (peers.empty()) std::printf("no peers: %s has none to compare with\n", folder.c_str());
    return peers;
}

}  // namespace catalog::bench
