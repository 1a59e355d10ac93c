#!/usr/bin/env python3
"""No public header brings in a third-party header, at whatever depth; tl::expected is the one exception.

A host that includes a header of Catalog compiles what that header includes: rocksdb/db.h alone costs 1.6 s a file.
The chain of includes comes from the preprocessor (-H), so a finding shows how the header got there.

usage: include_budget.py --compiler CXX --include DIR... -- HEADER...     headers as a host writes them
"""

import argparse
import os
import re
import subprocess
import sys

BANNED = re.compile(r"/(rocksdb|spdlog|fmt|nlohmann|simdjson|boost|openssl|sodium|toml\+\+|CLI|prometheus|gtest|gmock|rapidcheck)(/|\.h)"
                    r"|/(zstd\w*|hiredis)\.h$|/catalog/internal/")


def chains(listing: str) -> list[str]:
    """The includes of a -H listing that first enter banned ground, each as the chain that leads there."""
    found = []
    chain: list[str] = []
    for line in listing.splitlines():
        match = re.match(r"(\.+) (.*)", line)
        if not match:
            continue
        chain[len(match[1]) - 1:] = [match[2]]
        if BANNED.search(match[2]) and not any(BANNED.search(file) for file in chain[:-1]):
            found.append(" -> ".join(chain))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("headers", nargs="+")
    options = parser.parse_args()
    command = [options.compiler, "-std=c++20", "-E", "-H", "-x", "c++", "-o", os.devnull, "-"]
    run = subprocess.run(command + [f"-I{folder}" for folder in options.include], capture_output=True, text=True,
                         input="".join(f"#include <{header}>\n" for header in options.headers))
    if run.returncode:
        print(run.stderr, file=sys.stderr)
        return run.returncode
    found = chains(run.stderr)
    for chain in found:
        print(f"{chain}  [include_budget]", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
