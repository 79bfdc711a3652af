#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The layout of C that .clang-format describes: format.py --fix [FILE...] applies it.

Three things are the author's: the blanks before a comment at the end of a line, how an initializer is broken into
lines, and whether all short cases of a file's switches take one line each.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ONE_LINE = "AllowShortCaseLabelsOnASingleLine: "
NOT_CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def plain(line):
    return re.sub(r"(?<=\S)\s+(?=/\*)", " ", line)


def initializer_lines(text):
    """For each line, whether it lies in the braces of an initializer, the first and the last line included."""
    code = NOT_CODE.sub(lambda m: re.sub(r"[^\n]", "x", m[0]), text)
    depth, last, flags = 0, "", []
    for line in code.split("\n"):
        inside = depth > 0
        for char in line:
            if char == "{" and (depth or last == "="):
                depth, inside = depth + 1, True
            elif char == "}" and depth:
                depth -= 1
            if not char.isspace():
                last = char
        flags.append(inside)
    return flags


def is_authors(old, new, flags):
    """Whether a piece may stay as it is: an initializer that says the same. Its width is for style.py."""
    return all(flags) and re.sub(r"\s", "", "".join(old)) == re.sub(r"\s", "", "".join(new))


def layout(tree, name, old, *options):
    new = subprocess.run(["clang-format-19", *options, name], cwd=tree.root, capture_output=True, text=True, check=True)
    old_lines, new_lines, flags = old.split("\n"), new.stdout.split("\n"), initializer_lines(old)
    matcher = difflib.SequenceMatcher(None, [plain(x) for x in old_lines], [plain(x) for x in new_lines], False)
    out, faults = [], []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal" or is_authors(old_lines[i1:i2], new_lines[j1:j2], flags[i1:i2]):
            out += old_lines[i1:i2]
        else:
            out += new_lines[j1:j2]
            faults.append(f"{name}:{i1 + 1}: layout; clang-format writes: {' '.join(new_lines[j1:j2]).strip()[:60]}")
    return "\n".join(out), faults


def one_line_cases():
    """A style file that differs from ours in that short cases take one line."""
    with open(os.path.join(os.path.dirname(__file__), "../../../.clang-format")) as f:
        style = f.read().replace(ONE_LINE + "false", ONE_LINE + "true")
    file = tempfile.NamedTemporaryFile("w", suffix=".clang-format")
    file.write(style)
    file.flush()
    return file


def formatted(tree, name, other_style):
    """The file as clang-format wants it but for what is the author's, and the faults that this mends."""
    old = tree.read(name)
    best = layout(tree, name, old)
    if best[1]:
        best = min(best, layout(tree, name, old, f"--style=file:{other_style}"), key=lambda r: len(r[1]))
    return best


def find(tree):
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, one_line_cases() as other:
        for _, faults in pool.map(lambda name: formatted(tree, name, other.name), tree.sources(".c", ".h")):
            yield from faults


def fix(names):
    from tree import Tree
    tree = Tree(os.getcwd())
    with one_line_cases() as other:
        for name in names or tree.sources(".c", ".h"):
            text, faults = formatted(tree, name, other.name)
            if faults:
                with open(tree.path(name), "w") as f:
                    f.write(text)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--fix"]:
        sys.exit(__doc__)
    fix(sys.argv[2:])
