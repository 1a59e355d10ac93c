# Third-party libraries of headers alone, which only Catalog's own sources include; a host needs none of them.
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Boost 1.74 REQUIRED)  # headers: Graph
find_path(CATALOG_TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
if(CATALOG_BUILD_CLI)
  find_path(CATALOG_CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
endif()
