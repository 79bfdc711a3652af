# SPDX-License-Identifier: BSD-3-Clause
"""Reads syscalls.tbl."""
import re

from model import CTYPES, Error, Row
from types_def import Parser, parse_fields

ATTRIBUTES = {"@ends": "ENDS", "@code": "CODE", "@thread": "THREAD", "@quick": "QUICK"}
WORLDS = {"@host": "HOST", "@vm": "VM"}


def words_of(line):
    """Words, where spaces inside braces do not separate."""
    return re.findall(r"(?:\{[^}]*\}|\S)+", line.split("#")[0])


def read_head(words, fail):
    if len(words) < 3:
        fail("NAME X86_64 ARM64 are needed")
    name, x86_64, arm64 = words[:3]
    found = re.fullmatch(r"(\d+)(?:\.([1-9]\d*))?", x86_64)
    if not found or not re.fullmatch(r"\d+|-", arm64) or not re.fullmatch(r"\w+(\$\w+)?", name):
        fail(f"'{name} {x86_64} {arm64}' is not NAME X86_64 ARM64")
    row = Row(name, int(found.group(1)), int(found.group(2) or 0), None if arm64 == "-" else int(arm64))
    if ("$" in name) != (row.variant > 0):
        fail(f"{name}: a variant, and only a variant, has a number like 72.1")
    return row


def read_attributes(row, words, fail):
    """Takes @words off the end."""
    worlds = set()
    while words and words[-1].startswith("@"):
        word = words.pop()
        if word in ATTRIBUTES:
            row.flags.add(ATTRIBUTES[word])
        elif word in WORLDS:
            worlds.add(WORLDS[word])
        else:
            fail(f"'{word}' is no attribute")
    if worlds:
        row.flags = row.flags - {"HOST", "VM"} | worlds


def read_row(line, types, fail):
    words = words_of(line)
    row = read_head(words, fail)
    words = words[3:]
    read_attributes(row, words, fail)
    row.text = " ".join(words)
    if "->" in words:
        at = words.index("->")
        result = [word for word in words[at + 1:] if word != "new"]
        if len(result) != 1:
            fail("one result type is needed after ->")
        row.result = Parser(result[0], types, fail).whole()
        words = words[:at]
    row.args = parse_fields(words, types, fail)
    if len(row.args) > 6:
        fail(f"{row.name} has more than six arguments")
    if row.args and "QUICK" in row.flags:
        fail(f"{row.name} has arguments: it cannot be @quick")
    return row


def check_variant(row, plain, fail):
    """Same number, same argument sizes; constants take the plain argument's C type."""
    if not plain:
        fail(f"{row.name} comes before a plain {row.plain}")
    if row.number != plain.number:
        fail(f"{row.name} has another number than {plain.name}")
    if len(row.args) != len(plain.args):
        fail(f"{row.name} has {len(row.args)} arguments, {plain.name} has {len(plain.args)}")
    for narrow, wide in zip(row.args, plain.args):
        if narrow.type.kind == "CONST":
            size, signed = CTYPES[wide.type.ctype]
            narrow.type = narrow.type.copy(ctype=wide.type.ctype, size=size, align=size,
                                           flags={"SIGNED"} if signed else set())
        elif wide.type.size == 8:
            # The register holds all of it: a narrower C type is only how a program sees the value.
            narrow.type = narrow.type.copy()
        elif narrow.type.size != wide.type.size:
            fail(f"{row.name}: {narrow.name} has another size than in {plain.name}")


def read_table(path, types):
    rows, plain, numbers = [], {}, {}
    with open(path, encoding="utf-8") as text:
        for line_number, line in enumerate(text, 1):
            def fail(message, line_number=line_number):
                raise Error(path, line_number, message)

            if not words_of(line):
                continue
            row = read_row(line, types, fail)
            if row.variant:
                check_variant(row, plain.get(row.plain), fail)
            elif row.name in plain:
                fail(f"{row.name} is there twice")
            else:
                plain[row.name] = row
            other = numbers.setdefault((row.number, row.variant), row.name)
            if other != row.name:
                fail(f"{row.name} has the number of {other}")
            rows.append(row)
    return sorted(rows, key=lambda row: (row.number, row.variant))
