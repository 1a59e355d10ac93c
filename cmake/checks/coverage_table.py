#!/usr/bin/env python3
"""Prints a summary of gcovr as a table of modules, in the form that docs/testing.md shows.

usage: coverage_table.py summary.json
"""

import json
import re
import sys
from pathlib import Path


def module_of(path: str) -> str:
    """src/kv/a.cpp and include/catalog/kv/a.hpp, also by their view, are of module kv; plugin/host/a.cpp is of plugin/host."""
    path = re.sub(r"^build/\w+/views/(\w+)/.*?([^/]+)$", r"src/\1/\2", path)
    match = re.match(r"(?:src|include/catalog)/(\w+)/", path) or re.match(r"(plugin/\w+)/", path)
    return match.group(1).replace("internal", "core") if match else path


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    counts: dict[str, list[int]] = {}
    for file in json.loads(Path(sys.argv[1]).read_text())["files"]:
        for name in (module_of(file["filename"]), "all"):
            row = counts.setdefault(name, [0, 0, 0, 0])
            for column, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
                row[column] += file[key]
    print("| module | lines | run | branches | run |\n|---|---|---|---|---|")
    for name in sorted(counts, key=lambda n: (n == "all", n)):
        lines_run, lines, branches_run, branches = counts[name]
        print(f"| {name} | {lines} | {100 * lines_run / max(lines, 1):.1f} % "
              f"| {branches} | {100 * branches_run / max(branches, 1):.1f} % |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
