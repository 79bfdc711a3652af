#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The layout of C that .clang-format describes: format.py --fix [FILE...] applies it.

Two things are the author's: the blanks before a comment at the end of a line, and how a table is broken into lines
(use the comments "clang-format off" and "on" around one that matters).
"""
import difflib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def plain(line):
    return re.sub(r"(?<=\S)\s+(?=/\*)", " ", line)


def formatted(tree, name):
    """The file as clang-format wants it, with the author's blanks where only those differ."""
    old = tree.read(name)
    new = subprocess.run(["clang-format-19", name], cwd=tree.root, capture_output=True, text=True, check=True).stdout
    old_lines, new_lines = old.split("\n"), new.split("\n")
    matcher = difflib.SequenceMatcher(None, [plain(x) for x in old_lines], [plain(x) for x in new_lines], False)
    out, faults = [], []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        out += old_lines[i1:i2] if tag == "equal" else new_lines[j1:j2]
        if tag != "equal":
            faults.append(f"{name}:{i1 + 1}: layout; clang-format writes: {' '.join(new_lines[j1:j2]).strip()[:60]}")
    return "\n".join(out), faults


def find(tree):
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for _, faults in pool.map(lambda name: formatted(tree, name), tree.sources(".c", ".h")):
            yield from faults


def fix(names):
    from tree import Tree
    tree = Tree(os.getcwd())
    for name in names or tree.sources(".c", ".h"):
        text, faults = formatted(tree, name)
        if faults:
            with open(tree.path(name), "w") as f:
                f.write(text)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--fix"]:
        sys.exit(__doc__)
    fix(sys.argv[2:])
