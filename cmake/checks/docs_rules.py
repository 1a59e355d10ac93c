#!/usr/bin/env python3
"""Rules about the pages: links resolve, one title a page, the package list equals the one that is installed.

usage: docs_rules.py [--root DIR] [RULE...]     without a rule: all of them
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

sys.dont_write_bytecode = True
from tree import Finding, read, report, tracked_files  # noqa: E402

Rule = Callable[[Path, list[str]], Iterator[Finding]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


def prose(text: str) -> str:
    """A page without fenced code; line numbers stay."""
    return re.sub(r"^(```|~~~).*?^\1", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, as forges make them."""
    found = set()
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*\s*$", prose(text), re.MULTILINE):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


@rule
def links(root: Path, files: list[str]) -> Iterator[Finding]:
    """A relative link names a file of the tree, and an anchor a heading of it. The network is not asked."""
    present = set(files) | {str(parent) for f in files for parent in Path(f).parents}
    for path in (f for f in files if f.endswith(".md")):
        for number, line in enumerate(re.sub(r"`[^`\n]*`", "", prose(read(root, path))).split("\n"), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = str((root / path).parent.joinpath(name).resolve().relative_to(root.resolve())) if name else path
                if file not in present:
                    yield Finding(path, number, f"links to {target}, which is not there")
                elif anchor and anchor not in anchors(read(root, file)):
                    yield Finding(path, number, f"links to {target}, which has no such heading")


@rule
def named_files(root: Path, files: list[str]) -> Iterator[Finding]:
    """A path that a page or a comment names in code style exists, so that a rename cannot leave it behind."""
    present = set(files) | {str(parent) for f in files for parent in Path(f).parents}
    name = re.compile(r"\b((?:docs|cmake|include|src|tests|bench|plugin)/[\w./+-]*[\w+])(?![\w*<{])")
    for path in files:
        if path.endswith(".md"):
            found = [(n, m) for n, line in enumerate(prose(read(root, path)).split("\n"), 1)
                     for span in re.findall(r"`([^`\n]+)`", line) for m in [re.fullmatch(name, span)] if m]
        elif path.startswith(("src/", "include/", "cmake/", "plugin/")) and path.endswith((".hpp", ".cpp", ".h", ".cmake", ".sh")):
            found = [(n, m) for n, line in enumerate(read(root, path).split("\n"), 1)
                     for m in re.finditer(r"\b(docs/[\w./-]+\.md)\b", line)]
        else:
            continue
        for number, match in found:
            if match.group(1).rstrip("/") not in present:
                yield Finding(path, number, f"names {match.group(1)}, which is not there")


@rule
def one_title(root: Path, files: list[str]) -> Iterator[Finding]:
    """A page has one title, on its first line."""
    for path in (f for f in files if f.endswith(".md")):
        lines = prose(read(root, path)).split("\n")
        titles = [number for number, line in enumerate(lines, 1) if re.match(r"# ", line)]
        if titles != [1]:
            yield Finding(path, 0, f"one title on the first line is wanted; titles stand on lines {titles}")


@rule
def dependencies(root: Path, files: list[str]) -> Iterator[Finding]:
    """docs/dependencies.md and cmake/setup.sh list the same packages in the same groups."""
    page = "docs/dependencies.md"
    listed: dict[str, set[str]] = {}
    for line in read(root, page).split("\n"):
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) >= 4:
            listed.setdefault(cells[-1], set()).add(cells[0])
    for group in sorted({"build", "test", "tools", "demo"} | set(listed)):
        answer = subprocess.run(["sh", str(root / "cmake/setup.sh"), "--list", group], capture_output=True, text=True)
        installed = set(answer.stdout.split())
        for name in sorted(installed - listed.get(group, set())):
            yield Finding(page, 0, f"{name} is installed by cmake/setup.sh ({group}) and not listed")
        for name in sorted(listed.get(group, set()) - installed):
            yield Finding(page, 0, f"{name} is listed for {group} and not installed by cmake/setup.sh")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", metavar="RULE")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    files = tracked_files(options.root)
    failed = 0
    for name in options.rules or RULES:
        failed |= report(name, RULES[name](options.root, files))
    return failed


if __name__ == "__main__":
    sys.exit(main())
