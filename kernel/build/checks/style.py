# SPDX-License-Identifier: BSD-3-Clause
"""What every text file keeps to: the licence line, a paragraph at the top, tabs, width, and no host in the kernel."""
import os
import re

SPDX = "SPDX-License-Identifier: BSD-3-Clause"
WIDTH, MAX_LINES = 120, 600
CODE = (".c", ".h", ".S")
TABLES = (".tbl", ".def")
SCRIPTS = (".py", ".sh", ".mk", ".test", ".bench", ".ld", *TABLES)


def width(line):
    return len(line.expandtabs(8))


def top(name, text):
    if os.path.basename(name) != "build.mk" and SPDX not in "\n".join(text.split("\n")[:2]):
        yield f"{name}:1: no line with {SPDX}"
    if name.endswith((".c", ".h")) and not re.match(r"/\*.*\*/\n(#pragma once\n)?\s*/\*\*?\n? \*? ?\S", text):
        yield f"{name}:2: no paragraph at the top that says what the file is for"
    if name.endswith(".h") and "#pragma once" not in text:
        yield f"{name}:1: no #pragma once"


def code_lines(name, lines):
    for number, line in enumerate(lines, 1):
        if re.match(r"\t* {8}", line):
            yield f"{name}:{number}: spaces where a tab belongs"
        if re.match(r"\s*typedef\s+(struct|union)\b", line):
            yield f"{name}:{number}: a typedef hides a struct"
        if re.match(r"\s*(//|.*[;{}]\s*//)", line):
            yield f"{name}:{number}: comment with //"
        if name.startswith("kernel/") and re.match(r"\s*#\s*(el)?if.*\bCONFIG_ARCH_HOST\b|\s*#\s*ifn?def\s+HOST", line):
            yield f"{name}:{number}: the kernel may not ask whether it is in the host world"
        if name.endswith(".c") and re.match(r"\s*#\s*(ifn?def|if)\b.*\bCONFIG_", line):
            yield f"{name}:{number}: #if on an option in a .c file; use IS_ENABLED()"


def find(tree):
    for name in tree.files:
        code = name.endswith(CODE)
        if not code and not name.endswith(SCRIPTS) and os.path.basename(name) not in ("Makefile", "Kconfig", "saki"):
            continue
        text = tree.read(name)
        lines = text.split("\n")
        yield from top(name, text)
        for number, line in enumerate(lines, 1):
            if width(line) > WIDTH and not name.endswith(TABLES):
                yield f"{name}:{number}: wider than {WIDTH}"
            if line != line.rstrip():
                yield f"{name}:{number}: blanks at the end"
        if text and not text.endswith("\n"):
            yield f"{name}:{len(lines)}: no newline at the end"
        if code:
            yield from code_lines(name, lines)
            if len(lines) > MAX_LINES:
                yield f"{name}: {len(lines)} lines; more than {MAX_LINES} is more than one subject"
