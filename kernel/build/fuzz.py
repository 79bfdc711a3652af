#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The main job: fuzzes the system calls in both worlds with both engines, and sums up: fuzz.py [SECONDS]

SECONDS (120) are shared by the four campaigns. Their corpora and findings stay where `saki fuzz` keeps them, and the
next run goes on from there. Exit status as `saki fuzz`: 0 nothing found, 1 findings, 3 environment, 130 interrupted.
"""
import json
import os
import subprocess
import sys

CAMPAIGNS = [(world, engine) for world in ("host", "vm") for engine in ("libfuzzer", "afl")]


def campaign(world, engine, seconds):
    """One campaign's report, and its exit status. Progress goes to our standard error."""
    print(f"fuzzing syscall in {world} with {engine}, {seconds} s", file=sys.stderr, flush=True)
    command = ["./saki", "fuzz", "syscall", "--world", world, "--engine", engine, "--time", str(seconds), "--json"]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    lines = result.stdout.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None, result.returncode
    except json.JSONDecodeError:
        return None, result.returncode or 3


def summary(reports):
    print(f"\n{'world':6} {'engine':10} {'programs':>12} {'a second':>10} {'edges':>15} {'resets':>11} {'reboots':>8}"
          " findings")
    for r in reports:
        edges = f"{r['edges_found']:,} of {r['edges_total']:,}"
        print(f"{r['world']:6} {r['engine']:10} {r['execs']:12,} {r['execs_per_sec']:10,.0f} {edges:>15}"
              f" {r['resets']:11,} {r['reboots']:8,} {len(r['crashes'])}")
    found = {}
    for r in reports:
        for crash in r["crashes"]:
            found.setdefault(crash["title"], (crash, []))[1].append(f"{r['world']}/{r['engine']}")
    for title, (crash, where) in sorted(found.items()):
        print(f"  {title} ({', '.join(where)})\n      ./saki fuzz replay --world {crash['world']} {crash['input']}")
    print(f"{len(found)} findings" if found else "no findings")


def main(seconds):
    reports, worst = [], 0
    for world, engine in CAMPAIGNS:
        report, status = campaign(world, engine, max(1, seconds // len(CAMPAIGNS)))
        if report:
            reports.append(report)
        else:
            print(f"fuzz: no report from {engine} in {world} (exit status {status})", file=sys.stderr)
        worst = max(worst, status)
        if status == 130:
            break
    summary(reports)
    return worst


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    try:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ.get("TIME") or 120)))
    except KeyboardInterrupt:
        sys.exit(130)
