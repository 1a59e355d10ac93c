# DEB and TGZ, one package for each component of what is installed:
#
#   lib     libcatalogX.Y       libcatalog.so, which running hosts need; with CATALOG_BUILD_SHARED
#   dev     libcatalog-dev      headers, archives of the modules, CMake package, pkg-config, pages and examples
#   plugin  hypermesh-catalog   the extension with its manifest, and the reference host
#   cli     catalog             the command, its completions and its manual page
#
# cmake/package.sh makes them; docs/embedding.md says which one a host needs.
set(CATALOG_PACKAGE_MAINTAINER "Catalog maintainers <maintainers@catalog.invalid>" CACHE STRING
    "Maintainer that the Debian packages name")
set(name_lib "libcatalog${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
set(name_dev "libcatalog-dev")
set(name_plugin "hypermesh-catalog")
set(name_cli "catalog")
set(components dev)
if(CATALOG_BUILD_SHARED)
  list(PREPEND components lib)
endif()
if(CATALOG_BUILD_PLUGIN AND TARGET hypermesh_catalog)
  list(APPEND components plugin)
endif()
if(TARGET catalog_cli)
  list(APPEND components cli)
endif()
set(doc "${CMAKE_INSTALL_DATADIR}/doc")
foreach(component IN LISTS components)
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${doc}/${name_${component}}" COMPONENT ${component})
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/" DESTINATION "${doc}/${name_dev}" COMPONENT dev
        PATTERN "*.1" EXCLUDE PATTERN "testing.md" EXCLUDE PATTERN "style.md" EXCLUDE)

if(TARGET catalog_cli)
  # The command prints its own completions, so they cannot fall behind it.
  foreach(shell IN ITEMS bash zsh fish)
    set(script "${PROJECT_BINARY_DIR}/completion/catalog.${shell}")
    add_custom_command(OUTPUT "${script}" COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/completion"
                       COMMAND catalog_cli completion ${shell} > "${script}" DEPENDS catalog_cli VERBATIM)
    list(APPEND completions "${script}")
  endforeach()
  add_custom_target(catalog_completions ALL DEPENDS ${completions})
  install(FILES "${PROJECT_BINARY_DIR}/completion/catalog.bash" RENAME catalog COMPONENT cli
          DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${PROJECT_BINARY_DIR}/completion/catalog.zsh" RENAME _catalog COMPONENT cli
          DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
  install(FILES "${PROJECT_BINARY_DIR}/completion/catalog.fish" COMPONENT cli
          DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
  install(FILES "${PROJECT_SOURCE_DIR}/docs/catalog.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT cli)
endif()

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME catalog)
set(CPACK_PACKAGE_VENDOR "Catalog")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each component says its own, in the first line of its description
set(CPACK_PACKAGE_CONTACT "${CATALOG_PACKAGE_MAINTAINER}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${CATALOG_PACKAGE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(deb_version "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")

set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIB_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/cmake/packaging/triggers")
set(CPACK_DEBIAN_LIB_DESCRIPTION "embeddable asset library (shared library)
Catalog keeps packages: programs, libraries, data sets, models, images. It
publishes, finds, resolves, installs and verifies them inside the process of
its host. This package holds the library that C++ hosts load.")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libexpected-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS
    "cmake, pkg-config, librocksdb-dev, libssl-dev, libsodium-dev, libzstd-dev, zlib1g-dev, libarchive-dev, libhiredis-dev, prometheus-cpp-dev")
if(CATALOG_BUILD_SHARED)
  string(PREPEND CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${name_lib} (= ${deb_version}), ")
endif()
set(CPACK_DEBIAN_DEV_DESCRIPTION "embeddable asset library (development files)
Headers of the C++ library and of the C interface, static archives, CMake
package, pkg-config files, documentation and examples of hosts. To link the
archives instead of the shared library, install the suggested packages.")
set(CPACK_DEBIAN_PLUGIN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PLUGIN_DESCRIPTION "embeddable asset library (HyperMesh extension)
The asset library as an extension that a host of the HyperMesh runtime loads,
and a reference host that loads it.")
set(CPACK_DEBIAN_CLI_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_CLI_DESCRIPTION "embeddable asset library (command)
The command catalog publishes, searches, resolves, installs, updates, rolls
back and verifies packages of a library.")
foreach(component IN LISTS components)
  string(TOUPPER "${component}" upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME "${name_${component}}")
  set(CPACK_ARCHIVE_${upper}_FILE_NAME "catalog-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}-${component}")
endforeach()

# What Debian wants beyond the installed tree is added when a DEB is put together.
configure_file("${PROJECT_SOURCE_DIR}/cmake/packaging/debian.cmake.in" "${PROJECT_BINARY_DIR}/packaging/debian.cmake" @ONLY)
configure_file("${PROJECT_SOURCE_DIR}/cmake/packaging/copyright.in" "${PROJECT_BINARY_DIR}/packaging/copyright" @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_BINARY_DIR}/packaging/debian.cmake")
include(CPack)
