#!/usr/bin/env python3
"""Makes the DEB and TGZ packages of a build and looks at what each holds, who owns it and what it depends on.

usage: packages_test.py --build DIR --version X.Y.Z --shared 0|1     77: a tool of Debian is not here
"""

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# For each component the files that must be there; every other file must match one of its patterns.
MUST: dict[str, list[str]] = {
    "lib": [r"lib/.*libcatalog\.so\.\d+\.\d+", r"lib/.*libcatalog\.so\.\d+\.\d+\.\d+"],
    "dev": [r"include/catalog/abi/extension\.h", r"include/catalog/library/asset_library\.hpp", r"lib/.*/?libcatalog_core\.a",
            r"lib/.*/?libcatalog\.a", r"lib/.*cmake/catalog/catalogConfig\.cmake", r"lib/.*pkgconfig/catalog\.pc",
            r"lib/.*pkgconfig/catalog-abi\.pc", r"share/doc/libcatalog-dev/examples/host_c/main\.c"],
    "plugin": [r"lib/.*hypermesh/extensions/catalog/libhypermesh_catalog\.so", r"lib/.*hypermesh/extensions/catalog/extension\.toml",
               r"bin/hypermesh-host"],
    "cli": [r"bin/catalog", r"share/bash-completion/completions/catalog", r"share/man/man1/catalog\.1(\.gz)?"],
}
MAY: dict[str, list[str]] = {
    "lib": [],
    "dev": [r"include/catalog/.*\.(h|hpp)", r"lib/.*/?libcatalog_\w+\.a", r"lib/.*/?libcatalog\.so", r"lib/.*cmake/catalog/[\w-]+\.cmake",
            r"share/doc/libcatalog-dev/.*"],
    "plugin": [],
    "cli": [r"share/zsh/vendor-completions/_catalog", r"share/fish/vendor_completions\.d/catalog\.fish"],
}


def run(*command: object) -> str:
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def check(kind: str, component: str, package: str, files: list[str]) -> None:
    doc = rf"share/doc/{re.escape(package)}/(LICENSE|copyright|changelog\.Debian\.gz)"
    for wanted in MUST[component]:
        if not any(re.fullmatch(wanted, f) for f in files):
            sys.exit(f"{kind} {component} lacks {wanted}; it holds\n" + "\n".join(files))
    for file in files:
        if not any(re.fullmatch(p, file) for p in [*MUST[component], *MAY[component], doc]):
            sys.exit(f"{kind} {component} holds {file}, which belongs to no such package")
        if "/internal/" in file:
            sys.exit(f"an internal header is packaged: {file}")


def check_deb(path: Path, component: str, version: str) -> None:
    fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", run("dpkg-deb", "--field", path), re.MULTILINE))
    package = fields["Package"]
    lines = run("dpkg-deb", "--contents", path).splitlines()
    foreign = [line for line in lines if line.split()[1] != "root/root" or re.match(r".....w|........w", line) and line[0] != "l"]
    if foreign:
        sys.exit(f"{path.name}: not owned by root, or writable by others: {foreign}")
    names = [line.split(None, 5)[5].split(" -> ")[0].removeprefix("./") for line in lines if line[0] != "d"]
    strange = [name for name in names if not name.startswith("usr/")]
    if strange:
        sys.exit(f"{path.name}: outside /usr: {strange}")
    check("DEB", component, package, [name.removeprefix("usr/") for name in names])
    if not fields["Version"].startswith(version) or "@" not in fields["Maintainer"]:
        sys.exit(f"{path.name}: {fields}")
    depends = fields.get("Depends", "")
    if component in ("lib", "plugin", "cli") and not re.search(r"libc6 .*librocksdb|librocksdb.*libc6 ", depends):
        sys.exit(f"{path.name}: what its programs link is not among its dependencies: {depends}")
    if component == "dev" and "libexpected-dev" not in depends:
        sys.exit(f"{path.name}: public headers need libexpected-dev: {depends}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--shared", type=int, required=True)
    options = parser.parse_args()
    if not all(shutil.which(tool) for tool in ("dpkg-deb", "dpkg-shlibdeps", "file")):
        print("dpkg-dev or file is not installed")
        return 77
    components = [c for c in MUST if c != "lib" or options.shared]
    with tempfile.TemporaryDirectory(prefix="catalog-packages-") as temporary:
        # Unstripped archives of a developer's build would take xz a minute.
        run("cpack", "--config", options.build / "CPackConfig.cmake", "-B", temporary, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip",
            "-D", "CPACK_THREADS=1")
        debs, archives = sorted(Path(temporary).glob("*.deb")), sorted(Path(temporary).glob("*.tar.gz"))
        if len(debs) != len(components) or len(archives) != len(components):
            sys.exit(f"packages of {components} were wanted, made were {[p.name for p in debs + archives]}")
        names = {"lib": "libcatalog" + ".".join(options.version.split(".")[:2]), "dev": "libcatalog-dev",
                 "plugin": "hypermesh-catalog", "cli": "catalog"}
        for component in components:
            check_deb(next(p for p in debs if p.name.startswith(names[component] + "_")), component, options.version)
            archive = next(p for p in archives if p.name.endswith(f"-{component}.tar.gz"))
            with tarfile.open(archive) as tar:
                files = [m.name.removeprefix("./") for m in tar.getmembers() if not m.isdir()]
            check("TGZ", component, names[component], files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
