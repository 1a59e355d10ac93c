# Tests of a developer build.
#
#   catalog_test_support(MODULE io SOURCES ... LIBS ...)  fakes, generators, matchers: <support/io/...>, no TEST in it
#   catalog_test(NAME io SOURCES ... LIBS ... [LABELS ...] [TIMEOUT s])  one GoogleTest executable, each TEST a ctest entry
#   catalog_fuzz(NAME semver MODULE version SOURCES ... LIBS ...)   replays its corpus in ctest; libFuzzer with CATALOG_FUZZ
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)
include(GoogleTest)

# Tests stand alone even where the library's sources are joined: two tests may use the same name for a helper.
set(CMAKE_UNITY_BUILD OFF)

set(CATALOG_TEST_VIEW "${PROJECT_BINARY_DIR}/views/tests")
file(MAKE_DIRECTORY "${CATALOG_TEST_VIEW}")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/tests/support" "${CATALOG_TEST_VIEW}/support" SYMBOLIC)

function(catalog_test_support)
  cmake_parse_arguments(S "" "MODULE" "SOURCES;LIBS" ${ARGN})
  set(target catalog_${S_MODULE}_test_support)
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${S_SOURCES})
  target_include_directories(${target} PUBLIC "${CATALOG_TEST_VIEW}")
  target_link_libraries(${target} PUBLIC ${S_LIBS} GTest::gmock rapidcheck PRIVATE catalog_build_flags catalog_internal)
endfunction()

function(catalog_test)
  cmake_parse_arguments(T "" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  set(target test_${T_NAME})
  add_executable(${target} ${T_SOURCES})
  target_include_directories(${target} PRIVATE "${CATALOG_TEST_VIEW}")
  target_compile_definitions(${target} PRIVATE
    CATALOG_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden" CATALOG_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${T_LIBS} catalog_build_flags catalog_internal GTest::gmock GTest::gtest_main rapidcheck)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  if(NOT T_LABELS)
    set(T_LABELS unit)
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${T_NAME}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${T_TIMEOUT})
  # PROPERTIES of gtest_discover_tests takes no list as a value (CMake 3.25), so labels follow once the tests are known.
  set(labels_file "${CMAKE_CURRENT_BINARY_DIR}/${target}_labels.cmake")
  file(WRITE "${labels_file}" "if(${target}_TESTS)\n"
       "  set_tests_properties(\${${target}_TESTS} PROPERTIES LABELS \"${T_LABELS}\")\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${labels_file}")
endfunction()

function(catalog_fuzz)
  cmake_parse_arguments(F "" "NAME;MODULE" "SOURCES;LIBS" ${ARGN})
  set(target fuzz_${F_NAME})
  add_executable(${target} ${F_SOURCES})
  target_link_libraries(${target} PRIVATE ${F_LIBS} catalog_build_flags catalog_internal)
  set(corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/${F_MODULE}/corpus/${F_NAME}")
  if(CATALOG_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${F_NAME} COMMAND ${target} -runs=0 "${corpus}")
  else()
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp")
    add_test(NAME fuzz.${F_NAME} COMMAND ${target} "${corpus}")
  endif()
  set_tests_properties(fuzz.${F_NAME} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()
