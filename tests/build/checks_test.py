#!/usr/bin/env python3
"""Each rule of cmake/checks against a tree that keeps it and a tree that breaks it in one place."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ROOT / "cmake/checks"

GOOD = {
    "CMakeLists.txt": "project(p)\n",
    "README.md": "# Title\n\nSee [the page](docs/page.md#a-heading) and `docs/page.md`.\n",
    "docs/page.md": "# Page\n\n## A heading\n\n```sh\n# not a title\n```\n",
    "docs/dependencies.md": "# Packages\n\n| package | version | why | group |\n|---|---|---|---|\n| `gcc` | 12 | compiler | build |\n",
    "cmake/setup.sh": "[ \"$2\" != build ] || echo gcc\n",
    "include/catalog/core/a.hpp": "#pragma once\n// What it holds.\n#ifdef __cplusplus\nint a();  // abort() in a comment\n#endif\n"
                               "[[nodiscard]] Result<int> b();\nusing Body = std::function<\n    Result<int>(int)>;\n",
    "src/core/a.cpp": "const char* a() { return \"printf(abort())\"; }\nint exit_code(int n) { return 1'000 + n; }\n",
    "src/core/CMakeLists.txt": "catalog_module(NAME core SOURCES a.cpp HEADERS a.hpp)\n",
    "src/cli/main.cpp": "int main() { printf(\"a command prints\"); }\n",
    "tests/core/a_test.cpp": "TEST(A, Works) {\n    if (true) {\n    }\n    EXPECT_TRUE(a());\n}\n",
    "tests/core/CMakeLists.txt": "catalog_test(NAME core SOURCES a_test.cpp)\n",
    "tests/fuzz/core/fuzz_a.cpp": "int LLVMFuzzerTestOneInput();\n",
    "tests/fuzz/core/CMakeLists.txt": "catalog_fuzz(NAME a MODULE core SOURCES fuzz_a.cpp)\n",
    **{f"tests/fuzz/core/corpus/a/{n}": "seed" for n in range(5)},
}

# rule -> files that break it
SOURCES = {
    "banned_calls": [
        {"src/core/a.cpp": "void a() { printf(\"x\"); }\n"},
        {"src/core/a.cpp": "void a() { std::cerr << 1; }\n"},
        {"src/core/a.cpp": "void a() { ::abort(); }\n"},
        {"src/core/a.cpp": "void a() { std::exit(1); }\n"},
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\ninline T a() { co_return; }\n"},
        {"src/core/a.cpp": "void a() { throw 1; }\n"},
        {"src/core/a.cpp": "thread_local std::string text;\n"},
        {"src/core/a.cpp": "char* a() { return getenv(\"X\"); }\n"},
    ],
    "ascii_sources": [{"src/core/a.cpp": "// caf\u00e9\n"}, {"src/core/a.cpp": "int\ta;\n"}],
    "file_length": [{"src/core/a.cpp": "\n" * 601}],
    "public_headers": [
        {"include/catalog/core/a.hpp": "#ifndef A\n#define A\n#endif\n"},
        {"include/catalog/core/a.hpp": "#pragma once\nint a();\n"},
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\n#ifdef NDEBUG\nint a();\n#endif\n"},
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\nusing namespace std;\n"},
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\n#define TRY(x) x\n"},
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\n#include <catalog/internal/try.hpp>\n"},
    ],
    "results_nodiscard": [
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\n    static Result<int> parse(std::string_view text);\n"},
        {"include/catalog/core/a.hpp": "#pragma once\n// A.\nvirtual Result<std::map<A, B>>\na(int) = 0;\n"},
    ],
    "tests_assert": [
        {"tests/core/a_test.cpp": "int a;\n"},
        {"tests/core/a_test.cpp": "TEST(A, One) {\n    a();\n}\nTEST(A, Two) {\n    EXPECT_TRUE(a());\n}\n"},
    ],
    "machine_paths": [{"docs/page.md": "# Page\n\nlook in /home" + "/ada/catalog\n"}],
    "top_level": [{"notes/a.md": "# Notes\n"}],
    "finished": [{"src/core/a.cpp": "// TO" + "DO: more\n"}],
    "modules_listed": [{"src/core/b.cpp": "int b;\n"}, {"include/catalog/core/b.hpp": "#pragma once\n// B.\n"},
                       {"tests/core/b_test.cpp": "static_assert(true);\n"}],
    "fuzz_seeds": [{"tests/fuzz/core/fuzz_b.cpp": "int b;\n"}],
}
DOCS = {
    "links": [{"README.md": "# T\n\n[gone](docs/gone.md)\n"}, {"README.md": "# T\n\n[gone](docs/page.md#gone)\n"}],
    "named_files": [{"README.md": "# T\n\n`docs/gone.md`\n"}, {"src/core/a.cpp": "// docs/gone.md says why.\n"}],
    "one_title": [{"docs/page.md": "# One\n\n# Two\n"}, {"docs/page.md": "No title\n"}],
    "dependencies": [{"cmake/setup.sh": "[ \"$2\" != build ] || echo gcc clang\n"}, {"cmake/setup.sh": ":\n"}],
}


def run(script: str, rule: str, tree: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="catalog-checks-") as folder:
        for path, text in tree.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return subprocess.run([sys.executable, str(CHECKS / script), "--root", folder, rule], capture_output=True, text=True)


class ChecksTest(unittest.TestCase):
    def both_ways(self, script: str, cases: dict[str, list[dict[str, str]]]) -> None:
        for rule, broken in cases.items():
            with self.subTest(rule=rule, tree="good"):
                kept = run(script, rule, GOOD)
                self.assertEqual(kept.returncode, 0, kept.stderr)
            for change in broken:
                with self.subTest(rule=rule, change=change):
                    found = run(script, rule, GOOD | change)
                    self.assertEqual(found.returncode, 1, found.stderr)
                    self.assertIn(f"[{rule}]", found.stderr)

    def test_source_rules(self) -> None:
        self.both_ways("source_rules.py", SOURCES)

    def test_docs_rules(self) -> None:
        self.both_ways("docs_rules.py", DOCS)

    def test_every_source_rule_is_tried(self) -> None:
        names = subprocess.run([sys.executable, str(CHECKS / "source_rules.py"), "--names"], capture_output=True, text=True)
        self.assertEqual(set(names.stdout.split()), set(SOURCES))

    def test_an_exception_needs_a_reason_and_a_finding(self) -> None:
        broken = GOOD | SOURCES["file_length"][0]
        listed = {"cmake/checks/exceptions.txt": "file_length src/core/a.cpp one table, generated\n"}
        self.assertEqual(run("source_rules.py", "file_length", broken | listed).returncode, 0)
        self.assertIn("no longer needed", run("source_rules.py", "file_length", GOOD | listed).stderr)
        unreasoned = {"cmake/checks/exceptions.txt": "file_length src/core/a.cpp\n"}
        self.assertNotEqual(run("source_rules.py", "file_length", broken | unreasoned).returncode, 0)


class IncludeBudgetTest(unittest.TestCase):
    def test_names_the_chain_to_a_banned_header(self) -> None:
        with tempfile.TemporaryDirectory(prefix="catalog-budget-") as folder:
            for path, text in {"boost/x.hpp": "", "inner.hpp": "#include <boost/x.hpp>\n", "bad.hpp": "#include <inner.hpp>\n",
                               "good.hpp": "#include <string>\n"}.items():
                file = Path(folder) / path
                file.parent.mkdir(exist_ok=True)
                file.write_text(text)
            command = [sys.executable, str(CHECKS / "include_budget.py"), "--compiler", "c++", "--include", folder, "--"]
            self.assertEqual(subprocess.run([*command, "good.hpp"]).returncode, 0)
            bad = subprocess.run([*command, "good.hpp", "bad.hpp"], capture_output=True, text=True)
            self.assertEqual(bad.returncode, 1)
            self.assertRegex(bad.stderr, r"bad\.hpp -> .*inner\.hpp -> .*boost/x\.hpp")


if __name__ == "__main__":
    unittest.main()
