#!/usr/bin/env bash
# Writes a stored folder out again in each of the ways that people have, several times in turn, and says what each took:
# one line of JSON a run as soon as it is done, then a table in Markdown with medians.
#
#   bench/content/restores.sh FOLDER WORK [ROUNDS [WAY...]]
#
#   FOLDER   what is stored, for example what get_corpus.sh made; it is only read
#   WORK     a folder to make, on the disk to be measured; it is removed at the end. Takes about five times FOLDER.
#   ROUNDS   how often each way is measured, one after the other (3)
#   WAY      those that are measured; without any, all of them in the order below
#
# CATALOG names the program catalog (default: that of build/release). Debian: apt-get install restic ostree time
#
# The ways:
#   cp               cp -r of the folder
#   cp-links         cp -rl of a copy of it: nothing is read, nothing is verified, what the file system can do
#   restic           restic restore
#   ostree-links     ostree checkout -U -H of a bare-user-only repository: hard links of its objects
#   export           catalog store export, durable
#   export-loose     the same with --no-sync
#   link-fresh       catalog store export --link, durable, while the library keeps no files
#   link             the same again: every file is a link of one that is kept
#
# What is measured is processor seconds, of the user and the system, of every process that a way starts, and the wall
# clock. Files are in the page cache when a way begins. The first folder that each way makes is compared: nothing is
# printed when it is not byte for byte the one that was stored, with the same right to execute each file.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
folder=$(cd "$1" && pwd) || exit 2
[ ! -e "$2" ] || { echo "restores: $2 exists" >&2; exit 2; }
mkdir -p "$2" && work=$(cd "$2" && pwd) || exit 1
rounds=${3:-3}
catalog=${CATALOG:-$root/build/release/src/cli/catalog}
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
export RESTIC_PASSWORD=restores
out=$work/out
restic=(restic -q -r "$work/restic" --cache-dir "$work/restic-cache")
ostree=(ostree "--repo=$work/ostree")

shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] || set -- cp cp-links restic ostree-links export export-loose link-fresh link
ways=" $* "
wanted() { [[ $ways == *" $1 "* ]]; }
say() { echo "restores: $1" >&2; exit 1; }
quietly() { "$@" >"$work/log" 2>&1 || say "$(tail -n 1 "$work/log")"; }

if wanted restic; then
    quietly "${restic[@]}" init --repository-version 2
    quietly env -C "$folder" "${restic[@]}" backup --force .
fi
if wanted ostree-links; then
    mkdir "$work/ostree"
    quietly "${ostree[@]}" init --mode=bare-user-only
    quietly "${ostree[@]}" commit -b all --tree=dir="$folder"
fi
if [[ $ways == *export* || $ways == *" link"* ]]; then
    quietly "$catalog" init "$work/library"
    "$catalog" --library "$work/library" --json store put "$folder" >"$work/put" 2>"$work/log" ||
        say "$(tail -n 1 "$work/log")"
    tree=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$work/put")
    export_tree=("$catalog" --library "$work/library" store export "$tree" "$out")
fi
if wanted cp-links; then quietly cp -r "$folder" "$work/copy"; fi

executables() { (cd "$1" && find . -type f -perm -u+x | sort | sha256sum); }
expected=$(executables "$folder")

# way NAME COMMAND...
way() {
    local name=$1
    shift
    wanted "$name" || return
    rm -rf "$out"
    sync
    /usr/bin/time -q -f '%U %S %e' -o "$work/took" "$@" >"$work/log" 2>&1 </dev/null ||
        { echo "restores: $name: $(tail -n 1 "$work/log")" >&2; return; }
    [ "$round" != 0 ] ||
        { diff -rq "$folder" "$out" >"$work/differ" 2>&1 && [ "$expected" = "$(executables "$out")" ]; } ||
        { echo "restores: $name made something else: $(head -n 1 "$work/differ")" >&2; return; }
    awk -v name="$name" '{ printf "{\"way\":\"%s\",\"user_s\":%s,\"system_s\":%s,\"wall_s\":%s}\n", name, $1, $2, $3 }' \
        "$work/took" | tee -a "$work/runs"
}

for ((round = 0; round < rounds; ++round)); do
    way cp cp -r "$folder" "$out"
    way cp-links cp -rl "$work/copy" "$out"
    way restic "${restic[@]}" restore latest --target "$out"
    way ostree-links "${ostree[@]}" checkout -U -H all "$out"
    way export "${export_tree[@]:-}"
    way export-loose "${export_tree[@]:-}" --no-sync
    # A link needs what it links to: only the fresh one begins without kept files.
    ! wanted link-fresh || rm -rf "$out" "$work/library/files"
    way link-fresh "${export_tree[@]:-}" --link
    if [ ! -e "$work/library/files" ] && wanted link; then
        rm -rf "$out"
        quietly "${export_tree[@]}" --link
    fi
    way link "${export_tree[@]:-}" --link
done

# Medians of the sums, and of the wall clock, in the order of the ways.
tr -d '{}"' <"$work/runs" | awk -F '[:,]' '
    function median(list, n,   sorted, i, j, t) {
        split(list, sorted, " ")
        for (i = 1; i <= n; ++i) for (j = i + 1; j <= n; ++j)
            if (sorted[j] < sorted[i]) { t = sorted[i]; sorted[i] = sorted[j]; sorted[j] = t }
        return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
    }
    !($2 in runs) { order[++ways] = $2 }
    { ++runs[$2]; sums[$2] = sums[$2] " " ($4 + $6); walls[$2] = walls[$2] " " $8 + 0
      if (runs[$2] == 1 || $4 + $6 < least[$2]) least[$2] = $4 + $6
      if ($4 + $6 > most[$2]) most[$2] = $4 + $6 }
    END { print "| way | CPU s, median | least to most | wall s, median | runs |"
          print "|---|---|---|---|---|"
          for (i = 1; i <= ways; ++i) { w = order[i]
              printf "| %s | %.2f | %.2f to %.2f | %.2f | %d |\n", w, median(sums[w], runs[w]), least[w], most[w],
                     median(walls[w], runs[w]), runs[w] } }'
