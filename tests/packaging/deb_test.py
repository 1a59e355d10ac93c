#!/usr/bin/env python3
"""Tries the Debian packages on a fresh Debian 12: installs them, builds and runs the example hosts with nothing but what a user
would install, removes everything, and looks for what is left. Needs root; makes the system with debootstrap where there is none.

usage: deb_test.py --packages DIR [--root DIR] [--mirror URL]     for example --packages build/package/packages
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from examples_test import CPP_SAYS

TOOLS = ["build-essential", "cmake", "pkg-config"]
# What the package tools themselves write; everything else must be as it was.
VOLATILE = ("var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "tmp", "proc", "sys", "dev", "run", "etc/ld.so.cache", "trial")


class Chroot:
    def __init__(self, root: Path, mirror: str) -> None:
        self.root = root
        if not (root / "etc/debian_version").exists():
            print(f"making a fresh system in {root}", flush=True)
            subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(root), mirror], check=True,
                           stdout=subprocess.DEVNULL)
            for name in ("resolv.conf", "hosts"):
                shutil.copy(f"/etc/{name}", root / "etc" / name)
        # Programs look into /proc, as the host does for where it is installed.
        self.mounted = not any((root / "proc").iterdir())
        if self.mounted:
            subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.root / "proc")], check=False)

    def run(self, command: str) -> str:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                       "HOME": "/nonexistent"}
        done = subprocess.run(["chroot", str(self.root), "sh", "-ec", command], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"failed ({done.returncode}): {command}\n{done.stdout}")
        return done.stdout

    def files(self) -> set[str]:
        found = set()
        for folder, folders, names in os.walk(self.root):
            below = os.path.relpath(folder, self.root)
            folders[:] = [d for d in folders if not os.path.normpath(f"{below}/{d}").startswith(VOLATILE)]
            found.update(os.path.normpath(f"{below}/{name}") for name in [*folders, *names])
        return {f for f in found if not f.startswith(VOLATILE)}


def step(text: str) -> None:
    print(f"-- {text}", flush=True)


def expect(program: str, said: str, *wanted: str) -> None:
    for text in wanted:
        if text not in said:
            sys.exit(f"{program} did not say {text!r}:\n{said}")


def build_and_run(system: Chroot) -> None:
    step("the example hosts are built with CMake and with pkg-config, and run")
    system.run("cp -r /usr/share/doc/libcatalog-dev/examples /trial/")
    for host in ("host_cpp", "host_c"):
        system.run(f"cd /trial/examples/{host} && cmake -S . -B build && cmake --build build")
    system.run("cd /trial && c++ -std=c++20 examples/host_cpp/main.cpp -o cpp $(pkg-config --cflags --libs catalog)")
    system.run("cd /trial && cc -std=c11 examples/host_c/main.c -o c $(pkg-config --cflags --libs catalog-abi)")
    extension = system.run("echo $(pkg-config --variable=extensiondir catalog-abi)/catalog/libhypermesh_catalog.so").strip()
    for number, program in enumerate(("cpp", "examples/host_cpp/build/host_cpp")):
        said = system.run(f"mkdir /trial/cpp{number} && /trial/{program} /trial/cpp{number}")
        expect(program, said, CPP_SAYS)
        expect(program, system.run(f"ldd /trial/{program}"), "libcatalog.so.0")
    for number, program in enumerate(("c", "examples/host_c/build/host_c")):
        said = system.run(f"mkdir /trial/c{number} && /trial/{program} {extension} /trial/c{number} /trial/examples/package")
        expect(program, said, "acme/hello@1.0.0: says hello, 97 bytes\n", "stopped\n")


def try_command(system: Chroot) -> None:
    step("the command publishes, installs and verifies")
    expect("catalog", system.run("catalog --version"), "0.")
    system.run("catalog --library /trial/library init && catalog --library /trial/library publish /trial/examples/package")
    system.run("catalog --library /trial/library install acme/hello --prefix /trial/prefix")
    expect("the installed file", system.run("cat /trial/prefix/current/pkgs/acme/hello/1.0.0/hello.txt"), "hello\n")
    system.run("catalog --library /trial/library verify --deep")
    system.run("test -s /usr/share/man/man1/catalog.1.gz && bash -n /usr/share/bash-completion/completions/catalog")


def try_host(system: Chroot) -> None:
    step("the reference host finds the extension, accepts it, and unloads it without a trace")
    expect("hypermesh-host find", system.run("hypermesh-host find"), "/hypermesh/extensions/catalog")
    system.run("hypermesh-host check catalog")
    system.run("hypermesh-host exec 'load catalog /trial/data' list unload leak-check")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="folder that holds the .deb files")
    parser.add_argument("--root", type=Path, help="a Debian 12 to use, or where to make one; default: a temporary one")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("deb_test: needs root, for chroot and for installing packages")
    debs = sorted(options.packages.glob("*.deb"))
    if len(debs) != 4:
        sys.exit(f"deb_test: four packages are wanted in {options.packages}; make them with cmake/package.sh")
    temporary = None if options.root else tempfile.mkdtemp(prefix="catalog-debian-")
    system = Chroot(options.root or Path(temporary), options.mirror)
    try:
        step("tools that a user of a compiler has: " + " ".join(TOOLS))
        system.run("apt-get update && apt-get install -y --no-install-recommends " + " ".join(TOOLS))
        # What an earlier trial left that was stopped half-way.
        known = " ".join(subprocess.check_output(["dpkg-deb", "--field", deb, "Package"], text=True).strip() for deb in debs)
        system.run(f"for name in {known}; do dpkg -s $name >/dev/null 2>&1 && apt-get purge -y $name; done; "
                   "apt-get autoremove -y --purge; rm -rf /trial")
        before, installed_before = system.files(), system.run("dpkg-query -f '${Package}\\n' -W")
        trial = system.root / "trial"
        trial.mkdir()
        for deb in debs:
            shutil.copy(deb, trial)

        step("install " + " ".join(deb.name for deb in debs))
        system.run("apt-get install -y --no-install-recommends /trial/*.deb")
        names = known.split()
        ours = set(system.run("dpkg -L " + " ".join(names)).split("\n")) - {"", "/."}
        new = system.files() - before
        print(f"   {len(ours)} paths of the packages, {len(new)} new paths with their dependencies")
        build_and_run(system)
        try_command(system)
        try_host(system)

        step("purge")
        system.run("apt-get purge -y " + " ".join(names))
        left = sorted(path for path in ours if (system.root / path[1:]).is_symlink() or (system.root / path[1:]).is_file())
        if left:
            sys.exit("left of the packages:\n" + "\n".join(left))
        system.run("apt-get autoremove -y --purge")
        shutil.rmtree(trial)
        left = sorted(system.files() - before)
        if left or system.run("dpkg-query -f '${Package}\\n' -W") != installed_before:
            sys.exit("left on the system:\n" + "\n".join(left))
        print("   nothing is left")
    finally:
        system.unmount()
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    main()
