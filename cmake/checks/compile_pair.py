#!/usr/bin/env python3
"""Compiles one file twice: as it stands it must compile, with CATALOG_MUST_NOT_COMPILE defined it must fail as expected.

The first half proves that the second fails for the one line that differs and not for a typing error.

usage: compile_pair.py --expect REGEX --source FILE -- COMPILER ARGUMENT...
"""

import argparse
import re
import subprocess
import sys


def compile_once(command: list[str], source: str, *extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, "-fsyntax-only", *extra, source], capture_output=True, text=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--expect", required=True, help="what the compiler says about the bad half")
    parser.add_argument("--source", required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    good = compile_once(options.command, options.source)
    if good.returncode:
        print(f"{options.source}: the half that must compile does not:\n{good.stderr}", file=sys.stderr)
        return 1
    bad = compile_once(options.command, options.source, "-DCATALOG_MUST_NOT_COMPILE")
    if bad.returncode == 0:
        print(f"{options.source}: the half that must not compile does", file=sys.stderr)
        return 1
    if not re.search(options.expect, bad.stderr):
        print(f"{options.source}: fails for another reason than /{options.expect}/:\n{bad.stderr}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
