#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benchmarks and prints one table: bench.py [--json] [GLOB...]

A benchmark (<room>/**/bench/*.bench, run as suites.py says, always alone) prints one line a figure, fields separated by
tabs: bench, name, figure, unit, baseline (a figure to compare with, or -), at least (the figure to reach, or -).
"At most" is written as <N. The exit status is 1 when a benchmark gave no figure.
"""
import json
import sys

import suites


def parse(line, suite):
    fields = line.split("\t")
    if len(fields) != 6 or fields[0] != "bench":
        return None
    _, name, figure, unit, baseline, target = fields
    return {"suite": suite.name, "name": name, "figure": float(figure), "unit": unit, "baseline": baseline,
            "target": target, "reached": reached(float(figure), target)}


def reached(figure, target):
    if target == "-":
        return None
    return figure <= float(target[1:]) if target.startswith("<") else figure >= float(target)


def show(row):
    verdict = {None: "", True: "reached", False: "NOT REACHED"}[row["reached"]]
    figure = f"{row['figure']:,.0f}" if row["figure"] >= 100 else f"{row['figure']:.3g}"
    print(f"{row['name']:40} {figure:>12} {row['unit']:14} {row['baseline']:>12} {row['target']:>10}  {verdict}",
          flush=True)


def run(suite, rows, as_json):
    out, failure, seconds = suite.run()
    mine = [r for r in (parse(line, suite) for line in out.splitlines()) if r]
    if failure or not mine:
        print(f"{suite.name}: {failure or 'gave no figure'}; log: {suite.log}", file=sys.stderr)
    if not as_json:
        for row in mine:
            show(row)
    rows += mine
    return not failure and bool(mine)


def main(args):
    options, globs = suites.arguments(args, ("--json",))
    as_json = "--json" in options
    chosen = suites.choose("bench", globs)
    suites.build_images(chosen, lambda text: print(text, file=sys.stderr))
    if not as_json:
        print(f"{'name':40} {'figure':>12} {'unit':14} {'baseline':>12} {'at least':>10}")
    rows = []
    try:
        fine = [run(s, rows, as_json) for s in chosen]
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    if as_json:
        print(json.dumps({"bench": rows}))
    return 0 if all(fine) else 1


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
