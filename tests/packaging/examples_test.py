#!/usr/bin/env python3
"""Installs components into a temporary prefix, builds the hosts of docs/examples against them as a user would, and runs them.

usage: examples_test.py host_cpp|host_c --build DIR --libdir lib --cc CC --cxx CXX [--launcher A|B]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CPP_SAYS = """published acme/words@2.1.0
published acme/greeter@1.0.0
found acme/greeter@1.0.0
resolved 2 packages
installed acme/greeter@1.0.0
installed acme/words@2.1.0
damage found: 0
"""


def run(*command: object, env: dict[str, str] | None = None) -> str:
    """Runs one step; what it said is shown only when it fails."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=os.environ | (env or {}))
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


class Installed:
    """A prefix with components of Catalog in it, and the hosts that are built from it."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options, self.folder, self.prefix = options, folder, folder / "prefix"
        self.libraries = self.prefix / options.libdir
        self.environment = {"PKG_CONFIG_PATH": str(self.libraries / "pkgconfig"), "LD_LIBRARY_PATH": str(self.libraries)}
        self.doc = self.prefix / "share/doc/libcatalog-dev"

    def install(self, component: str) -> None:
        run("cmake", "--install", self.options.build, "--prefix", self.prefix, "--component", component)

    def with_cmake(self, example: str) -> Path:
        build = self.folder / f"{example}-cmake"
        launcher = self.options.launcher.replace("|", ";")
        run("cmake", "-S", self.doc / "examples" / example, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={self.options.cc}", f"-DCMAKE_CXX_COMPILER={self.options.cxx}",
            f"-DCMAKE_C_COMPILER_LAUNCHER={launcher}", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}")
        run("cmake", "--build", build)
        return build / example

    def with_pkg_config(self, example: str, module: str, *compiler: str) -> Path:
        source = next((self.doc / "examples" / example).glob("main.*"))
        program = self.folder / f"{example}-pkg-config"
        flags = run("pkg-config", "--cflags", "--libs", module, env=self.environment).split()
        run(*compiler, "-Wall", "-Wextra", "-Werror", source, "-o", program, *flags)
        return program

    def fresh(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder


def expect(program: Path, said: str, wanted: str) -> None:
    if said != wanted:
        sys.exit(f"{program.name} said:\n{said}\nand should have said:\n{wanted}")


def host_cpp(tree: Installed) -> None:
    # The shared library is optional in a build; without it the archives of dev are linked.
    tree.install("lib")
    for program in (tree.with_cmake("host_cpp"), tree.with_pkg_config("host_cpp", "catalog", tree.options.cxx, "-std=c++20")):
        expect(program, run(program, tree.fresh(program.name + "-data"), env=tree.environment), CPP_SAYS)


def host_c(tree: Installed) -> None:
    # A C host is compiled from dev alone; only to run it needs the extension.
    programs = (tree.with_cmake("host_c"),
                tree.with_pkg_config("host_c", "catalog-abi", tree.options.cc, "-std=c11", "-pthread"))
    tree.install("plugin")
    extension = tree.libraries / "hypermesh/extensions/catalog/libhypermesh_catalog.so"
    for program in programs:
        said = run(program, extension, tree.fresh(program.name + "-data"), tree.doc / "examples/package")
        for line in ("acme/hello@1.0.0: says hello, 97 bytes\n", '"success":true', "stopped\n"):
            if line not in said:
                sys.exit(f"{program.name} did not say {line!r}:\n{said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("example", choices=["host_cpp", "host_c"])
    parser.add_argument("--build", type=Path, required=True, help="build tree to install from")
    parser.add_argument("--libdir", required=True)
    parser.add_argument("--cc", required=True)
    parser.add_argument("--cxx", required=True)
    parser.add_argument("--launcher", default="", help="compiler launcher, its words separated by |")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="catalog-examples-") as temporary:
        tree = Installed(options, Path(temporary))
        tree.install("dev")
        if options.example == "host_cpp":
            host_cpp(tree)
        else:
            host_c(tree)


if __name__ == "__main__":
    main()
