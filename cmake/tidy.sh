#!/usr/bin/env bash
# Runs clang-tidy 19 with .clang-tidy over sources of the library; prints findings, fails when there is one.
#
#   cmake/tidy.sh                          every source under src/ and plugin/ (about 6 s of CPU a file)
#   cmake/tidy.sh FILE...                  these
#   cmake/tidy.sh --since REV              those that changed since REV; for a changed header, a source that includes it
#   cmake/tidy.sh --seconds N ...          starts no further file after N seconds, and names what was left out
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=0
files=()
since=""
while [ $# -gt 0 ]; do
    case $1 in
        --since) since=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        -*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
        *) files+=("$1"); shift ;;
    esac
done

# A source that includes the header given as path below include/ or src/.
includer_of() {
    local name=${1#include/}
    git grep -l --fixed-strings "${name##src/*/}" -- 'src/*.cpp' 'plugin/*.cpp' | head -n 1
}

if [ -n "$since" ]; then
    while read -r path; do
        case $path in
            *.cpp) files+=("$path") ;;
            *.hpp | *.h) includer=$(includer_of "$path") && [ -n "$includer" ] && files+=("$includer") ;;
        esac
    done < <(git diff --name-only --diff-filter=d "$since" -- src include plugin)
    [ ${#files[@]} -gt 0 ] || { echo "tidy: nothing changed since $since"; exit 0; }
elif [ ${#files[@]} -eq 0 ]; then
    mapfile -t files < <(git ls-files 'src/*.cpp' 'plugin/*.cpp')
fi
mapfile -t files < <(printf '%s\n' "${files[@]}" | sort -u)

cmake --preset tidy >/dev/null
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Drops the findings that .clang-tidy explains under "half on", and those that stand in a header of the machine (a value
# that holds a vector of itself is a recursion there), each with the source lines that follow it.
one_file() {
    if [ "$3" -gt 0 ] && [ "$(date +%s)" -ge "$3" ]; then
        touch "$2/${1//\//@}.skipped"
        return
    fi
    clang-tidy-19 -p build/tidy --quiet "$1" 2>/dev/null |
        awk '/^[^ ]+:[0-9]+:[0-9]+: (error|warning|note): / { drop = /^\/usr\// || /: no header providing / || (drop && / note: /) }
             !drop' >"$2/${1//\//@}.log" || true
}
export -f one_file
deadline=0
[ "$seconds" -eq 0 ] || deadline=$(($(date +%s) + seconds))
printf '%s\0' "${files[@]}" |
    xargs -0 -P "$(nproc)" -I{} bash -c 'one_file "$@"' tidy {} "$out" "$deadline"

# A finding in a header is reported by every source that includes it: once is enough, under the path that people know.
sed -E "s#$PWD/build/tidy/views/internal/catalog/internal/#src/core/internal/#
        s#$PWD/build/tidy/views/[a-z]+/#include/#; s#$PWD/##; s#,-warnings-as-errors##" "$out"/*.log 2>/dev/null |
    awk '/^[^ ]+:[0-9]+:[0-9]+: / { seen = known[$0]++ } !seen' >"$out/all" || true
cat "$out/all"
for skipped in "$out"/*.skipped; do
    [ -e "$skipped" ] || continue
    name=$(basename "$skipped" .skipped)
    echo "tidy: out of time, not looked at: ${name//@//}"
done
findings=$(grep -cE '^[^ ]+:[0-9]+:[0-9]+: (error|warning): ' "$out/all" || true)
echo "tidy: ${#files[@]} files, $findings findings"
[ "$findings" -eq 0 ]
