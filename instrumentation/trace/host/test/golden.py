# SPDX-License-Identifier: BSD-3-Clause
"""What saki-trace, and the programs its output is for, make of the synthetic recording: golden files by name."""
import os
import re
import subprocess

import synthetic

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "golden")
TRACE = os.path.join(os.environ["SAKI_BUILD"], "tools", "saki-trace")


def run(*command):
    """Standard output; standard error goes after it, without the machine's paths."""
    done = subprocess.run(command, capture_output=True, env=dict(os.environ, TZ="UTC"), timeout=60)
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
    return done.stdout.decode(), done.stderr.decode()


def outputs(folder):
    synthetic.write(folder)
    texts = {}
    texts["text.txt"], texts["missing.txt"] = run(TRACE, "text", folder)
    texts["chrome.json"] = run(TRACE, "json", folder)[0]
    run(TRACE, "ctf", folder)
    with open(os.path.join(folder, "ctf", "metadata"), encoding="utf-8") as metadata:
        # The table of system calls grows with the kernel.
        texts["metadata.txt"] = re.sub(r"(enum system_call : uint64_t \{)[^}]*", r"\1 ... ", metadata.read())
    events, warnings = run("babeltrace2", "--clock-gmt", os.path.join(folder, "ctf"))
    texts["babeltrace.txt"] = events + re.sub(r'within stream ".*/', 'within stream "', warnings)
    run(TRACE, "dat", folder)
    texts["trace-cmd.txt"] = run("trace-cmd", "report", "-t", os.path.join(folder, "trace.dat"))[0]
    return texts
