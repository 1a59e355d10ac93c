#pragma once
// The packages of the compared service: a table and a full-text index in SQLite.

#include <sqlite3.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace catalog::bench {

/// One connection with its prepared statements. Ends the process when SQLite fails. Thread safety:
/// one thread at a time.
class PackageDatabase {
public:
    explicit PackageDatabase(const std::string& path);
    ~PackageDatabase();
    PackageDatabase(const PackageDatabase&) = delete;
    PackageDatabase& operator=(const PackageDatabase&) = delete;

    /// Fills an empty one with the first `count` versions of the catalogue, in one transaction.
    void fill(std::uint32_t count);

    /// Returns the record of one version.
    [[nodiscard]] std::optional<nlohmann::json> find(const std::string& name,
                                                     const std::string& version);
    /// Returns the newest versions of the best `limit` packages that have all words.
    [[nodiscard]] nlohmann::json search(const std::string& words, int limit);

private:
    [[nodiscard]] sqlite3_stmt* prepare(const char* sql);
    void run(const char* sql);

    sqlite3* db_ = nullptr;
    sqlite3_stmt* find_ = nullptr;
    sqlite3_stmt* search_ = nullptr;
};

}  // namespace catalog::bench
