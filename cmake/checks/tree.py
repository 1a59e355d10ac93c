"""What every check needs: the files of the project, C++ text without comments and literals, findings."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterable, NamedTuple


class Finding(NamedTuple):
    """One violation. `line` is 1-based; 0 when the file as a whole is meant."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.text}"


def tracked_files(root: Path) -> list[str]:
    """Paths of the project, relative, sorted: what git tracks or would add, else every file outside build folders."""
    # A clone may belong to another user than the one who builds it; the listing is safe all the same.
    git = ["git", "-c", "safe.directory=*", "-C", str(root)]
    inside = subprocess.run([*git, "rev-parse", "--show-toplevel"], capture_output=True, text=True)
    if inside.returncode == 0 and Path(inside.stdout.strip()).resolve() == root.resolve():
        listing = subprocess.run([*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 capture_output=True, text=True, check=True).stdout
        return sorted(path for path in set(listing.split("\0")) if path and (root / path).is_file())
    found = []
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in {".git", ".cache", "build", "__pycache__"}]
        found += [os.path.relpath(os.path.join(folder, file), root) for file in files]
    return sorted(found)


_LITERALS = re.compile(
    r"""//[^\n]*                                   # line comment
      | /\*.*?\*/                                  # block comment
      | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"  # raw string
      | "(?:\\.|[^"\\\n])*"                        # string
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'        # character, not a digit separator
    """, re.VERBOSE | re.DOTALL)


def code_only(text: str) -> str:
    """C++ text with comments and the insides of literals blanked; line numbers stay."""
    def blank(match: re.Match[str]) -> str:
        whole = match.group(0)
        if whole.startswith("/"):
            return re.sub(r"[^\n]", " ", whole)
        quote = whole[-1]
        return quote + re.sub(r"[^\n]", " ", whole[1:-1]) + quote
    # The name of an included file is code to these checks, not a literal.
    return "\n".join(kept if kept.lstrip().startswith("#include") else stripped
                     for kept, stripped in zip(text.split("\n"), _LITERALS.sub(blank, text).split("\n")))


def is_cpp(path: str) -> bool:
    return path.endswith((".hpp", ".cpp", ".h", ".cc", ".c"))


def read(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8", errors="replace")


def is_text(root: Path, path: str) -> bool:
    """Whether a file has no zero byte in its first 8 KiB, git's own rule."""
    with open(root / path, "rb") as file:
        return b"\0" not in file.read(8192)


def report(name: str, findings: Iterable[Finding]) -> int:
    """Prints the findings of one check and returns the exit code that they mean."""
    findings = list(findings)
    for finding in findings:
        print(f"{finding}  [{name}]", file=sys.stderr)
    return 1 if findings else 0
