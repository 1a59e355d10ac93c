#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test. Ends with ctest's summary and its exit code.
#
#   cmake/test.sh [ctest arguments]        for example: cmake/test.sh -L build
#   CATALOG_PRESET=asan-ubsan cmake/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${CATALOG_PRESET:-dev}
case $preset in
    tsan | fuzz | tidy) sh cmake/setup.sh --tools ;;
    *) sh cmake/setup.sh ;;
esac
cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$(nproc)"
exec ctest --preset "$preset" --parallel "$(nproc)" "$@"
