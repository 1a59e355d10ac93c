#!/bin/sh
# Installs the Debian 12 packages of docs/dependencies.md that are missing; does nothing when none is.
#
#   cmake/setup.sh                what a build and its tests need
#   cmake/setup.sh --tools        also what format, tidy, fuzzing and ThreadSanitizer need
#   cmake/setup.sh --demo         also what the demonstration needs
#   cmake/setup.sh --coverage     also what the coverage report needs
#   cmake/setup.sh --package      also what the trial of the packages on a fresh system needs
#   cmake/setup.sh --bench        also the stores that benchmarks compare with
#   cmake/setup.sh --list GROUP   prints the packages of one group: build, test, tools, demo, coverage, package or bench
#
# Needs root or sudo only when something is missing. A name written as command=package is satisfied by
# the command, wherever it comes from. tests/build checks these lists against the page.
set -eu

build="build-essential g++-12 cmake ninja-build ccache mold pkg-config git=git
  librocksdb-dev libexpected-dev nlohmann-json3-dev libtomlplusplus-dev libsodium-dev libzstd-dev zlib1g-dev
  libcli11-dev libboost-graph-dev libssl-dev libarchive-dev libhiredis-dev prometheus-cpp-dev"
test="librapidcheck-dev libgtest-dev libgmock-dev libbenchmark-dev python3=python3 file dpkg-dev redis-server=redis-server"
tools="clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev"
demo="node=nodejs npm=npm"
coverage="gcovr=gcovr"
package="debootstrap=debootstrap"
bench="liblmdb-dev libsqlite3-dev libcpp-httplib-dev docker-registry=docker-registry"

say() { echo "setup: $*" >&2; }

usage() {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
}

list_group() {
    case ${1:-} in
        build) names=$build ;;
        test) names=$test ;;
        tools) names=$tools ;;
        demo) names=$demo ;;
        coverage) names=$coverage ;;
        package) names=$package ;;
        bench) names=$bench ;;
        *) usage ;;
    esac
    for name in $names; do echo "${name#*=}"; done
}

wanted="$build $test"
while [ $# -gt 0 ]; do
    case $1 in
        --tools) wanted="$wanted $tools" ;;
        --demo) wanted="$wanted $demo" ;;
        --coverage) wanted="$wanted $coverage" ;;
        --package) wanted="$wanted $package" ;;
        --bench) wanted="$wanted $bench" ;;
        --list) list_group "${2:-}"; exit 0 ;;
        *) usage ;;
    esac
    shift
done

packages=""
missing=""
for name in $wanted; do
    case $name in
        *=*) command -v "${name%%=*}" >/dev/null 2>&1 || missing="$missing ${name#*=}" ;;
        *) packages="$packages $name" ;;
    esac
done
# One query for all: a package that dpkg has never heard of is absent from the answer.
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages 2>/dev/null |
    awk '$2 == "installed" { print $1 }') || true
for name in $packages; do
    case "
$installed
" in
        *"
$name
"*) ;;
        *) missing="$missing $name" ;;
    esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    say "missing:$missing"
    say "this machine has no apt-get; install what docs/dependencies.md lists and run again"
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1; then
    as_root="sudo"
else
    say "missing:$missing"
    say "needs root or sudo; as root, run: apt-get install --no-install-recommends$missing"
    exit 1
fi

apt() {
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2
}
install() {
    # shellcheck disable=SC2086
    apt install --yes --no-install-recommends $missing
}

say "installing:$missing"
# Lists that are absent or older than the archive make the first try fail; fresh ones are fetched only then.
if ! install; then
    say "not installable with the package lists at hand; fetching new ones"
    apt update
    install || { say "apt-get could not install:$missing"; exit 1; }
fi
