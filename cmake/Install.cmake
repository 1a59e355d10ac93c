# find_package(catalog) in its three components (abi, shared, static), pkg-config files, licence and pages.
include(CMakePackageConfigHelpers)
set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/catalog")

install(EXPORT catalog-abi NAMESPACE catalog:: DESTINATION ${config_dir} COMPONENT dev)
install(EXPORT catalog-static NAMESPACE catalog:: DESTINATION ${config_dir} COMPONENT dev)
if(CATALOG_BUILD_SHARED)
  install(EXPORT catalog-shared NAMESPACE catalog:: DESTINATION ${config_dir} COMPONENT dev)
endif()
configure_package_config_file(cmake/catalogConfig.cmake.in "${PROJECT_BINARY_DIR}/catalogConfig.cmake"
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/catalogConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/catalogConfig.cmake" "${PROJECT_BINARY_DIR}/catalogConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/Dependencies.cmake"
        DESTINATION ${config_dir} COMPONENT dev)

# libcatalog.a is a text for the linker that names the archives of the modules, as libm.a of glibc is; a group, because the
# order in which a host would have to name them is no concern of the host.
get_property(modules GLOBAL PROPERTY CATALOG_MODULES)
list(TRANSFORM modules PREPEND "-lcatalog_" OUTPUT_VARIABLE archives)
string(JOIN " " archives ${archives})
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/libcatalog.a" CONTENT "/* GNU ld script */\nGROUP ( ${archives} )\n" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/libcatalog.a" DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)

# pkg-config. The prefix is found from the place of the file, so that an installed tree may be moved.
set(third_parties "-lrocksdb -lcrypto -lsodium -lzstd -lz -larchive -lhiredis -lprometheus-cpp-core -pthread")
set(pc_shared "Libs.private: ${third_parties}")
set(pc_static "")
if(NOT CATALOG_BUILD_SHARED)
  set(pc_shared "")
  set(pc_static " ${third_parties}")
endif()
file(RELATIVE_PATH pc_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
foreach(name IN ITEMS catalog catalog-abi)
  configure_file("cmake/packaging/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
endforeach()
