# Third-party libraries that whoever links Catalog needs too; installed beside catalogConfig.cmake.
# docs/dependencies.md lists each with its package and its reason.
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
find_library(CATALOG_ROCKSDB_LIBRARY NAMES librocksdb.so REQUIRED)
find_path(CATALOG_ROCKSDB_INCLUDE_DIR rocksdb/db.h REQUIRED)
if(NOT TARGET RocksDB::rocksdb-shared)
  # Debian's static archive is not position independent, so the shared library is the only form that also fits a plugin.
  add_library(RocksDB::rocksdb-shared SHARED IMPORTED)
  set_target_properties(RocksDB::rocksdb-shared PROPERTIES IMPORTED_LOCATION "${CATALOG_ROCKSDB_LIBRARY}"
                                                           INTERFACE_INCLUDE_DIRECTORIES "${CATALOG_ROCKSDB_INCLUDE_DIR}")
endif()
