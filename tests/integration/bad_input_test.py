"""Bad input of every kind: one clear error that names the input, the right exit code, and the library as it was.

CATALOG_GARBAGE_MIB sets how much garbage goes to standard input (64 by default; 1024 for the long run)."""
import io
import json
import os
import resource
import subprocess
import tarfile
import threading

import catalog_command
from catalog_command import CommandTest

GARBAGE_MIB = int(os.environ.get("CATALOG_GARBAGE_MIB", "64"))
# AddressSanitizer keeps 256 MiB of freed memory by itself.
MEMORY_KIB_MAX = (1024 if os.environ.get("CATALOG_SANITIZE") else 200) * 1024


class BadInputTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.catalog("init")
        self.catalog("publish", self.project("good", "1.0.0"))
        self.before = self.library_state()

    def refused(self, *arguments, code=3, names=None, **options):
        """Expects an error of one line and perhaps a hint, naming the input, and an unchanged library."""
        done = self.run_catalog(*arguments, **options)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout!r} {error}")
        lines = [line for line in error.splitlines() if not line.startswith(("hint: ", "  "))]
        self.assertEqual(len(lines), 1, error)
        self.assertTrue(lines[0].startswith("catalog: "), error)
        if names is not None:
            self.assertIn(str(names), lines[0])
        self.assertEqual(self.library_state(), self.before)
        answer = json.loads(self.run_catalog("--json", *arguments, **options).stdout.splitlines()[-1])
        self.assertEqual(set(answer["error"]), {"code", "message", "input", "hint"})
        return error

    def test_a_missing_folder(self):
        self.refused("publish", self.folder / "nowhere", names="nowhere")

    def test_a_file_for_a_folder(self):
        file = self.folder / "file"
        file.write_text("x")
        self.refused("publish", file, names=file)

    def test_a_folder_for_a_file(self):
        self.refused("import", self.folder, names=self.folder)
        self.refused("solve", "--packages", self.folder, "--require", "a", names=self.folder)

    def test_a_folder_without_a_project(self):
        (self.folder / "empty").mkdir()
        self.assertIn("catalog.toml", self.refused("publish", self.folder / "empty", names="empty"))

    def test_an_unreadable_file(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        path = self.project("locked", "1.0.0")
        (path / "file.txt").chmod(0)
        self.refused("publish", path, names="file.txt")

    def test_text_that_is_not_toml(self):
        path = self.project("broken", "1.0.0")
        (path / "catalog.toml").write_text("[package\nname = ")
        self.assertRegex(self.refused("publish", path, names="catalog.toml"), r":1|line 1|:1:")

    def test_bytes_that_are_not_text(self):
        path = self.project("binary", "1.0.0")
        (path / "catalog.toml").write_bytes(bytes(range(256)) * 64)
        self.refused("publish", path, names="catalog.toml")

    def test_a_wrong_version(self):
        path = self.project("wrong", "1.0")
        self.refused("publish", path, names="1.0")

    def test_a_wrong_requirement(self):
        path = self.project("wrongreq", "1.0.0", dependencies={"good": "not a requirement"})
        self.refused("publish", path)

    def test_names_that_climb(self):
        for name in ("../evil", "a//b", "@scope", "a/../b", "", "a b"):
            path = self.project(name, "1.0.0", folder=f"name{abs(hash(name))}")
            self.refused("publish", path)

    def test_an_unknown_dependency_is_published_but_not_installed(self):
        path = self.project("lonely", "1.0.0", dependencies={"nobody": "^1"})
        self.catalog("publish", path)
        done = self.run_catalog("install", "lonely", "--prefix", self.prefix)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("nobody", done.stderr.decode())
        self.assertFalse((self.prefix / "current").exists())

    def test_an_absolute_link(self):
        path = self.project("linked", "1.0.0")
        (path / "link").symlink_to("/etc/passwd")
        self.refused("publish", path, names="link")

    def test_a_link_that_leaves_the_package(self):
        path = self.project("leaving", "1.0.0")
        (path / "link").symlink_to("../../outside")
        self.refused("publish", path, names="link")

    def test_a_set_id_file(self):
        path = self.project("setid", "1.0.0")
        (path / "file.txt").chmod(0o4755)
        self.refused("publish", path, names="file.txt")

    def test_a_pipe_among_the_files(self):
        path = self.project("pipe", "1.0.0")
        os.mkfifo(path / "fifo")
        self.refused("publish", path, names="fifo")

    def tarball(self, entries):
        path = self.folder / "package.tgz"
        with tarfile.open(path, "w:gz") as archive:
            for name, data in entries:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return path

    def test_tarball_paths_that_climb_repeat_or_are_absolute(self):
        manifest = ("package/package.json", b'{"name":"tarred","version":"1.0.0"}')
        for evil in ("package/../../evil", "/etc/evil", "package/a/../../b", "package/.catalog/x", "top"):
            self.refused("import-npm", self.tarball([manifest, (evil, b"x")]))
        self.refused("import-npm", self.tarball([manifest, ("package/a", b"1"), ("package/a", b"2")]), names="package.tgz")
        self.refused("import-npm", self.tarball([("package/a", b"1")]), names="package.tgz")

    def test_archives_that_are_none(self):
        path = self.folder / "garbage.tgz"
        path.write_bytes(os.urandom(10_000))
        self.refused("import-npm", path, names="garbage.tgz")
        path.write_bytes(b"")
        self.refused("import-npm", path, names="garbage.tgz")

    def test_another_library_format(self):
        toml = self.library / "library.toml"
        text = toml.read_text()
        toml.write_text(text.replace("format = 1", "format = 99"))
        done = self.run_catalog("stats")
        self.assertEqual(done.returncode, 4)
        self.assertIn("99", done.stderr.decode())
        toml.write_text(text)
        self.assertEqual(self.library_state(), self.before)

    def test_no_library(self):
        done = self.run_catalog("--library", self.folder / "none", "stats")
        self.assertEqual(done.returncode, 4)
        self.assertIn("catalog init", done.stderr.decode())

    def test_usage(self):
        for arguments in ((), ("frobnicate",), ("install",), ("show",), ("stats", "--what"), ("solve", "--packages", "x")):
            self.assertEqual(self.run_catalog(*arguments).returncode, 2, arguments)

    def test_what_is_not_there(self):
        for arguments in (("show", "nobody"), ("show", "good@9.9.9"), ("search", "zebra"), ("cat", "good@1.0.0", "nofile"),
                          ("store", "cat", "sha256:" + "0" * 64)):
            self.assertEqual(self.run_catalog(*arguments).returncode, 1, arguments)

    def test_deeply_nested_json(self):
        deep = b"[" * 100_000 + b"]" * 100_000
        for arguments in (("semver", "--batch", "-"), ("solve", "--packages", "/dev/null", "--batch", "-")):
            if arguments[0] == "solve":
                empty = self.folder / "empty.jsonl"
                empty.write_text("")
                arguments = ("solve", "--packages", empty, "--batch", "-")
            done = self.run_catalog(*arguments, data=deep + b"\n{}\n" + deep)
            self.assertEqual(done.returncode, 0, done.stderr)
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(len(answers), 3)
            self.assertTrue(all("error" in answer for answer in (answers[0], answers[2])), answers)
        file = self.folder / "deep.jsonl"
        file.write_bytes(deep)
        self.refused("solve", "--packages", file, "--require", "a", names="deep.jsonl:1")

    def feed_garbage(self, *arguments, newline):
        """Sends GARBAGE_MIB of noise and returns the process and its peak memory in KiB."""
        process = subprocess.Popen([catalog_command.COMMAND, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        block = bytearray(os.urandom(1 << 20))
        if not newline:
            block = block.replace(b"\n", b"x")
        outputs = {}
        readers = [threading.Thread(target=lambda n=n, s=s: outputs.update({n: sum(1 for _ in s)}))
                   for n, s in (("out", process.stdout), ("err", process.stderr))]
        for reader in readers:
            reader.start()
        try:
            for _ in range(GARBAGE_MIB):
                process.stdin.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        for reader in readers:
            reader.join()
        process.stdout.close()
        process.stderr.close()
        return process.returncode, usage.ru_maxrss, outputs

    def test_garbage_without_end_is_answered_in_bounded_memory(self):
        empty = self.folder / "empty.jsonl"
        empty.write_text("")
        for newline in (False, True):
            for arguments in (("semver", "--batch", "-"), ("solve", "--packages", empty, "--batch", "-")):
                code, memory, _ = self.feed_garbage(*arguments, newline=newline)
                self.assertEqual(code, 0, arguments)
                self.assertLess(memory, MEMORY_KIB_MAX, arguments)
            code, memory, outputs = self.feed_garbage("import", "-", newline=newline)
            self.assertEqual(code, 3)
            self.assertLess(memory, MEMORY_KIB_MAX)
            self.assertEqual(self.library_state(), self.before)
        self.catalog("verify", "--deep")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    catalog_command.main()
