#!/usr/bin/env bash
# Shows what Catalog is for, on published npm packages: publish, search, explain, resolve, install, run, update, roll back,
# find damage; then the same job once more through the extension in hypermesh-host, which must give the same digests and the
# same installed trees. Installs what is missing and builds first. Ends with a table of steps.
#
#   bash cmake/demo.sh            packages come from the npm client, kept in $CATALOG_DEMO_CACHE
#                                 (default: $XDG_CACHE_HOME/catalog-demo); without a network those of the machine's own npm
#   CATALOG=path/to/catalog bash cmake/demo.sh     uses a command that is there already; then HYPERMESH_HOST and
#                                 HYPERMESH_EXTENSION (the folder of extension.toml) name the others, else they are left out
set -euo pipefail
cd "$(dirname "$0")/.."

sh cmake/setup.sh --demo
if [ -z "${CATALOG:-}" ]; then
    cmake --preset release -DCATALOG_BUILD_BENCH=OFF >/dev/null
    cmake --build build/release --target catalog_cli hypermesh_host_command hypermesh_catalog
    CATALOG=build/release/src/cli/catalog
    HYPERMESH_HOST=$(realpath build/release/plugin/host/hypermesh-host)
    HYPERMESH_EXTENSION=$(realpath build/release/plugin/extension)
fi
CATALOG=$(realpath "$CATALOG")
cache=${CATALOG_DEMO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/catalog-demo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CATALOG_LIBRARY=$work/library
prefix=$work/prefix
table=$work/table
: >"$table"

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# step TITLE COMMAND...: runs, prints the last lines of what it says, notes how long it took.
step() {
    local title=$1 start code=0
    shift
    printf '\n== %s\n' "$title"
    start=$(now_ms)
    "$@" >"$work/out" 2>&1 || code=$?
    tail -n "${SHOWN:-6}" "$work/out"
    printf '%s\t%d ms\t%s\n' "$title" "$(($(now_ms) - start))" "${NOTE:-}" >>"$table"
    if [ "$code" -ne "${EXPECT:-0}" ]; then
        echo "demo: '$title' ended with $code, expected ${EXPECT:-0}" >&2
        cat "$work/out" >&2
        exit 1
    fi
}

fetch() {
    local folder=$cache/$1
    shift
    [ -f "$folder/.complete" ] && return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --no-save --no-package-lock --silent "$@") || return 1
    touch "$folder/.complete"
}

fetch_all() {
    fetch 1 yargs@17.3.1 chalk@4.0.0 debug@4.3.1 semver@7.3.5 glob@8.0.3 js-yaml@4.1.0 commander@9.0.0 uuid@8.3.2 &&
        fetch 2 yargs@17.5.1 chalk@4.1.0 debug@4.3.3 semver@7.3.8 glob@8.1.0 commander@9.5.0 uuid@9.0.0 ajv@8.11.0 &&
        fetch 3 winston@3.8.2 async@3.2.4 ws@8.13.0 lodash@4.17.20 minimatch@5.1.0 &&
        fetch 4 winston@3.13.0 async@3.2.6 ws@8.18.0 lodash@4.17.21 minimatch@9.0.5 &&
        fetch 5 yargs@17.7.2 chalk@4.1.2 debug@4.3.7 semver@7.6.3 glob@10.4.5 commander@11.1.0 ajv@8.17.1 rimraf@5.0.10
}

mkdir -p "$cache"
echo "== fetch packages into $cache"
if fetch_all; then
    first=("$cache"/1 "$cache"/2 "$cache"/3 "$cache"/4)
    later=("$cache"/5)
    name=yargs request=yargs@17 impossible=(glob@8.1.0 'minimatch@^9') word=command
else
    echo "the npm registry cannot be reached: taking the modules of the machine's own npm"
    first=("$(npm root -g)")
    later=()
    name=string-width request=string-width@^4 impossible=('string-width@^4' 'string-width@^5') word=string
fi

run_installed() {
    node --input-type=module -e "
        import { readFileSync } from 'node:fs';
        const root = '${1:-$prefix}/current/node_modules/$name/';
        const json = JSON.parse(readFileSync(root + 'package.json'));
        const entry = json.main ?? (typeof json.exports === 'string' ? json.exports : 'index.js');
        const module = await import('file://' + root + entry.replace(/^\.\//, ''));
        const f = module.default ?? module;
        const answer = '$name' === 'yargs' ? f(['--greeting', 'hello']).argv.greeting : f('hello');
        console.log(json.name + '@' + json.version + ' answers ' + answer);"
}

check_versions() {
    local published
    published=$("$CATALOG" --json stats | python3 -c 'import json, sys; print(json.load(sys.stdin)["published"])')
    echo "$published published versions"
    [ "$published" -ge 60 ]
}

flip_a_bit() {
    cp -r "$CATALOG_LIBRARY" "$work/damaged"
    python3 - "$work/damaged" <<'PYTHON'
import pathlib, sys
pack = sorted(pathlib.Path(sys.argv[1], "packs").glob("*.pack"))[0]
data = bytearray(pack.read_bytes())
data[len(data) // 2] ^= 1
pack.write_bytes(data)
PYTHON
    "$CATALOG" --library "$work/damaged" verify --deep
}

SHOWN=7 step "make a library" "$CATALOG" init
SHOWN=2 NOTE="signed, logged, one commit each" step "publish" "$CATALOG" import-npm "${first[@]}"
SHOWN=5 step "search" "$CATALOG" search "$word"
SHOWN=12 NOTE="explained" step "a resolution that cannot be" "$CATALOG" why-not "${impossible[@]}"
SHOWN=20 step "resolve" "$CATALOG" resolve "$request"
SHOWN=1 step "install with its closure" "$CATALOG" install "$request" --prefix "$prefix" --layout node_modules
step "run it with node" run_installed
if [ ${#later[@]} -gt 0 ]; then
    SHOWN=1 step "publish newer versions" "$CATALOG" import-npm "${later[@]}"
    SHOWN=4 step "update" "$CATALOG" update --prefix "$prefix"
else
    SHOWN=4 step "update" "$CATALOG" install "$name@^5" --prefix "$prefix"
fi
step "run the newer one" run_installed
SHOWN=1 step "roll back" "$CATALOG" rollback --prefix "$prefix"
step "run the older one again" run_installed
step "history" "$CATALOG" history --prefix "$prefix"
step "verify the installation" "$CATALOG" verify --prefix "$prefix"
NOTE="every byte read and hashed" step "verify the library" "$CATALOG" verify --deep
EXPECT=1 NOTE="found" step "flip a bit in a copy" flip_a_bit
step "at least 60 versions" check_versions

# ---- The same job through the extension ----

# hosted COMMAND...: loads the extension on the second library, runs the commands, unloads, proves that nothing is left.
hosted() {
    "$HYPERMESH_HOST" --quiet --timeout 0 exec "load $HYPERMESH_EXTENSION $work/host" "$@" unload \
        'expect-json /unmapped true' leak-check
}

# Words as a JSON array.
json_list() { python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@"; }

# same_digests: both libraries hold the same packages with the same digests.
same_digests() {
    "$CATALOG" --json list --all-versions --limit 10000 >"$work/by_command.json"
    "$HYPERMESH_HOST" --json exec "load $HYPERMESH_EXTENSION $work/host" \
        'request list_packages {"all_versions":true,"limit":10000}' | sed -n 2p >"$work/by_host.json"
    python3 - "$work/by_command.json" "$work/by_host.json" <<'PYTHON'
import json, sys
by_command = json.load(open(sys.argv[1]))["packages"]
by_host = json.load(open(sys.argv[2]))["answer"]["data"]["packages"]
digests = [{(p["name"], p["version"]): p["digest"] for p in packages} for packages in (by_command, by_host)]
assert digests[0] == digests[1], "digests differ"
print(len(digests[0]), "packages, each with the same digest in both libraries")
PYTHON
}

# same_trees: both prefixes hold the same files, with the same bytes, modes and links.
same_trees() {
    python3 - "$prefix/current/" "$host_prefix/current/" <<'PYTHON'
import hashlib, os, stat, sys

def tree(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for path in (os.path.join(folder, name) for name in folders + files):
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                what = os.readlink(path)
            elif stat.S_ISDIR(mode):
                what = "folder"
            else:
                what = hashlib.sha256(open(path, "rb").read()).hexdigest()
            found[os.path.relpath(path, root)] = (0 if stat.S_ISLNK(mode) else stat.S_IMODE(mode), what)
    return found

first, second = (tree(root) for root in sys.argv[1:])
different = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
assert first and not different, f"trees differ: {different[:10]}"
print(len(first), "entries, each with the same bytes, mode and target in both prefixes")
PYTHON
}

through_the_extension() {
    local newer
    SHOWN=8 step "host: check the extension" "$HYPERMESH_HOST" check "$HYPERMESH_EXTENSION"
    step "host: publish" hosted "request import_npm {\"paths\":$(json_list "${first[@]}")}" 'print /data/published published:'
    step "host: search" hosted "request search_packages {\"words\":\"$word\"}" 'print /data/hits/0/name best:'
    step "host: a resolution that cannot be" hosted \
        "request explain {\"requests\":$(json_list "${impossible[@]}")}" 'expect-json /data/status unsat' 'print /data/message'
    step "host: resolve" hosted "request resolve {\"requests\":[\"$request\"]}" 'print /data/packages/0/name beginning with'
    step "host: install with its closure" hosted \
        "request install_package {\"requests\":[\"$request\"],\"prefix\":\"$host_prefix\",\"layout\":\"node_modules\"}" \
        'print /data/files files:'
    step "host: run it with node" run_installed "$host_prefix"
    if [ ${#later[@]} -gt 0 ]; then
        newer="update_package {\"prefix\":\"$host_prefix\"}"
        step "host: publish newer versions" hosted "request import_npm {\"paths\":$(json_list "${later[@]}")}" \
            'print /data/published published:'
    else
        newer="install_package {\"requests\":[\"$name@^5\"],\"prefix\":\"$host_prefix\"}"
    fi
    step "host: update" hosted "request $newer" 'print /data/generation generation'
    step "host: run the newer one" run_installed "$host_prefix"
    step "host: roll back" hosted "request rollback_package {\"prefix\":\"$host_prefix\"}" 'print /data/generation generation'
    step "host: run the older one again" run_installed "$host_prefix"
    step "host: verify the installation" hosted "request verify_prefix {\"prefix\":\"$host_prefix\"}" \
        'expect-json /data/ok true' 'print /data/ok ok:'
    NOTE="every byte read and hashed" step "host: verify the library" hosted 'request verify_library {"deep":true}' \
        'expect-json /data/ok true' 'print /data/objects objects:'
    NOTE="command and extension agree" step "host: same digests" same_digests
    NOTE="command and extension agree" step "host: same installed trees" same_trees
    SHOWN=1 NOTE="no descriptor, thread or mapping left" step "host: 50 loads and unloads" \
        "$HYPERMESH_HOST" cycle 50 "$HYPERMESH_EXTENSION" "$work/host" --use "request show {\"id\":\"$name\"}" --use status
}

if [ -n "${HYPERMESH_HOST:-}" ] && [ -n "${HYPERMESH_EXTENSION:-}" ]; then
    host_prefix=$work/host-prefix
    through_the_extension
fi

printf '\n== steps\n'
awk -F '\t' '
    { for (i = 1; i <= NF; ++i) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
    END { for (row = 1; row <= NR; ++row) printf "%-*s  %*s  %s\n", width[1], cell[row, 1], width[2], cell[row, 2], cell[row, 3] }
' "$table"
printf '\n== bytes\n'
"$CATALOG" --json stats | python3 -c '
import json, sys
s = json.load(sys.stdin)
mib = lambda b: "%.2f MiB" % (b / 2**20)
print("published       ", s["published"], "versions of", s["names"], "packages")
print("bytes in        ", mib(s["object_bytes"]), "in", s["objects"], "different files")
print("bytes kept      ", mib(s["stored_bytes"]), "in packs,", mib(s["database_bytes"]), "in the database")'
