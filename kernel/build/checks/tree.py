# SPDX-License-Identifier: BSD-3-Clause
"""The files of a tree, for the checks: which there are, what they hold, and whom they include."""
import os
import re
import subprocess

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]', re.M)
# Where an include path may start, besides the root and the file's own folder. arch/cpu.h exists once a CPU.
INCLUDE_ROOTS = ("", "kernel/include/", "arch/x86_64/include/", "arch/host/include/")


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = sorted(self.tracked() or self.walked())
        self.present = set(self.files)

    def tracked(self):
        """Git's files, where the root is that of a clone; new ones too, ignored and deleted ones not."""
        if not os.path.exists(os.path.join(self.root, ".git")):
            return []
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.splitlines()
        # The bad examples are trees of their own.
        return [n for n in names if os.path.isfile(self.path(n)) and not n.startswith("kernel/build/checks/bad/")]

    def walked(self):
        for folder, folders, files in os.walk(self.root):
            folders[:] = [f for f in folders if f not in (".git", "build") or "kernel" in folder]
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.root)
                if path != "EXPECTED" and not path.startswith("kernel/build/checks/bad/"):
                    yield path

    def path(self, name):
        return os.path.join(self.root, name)

    def read(self, name):
        with open(self.path(name), errors="replace") as f:
            return f.read()

    def sources(self, *endings):
        return [f for f in self.files if f.endswith(endings or (".c", ".h", ".S"))]

    def resolve(self, name, quote, target):
        """The tree's file that an include means: a path, 'generated/...', or None for a system header."""
        roots = INCLUDE_ROOTS
        if quote == '"':
            roots = (os.path.dirname(name) + "/",) + roots
        for root in roots:
            path = os.path.normpath(root + target)
            if path in self.present:
                return path
        return target if target.startswith("generated/") else None

    def includes(self, name):
        """(target as written, what it resolves to) of each include of a file."""
        return [(target, self.resolve(name, quote, target)) for quote, target in INCLUDE.findall(self.read(name))]
