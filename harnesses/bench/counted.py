# SPDX-License-Identifier: BSD-3-Clause
"""Small differences, for benchmarks: what a program executes in the kernel and itself, counted exactly as "saki prof
count" does, and what it takes by the clock. The program is mostly the system-call benchmark (harnesses/apps/calls),
whose work is always the same. A program is a list: options of saki run, its path, its words."""
import json
import os
import statistics
import subprocess
import time

BUILD, TMP = os.environ["SAKI_BUILD"], os.environ["TMPDIR"]
# All of the system-call benchmark but for its sqlite3.
CALLS = ["getppid", "read of 4 KiB of /dev/zero", "pipe ping-pong", "mmap and touch of 64 pages",
         "pthread create and join", "futex ping-pong", "fork and exit"]
NOTHING = ["hello"]     # words that make it end at once
LAYOUTS = 16


def call(*words, **more):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300,
                          **more).stdout


def prepare():
    """Builds the system-call benchmark, and what counts. Its path."""
    path = os.path.join(TMP, "calls")
    call("clang-19", "-D_GNU_SOURCE", "-O1", "-pthread", "-o", path, "harnesses/apps/calls/calls.c")
    call("make", "-s", "plugin")
    return path


def appended(line):
    return ["--append", line] if line else []


def run(preset, program, line=""):
    """What it says; line: more of the kernel's command line."""
    return call(os.path.join(BUILD, "tools/saki-run"), "--preset", preset, *appended(line), *program)


def instructions(preset, program, line=""):
    """From the machine's start to its end."""
    out = call(os.path.join(BUILD, "tools/saki-prof"), "count", "--json", "--preset", preset, "--", *appended(line),
               *program, cwd=TMP)
    return json.loads(out.splitlines()[-1])["instructions"]


def by_layout(preset, program):
    """The same; where memory is randomized of some layouts, always these, as they differ by several percent. A list."""
    with open(os.path.join(BUILD, f"x86_64-{preset}", ".config"), encoding="utf-8") as config:
        randomized = "CONFIG_LAYOUT=y\n" in config
    lines = [f"layout={n}" for n in range(1, LAYOUTS + 1)] if randomized else [""]
    return [instructions(preset, program, line) for line in lines]


def standard_error(figures):
    """Of their mean; 0 of one."""
    return statistics.stdev(figures) / len(figures) ** 0.5 if len(figures) > 1 else 0


def seconds(preset, program, line=""):
    start = time.monotonic()
    run(preset, program, line)
    return time.monotonic() - start


def beyond(measure, preset, work, nothing, line=""):
    """What the work takes by that measure beyond a boot and a program that does nothing."""
    return measure(preset, work, line) - measure(preset, nothing, line)


def best_of_turns(turns, *measures):
    """The least of each, measured in turns."""
    return [min(column) for column in zip(*[[measure() for measure in measures] for _ in range(turns)])]


def more(figure, base):
    """In percent."""
    return (figure / base - 1) * 100


def say(name, figure, unit, baseline="-", target="-"):
    print("bench", name, f"{figure:.3f}", unit, baseline, target, sep="\t", flush=True)
