#!/usr/bin/env bash
# Builds with the preset coverage, runs the tests, and reports which lines of src/, include/ and plugin/ they ran.
# Prints a table of modules; pages with every line are in build/coverage/report/index.html.
#
#   cmake/coverage.sh [ctest arguments]      for example: cmake/coverage.sh -L unit
#   CATALOG_JOBS=1 cmake/coverage.sh         how many jobs; default: as many as the machine has
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${CATALOG_JOBS:-$(nproc)}
sh cmake/setup.sh --coverage
cmake --preset coverage
cmake --build --preset coverage --parallel "$jobs"
# Counts of earlier runs would add up.
find build/coverage -name '*.gcda' -delete
failed=0
ctest --preset coverage --parallel "$jobs" "$@" || failed=$?

report=build/coverage/report
rm -rf "$report"
mkdir -p "$report"
# Sources are compiled through views, folders of links: gcovr follows them to the files that people know. Branches that
# only an exception takes are the compiler's, not the code's.
gcovr --root . --gcov-executable gcov-12 -j "$jobs" --exclude-throw-branches --exclude-unreachable-branches \
    --filter 'src/' --filter 'include/' --filter 'plugin/' --exclude '.*_test_support' \
    --json-summary "$report/summary.json" --html-details "$report/index.html" --print-summary build/coverage
python3 cmake/checks/coverage_table.py "$report/summary.json"
exit "$failed"
