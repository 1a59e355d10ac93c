# Third-party libraries, all from Debian 12. docs/dependencies.md lists each with its package and its reason.
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(Boost 1.74 REQUIRED)  # headers: Graph
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_library(CATALOG_ROCKSDB_LIBRARY NAMES librocksdb.so REQUIRED)
find_path(CATALOG_ROCKSDB_INCLUDE_DIR rocksdb/db.h REQUIRED)
if(NOT TARGET RocksDB::rocksdb-shared)
  # Debian's static archive is not position independent, so the shared library is the only form that also fits a plugin.
  add_library(RocksDB::rocksdb-shared SHARED IMPORTED)
  set_target_properties(RocksDB::rocksdb-shared PROPERTIES IMPORTED_LOCATION "${CATALOG_ROCKSDB_LIBRARY}"
                                                           INTERFACE_INCLUDE_DIRECTORIES "${CATALOG_ROCKSDB_INCLUDE_DIR}")
endif()
find_path(CATALOG_TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(CATALOG_CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
