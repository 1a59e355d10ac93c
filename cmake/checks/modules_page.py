#!/usr/bin/env python3
"""docs/architecture.md against the modules as CMake knows them: the picture's arrows and the table's second column.

CMake writes modules.txt, one line `layer module: dependency...` each, in the order of declaration. The picture shows every
dependency that does not follow from others; the table lists what was declared. What a module holds is written by hand.

usage: modules_page.py --modules FILE --page FILE        CATALOG_UPDATE_GOLDEN=1 rewrites the page and exits with 77
"""

import argparse
import os
import re
import sys
from pathlib import Path

SKIPPED = 77


def declared(text: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Dependencies and layer of each module."""
    modules, layers = {}, {}
    for line in text.splitlines():
        if line.strip():
            left, _, deps = line.partition(":")
            layer, name = left.split()
            modules[name], layers[name] = deps.split(), layer
    return modules, layers


def closure(modules: dict[str, list[str]]) -> dict[str, set[str]]:
    """Everything a module reaches. Declarations only look back, so one pass is enough."""
    reach: dict[str, set[str]] = {}
    for name, deps in modules.items():
        reach[name] = set(deps).union(*(reach[dep] for dep in deps))
    return reach


def picture(modules: dict[str, list[str]]) -> str:
    reach = closure(modules)
    lines = ["```mermaid", "graph TD"]
    for name, deps in modules.items():
        for dep in sorted(set(deps)):
            if not any(dep in reach[other] for other in deps):
                lines.append(f"    {name} --> {dep}")
    return "\n".join([*lines, "```"]) + "\n"


def table(modules: dict[str, list[str]], layers: dict[str, str], held: dict[str, str]) -> str:
    rows = ["| layer | module | may include | holds |", "|---|---|---|---|"]
    for name, deps in modules.items():
        rows.append(f"| {layers[name]} | `{name}` | {' '.join(f'`{dep}`' for dep in deps) or '-'} | {held.get(name, '')} |")
    return "\n".join(rows) + "\n"


def between(page: str, marker: str) -> tuple[int, int]:
    begin, end = f"<!-- {marker}:begin -->\n", f"<!-- {marker}:end -->"
    if begin not in page or end not in page:
        sys.exit(f"the page has no part marked {marker}")
    return page.index(begin) + len(begin), page.index(end)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    options = parser.parse_args()
    modules, layers = declared(options.modules.read_text())
    page = options.page.read_text()
    held = dict(re.findall(r"^\| \d+ \| `(\w+)` \| [^|]* \| ([^|]*?) \|$", page, re.MULTILINE))
    wanted = page
    for marker, text in (("picture", picture(modules)), ("modules", table(modules, layers, held))):
        begin, end = between(wanted, marker)
        wanted = wanted[:begin] + "\n" + text + "\n" + wanted[end:]
    if os.environ.get("CATALOG_UPDATE_GOLDEN"):
        options.page.write_text(wanted)
        return SKIPPED
    empty = [name for name in modules if not held.get(name)]
    if empty:
        print(f"{options.page}: nothing is said about {', '.join(empty)}", file=sys.stderr)
    if wanted != page:
        print(f"{options.page} differs from the declared modules; CATALOG_UPDATE_GOLDEN=1 rewrites it", file=sys.stderr)
    return 1 if empty or wanted != page else 0


if __name__ == "__main__":
    sys.exit(main())
