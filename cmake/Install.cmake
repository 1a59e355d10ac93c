# find_package(catalog) and the package's own targets.
include(CMakePackageConfigHelpers)
set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/catalog")

install(EXPORT catalogTargets NAMESPACE catalog:: DESTINATION ${config_dir} COMPONENT dev)
configure_package_config_file(cmake/catalogConfig.cmake.in "${PROJECT_BINARY_DIR}/catalogConfig.cmake"
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/catalogConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/catalogConfig.cmake" "${PROJECT_BINARY_DIR}/catalogConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/Dependencies.cmake"
        DESTINATION ${config_dir} COMPONENT dev)
