#!/bin/sh
# Metadata requests to registries that people run, where they are installed: docker-registry (Debian), Verdaccio (npm).
#
#   bench/baseline/services.sh FOLDER [REQUESTS]       500 requests by default, one after the other, one connection
#
# Starts each on a free local port with an empty store in FOLDER, puts one package into it, asks for it and stops it. Prints the
# median and the 99th percentile of a request. Needs python3.
set -eu
folder=${1:?usage: services.sh FOLDER [REQUESTS]}
requests=${2:-500}
mkdir -p "$folder"

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

if command -v docker-registry >/dev/null 2>&1; then
    port=$(free_port)
    cat >"$folder/registry.yml" <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/registry}}
http: {addr: "127.0.0.1:$port"}
END
    docker-registry serve "$folder/registry.yml" >"$folder/registry.log" 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || true' EXIT
    python3 "$(dirname "$0")/ask_registry.py" docker "$port" "$requests"
    kill $server; wait $server 2>/dev/null || true
else
    echo "docker-registry is not installed"
fi

if command -v verdaccio >/dev/null 2>&1; then
    port=$(free_port)
    cat >"$folder/verdaccio.yml" <<END
storage: $folder/verdaccio
packages: {"**": {access: \$all, publish: \$all}}
log: {type: file, path: $folder/verdaccio.log, level: error}
END
    verdaccio --config "$folder/verdaccio.yml" --listen "127.0.0.1:$port" >/dev/null 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || true' EXIT
    python3 "$(dirname "$0")/ask_registry.py" npm "$port" "$requests"
    kill $server; wait $server 2>/dev/null || true
else
    echo "verdaccio is not installed"
fi
