"""catalog stats --serve: what Prometheus gets, and how it ends."""
import json
import signal
import subprocess
import urllib.error
import urllib.request

import catalog_command
from catalog_command import CommandTest


class ServeTest(CommandTest):
    def start(self, *arguments):
        return subprocess.Popen([catalog_command.COMMAND, "--json", "stats", *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment())

    def numbers(self, url):
        with urllib.request.urlopen(url, timeout=30) as answer:
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
            lines = answer.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def value(self, numbers, start):
        found = [value for name, value in numbers.items() if name.startswith(start)]
        self.assertEqual(len(found), 1, start)
        return found[0]

    def test_shows_what_writers_publish_meanwhile_and_ends_at_a_signal(self):
        self.catalog("init")
        for ending in (signal.SIGINT, signal.SIGTERM):
            process = self.start("--serve", "127.0.0.1:0")
            url = json.loads(process.stdout.readline())["url"]
            before = self.value(self.numbers(url), "catalog_packages{")
            self.catalog("publish", self.project(f"kit{int(ending)}", "1.0.0", {"data": "x" * 1000}))
            numbers = self.numbers(url)
            self.assertEqual(self.value(numbers, "catalog_packages{"), before + 1)
            self.assertGreater(self.value(numbers, "process_open_fds"), 3)
            self.assertEqual(numbers['catalog_operations_total{operation="publish"}'], 0)
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(url.replace("/metrics", "/else"), timeout=30)
            self.assertEqual(refused.exception.code, 404)
            refused.exception.close()
            process.send_signal(ending)
            _, errors = process.communicate(timeout=60)
            self.assertEqual((process.returncode, errors), (0, ""))

    def test_refuses_what_is_no_place_and_a_port_that_is_taken(self):
        self.catalog("init")
        for place in ("0.0.0.0", "localhost:1", "127.0.0.1:0s", "127.0.0.1:1,2", ":80", "::1:80", "127.0.0.1:65536", "x"):
            process = self.start("--serve", place)
            output, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 3, place + output + errors)
        first = self.start("--serve", "0")
        port = json.loads(first.stdout.readline())["url"].split(":")[2].split("/")[0]
        second = self.start("--serve", port)
        output, _ = second.communicate(timeout=60)
        self.assertEqual(second.returncode, 4)
        self.assertIn("network", output)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)


if __name__ == "__main__":
    catalog_command.main()
