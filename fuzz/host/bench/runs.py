# SPDX-License-Identifier: BSD-3-Clause
"""One run of saki fuzz, for benches: its report."""
import json
import os
import subprocess

FUZZ = os.path.join(os.environ["SAKI_BUILD"], "tools/saki-fuzz")


def report(folder, seconds, *words):
    out = os.path.join(os.environ["TMPDIR"], folder)    # nobody starts from another's corpus
    command = [FUZZ, *words, "--time", str(seconds), "--out", out, "--json"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if result.returncode not in (0, 1):     # 1: with findings; the figure counts all the same
        raise SystemExit(f"{' '.join(command)}: exit status {result.returncode}")
    return json.loads(result.stdout.splitlines()[-1])
