"""The same tree gives the same digest wherever, whenever and by whomever it is published."""
import os
import shutil

import catalog_command
from catalog_command import CommandTest


class SameDigestTest(CommandTest):
    def test_path_user_time_locale_and_order_do_not_matter(self):
        files = {"b.txt": "b", "a/z.txt": "z", "a/B.txt": "B", "a/deeper/\u00dcn\u00efcode.txt": "u", "empty": ""}
        first = self.project("kit", "1.0.0", files)
        second = self.folder / "other place" / "copy"
        second.mkdir(parents=True)
        for path in sorted((p for p in first.rglob("*") if p.is_file()), reverse=True):
            target = second / path.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            os.utime(target, (1, 1))
            target.chmod(0o600)
        digests = set()
        for folder, locale, zone in ((first, "C", "UTC"), (second, "tr_TR.UTF-8", "Asia/Tokyo"), (second, "C.UTF-8", "America/Lima")):
            env = {**self.environment(), "LC_ALL": locale, "TZ": zone, "USER": "somebody", "HOME": str(folder)}
            digests.add(self.answer("check", folder, env=env)["digest"])
        self.assertEqual(len(digests), 1)
        libraries = []
        for number, (chunk, level) in enumerate(((4096, 1), (65536, 3), (1048576, 19))):
            library = self.folder / f"library{number}"
            self.catalog("--library", library, "init", "--chunk-bytes", chunk, "--compression", level)
            libraries.append(self.answer("--library", library, "publish", first)["digest"])
        self.assertEqual(set(libraries), digests)
        (second / "b.txt").write_text("c")
        self.assertNotIn(self.answer("check", second)["digest"], digests)
        (second / "b.txt").write_text("b")
        self.assertIn(self.answer("check", second)["digest"], digests)
        (second / "b.txt").chmod(0o755)
        self.assertNotIn(self.answer("check", second)["digest"], digests)


if __name__ == "__main__":
    catalog_command.main()
