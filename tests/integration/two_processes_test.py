"""One process publishes in a loop while another searches, resolves and installs: no error, no stale lock, every installation
consistent. CATALOG_TWO_PROCESS_ROUNDS sets how often the second one works (15 by default)."""
import os
import subprocess
import threading

import catalog_command
from catalog_command import CommandTest

ROUNDS = int(os.environ.get("CATALOG_TWO_PROCESS_ROUNDS", "15"))


class TwoProcessesTest(CommandTest):
    def test_readers_and_installers_work_beside_a_publisher(self):
        self.catalog("init")
        self.catalog("publish", self.project("base", "1.0.0"))
        self.catalog("publish", self.project("app", "1.0.0", {"app.txt": "0"}, {"base": "^1"}))
        stop = threading.Event()
        published = ["1.0.0"]
        failures = []

        def publish_in_a_loop():
            number = 0
            while not stop.is_set():
                number += 1
                version = f"1.{number}.0"
                path = self.project("app", version, {"app.txt": str(number) * 1000}, {"base": "^1"})
                done = subprocess.run([catalog_command.COMMAND, "publish", str(path)], capture_output=True, env=self.environment())
                if done.returncode != 0:
                    failures.append(done.stderr.decode())
                    return
                published.append(version)

        publisher = threading.Thread(target=publish_in_a_loop)
        publisher.start()
        try:
            for number in range(ROUNDS):
                seen = len(published)
                self.assertTrue(self.answer("search", "made", "test")["hits"])
                answer = self.answer("resolve", "app")
                versions = {p["name"]: p["version"] for p in answer["packages"]}
                self.assertGreaterEqual(int(versions["app"].split(".")[1]), seen - 1)
                self.catalog("install", "app", "--prefix", self.prefix)
                self.catalog("update", "--prefix", self.prefix)
                self.catalog("verify", "--prefix", self.prefix)
        finally:
            stop.set()
            publisher.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(published), 2)
        self.catalog("verify", "--deep")
        self.assertEqual(self.answer("stats")["versions"], len(published) + 1)


if __name__ == "__main__":
    catalog_command.main()
