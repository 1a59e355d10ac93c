# catalog_module(NAME core SOURCES a.cpp HEADERS a.hpp DEPS lower_module... PRIVATE_LIBS third_party...)
#
# One module = one folder = one target = one namespace. The only include folder of a module is its view, a folder that holds
# nothing but a link to its own public headers; DEPS add the views of the modules that it may see. An include of a module
# that was not declared is "no such file", and a dependency outside the lower layers of src/CMakeLists.txt is refused, so
# neither a cycle nor an arrow between modules of one layer can be written: docs/decisions/0003-include-views.md.
function(catalog_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;HEADERS;DEPS;PRIVATE_LIBS" ${ARGN})
  set(target catalog_${M_NAME})
  set(view "${PROJECT_BINARY_DIR}/views/${M_NAME}")
  file(MAKE_DIRECTORY "${view}/catalog")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/include/catalog/${M_NAME}" "${view}/catalog/${M_NAME}" SYMBOLIC)
  list(TRANSFORM M_HEADERS PREPEND "${view}/catalog/${M_NAME}/")
  list(TRANSFORM M_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/src/${M_NAME}/")

  add_library(${target} STATIC ${M_SOURCES})
  add_library(catalog::${M_NAME} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${view}" FILES ${M_HEADERS})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE "-ffile-prefix-map=${view}/=include/")
  foreach(dep IN LISTS M_DEPS)
    set(layer "")
    if(TARGET catalog_${dep})
      get_target_property(layer catalog_${dep} CATALOG_LAYER)
    endif()
    if(layer STREQUAL "" OR NOT layer LESS CATALOG_LAYER)
      message(FATAL_ERROR "module ${M_NAME} of layer ${CATALOG_LAYER} depends on ${dep}, which is not in a lower layer")
    endif()
    target_link_libraries(${target} PUBLIC catalog_${dep})
  endforeach()
  foreach(lib IN LISTS M_PRIVATE_LIBS)
    # A library of headers that only sources include is no concern of who links the installed module.
    get_target_property(kind ${lib} TYPE)
    get_target_property(links ${lib} INTERFACE_LINK_LIBRARIES)
    if(kind STREQUAL "INTERFACE_LIBRARY" AND NOT links)
      set(lib $<BUILD_INTERFACE:${lib}>)
    endif()
    target_link_libraries(${target} PRIVATE ${lib})
  endforeach()
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:catalog_build_flags> $<BUILD_INTERFACE:catalog_internal>)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${M_NAME} CXX_EXTENSIONS OFF CATALOG_LAYER ${CATALOG_LAYER}
                                             VERIFY_INTERFACE_HEADER_SETS ${CATALOG_DEVELOPER_MODE}
                                             CATALOG_EXPORTED ${CATALOG_BUILD_SHARED})
  set_property(GLOBAL APPEND PROPERTY CATALOG_MODULES ${M_NAME})
  string(JOIN " " deps ${M_DEPS})
  set_property(GLOBAL APPEND PROPERTY CATALOG_MODULE_LINES "${CATALOG_LAYER} ${M_NAME}: ${deps}")
  install(TARGETS ${target} EXPORT catalog-static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
endfunction()

# After the last module: the umbrella, which brings every module, and modules.txt, from which docs/architecture.md is checked.
# In a host's own build it is catalog::catalog; of an installed Catalog catalogConfig.cmake.in chooses what that name means.
function(catalog_finish_modules)
  get_property(modules GLOBAL PROPERTY CATALOG_MODULES)
  get_property(lines GLOBAL PROPERTY CATALOG_MODULE_LINES)
  string(JOIN "\n" lines ${lines})
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/modules.txt" CONTENT "${lines}\n" @ONLY)

  add_library(catalog_umbrella INTERFACE)
  add_library(catalog::catalog ALIAS catalog_umbrella)
  add_library(catalog::static ALIAS catalog_umbrella)
  list(TRANSFORM modules PREPEND catalog_)
  target_link_libraries(catalog_umbrella INTERFACE ${modules})
  set_target_properties(catalog_umbrella PROPERTIES EXPORT_NAME static)
  install(TARGETS catalog_umbrella EXPORT catalog-static)
endfunction()

# Headers that every module's sources may use and no host ever sees: <catalog/internal/...>.
set(view "${PROJECT_BINARY_DIR}/views/internal")
file(MAKE_DIRECTORY "${view}/catalog")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/src/core/internal" "${view}/catalog/internal" SYMBOLIC)
add_library(catalog_internal INTERFACE)
target_include_directories(catalog_internal INTERFACE "${view}")
