#!/usr/bin/env python3
"""Turns Debian package indexes into the neutral package list and queries over it.

    debian_list.py --out debian.jsonl --queries debian.q.jsonl Packages [Packages.lz4 ...]

The indexes of the machine itself are /var/lib/apt/lists/*_Packages* (read through lz4, xz or zstd where need be). Debian's versions
are no semantic versions: for each name, all versions that are listed or mentioned anywhere are sorted by dpkg's rules and
numbered, and number N becomes N.0.0. Depends and Pre-Depends become dependencies, Conflicts and Breaks conflicts. What an
unversioned Provides provides satisfies no versioned relation, as in Debian: it gets a name of its own.
"""
import argparse
import functools
import json
import random
import re
import subprocess


def order(char):
    if char == "~":
        return -1
    if char.isdigit():
        return 0
    return ord(char) if char.isalpha() else ord(char) + 256


def compare_part(a, b):
    i = j = 0
    while i < len(a) or j < len(b):
        while (i < len(a) and not a[i].isdigit()) or (j < len(b) and not b[j].isdigit()):
            x = order(a[i]) if i < len(a) else 0
            y = order(b[j]) if j < len(b) else 0
            if x != y:
                return x - y
            i, j = i + 1, j + 1
        m = re.match(r"\d*", a[i:]).group()
        n = re.match(r"\d*", b[j:]).group()
        i, j = i + len(m), j + len(n)
        if int(m or 0) != int(n or 0):
            return int(m or 0) - int(n or 0)
    return 0


def split(version):
    epoch, _, rest = version.rpartition(":")
    upstream, dash, revision = rest.rpartition("-")
    return (int(epoch or 0), upstream, revision) if dash else (int(epoch or 0), rest, "")


def compare(a, b):
    (e, u, r), (f, v, s) = split(a), split(b)
    return (e - f) or compare_part(u, v) or compare_part(r, s)


def paragraphs(path):
    tool = {"lz4": ["lz4", "-dc"], "xz": ["xz", "-dc"], "zst": ["zstd", "-dc"]}.get(path.rsplit(".")[-1], ["cat"])
    process = subprocess.Popen(tool + [path], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    fields, key = {}, None
    for line in process.stdout:
        line = line.rstrip("\n")
        if not line:
            if fields:
                yield fields
            fields, key = {}, None
        elif line[0] in " \t":
            if key:
                fields[key] += line
        else:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
    if fields:
        yield fields


RELATION = re.compile(r"^([a-z0-9A-Z][a-z0-9A-Z+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^)\s]+)\s*\))?")


def relations(text):
    for group in text.split(","):
        found = [RELATION.match(part.strip()) for part in group.split("|")]
        found = [m.groups() for m in found if m]
        if found:
            yield found


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--out", required=True)
    args.add_argument("--queries", required=True)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("indexes", nargs="+")
    a = args.parse_args()
    packages, versions = {}, {}

    def mention(name, version):
        versions.setdefault(name, set()).add(version)

    for path in a.indexes:
        for p in paragraphs(path):
            packages[p["Package"], p["Version"]] = p
            mention(p["Package"], p["Version"])
    for p in packages.values():
        for field in ("Depends", "Pre-Depends", "Conflicts", "Breaks", "Provides"):
            for group in relations(p.get(field, "")):
                for name, _, version in group:
                    if version:
                        mention(name, version)
    number = {name: {} for name in versions}
    for name, known in versions.items():
        rank, last = 0, None
        for version in sorted(known, key=functools.cmp_to_key(compare)):
            if last is None or compare(last, version) != 0:
                rank += 1
            number[name][version] = rank
            last = version
    plain = {name for name, _ in packages}

    def targets(name, relation, version):
        """A relation as neutral targets; an unversioned one also means whoever provides the name without a version."""
        if relation is None:
            out = []
            if name in number:
                out.append({"name": name, "req": "*"})
            if name in unversioned:
                out.append({"name": "virtual/" + name, "req": "*"})
            return out or [{"name": name, "req": "*"}]
        sign = {"<<": "<", ">>": ">", "<": "<=", ">": ">="}.get(relation, relation)
        return [{"name": name, "req": "%s%d.0.0" % (sign, number[name][version])}]

    unversioned = set()
    for p in packages.values():
        for group in relations(p.get("Provides", "")):
            unversioned.update(name for name, _, version in group if not version)
    with open(a.out, "w") as out:
        for (name, version), p in sorted(packages.items()):
            line = {"name": name, "version": "%d.0.0" % number[name][version], "dependencies": [], "conflicts": [], "provides": []}
            for field in ("Pre-Depends", "Depends"):
                for group in relations(p.get(field, "")):
                    flat = [t for relation in group for t in targets(*relation)]
                    need = dict(flat[0])
                    if len(flat) > 1:
                        need["any_of"] = flat[1:]
                    line["dependencies"].append(need)
            for field in ("Conflicts", "Breaks"):
                for group in relations(p.get(field, "")):
                    line["conflicts"] += [t for relation in group for t in targets(*relation)]
            for group in relations(p.get("Provides", "")):
                for other, _, provided in group:
                    if provided:
                        line["provides"].append({"name": other, "version": "%d.0.0" % number[other][provided]})
                    else:
                        line["provides"].append({"name": "virtual/" + other, "version": "1.0.0"})
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    rnd = random.Random(a.seed)
    names = sorted(plain)
    with open(a.queries, "w") as out:
        for roots in (1, 5, 20):
            for k in range(200):
                out.write(json.dumps({"id": "r%d-%d" % (roots, k),
                                      "require": [{"name": n, "req": "*"} for n in rnd.sample(names, roots)]}) + "\n")


if __name__ == "__main__":
    main()
