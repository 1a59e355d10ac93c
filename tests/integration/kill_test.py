"""kill -9 at a random moment of publish, install, update and rollback: afterwards everything that was acknowledged is there, the
rest is there whole or not at all, and the next command works. CATALOG_KILL_ROUNDS sets how many (25 by default, 200 for the
long run), CATALOG_KILL_SEED repeats one."""
import os
import random
import subprocess
import time

import catalog_command
from catalog_command import CommandTest

ROUNDS = int(os.environ.get("CATALOG_KILL_ROUNDS", "25"))
SEED = int(os.environ.get("CATALOG_KILL_SEED", str(random.randrange(1 << 30))))


class KillTest(CommandTest):
    def kill_somewhere(self, rnd, *arguments):
        """Starts the command, kills it after a random time, and tells whether it had ended well before."""
        process = subprocess.Popen([catalog_command.COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=self.environment())
        time.sleep(rnd.random() ** 2 * 0.12)
        process.kill()
        return process.wait() == 0

    def test_what_was_acknowledged_survives_and_the_rest_is_whole_or_absent(self):
        print(f"seed {SEED}, {ROUNDS} rounds")
        rnd = random.Random(SEED)
        self.catalog("init")
        self.catalog("publish", self.project("base", "1.0.0", {"data": "x" * 200_000}))
        acknowledged = {"base@1.0.0"}
        killed = 0
        for number in range(ROUNDS):
            kind = rnd.choice(("publish", "publish", "install", "update", "rollback"))
            if kind == "publish":
                version = f"1.{number + 1}.0"
                data = "".join(rnd.choices("abcdefgh", k=rnd.randrange(1, 400_000)))
                path = self.project("app", version, {"data": data}, {"base": "^1"})
                if self.kill_somewhere(rnd, "publish", path):
                    acknowledged.add(f"app@{version}")
                else:
                    killed += 1
                    # The next command of the same kind works, and ends in the same state as without the crash.
                    self.catalog("publish", path)
                    acknowledged.add(f"app@{version}")
            else:
                arguments = ["install", "app"] if kind == "install" else [kind]
                before = self.current()
                if not self.kill_somewhere(rnd, *arguments, "--prefix", self.prefix):
                    killed += 1
                after = self.current()
                self.assertTrue(before is None or after is not None)
                if after is not None:
                    self.catalog("verify", "--prefix", self.prefix)
            listed = {f"{entry['name']}@{entry['version']}" for entry in self.answer("list", "--all-versions")["packages"]}
            self.assertEqual(acknowledged, listed)
        self.catalog("verify", "--deep")
        self.catalog("install", "app", "--prefix", self.prefix)
        self.catalog("verify", "--prefix", self.prefix)
        print(f"{killed} of {ROUNDS} were killed before they had ended")
        self.assertGreater(killed, 0)

    def current(self):
        link = self.prefix / "current"
        return os.readlink(link) if link.is_symlink() else None


if __name__ == "__main__":
    catalog_command.main()
