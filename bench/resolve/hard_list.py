#!/usr/bin/env python3
"""Generates adversarial resolution instances near the satisfiability threshold, in the neutral JSON Lines form:
disjoint groups of N packages with M versions each; every version needs K random packages of its group within a random
interval of about F*M versions. Request g asks for every package of group g.

    hard_list.py --groups 20 --packages 40 --versions 8 --needs 6 --width 0.55 --seed 1 --out hard.jsonl --queries hard.q.jsonl

Vary --needs and --width to move across the threshold; report how many of the groups are satisfiable.
"""
import argparse
import json
import random


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--groups", type=int, default=20)
    args.add_argument("--packages", type=int, default=40)
    args.add_argument("--versions", type=int, default=8)
    args.add_argument("--needs", type=int, default=6)
    args.add_argument("--width", type=float, default=0.55)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--out", required=True)
    args.add_argument("--queries", required=True)
    a = args.parse_args()
    rnd = random.Random(a.seed)
    with open(a.out, "w") as out, open(a.queries, "w") as queries:
        for g in range(a.groups):
            for i in range(a.packages):
                for version in range(a.versions):
                    dependencies = []
                    for j in rnd.sample([x for x in range(a.packages) if x != i], a.needs):
                        width = max(1, min(a.versions - 1, round(a.width * a.versions + rnd.uniform(-1, 1))))
                        low = rnd.randrange(a.versions - width + 1)
                        dependencies.append({"name": "g%dp%d" % (g, j),
                                             "req": ">=1.%d.0, <1.%d.0" % (low, low + width)})
                    out.write(json.dumps({"name": "g%dp%d" % (g, i), "version": "1.%d.0" % version,
                                          "dependencies": dependencies}, separators=(",", ":")) + "\n")
            queries.write(json.dumps({"id": "h-%d" % g, "require": [
                {"name": "g%dp%d" % (g, i), "req": "*"} for i in range(a.packages)]}) + "\n")


if __name__ == "__main__":
    main()
