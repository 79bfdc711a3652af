#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the tree: check.py [NAME...]    (layers, cycles, style, options, headers, format, symbols)

Each check is checks/<name>.py with find(tree): yields one line a fault. Each is also shown to work on
checks/bad/<name>/, a tiny tree whose faults are listed in its file EXPECTED (one text a line, found in exactly one
fault each). Prints "ok NAME" or "not ok NAME: ..." lines, as test suites do, and the faults on standard error.
"""
import importlib
import os
import sys

from checks.tree import Tree

CHECKS = ("layers", "cycles", "style", "options", "headers", "format", "symbols")
HERE = os.path.dirname(os.path.abspath(__file__))


def check_tree(name, find):
    faults = list(find(Tree(os.path.dirname(os.path.dirname(HERE)))))
    for fault in faults:
        print(f"{name}: {fault}", file=sys.stderr)
    print(f"not ok {name}: {len(faults)} faults" if faults else f"ok {name}", flush=True)
    return not faults


def check_itself(name, find):
    """A check must find what is wrong in its bad example, and nothing else."""
    bad = os.path.join(HERE, "checks", "bad", name)
    with open(os.path.join(bad, "EXPECTED")) as f:
        expected = f.read().splitlines()
    faults = list(find(Tree(bad)))
    missed = [e for e in expected if sum(e in fault for fault in faults) != 1]
    for e in missed:
        print(f"{name}: not found once in the bad example: {e}; but: {faults}", file=sys.stderr)
    fine = not missed and len(faults) == len(expected)
    print(f"ok {name}_finds_faults" if fine
          else f"not ok {name}_finds_faults: {len(faults)} instead of {len(expected)} faults", flush=True)
    return fine


def main(names):
    unknown = [n for n in names if n not in CHECKS]
    if unknown:
        sys.exit(f"check: no check '{unknown[0]}'; there are: {' '.join(CHECKS)}")
    fine = True
    for name in names or CHECKS:
        find = importlib.import_module("checks." + name).find
        fine &= check_itself(name, find) & check_tree(name, find)
    return 0 if fine else 1


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
