#!/usr/bin/env python3
"""Rules about sources that need no compiler: each rule is one function, one ctest, and one line in docs/testing.md.

usage: source_rules.py [--root DIR] [RULE...]     without a rule: all of them
       source_rules.py --names                     prints the rules

A finding that has a reason stands in cmake/checks/exceptions.txt.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Callable, Iterator

sys.dont_write_bytecode = True
from tree import Finding, code_only, is_cpp, is_text, read, report, tracked_files  # noqa: E402

Rule = Callable[[Path, list[str]], Iterator[Finding]]
RULES: dict[str, Rule] = {}
LINES_MAX = 600
EXCEPTIONS = "cmake/checks/exceptions.txt"
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "bench", "cmake", "docs", "include",
             "plugin", "src", "tests"}


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


def library_sources(files: list[str]) -> list[str]:
    """What ends up inside a host's process: everything but the programs, which own their process."""
    programs = ("src/cli/", "plugin/host/", "plugin/validate/")
    return [f for f in files if f.startswith(("src/", "include/", "plugin/")) and is_cpp(f) and not f.startswith(programs)]


def matches(root: Path, files: list[str], patterns: dict[str, str]) -> Iterator[Finding]:
    """Lines of code (comments and literals aside) on which a pattern matches."""
    compiled = [(re.compile(pattern), why) for pattern, why in patterns.items()]
    for path in files:
        for number, line in enumerate(code_only(read(root, path)).split("\n"), 1):
            yield from (Finding(path, number, why) for pattern, why in compiled if pattern.search(line))


@rule
def banned_calls(root: Path, files: list[str]) -> Iterator[Finding]:
    """A library is a guest: it does not print, end the process, install handlers, throw, or use coroutines."""
    yield from matches(root, library_sources(files), {
        r"\bstd::(cout|cerr|clog)\b|(?<![.>\w])(v?f?printf|puts|fputs|putchar|perror)\s*\(": "prints; errors are values, logs go to LogSink",
        r"(?<![.>\w])(abort|_exit|_Exit|quick_exit|exit)\s*\(|\bstd::terminate\b": "ends the host's process; return an Error",
        r"(?<![.>\w])(signal|sigaction|atexit|at_quick_exit|set_terminate)\s*\(": "changes the host's process for good",
        r"\bco_(await|return|yield)\b": "coroutines are not used: docs/decisions/0001-no-coroutines.md",
        r"\bthrow\b": "throws; return fail(...)",
        r"\bthread_local\b": "thread-local data with a destructor keeps a plugin from unloading",
        r"(?<![.>\w])(system|popen|getenv|setenv|putenv|setlocale|srand|rand)\s*\(": "reads or changes state of the whole process; inject it",
        r"(?<![.>\w])(strcpy|strcat|sprintf|vsprintf|gets|tmpnam|mktemp|strtok)\s*\(": "has no bound",
    })


@rule
def ascii_sources(root: Path, files: list[str]) -> Iterator[Finding]:
    """Sources are ASCII without tabs, so that they read alike in every editor and no look-alike hides in them."""
    kinds = (".py", ".sh", ".cmake", "CMakeLists.txt")
    for path in (f for f in files if is_cpp(f) or f.endswith(kinds)):
        data = (root / path).read_bytes()
        for number, line in enumerate(data.split(b"\n"), 1):
            if any(byte > 126 or (byte < 32) for byte in line):
                yield Finding(path, number, "a byte outside printable ASCII (write \\u escapes in literals)")


@rule
def file_length(root: Path, files: list[str]) -> Iterator[Finding]:
    """A file of more than 600 lines is two things."""
    for path in (f for f in files if f.startswith(("src/", "include/", "plugin/")) and is_cpp(f)):
        lines = read(root, path).count("\n")
        if lines > LINES_MAX:
            yield Finding(path, 0, f"{lines} lines, at most {LINES_MAX}")


@rule
def public_headers(root: Path, files: list[str]) -> Iterator[Finding]:
    """Public headers start with #pragma once, say what they are, and read the same in every build."""
    # Conditions that may differ between the library's build and the host's change declarations: that breaks the ODR.
    fixed = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b(?!.*\b(__cplusplus|__GNUC__|__clang__|_WIN32|__has_\w+)\b)")
    for path in (f for f in files if f.startswith("include/") and is_cpp(f)):
        text = read(root, path)
        lines = text.split("\n")
        is_c = path.endswith(".h")
        if not is_c and lines[0].strip() != "#pragma once":
            yield Finding(path, 1, "does not begin with #pragma once")
        if not is_c and (len(lines) < 2 or not lines[1].startswith("//")):
            yield Finding(path, 2, "does not say what it holds right after #pragma once")
        for number, line in enumerate(code_only(text).split("\n"), 1):
            if fixed.search(line) and not re.match(r"\s*#\s*ifndef \w+_H\b", line):
                yield Finding(path, number, "#if on something that a host's build may set differently")
            if re.match(r"\s*using\s+namespace\b", line):
                yield Finding(path, number, "using namespace in a public header")
            prefixes = "CATALOG_|HMX_|CAT_" if path.startswith("include/catalog/abi/") else "CATALOG_"
            if re.match(rf"\s*#\s*define\s+(?!{prefixes})", line):
                yield Finding(path, number, f"a macro without the prefix {prefixes}")
            if "catalog/internal/" in line:
                yield Finding(path, number, "a public header includes an internal one")


def body_after(code: str, position: int) -> str:
    """The text between the first brace after `position` and the one that closes it."""
    depth = 0
    begin = code.find("{", position)
    for at in range(max(begin, 0), len(code)):
        depth += (code[at] == "{") - (code[at] == "}")
        if depth == 0:
            return code[begin:at]
    return code[begin:]


@rule
def results_nodiscard(root: Path, files: list[str]) -> Iterator[Finding]:
    """tl::expected is not [[nodiscard]] itself, so each public function that returns a Result is."""
    returns = re.compile(r"^\s*(?:(?:virtual|static|friend|constexpr|inline|explicit)\s+)*Result<")
    for path in (f for f in files if f.startswith("include/") and is_cpp(f)):
        lines = code_only(read(root, path)).split("\n")
        for number, line in enumerate(lines, 1):
            # A member or alias of that type is no function; a declaration may continue on the next line.
            if returns.search(line) and "(" in line + (lines[number] if number < len(lines) else ""):
                if not lines[number - 2].rstrip().endswith(("]]", ",", "(", "=", "<")):
                    yield Finding(path, number, "returns a Result and is not [[nodiscard]]")


@rule
def tests_assert(root: Path, files: list[str]) -> Iterator[Finding]:
    """A test without an assertion cannot fail. A call whose name says that it checks counts as one."""
    start = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_\w*PROP)\s*\(", re.MULTILINE)
    asserts = re.compile(r"\w*(expect|assert|check|verif|requir|prove|must|fail|RC_)\w*\s*(<[^;]*>)?\(", re.IGNORECASE)
    for path in (f for f in files if f.startswith("tests/") and is_cpp(f)):
        code = code_only(read(root, path))
        if path.endswith("_test.cpp") and not asserts.search(code) and "INSTANTIATE_" not in code:
            yield Finding(path, 0, "asserts nothing")
        for test in start.finditer(code):
            if not asserts.search(body_after(code, test.end())):
                yield Finding(path, code.count("\n", 0, test.end()) + 1, "a test that asserts nothing")


@rule
def machine_paths(root: Path, files: list[str]) -> Iterator[Finding]:
    """A path of one machine works on that machine only."""
    path_pattern = re.compile(r"(?<![\w.\-/$}])/(tmp|work|root|home)/[\w.]+")
    for path in (f for f in files if is_text(root, f)):
        for number, line in enumerate(read(root, path).split("\n"), 1):
            if path_pattern.search(line):
                yield Finding(path, number, f"names {path_pattern.search(line).group(0)}; make it relative or temporary")


@rule
def top_level(root: Path, files: list[str]) -> Iterator[Finding]:
    """The layout of the project is fixed at the top."""
    for name in sorted({f.split("/", 1)[0] for f in files}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield Finding(name, 0, "not part of the top-level layout")


@rule
def finished(root: Path, files: list[str]) -> Iterator[Finding]:
    """What is not finished is in the issue tracker, not in the tree."""
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\b(not (yet )?implemented|unimplemented|placeholder)\b", re.IGNORECASE)
    for path in (f for f in files if f.startswith(("src/", "include/", "plugin/", "cmake/")) and is_text(root, f)):
        if path.startswith("cmake/checks/"):
            continue
        for number, line in enumerate(read(root, path).split("\n"), 1):
            if words.search(line):
                yield Finding(path, number, f"'{words.search(line).group(0)}' marks unfinished work")


@rule
def modules_listed(root: Path, files: list[str]) -> Iterator[Finding]:
    """Every source, header, test and fuzz target is built: a file that no CMakeLists.txt names is dead."""
    lists = {f: read(root, f) for f in files if f.endswith("CMakeLists.txt")}
    for path in files:
        match = re.match(r"(src|tests/fuzz|tests/support|tests(?=/(?!fuzz/|support/|golden/))|bench)/(\w+)/(.+\.(?:cpp|c))$", path) or \
            re.match(r"(include/catalog)/(\w+)/(.+\.hpp)$", path)
        if not match:
            continue
        folder, module, rest = match.groups()
        folder = "src" if folder == "include/catalog" else folder
        known = [text for name, text in lists.items() if name.startswith(f"{folder}/{module}/")]
        # A compile-fail pair is named by its stem.
        name = Path(rest).stem if path.startswith("tests/build/compile_fail/") else Path(rest).name
        if known and not any(name in text for text in known):
            yield Finding(path, 0, "not listed in its module's CMakeLists.txt, so never compiled")


@rule
def fuzz_seeds(root: Path, files: list[str]) -> Iterator[Finding]:
    """A fuzz target starts from at least five seeds; replaying none proves nothing."""
    for path in files:
        match = re.match(r"tests/fuzz/(\w+)/fuzz_(\w+)\.cpp$", path)
        if match:
            corpus = f"tests/fuzz/{match[1]}/corpus/{match[2]}/"
            count = sum(f.startswith(corpus) for f in files)
            if count < 5:
                yield Finding(path, 0, f"{count} seeds in {corpus}, at least 5")


def exceptions(root: Path, known: set[str]) -> dict[tuple[str, str], str]:
    """Reads `rule path reason` lines; a line without a reason, or with an unknown rule, is an error."""
    allowed: dict[tuple[str, str], str] = {}
    if not (root / EXCEPTIONS).exists():
        return allowed
    for number, line in enumerate(read(root, EXCEPTIONS).split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(None, 2)
        if len(fields) < 3 or fields[0] not in known:
            sys.exit(f"{EXCEPTIONS}:{number}: expected 'rule path reason'")
        allowed[fields[0], fields[1]] = fields[2]
    return allowed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="*", metavar="RULE")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--names", action="store_true")
    options = parser.parse_args()
    if options.names:
        print("\n".join(RULES))
        return 0
    files = tracked_files(options.root)
    allowed = exceptions(options.root, set(RULES))
    failed = 0
    for name in options.rules or RULES:
        findings = list(RULES[name](options.root, files))
        unused = [path for (known, path) in allowed if known == name and path not in {f.path for f in findings}]
        failed |= report(name, [f for f in findings if (name, f.path) not in allowed])
        failed |= report(name, [Finding(path, 0, "exception is no longer needed") for path in unused])
    return failed


if __name__ == "__main__":
    sys.exit(main())
