#!/usr/bin/env python3
"""Builds and runs a small host of Catalog in a temporary folder, as a stranger would.

usage: consumer_test.py find_package|add_subdirectory --root DIR --build DIR --compiler CXX [--launcher A|B]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def run(*command: str) -> str:
    """Runs one step; its output is shown only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(command)}\n{done.stdout}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["find_package", "add_subdirectory"])
    parser.add_argument("--root", type=Path, required=True, help="source tree of Catalog")
    parser.add_argument("--build", type=Path, required=True, help="its build tree, to install from")
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--launcher", default="", help="compiler launcher, its words separated by |")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="catalog-consumer-") as temporary:
        prefix = Path(temporary) / "prefix"
        arguments = [f"-DCMAKE_CXX_COMPILER={options.compiler}", f"-DCMAKE_CXX_COMPILER_LAUNCHER={options.launcher.replace('|', ';')}",
                     "-DCMAKE_BUILD_TYPE=Debug", "-G", "Ninja"]
        programs = {"consumer": "acme/tensor-kit 1.4.2\n"}
        if options.mode == "find_package":
            run("cmake", "--install", str(options.build), "--prefix", str(prefix), "--component", "dev")
            arguments.append(f"-DCMAKE_PREFIX_PATH={prefix}")
            programs["readme_example"] = "installed acme/hello@1.0.0\n"
        else:
            arguments.append(f"-DCATALOG_SOURCE={options.root}")
        build = Path(temporary) / "build"
        run("cmake", "-S", str(options.root / "tests/build/consumers" / options.mode), "-B", str(build), *arguments)
        run("cmake", "--build", str(build), "--parallel", str(os.cpu_count()))
        for program, wanted in programs.items():
            said = run(str(build / program), temporary)
            if said != wanted:
                sys.exit(f"{program} said {said!r}")
        installed = [str(file) for file in prefix.rglob("*") if file.is_file()]
        for file in installed:
            if "/internal/" in file:
                sys.exit(f"an internal header is installed: {file}")
            if file.endswith(".cmake") and str(options.root) in Path(file).read_text():
                sys.exit(f"an installed file names the source tree: {file}")


if __name__ == "__main__":
    main()
