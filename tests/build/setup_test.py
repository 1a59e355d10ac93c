#!/usr/bin/env python3
"""cmake/setup.sh against a simulated Debian: every command that it calls is a recorder in a temporary folder."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "cmake/setup.sh"
PLAIN = ["sh", "awk", "sed", "env", "cat", "echo"]


class Machine:
    """A PATH of fake commands. `installed` is what dpkg knows; `archive` fails the first `stale` installs."""

    def __init__(self, folder: str, installed: list[str], uid: int = 0, sudo: bool = False, stale: int = 0,
                 commands: tuple[str, ...] = ("git", "python3", "redis-server", "node", "npm")) -> None:
        self.folder = Path(folder)
        self.log = self.folder / "log"
        self.log.write_text("")
        for name in PLAIN:
            os.symlink(shutil.which(name) or name, self.folder / name)
        for name in commands:
            self.command(name, "")
        lines = "".join(f"echo {name} installed\n" for name in installed)
        self.command("dpkg-query", lines)
        self.command("id", f"echo {uid}")
        self.command("apt-get", f"""
echo "apt-get $*" >> '{self.log}'
echo "DEBIAN_FRONTEND=$DEBIAN_FRONTEND" >> '{self.log}'
case "$*" in *install*)
  tries=0; [ -f '{folder}/tries' ] && read -r tries < '{folder}/tries'
  echo $((tries + 1)) > '{folder}/tries'
  [ "$tries" -ge {stale} ] ;;
esac""")
        if sudo:
            self.command("sudo", f"echo sudo >> '{self.log}'; exec \"$@\"")

    def command(self, name: str, body: str) -> None:
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(self.folder / "sh"), str(SETUP), *arguments], env={"PATH": str(self.folder)},
                              capture_output=True, text=True)


def packages(group: str) -> list[str]:
    return subprocess.run(["sh", str(SETUP), "--list", group], capture_output=True, text=True, check=True).stdout.split()


class SetupTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="catalog-setup-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.base = packages("build") + packages("test")

    def test_does_nothing_when_everything_is_there(self) -> None:
        machine = Machine(self.folder, self.base)
        self.assertEqual(machine.setup().returncode, 0)
        self.assertEqual(machine.log.read_text(), "")

    def test_installs_exactly_what_is_missing_without_recommends(self) -> None:
        machine = Machine(self.folder, [name for name in self.base if name not in ("mold", "librocksdb-dev")])
        self.assertEqual(machine.setup().returncode, 0)
        calls = machine.log.read_text()
        self.assertIn("DEBIAN_FRONTEND=noninteractive", calls)
        self.assertIn("--no-install-recommends", calls)
        self.assertTrue(calls.splitlines()[0].endswith(" mold librocksdb-dev"), calls)
        self.assertNotIn("update", calls)

    def test_fetches_package_lists_when_the_first_try_fails(self) -> None:
        machine = Machine(self.folder, [], stale=1)
        self.assertEqual(machine.setup().returncode, 0)
        verbs = ["update" if " update" in line else "install" for line in machine.log.read_text().splitlines()
                 if line.startswith("apt-get")]
        self.assertEqual(verbs, ["install", "update", "install"])

    def test_says_what_could_not_be_installed(self) -> None:
        machine = Machine(self.folder, [name for name in self.base if name != "mold"], stale=9)
        answer = machine.setup()
        self.assertEqual(answer.returncode, 1)
        self.assertIn("could not install: mold", answer.stderr)

    def test_uses_sudo_when_not_root(self) -> None:
        machine = Machine(self.folder, [], uid=1000, sudo=True)
        self.assertEqual(machine.setup().returncode, 0)
        self.assertEqual(machine.log.read_text().splitlines()[0], "sudo")

    def test_without_root_and_sudo_names_the_packages_and_the_command(self) -> None:
        machine = Machine(self.folder, [name for name in self.base if name != "mold"], uid=1000)
        answer = machine.setup()
        self.assertEqual(answer.returncode, 1)
        self.assertIn("apt-get install --no-install-recommends mold", answer.stderr)

    def test_a_command_from_elsewhere_replaces_its_package(self) -> None:
        machine = Machine(self.folder, self.base, commands=("git", "python3", "redis-server", "node"))
        self.assertEqual(machine.setup().returncode, 0)
        self.assertEqual(machine.log.read_text(), "")
        self.assertEqual(machine.setup("--demo").returncode, 0)
        self.assertTrue(machine.log.read_text().splitlines()[0].endswith("--no-install-recommends npm"))

    def test_tools_come_only_when_asked_for(self) -> None:
        machine = Machine(self.folder, self.base)
        self.assertEqual(machine.setup("--tools").returncode, 0)
        self.assertTrue(machine.log.read_text().splitlines()[0].endswith(" ".join(packages("tools"))))

    def test_an_unknown_option_is_a_usage_error(self) -> None:
        self.assertEqual(Machine(self.folder, self.base).setup("--bogus").returncode, 2)


if __name__ == "__main__":
    unittest.main()
