#!/usr/bin/env bash
# Runs every fuzz target in turn with libFuzzer, AddressSanitizer and UBSan; prints what ran and stops at a finding.
#
#   cmake/fuzz.sh [SECONDS [TARGET...]]     60 seconds each by default; TARGET is a name such as semver
#
# SECONDS are those of a clock; the column "cpu s" says what a target had of a processor that others use too.
# New inputs collect in build/fuzz/corpus/TARGET, so a later run goes on where this one ended; findings in
# build/fuzz/findings/TARGET. The seeds under tests/fuzz are read and never written.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
case $seconds in
    *[!0-9]* | "") sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
esac
[ $# -eq 0 ] || shift

sh cmake/setup.sh --tools
cmake --preset fuzz >/dev/null
sources=()
for source in tests/fuzz/*/fuzz_*.cpp; do
    [ -e "$source" ] || continue
    name=$(basename "$source" .cpp)
    wanted=$#
    for target in "$@"; do [ "$target" = "${name#fuzz_}" ] && wanted=0; done
    [ "$wanted" -ne 0 ] || sources+=("$source")
done
[ ${#sources[@]} -gt 0 ] || { echo "fuzz: no such target" >&2; exit 2; }

failed=0
TIMEFORMAT=%0U
printf '%-24s %8s %14s %10s %10s %8s\n' target 'cpu s' executions exec/s coverage inputs
for source in "${sources[@]}"; do
    program=$(basename "$source" .cpp)
    name=${program#fuzz_}
    corpus=build/fuzz/corpus/$name
    findings=build/fuzz/findings/$name
    mkdir -p "$corpus" "$findings"
    cmake --build build/fuzz --target "$program" >/dev/null
    binary=$(find build/fuzz/tests -type f -name "$program" -perm -u+x | head -n 1)
    log=$findings/log
    code=0
    {
        time "$binary" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="$findings/" "$corpus" "$(dirname "$source")/corpus/$name" >"$log" 2>&1 || code=$?
    } 2>"$findings/cpu"
    executions=$(awk '/number_of_executed_units/ { print $2 }' "$log")
    rate=$(awk '/average_exec_per_sec/ { print $2 }' "$log")
    coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d' ' -f2)
    inputs=$(find "$corpus" -type f | wc -l)
    printf '%-24s %8s %14s %10s %10s %8s\n' \
        "$name" "$(cat "$findings/cpu")" "${executions:-0}" "${rate:-0}" "${coverage:-0}" "$inputs"
    if [ "$code" -ne 0 ]; then
        failed=1
        tail -n 40 "$log"
        echo "fuzz: $name failed; input and log are in $findings"
    fi
done
exit $failed
