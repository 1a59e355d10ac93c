"""What the tests of the command `catalog` share: running it, and small packages to feed it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

COMMAND = os.environ.get("CATALOG_COMMAND", "catalog")


class CommandTest(unittest.TestCase):
    """A test with a fresh folder, in which `library` is the library."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)
        self.library = self.folder / "library"
        self.prefix = self.folder / "prefix"

    def environment(self):
        return {**os.environ, "CATALOG_LIBRARY": str(self.library)}

    def run_catalog(self, *arguments, data=None, **options):
        """Runs the command and returns the finished process."""
        return subprocess.run([COMMAND, *map(str, arguments)], input=data, capture_output=True,
                              env=options.pop("env", self.environment()), timeout=options.pop("timeout", 300), **options)

    def catalog(self, *arguments, code=0, **options):
        """Runs the command, expects its exit code, and returns standard output as text."""
        done = self.run_catalog(*arguments, **options)
        self.assertEqual(done.returncode, code, f"catalog {arguments}: {done.stdout[-2000:]!r} {done.stderr[-2000:]!r}")
        return done.stdout.decode()

    def answer(self, *arguments, **options):
        """Returns the command's JSON answer."""
        return json.loads(self.catalog("--json", *arguments, **options))

    def project(self, name, version, files=None, dependencies=None, folder=None):
        """Makes the folder of a project and returns its path."""
        path = self.folder / (folder or f"{name}-{version}".replace("/", "_"))
        path.mkdir(parents=True)
        lines = ["[package]", f'name = "{name}"', f'version = "{version}"', 'description = "made by a test"', "[dependencies]"]
        lines += [f'"{needed}" = "{requirement}"' for needed, requirement in (dependencies or {}).items()]
        (path / "catalog.toml").write_text("\n".join(lines) + "\n")
        for file, text in (files or {"file.txt": f"{name} {version}\n"}).items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_text(text)
        return path

    def library_state(self):
        """Returns what must not change when a command is refused."""
        stats = self.answer("stats")
        return {key: stats[key] for key in ("names", "versions", "log_size", "objects", "yanked")}


def main():
    """Runs the tests of the calling file; the only argument is the command's path."""
    global COMMAND
    if len(sys.argv) > 1:
        COMMAND = os.path.abspath(sys.argv.pop(1))
    os.environ["CATALOG_COMMAND"] = COMMAND
    unittest.main(module="__main__", verbosity=1)
