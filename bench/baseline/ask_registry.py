#!/usr/bin/env python3
"""Puts one package into a registry and times requests for its metadata. Called by services.sh."""

import base64
import hashlib
import http.client
import json
import sys
import time


def connect(port: int) -> http.client.HTTPConnection:
    """Waits until the registry listens, at most 60 s."""
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/")
            connection.getresponse().read()
            return connection
        except OSError:
            time.sleep(0.1)
    sys.exit("the registry does not listen")


def ask(connection: http.client.HTTPConnection, method: str, path: str, body=None, kind="application/json"):
    connection.request(method, path, body, {"Content-Type": kind, "Accept": kind})
    answer = connection.getresponse()
    data = answer.read()
    if answer.status >= 400:
        sys.exit(f"{method} {path}: {answer.status} {data[:200]!r}")
    return answer, data


def put_image(connection: http.client.HTTPConnection) -> tuple[str, str]:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    parts = []
    for part in (b"{}", b"layer"):
        digest = "sha256:" + hashlib.sha256(part).hexdigest()
        answer, _ = ask(connection, "POST", "/v2/kit/blobs/uploads/")
        place = answer.getheader("Location").split("127.0.0.1", 1)[-1]
        place = place[place.index("/"):]
        ask(connection, "PUT", f"{place}&digest={digest}", part, "application/octet-stream")
        parts.append({"mediaType": "application/octet-stream", "size": len(part), "digest": digest})
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": parts[0], "layers": parts[1:]}
    ask(connection, "PUT", "/v2/kit/manifests/1.0.0", json.dumps(manifest), kind)
    return "/v2/kit/manifests/1.0.0", kind


def put_npm(connection: http.client.HTTPConnection) -> tuple[str, str]:
    tarball = base64.b64encode(b"not looked into").decode()
    version = {"name": "kit", "version": "1.0.0", "description": "a kit", "dist": {"tarball": "http://127.0.0.1/kit/-/kit-1.0.0.tgz"}}
    document = {"name": "kit", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version},
                "_attachments": {"kit-1.0.0.tgz": {"content_type": "application/octet-stream", "data": tarball,
                                                   "length": 15}}}
    ask(connection, "PUT", "/kit", json.dumps(document))
    return "/kit", "application/json"


def main() -> int:
    name, port, requests = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    connection = connect(port)
    path, kind = put_image(connection) if name == "docker" else put_npm(connection)
    took = []
    for _ in range(requests):
        begin = time.perf_counter()
        ask(connection, "GET", path, None, kind)
        took.append(time.perf_counter() - begin)
    took.sort()
    print(f"{name}: {requests} requests for metadata, p50 {took[len(took) // 2] * 1e6:.0f} us, "
          f"p99 {took[len(took) * 99 // 100] * 1e6:.0f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
