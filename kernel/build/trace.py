#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads instrumentation/trace/events.tbl, which says how it is written; writes what kernel and host know of it.

	trace.py OUT events.tbl

Written into OUT, and only when changed: include/generated/trace_events.h (numbers, and a function each),
include/generated/trace_inline.h (the same in line), gen/trace_events.c (those functions) and gen/trace_description.c
(the text that goes into recordings).
"""
import os
import re
import sys

TYPES = {"u64", "s64", "hex", "ptr", "uptr", "thread", "ns", "since", "call", "result", "str"}
SIGNED = {"s64", "result"}
POINTERS = {"ptr"}
TOLD = {"since": "ns"}     # what readers are told that it is
EVENTS_MAX = 0xffe


class Event:
    def __init__(self, group, name, args):
        self.group, self.name, self.args = group, name, args

    def line(self, number):
        args = [f"{name}:{TOLD.get(kind, kind)}{'=' + names if names else ''}" for name, kind, names in self.args]
        return " ".join([f"{number} {self.group}:{self.name}"] + args)

    def has_text(self):
        return bool(self.args) and self.args[-1][1] == "str"

    def prototype(self, prefix="trace"):
        args = ", ".join(c_type(t) + ("" if c_type(t).endswith("*") else " ") + n for n, t, _ in self.args)
        return f"void {prefix}_{self.name}({args or 'void'})"


def c_type(kind):
    return ("const char *" if kind == "str" else "const void *" if kind in POINTERS else
            "int64_t " if kind in SIGNED else "uint64_t ").rstrip()


def argument(path, number, word):
    found = re.fullmatch(r"([a-z][a-z0-9_]*):([a-z0-9]+)(?:=([\w,]+))?", word)
    if not found or found[2] not in TYPES or (found[3] and found[2] != "u64"):
        sys.exit(f"{path}:{number}: '{word}' is no NAME:TYPE")
    return found[1], found[2], found[3]


def read(path):
    group, events, names = None, [], set()
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            heading = re.match(r"# ---- (\w+): ", line)
            words = line.split("#")[0].split()
            if heading:
                group = heading[1]
            if not words:
                continue
            args = [argument(path, number, word) for word in words[1:]]
            if not group or words[0] in names or not re.fullmatch(r"[a-z][a-z0-9_]*", words[0]):
                sys.exit(f"{path}:{number}: {words[0]}: in no group, there already, or no name")
            if len({a[0] for a in args}) != len(args) or any(a[1] == "str" for a in args[:-1]):
                sys.exit(f"{path}:{number}: {words[0]}: an argument is there twice, or a text is not the last one")
            names.add(words[0])
            events.append(Event(group, words[0], args))
    if len(events) > EVENTS_MAX:
        sys.exit(f"{path}: more than {EVENTS_MAX} events")
    return events


def header(events):
    yield "/* Made by kernel/build/trace.py. */\n#pragma once\n\n#include <kernel/types.h>\n"
    yield "enum trace_event {"
    yield from (f"\tTRACE_{e.name}," for e in events)
    yield "\tTRACE_EVENTS\n};\n"
    yield from (e.prototype() + ";" for e in events)


def inline(events):
    yield "/* Made by kernel/build/trace.py. */\n#pragma once\n\n#include <instrumentation/trace/trace_internal.h>\n"
    for e in events:
        names = ", ".join(name for name, _, _ in e.args)
        yield e.prototype("trace_long") + ";"
        yield f"static ALWAYS_INLINE {e.prototype('trace_inline')}\n{{"
        if not e.has_text():
            # The time is known by then, and need not be asked for twice.
            words = [f"trace_passed({n}, place.record->time)" if t == "since" else f"(uint64_t){n}"
                     for n, t, _ in e.args]
            yield "\tstruct trace_place place;\n"
            yield f"\tif (likely(trace_short_open(&place, TRACE_{e.name}, {len(words)}))) {{"
            yield from (f"\t\tplace.record->args[{i}] = {word};" for i, word in enumerate(words))
            yield "\t\ttrace_short_close(&place);\n\t\treturn;\n\t}"
        yield f"\ttrace_long_{e.name}({names});\n}}\n"


def functions(events):
    yield "/* Made by kernel/build/trace.py. */\n#include <generated/trace_inline.h>\n"
    for e in events:
        words = [f"trace_since({n})" if t == "since" else f"(uint64_t){n}" for n, t, _ in e.args if t != "str"]
        text = e.args[-1][0] if e.has_text() else "NULL"
        words_and_count = f"(const uint64_t[]){{ {', '.join(words)} }}, {len(words)}" if words else "NULL, 0"
        # Not inline, so that the short way has no registers to save. Its caller's frame is that of the tracepoint's
        # function, whose caller is where the event is.
        yield f"NOINLINE {e.prototype('trace_long')}\n{{"
        yield f"\ttrace_emit(TRACE_{e.name}, {words_and_count}, {text},"
        yield "\t\t   *(const uint64_t *)__builtin_frame_address(0));\n}\n"
        yield f"{e.prototype()}\n{{\n\ttrace_inline_{e.name}({', '.join(name for name, _, _ in e.args)});\n}}\n"


def description(events):
    yield "/* Made by kernel/build/trace.py. */\n#include <instrumentation/trace/description.h>\n"
    yield "const char trace_description[] ="
    for number, e in enumerate(events):
        yield f"\t\"{e.line(number)}\\n\"" + (";" if number == len(events) - 1 else "")
    yield "const unsigned trace_description_size = sizeof(trace_description) - 1;"


def write(path, lines):
    text = "\n".join(lines) + "\n"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)


def main(args):
    if len(args) != 2:
        sys.exit(__doc__)
    out, events = args[0], read(args[1])
    write(f"{out}/include/generated/trace_events.h", header(events))
    write(f"{out}/include/generated/trace_inline.h", inline(events))
    write(f"{out}/gen/trace_events.c", functions(events))
    write(f"{out}/gen/trace_description.c", description(events))


main(sys.argv[1:])
