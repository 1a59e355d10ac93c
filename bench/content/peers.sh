#!/usr/bin/env bash
# Stores a folder with the tools that people use today and with this project's own command, restores it, compares,
# and says what each took: one line of JSON a tool as soon as it is done, then a table in Markdown.
#
#   bench/content/peers.sh FOLDER WORK [TOOL...]
#
#   FOLDER   what is stored, for example what get_corpus.sh made; it is only read
#   WORK     a folder to make, on the disk to be measured; it is removed at the end. Takes about five times FOLDER.
#   TOOL     cp cp-links tar casync borg restic ostree git rocksdb catalog; without any, all of them in this order
#
# CATALOG and ROCKSDB_PEER name the programs catalog and bench_rocksdb_peer (default: those of build/release).
# Debian: apt-get install restic borgbackup casync ostree git zstd time
#
# What is measured, of every process that a step starts, on the last processor alone:
#   ingest    processor seconds until an empty store has the folder
#   stored    bytes of the store's files after that, and what they take on the disk
#   again     processor seconds to add a copy of the folder with other inodes and other times at another place, by no
#             tool's cache of what it has seen; and by how many bytes the store has grown
#   restore   processor seconds to write everything to a new folder. Nothing is printed of a tool whose restored
#             folder is not byte for byte the one that was stored (diff -r).
#   memory    the most that one process of a step had resident
# Files are in the page cache when a step begins. A step that takes more than LIMIT seconds (3600) is given up.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
folder=$(cd "$1" && pwd) || exit 2
[ ! -e "$2" ] || { echo "peers: $2 exists" >&2; exit 2; }
mkdir -p "$2" && work=$(cd "$2" && pwd) || exit 1
shift 2
all=(cp cp-links tar casync borg restic ostree git rocksdb catalog)
[ $# -gt 0 ] || set -- "${all[@]}"
catalog=${CATALOG:-$root/build/release/src/cli/catalog}
rocksdb=${ROCKSDB_PEER:-$root/build/release/bench/content/bench_rocksdb_peer}
limit=${LIMIT:-3600}
processor=$(($(nproc) - 1))
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT

repo=$work/store       # of the tool that is measured
copy=$work/copy        # of the folder
out=$work/restored
declare -A cpu rss wall
size_of() { find "$@" -type f -printf '%s\n' | awk '{ bytes += $1 } END { printf "%d", bytes }'; }
disk_of() { du -s --block-size=1 "$1" | cut -f1; }

# run STEP COMMAND...: adds up what the command and all that it starts take.
run() {
    local step=$1 took
    shift
    if ! /usr/bin/time -q -f '%U %S %M %e' -o "$work/took" taskset -c "$processor" timeout "$limit" "$@" \
        >"$work/printed" 2>"$work/log" </dev/null; then
        problem="$step: $(tail -c 300 "$work/log" | tr '\n"\\' ' ..')"
        return 1
    fi
    took=$(tail -n 1 "$work/took")
    cpu[$step]=$(awk -v was="${cpu[$step]:-0}" -v is="$took" 'BEGIN { split(is, t); printf "%.2f", was + t[1] + t[2] }')
    wall[$step]=$(awk -v was="${wall[$step]:-0}" -v is="$took" 'BEGIN { split(is, t); printf "%.1f", was + t[4] }')
    rss[$step]=$(awk -v was="${rss[$step]:-0}" -v is="$took" 'BEGIN { split(is, t); print (t[3] > was) ? t[3] : was }')
}

# Called by a tool after its first ingest, after its second, and when it has restored to $out.
note_stored() { stored=$(size_of "$repo"); disk=$(disk_of "$repo"); }
note_again() { grown=$(($(size_of "$repo") - stored)); }
check_restored() {
    diff -rq "$folder" "${1:-$out}" >"$work/differ" 2>&1 && return
    problem="restored otherwise: $(head -c 300 "$work/differ" | tr '\n"\\' ' ..')"
    return 1
}

# ---- one function a tool ---------------------------------------------------------------------------------------------

version_cp() { cp --version | sed -n '1s/.* //p'; }
peer_cp() {
    run ingest cp -r "$folder" "$repo" && note_stored && check_restored "$repo"
}

version_cp-links() { version_cp; }
peer_cp-links() {
    # Of a copy, since the folder is only read: a link changes what it links to. The links take no bytes of their own.
    run ingest cp -rl "$copy" "$repo" && check_restored "$repo" && stored=0 && disk=0
}

version_tar() { echo "$(tar --version | sed -n '1s/.* //p'), zstd $(zstd --version | sed 's/.* v\([0-9.]*\).*/\1/')"; }
peer_tar() {
    mkdir "$repo" "$out"
    local pack='tar --sort=name -cf - -C "$0" . | zstd -q -3 --long=27 -T1 -o "$1"'
    run ingest bash -o pipefail -c "$pack" "$folder" "$repo/1.tar.zst" && note_stored || return
    run again bash -o pipefail -c "$pack" "$copy" "$repo/2.tar.zst" && note_again || return
    run restore bash -o pipefail -c 'zstd -q -d --long=27 -c "$0" | tar -xf - -C "$1"' "$repo/2.tar.zst" "$out" &&
        check_restored
}

version_casync() { casync --version | sed -n '1s/.* //p'; }
peer_casync() {
    # With times the copy would be another archive.
    local what=(--with=permissions --with=symlinks --compression=zstd --store="$repo/chunks.castr")
    mkdir "$repo"
    run ingest casync make "${what[@]}" "$repo/1.caidx" "$folder" && note_stored || return
    run again casync make "${what[@]}" "$repo/2.caidx" "$copy" && note_again || return
    run restore casync extract --with=permissions --with=symlinks --store="$repo/chunks.castr" "$repo/2.caidx" "$out" &&
        check_restored
}

version_borg() { borg --version | sed 's/.* //'; }
peer_borg() {
    export BORG_BASE_DIR=$work/borg BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
    mkdir "$out"
    local create=(borg create --compression "zstd,3" --files-cache disabled)
    borg init --encryption none "$repo" 2>"$work/log" || { problem=$(tail -c 300 "$work/log"); return 1; }
    run ingest env -C "$folder" "${create[@]}" "$repo::1" . && note_stored || return
    run again env -C "$copy" "${create[@]}" "$repo::2" . && note_again || return
    run restore env -C "$out" borg extract "$repo::2" && check_restored
}

version_restic() { restic version | cut -d' ' -f2; }
peer_restic() {
    export RESTIC_PASSWORD=peers
    local restic=(restic -q -r "$repo" --cache-dir "$work/restic")
    "${restic[@]}" init --repository-version 2 >"$work/log" 2>&1 || { problem=$(tail -c 300 "$work/log"); return 1; }
    run ingest env -C "$folder" "${restic[@]}" backup --compression auto --force . && note_stored || return
    run again env -C "$copy" "${restic[@]}" backup --compression auto --force . && note_again || return
    run restore "${restic[@]}" restore latest --target "$out" && check_restored
}

version_ostree() { ostree --version | sed -n "s/.*Version: '\(.*\)'/\1/p"; }
peer_ostree() {
    local ostree=(ostree --repo="$repo")
    mkdir "$repo" && "${ostree[@]}" init --mode=archive || return
    run ingest "${ostree[@]}" commit -b first --tree=dir="$folder" && note_stored || return
    run again "${ostree[@]}" commit -b second --tree=dir="$copy" && note_again || return
    run restore "${ostree[@]}" checkout -U second "$out" && check_restored
}

version_git() { git --version | sed 's/.* //'; }
peer_git() {
    # No conversions, whatever the folder's own .gitattributes say; an index of its own for the copy.
    export GIT_DIR=$repo GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    git init -q --bare && git config core.bare false && git config gc.auto 0 && git config pack.threads 1 &&
        git config user.name peers && git config user.email peers@example.org &&
        echo '* -text -filter -ident -working-tree-encoding' >"$repo/info/attributes" || return
    run ingest git --work-tree="$folder" add -A -f . && run ingest git commit -q -m 1 && run ingest git gc -q &&
        note_stored || return
    export GIT_INDEX_FILE=$work/index
    run again git --work-tree="$copy" add -A -f . && run again git commit -q --allow-empty -m 2 && note_again || return
    mkdir "$out"
    run restore git checkout-index -a --prefix="$out/" && check_restored
}

version_rocksdb() { "$rocksdb" version; }
peer_rocksdb() {
    run ingest "$rocksdb" put "$repo" 1 "$folder" && note_stored || return
    run again "$rocksdb" put "$repo" 2 "$copy" && note_again || return
    run restore "$rocksdb" restore "$repo" 2 "$out" && check_restored
}

version_catalog() { "$catalog" --version | sed 's/.* //'; }
peer_catalog() {
    local command=("$catalog" --library "$repo")
    "$catalog" init "$repo" >"$work/log" 2>&1 || { problem=$(tail -c 300 "$work/log"); return 1; }
    run ingest "${command[@]}" store put "$folder" && note_stored || return
    run again "${command[@]}" --json store put "$copy" && note_again || return
    local tree
    tree=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$work/printed")
    run restore "${command[@]}" store export "$tree" "$out" && check_restored
}

# ---- all of them -----------------------------------------------------------------------------------------------------

# field NAME VALUE: a member of the line, null without a value.
field() { printf ',"%s":%s' "$1" "${2:-null}"; }

line() {
    printf '{"tool":"%s","version":"%s"' "$tool" "$version"
    field given_bytes "$given"
    field ingest_cpu_s "${cpu[ingest]:-}"
    field stored_bytes "$stored"
    field stored_disk_bytes "$disk"
    field again_cpu_s "${cpu[again]:-}"
    field again_bytes "$grown"
    field restore_cpu_s "${cpu[restore]:-}"
    field ingest_rss_kib "${rss[ingest]:-}"
    field restore_rss_kib "${rss[restore]:-}"
    field ingest_wall_s "${wall[ingest]:-}"
    field again_wall_s "${wall[again]:-}"
    field restore_wall_s "${wall[restore]:-}"
    printf '}\n'
}

row() {
    awk -v tool="$tool $version" -v given="$given" -v ingest="${cpu[ingest]:-}" -v stored="$stored" -v disk="$disk" \
        -v again="${cpu[again]:-}" -v grown="$grown" -v restore="${cpu[restore]:-}" -v rss="${rss[ingest]:-0}" '
        function mb(bytes) { return bytes == "" ? "" : sprintf("%.1f", bytes / 1e6) }
        BEGIN { ratio = ""
                if (stored > 0) ratio = sprintf("%.2f", given / stored)
                printf "| %s | %s | %.0f | %s | %s | %s | %s | %s | %s | %.0f |\n", tool, ingest, given / 1e6 / ingest,
                mb(stored), ratio, mb(disk), again, mb(grown), restore,
                rss / 1024 }'
}

for tool in "$@"; do
    declare -F "peer_$tool" >/dev/null || usage
done
given=$(size_of "$folder")
cp -r --no-preserve=timestamps "$folder" "$copy" || exit 1
failed=0
for tool in "$@"; do
    cpu=() rss=() wall=() stored='' disk='' grown='' problem=''
    chmod -R u+w "$repo" "$out" 2>/dev/null
    rm -rf "$repo" "$out"
    # In a shell of its own, for what it exports.
    if ! (
        version=$("version_$tool" 2>/dev/null) || problem='not installed'
        if [ -z "$problem" ] && "peer_$tool" >&2; then
            line
            row >>"$work/rows"
        else
            printf '{"tool":"%s","error":"%s"}\n' "$tool" "${problem:-cannot be set up}"
            exit 1
        fi
    ); then
        failed=1
    fi
done
echo
echo '| tool | ingest, CPU s | MB per CPU s | stored, MB | ratio | on disk, MB | again, CPU s | grown by, MB | restore, CPU s | memory, MiB |'
echo '|---|---|---|---|---|---|---|---|---|---|'
cat "$work/rows"
exit $failed
