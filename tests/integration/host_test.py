"""The extension in the reference host does what the command does: same digests, same trees; and it keeps the host's rules."""
import json
import os
import stat
import subprocess

import catalog_command
from catalog_command import CommandTest

HOST = os.environ["HYPERMESH_HOST"]
EXTENSION = os.environ["HYPERMESH_EXTENSION"]


def tree(root):
    """Every entry below a folder: path, kind, permission bits, bytes or target."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                what = ("link", os.readlink(path))
            elif stat.S_ISDIR(info.st_mode):
                what = ("folder", stat.S_IMODE(info.st_mode))
            else:
                with open(path, "rb") as file:
                    what = ("file", stat.S_IMODE(info.st_mode), file.read())
            found[os.path.relpath(path, root)] = what
    return found


class HostTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        self.host_prefix = self.folder / "host prefix"

    def host(self, *lines, options=(), code=0, timeout="600"):
        """Runs command lines in one host; returns the answers, one JSON document a line."""
        done = subprocess.run([HOST, "--json", "--timeout", timeout, "--start-timeout", "120", *options, "run", "-"],
                              input="\n".join(lines).encode(), capture_output=True, timeout=600)
        self.assertEqual(done.returncode, code, f"{lines}: {done.stdout[-3000:]!r} {done.stderr[-2000:]!r}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def requests(self, *pairs):
        """Loads the extension, makes the requests, unloads; returns the data of each answer."""
        answers = self.host(f"load {EXTENSION} {self.data}", *(f"request {method} {json.dumps(given)}" for method, given in pairs),
                            "unload", "expect-json /unmapped true", "leak-check")
        return [answer["answer"]["data"] for answer in answers[1:1 + len(pairs)]]

    def projects(self):
        old = self.project("kit", "1.0.0", {"lib/kit.txt": "one\n", "bin/kit": "#!/bin/sh\necho one\n"})
        new = self.project("kit", "1.1.0", {"lib/kit.txt": "two\n", "bin/kit": "#!/bin/sh\necho two\n", "more": "x" * 200_000})
        app = self.project("app", "2.0.0", {"app.txt": "app\n"}, {"kit": "^1"})
        for folder in (old, new):
            (folder / "bin/kit").chmod(0o755)
            (folder / "lib/link.txt").symlink_to("kit.txt")
        return old, new, app

    def same_trees(self):
        ours = tree(self.prefix / "current/")
        self.assertEqual(ours, tree(self.host_prefix / "current/"))
        self.assertTrue(any(what[0] == "file" and what[1] == 0o755 for what in ours.values()))
        return ours

    def test_the_main_job_gives_the_same_digests_and_trees(self):
        old, new, app = self.projects()
        prefix, host_prefix = str(self.prefix), str(self.host_prefix)
        self.catalog("init")
        by_command = [self.answer("publish", folder)["digest"] for folder in (old, app)]
        self.catalog("install", "app@^2", "--prefix", prefix)
        by_host = self.requests(*(("publish_package", {"path": str(folder)}) for folder in (old, app)),
                                ("install_package", {"requests": ["app@^2"], "prefix": host_prefix}))
        self.assertEqual([data["digest"] for data in by_host[:2]], by_command)
        first = self.same_trees()

        by_command = self.answer("publish", new)["digest"]
        self.catalog("update", "--prefix", prefix)
        data = self.requests(("publish_package", {"path": str(new)}), ("update_package", {"prefix": host_prefix}),
                             ("search_packages", {"words": "kit"}), ("list_packages", {"all_versions": True}),
                             ("resolve", {"requests": ["app"]}))
        self.assertEqual(data[0]["digest"], by_command)
        self.assertNotEqual(self.same_trees(), first)
        listed = self.answer("list", "--all-versions")["packages"]
        self.assertEqual({(p["name"], p["version"], p["digest"]) for p in data[3]["packages"]},
                         {(p["name"], p["version"], p["digest"]) for p in listed})
        self.assertEqual(len(listed), 3)
        self.assertEqual([hit["name"] for hit in data[2]["hits"]], [hit["name"] for hit in self.answer("search", "kit")["hits"]])
        self.assertEqual([(p["name"], p["version"]) for p in data[4]["packages"]],
                         [(p["name"], p["version"]) for p in self.answer("resolve", "app")["packages"]])

        self.catalog("rollback", "--prefix", prefix)
        data = self.requests(("rollback_package", {"prefix": host_prefix}), ("verify_prefix", {"prefix": host_prefix}),
                             ("verify_library", {"deep": True}), ("verify_package", {"id": "app@2.0.0"}))
        self.assertEqual(self.same_trees(), first)
        self.assertTrue(data[1]["ok"])
        self.assertTrue(data[2]["ok"])
        self.assertTrue(data[3]["verified"])

    def test_typed_calls_and_requests_and_the_command_agree(self):
        old, new, app = self.projects()
        out, copied = self.folder / "out", self.folder / "copied"
        answers = self.host(f"load {EXTENSION} {self.data}",
                            *(f"request publish_package {json.dumps({'path': str(folder)})}" for folder in (old, new, app)),
                            "get kit", "list", "list --all", "search kit", f"cat kit@1.1.0 more '{out}'",
                            f"cat kit@1.1.0 more '{copied}' read", "get kit ^2", "expect VERSION_CONFLICT", "get nothing",
                            "expect NOT_FOUND", "assets", "metrics", "validate", "expect-json /valid true", "status")
        typed = answers[4]["answer"]
        shown = self.answer("--library", self.data / "library", "show", "kit")
        self.assertEqual((typed["version"], typed["digest"], typed["files_root"]), ("1.1.0", shown["digest"], shown["files_root"]))
        self.assertEqual([p["id"] for p in answers[5]["answer"]["packages"]], ["app@2.0.0", "kit@1.1.0"])
        self.assertEqual(len(answers[6]["answer"]["packages"]), 3)
        self.assertEqual(answers[7]["answer"]["packages"][0]["name"], "kit")
        self.assertEqual(out.read_bytes(), b"x" * 200_000)
        self.assertEqual(copied.read_bytes(), b"x" * 200_000)
        self.assertEqual({asset["type"] for asset in answers[14]["answer"]["assets"]}, {"package"})
        self.assertEqual(len(answers[14]["answer"]["assets"]), 3)
        self.assertTrue(answers[15]["answer"]["metrics"])

    def test_a_host_may_offer_little_late_or_nothing(self):
        old, _, _ = self.projects()
        publish = f"request publish_package {json.dumps({'path': str(old)})}"
        self.host(f"load {EXTENSION} {self.data}", publish, "list", "expect-count /packages 1", "unload", "leak-check",
                  options=["--without", "all"])
        self.host(f"load {EXTENSION} {self.folder / 'denied'}", "expect CAPABILITY_DENIED", options=["--deny", "all"])
        self.host(f"load {EXTENSION} {self.folder / 'late'}", publish, *(f"offer {name}" for name in ("log", "executor", "assets")),
                  "list", "expect-count /packages 1", options=["--late", "all"])
        self.host("deny FileSystemAccess", f"load {EXTENSION} {self.folder / 'closed'}", publish, "expect CAPABILITY_DENIED",
                  "list", "expect-count /packages 0")

    def test_the_consensus_of_the_host_decides(self):
        old, _, _ = self.projects()
        publish = f"request publish_package {json.dumps({'path': str(old)})}"
        answers = self.host('settings {"consensus":"every"}', "consensus reject", f"load {EXTENSION} {self.data}", publish,
                            "expect CONSENSUS_REJECTED", "list", "expect-count /packages 0", "consensus unavailable", publish,
                            "expect AGAIN", "consensus slow", publish, "list", "expect-count /packages 1", "assets")
        self.assertEqual(len(answers[-1]["answer"]["assets"]), 1)
        self.host('settings {"consensus":"every"}', "consensus pending", f"load {EXTENSION} {self.folder / 'pending'}", publish,
                  "expect DEADLINE_EXCEEDED", "list", "expect-count /packages 0", timeout="1")

    def test_sizes_of_structs_and_wrong_states_give_a_status(self):
        for struct in ("host", "config", "call", "error", "status", "package", "page", "content"):
            for size in ("0", "4", "8", "24", "64", "huge"):
                code = subprocess.run([HOST, "--json", "--keep-going", "--struct", f"{struct}={size}", "exec",
                                       f"load {EXTENSION} {self.data}", "status", "request stats", "list", "get kit", "validate"],
                                      capture_output=True, timeout=300)
                self.assertGreaterEqual(code.returncode, 0, f"{struct} {size}: killed by a signal")
                self.assertNotIn(b"violation", code.stdout, f"{struct} {size}")
        self.host(f"open {EXTENSION}", f"create {self.data}", "request stats", "expect INVALID_STATE", "list",
                  "expect INVALID_STATE", "pause", "expect INVALID_STATE", "start", "start", "expect INVALID_STATE", "pause",
                  "request stats", "expect AGAIN", "resume", "request stats", "destroy", "expect INVALID_STATE", "shutdown",
                  "request stats", "expect INVALID_STATE", "destroy", "close")

    def test_nothing_is_left_after_many_cycles(self):
        rounds = os.environ.get("CATALOG_HOST_CYCLES", "40")
        # AddressSanitizer keeps 256 MiB of freed memory by itself.
        growth_kib = "500000" if os.environ.get("CATALOG_SANITIZE") else "256"
        done = subprocess.run([HOST, "--json", "cycle", rounds, EXTENSION, str(self.data), "--max-growth", growth_kib,
                               "--use", "request stats", "--use", "list", "--use", "status", "--use", "validate"],
                              capture_output=True, timeout=600)
        self.assertEqual(done.returncode, 0, f"{done.stdout!r} {done.stderr!r}")
        self.assertEqual(json.loads(done.stdout)["answer"]["threads"], [])

    def test_the_command_reads_beside_the_host(self):
        old, new, _ = self.projects()
        process = subprocess.Popen([HOST, "--json", "run", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            def ask(line):
                process.stdin.write(line.encode() + b"\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())
            self.assertTrue(ask(f"load {EXTENSION} {self.data}")["ok"])
            self.assertTrue(ask(f"request publish_package {json.dumps({'path': str(old)})}")["ok"])
            library = self.data / "library"
            self.assertEqual(self.answer("--library", library, "list")["packages"][0]["version"], "1.0.0")
            refused = self.run_catalog("--library", library, "--lock-wait", "0", "publish", new)
            self.assertEqual(refused.returncode, 5, refused.stderr)
        finally:
            process.stdin.close()
            self.assertEqual(process.wait(timeout=300), 0)
            process.stdout.close()
        self.catalog("--library", self.data / "library", "publish", new)


if __name__ == "__main__":
    catalog_command.main()
