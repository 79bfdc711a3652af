# SPDX-License-Identifier: BSD-3-Clause
"""No global name of the kernel is libc's, but mem* and str*: in the host image one would silently replace the other."""
import glob
import os
import re
import subprocess

COMMON = ("mem", "str")


def globals_of(path, *flags):
    command = ["llvm-nm-19", "--format=just-symbols", *flags, path]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def libc_names():
    names = set()
    for pattern in ("libc.so.6", "libpthread.so.0", "libm.so.6"):
        for path in glob.glob(f"/lib/x86_64-linux-gnu/{pattern}"):
            names |= {n.split("@")[0] for n in globals_of(path, "--dynamic", "--defined-only", "--extern-only")}
    return names


def find(tree):
    build = os.path.join(tree.root, os.environ.get("O") or "build")
    kernel = os.path.join(build, "host-default", "kernel.o")
    bad = os.path.join(tree.root, "kernel.symbols")     # of the bad example
    if os.path.exists(bad):
        mine = set(tree.read("kernel.symbols").split())
    elif os.path.exists(kernel):
        mine = globals_of(kernel, "--defined-only", "--extern-only")
    else:
        yield f"{kernel} is not built"
        return
    for name in sorted(mine & libc_names()):
        if not name.startswith(COMMON):
            yield f"{name}: libc has this name too"
