#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads syscalls.tbl, types.def and the sources; writes what the kernel and the host programs know about system calls.

	syscalls.py OUT syscalls.tbl types.def SOURCE.c...
	syscalls.py --missing syscalls.tbl types.def SOURCE.c...	lists rows without SYSCALL(); status 1 if any

Only rows whose SYSCALL(name is found in a source are active. Written into OUT, and only when changed:
include/generated/syscall_protos.h (prototypes and SYS_ numbers), gen/syscall_table.c (wrappers, dispatch table),
gen/syscall_desc.c (kernel/syscall_desc.h), gen/syscall_abi_check.c (constants of types.def against kernel/abi/*.h),
gen/syscalls.txt (the list for people).
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "syscalls"))
from emit import write_all          # noqa: E402
from model import Error             # noqa: E402
from table import read_table        # noqa: E402
from types_def import read_types    # noqa: E402


def scan(sources, rows):
    """Marks the rows that a source serves."""
    known = {row.name: row for row in rows}
    for path in sources:
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                found = re.match(r"SYSCALL\((\w+)", line)
                if not found:
                    continue
                if found.group(1) not in known:
                    raise Error(path, number, f"SYSCALL({found.group(1)}) has no row in syscalls.tbl")
                known[found.group(1)].source = path
    for row in rows:
        row.active = known[row.plain].source is not None


def main(args):
    if len(args) < 3:
        sys.exit(__doc__)
    out, table, types = args[:3]
    try:
        rows = read_table(table, read_types(types))
        scan([path for path in args[3:] if path.endswith(".c")], rows)
    except (Error, OSError) as error:
        sys.exit(f"syscalls.py: {error}" if isinstance(error, OSError) else str(error))
    if out == "--missing":
        missing = [row.name for row in rows if row.variant == 0 and not row.active]
        if missing:
            sys.exit("syscalls.tbl: no SYSCALL() for " + " ".join(missing))
        return
    write_all(out, rows, table)


main(sys.argv[1:])
