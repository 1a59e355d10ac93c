# Warnings, sanitizers and coverage as one interface target, so that nothing leaks into a consumer's build.
add_library(catalog_build_flags INTERFACE)
target_compile_features(catalog_build_flags INTERFACE cxx_std_20)
target_compile_options(catalog_build_flags INTERFACE
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/="
  "$<IF:$<BOOL:$<TARGET_PROPERTY:CATALOG_EXPORTED>>,-fno-semantic-interposition,-fvisibility=hidden>" "-fvisibility-inlines-hidden")
if(CATALOG_DEVELOPER_MODE)
  target_compile_options(catalog_build_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wvla
    -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports these falsely inside libstdc++ and tl::expected once they are inlined (GCC PR 105329, 105562, 105651).
    target_compile_options(catalog_build_flags INTERFACE -Wdeprecated-copy-dtor
      -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
      -Wno-dangling-pointer)
    if(CMAKE_UNITY_BUILD)
      # Joined sources are headers to the compiler, where a private class must not use an anonymous namespace.
      target_compile_options(catalog_build_flags INTERFACE -Wno-subobject-linkage)
    endif()
  else()
    # In C++ g++ counts signedness out of -Wconversion; both compilers shall ask for the same.
    target_compile_options(catalog_build_flags INTERFACE -Wthread-safety -Wno-sign-conversion
                           -Wdeprecated-copy-with-user-provided-dtor)
    # clang 19 reports what std::stable_sort of libstdc++ 12 uses; g++ looks for the code's own.
    target_compile_options(catalog_build_flags INTERFACE -Wno-deprecated-declarations)
  endif()
  find_program(CATALOG_MOLD mold)
  if(CATALOG_MOLD)
    target_link_options(catalog_build_flags INTERFACE -fuse-ld=mold)
  endif()
endif()
if(CATALOG_SANITIZE)
  target_compile_options(catalog_build_flags INTERFACE
    "-fsanitize=${CATALOG_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(catalog_build_flags INTERFACE "-fsanitize=${CATALOG_SANITIZE}")
endif()
if(CATALOG_FUZZ)
  target_compile_options(catalog_build_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CATALOG_COVERAGE)
  # Threads count together: counters that are not atomic lose counts, and gcov then gives negative ones.
  target_compile_options(catalog_build_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(catalog_build_flags INTERFACE --coverage)
endif()
