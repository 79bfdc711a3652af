# SPDX-License-Identifier: BSD-3-Clause
"""Compares what a profile says of shares.c with what that spends. A sample that comes late stands for the periods that
it has missed, and the program makes up for what it was not given, so the shares are right on a busy machine too."""
import collections
import json
import os
import re
import subprocess

TOOLS = os.path.join(os.environ["SAKI_BUILD"], "tools")
TMP = os.environ["TMPDIR"]
WANTED = {"own_outer": 70, "library_outer": 20, "kernel_outer": 10}


def say(name, error):
    print(f"not ok {name}: {error}" if error else f"ok {name}", flush=True)


def build():
    """The program's options and path for saki run."""
    here = "harnesses/apps/shares/"
    library, program = os.path.join(TMP, "libspin.so"), os.path.join(TMP, "shares")
    subprocess.run(["clang-19", "-O2", "-shared", "-fPIC", "-o", library, here + "spin.c"], check=True)
    subprocess.run(["clang-19", "-O2", "-o", program, here + "shares.c", f"-L{TMP}", "-lspin",
                    "-Wl,-rpath,$ORIGIN"], check=True)
    return ["--file", library + ":/usr/lib/libspin.so", program]


def run(*words, timeout=200):
    done = subprocess.run([os.path.join(TOOLS, words[0]), *words[1:]], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:3])}: status {done.returncode}: {done.stderr[-300:]}")
    return done


def shares_of(data):
    """What main's three children have of what they have together, in percent; and how much that is of all."""
    spent, every = collections.Counter(), 0
    for line in run("saki-prof", "folded", data).stdout.splitlines():
        chain, value = line.rsplit(" ", 1)
        every += int(value)
        for name in WANTED:
            if f";main;{name}" in chain:
                spent[name] += int(value)
    together = sum(spent.values())
    if not together:
        raise RuntimeError("no sample has main and one of the three that it calls")
    return {name: 100 * spent[name] / together for name in WANTED}, 100 * together / every


def judge(got, told, points):
    """Against what the program measured itself, in permille and in that order."""
    wrong = [f"{name} has {got[name]:.1f} % and measured {int(own) / 10}" for name, own in zip(WANTED, told)
             if abs(got[name] - int(own) / 10) > points]
    off = [own for wanted, own in zip(WANTED.values(), told) if abs(wanted - int(own) / 10) > points]
    return ", ".join(wrong) or (f"the program spent {' '.join(told)} permille" if off else "")


def attempt(program, data, options, run_options, seconds, points, least):
    try:
        done = run("saki-prof", "record", *options, "-F", "999", "-o", data, "--", *run_options, *program,
                   str(seconds))
        got, part = shares_of(data)
    except (RuntimeError, subprocess.TimeoutExpired) as e:
        return str(e).replace("\n", " ")
    return judge(got, done.stdout.split(), points) or \
        (f"they are {part:.0f} % of the recording, which is of little else" if part < least else "")


def check(program, name, options, run_options, seconds, points, least=50):
    """Once more where it fails: on a machine that is busy a stall can be longer than what is allowed."""
    data = os.path.join(TMP, name + ".data")
    error = attempt(program, data, options, run_options, seconds, points, least)
    if error:
        again = attempt(program, data, options, run_options, seconds, points, least)
        error = again and f"{error}; once more: {again}"
    say(f"shares_{name}", error)


def check_chains(program):
    """From outside the chains are those of the kernel's own sampler, and the kernel was told of nothing."""
    data, error = os.path.join(TMP, "chains.data"), ""
    try:
        run("saki-prof", "record", "--outside", "-F", "499", "-o", data, "--", *program, "1")
        folded = run("saki-prof", "folded", data).stdout
        for wanted in (r"^shares;_start;.*;main;own_outer;own_inner ", r";main;library_outer;spin_library;spin_inner ",
                       r";main;kernel_outer;read;syscall_stub_\[k\];syscall_entry_\[k\];.*sys_read_\[k\];"):
            if not re.search(wanted, folded, re.MULTILINE):
                error = f"no chain has {wanted}"
    except (RuntimeError, subprocess.TimeoutExpired) as e:
        error = str(e).replace("\n", " ")
    say("chains_from_outside", error)
