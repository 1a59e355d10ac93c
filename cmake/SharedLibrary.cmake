# libcatalog.so: the objects of all modules in one shared library, with the symbols of namespace catalog and no others.
# docs/decisions/0007-shared-library.md says what it promises and what it costs.
if(NOT CATALOG_BUILD_SHARED)
  return()
endif()
get_property(modules GLOBAL PROPERTY CATALOG_MODULES)
list(TRANSFORM modules REPLACE "(.+)" "$<TARGET_OBJECTS:catalog_\\1>" OUTPUT_VARIABLE objects)
list(TRANSFORM modules PREPEND catalog_)
# Before 1.0 a minor version may change the interface, so the name under which hosts load it holds the minor version too.
set(CATALOG_SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/packaging/catalog.map.in" "${PROJECT_BINARY_DIR}/catalog.map" @ONLY)

add_library(catalog_shared SHARED ${objects})
add_library(catalog::shared ALIAS catalog_shared)
set_target_properties(catalog_shared PROPERTIES OUTPUT_NAME catalog EXPORT_NAME shared LINKER_LANGUAGE CXX
  VERSION "${PROJECT_VERSION}" SOVERSION "${CATALOG_SOVERSION}" LINK_DEPENDS "${PROJECT_BINARY_DIR}/catalog.map")
# The modules bring their third parties; of their own archives nothing is left to take.
target_link_libraries(catalog_shared PRIVATE $<BUILD_INTERFACE:catalog_build_flags> $<BUILD_INTERFACE:${modules}>
                                     INTERFACE tl::expected Threads::Threads)
target_link_options(catalog_shared PRIVATE "-Wl,--version-script=${PROJECT_BINARY_DIR}/catalog.map" -Wl,-z,defs -Wl,-z,now
                    -Wl,-z,relro -Wl,--as-needed -Wl,--build-id=sha1 -Wl,-Bsymbolic-functions)
target_compile_features(catalog_shared INTERFACE cxx_std_20)
target_include_directories(catalog_shared INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(TARGETS catalog_shared EXPORT catalog-shared
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT lib NAMELINK_COMPONENT dev)
