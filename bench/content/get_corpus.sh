#!/usr/bin/env bash
# Fetches the packages of corpus.txt with npm, checks each tarball against its integrity, and unpacks it to
# FOLDER/NAME@VERSION ('/' of a name becomes '+'). What is there already is left as it is, so a run that was
# interrupted is taken up again. Prints how many versions, files and bytes there are.
#
#   bench/content/get_corpus.sh FOLDER
set -euo pipefail
list=$(cd "$(dirname "$0")" && pwd)/corpus.txt
[ $# -eq 1 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
for tool in npm openssl tar; do
    command -v "$tool" >/dev/null || { echo "get_corpus: $tool is not installed" >&2; exit 1; }
done
mkdir -p "$1"
cd "$1"
part=.part
trap 'rm -rf "$part"' EXIT

while read -r name version integrity; do
    case $name in \#* | "") continue ;; esac
    folder=${name//\//+}@$version
    [ ! -d "$folder" ] || continue
    rm -rf "$part"
    mkdir "$part"
    tarball=$part/$(npm pack "$name@$version" --silent --pack-destination "$part" </dev/null | tail -n 1)
    found=sha512-$(openssl dgst -sha512 -binary "$tarball" | openssl base64 -A)
    if [ "$found" != "$integrity" ]; then
        echo "get_corpus: $name@$version has integrity $found, not $integrity" >&2
        exit 1
    fi
    mkdir "$part/unpacked"
    tar -xzf "$tarball" -C "$part/unpacked"
    # The last step, so that a folder with its name is a whole one.
    mv "$part/unpacked" "$folder"
    echo "$folder"
done <"$list"

printf '%s versions, %s files, %s bytes\n' "$(find . -mindepth 1 -maxdepth 1 -type d -name '*@*' | wc -l)" \
    "$(find . -type f | wc -l)" "$(find . -type f -printf '%s\n' | awk '{ bytes += $1 } END { printf "%d", bytes }')"
