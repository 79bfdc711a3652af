#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the test suites: test.py [--long] [GLOB...]    (globs match suite names, e.g. 'fuzz/*')

A suite prints one line a test: "ok NAME", "not ok NAME: reason" or "skip NAME: reason"; other lines are ignored. One
that prints no result, fails without saying what, or takes too long counts as one failure. The last line is
"N passed, N failed"; the exit status is 1 when something failed. How a suite is found and run: suites.py.
"""
import os
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import suites

RESULT = re.compile(r"^(ok|not ok|skip) (.+)$")


class Report:
    """Counts results and prints one line a suite, with a progress line on a terminal."""

    def __init__(self, total):
        self.total, self.done, self.passed, self.failed, self.skipped = total, 0, 0, 0, 0
        self.start, self.lock, self.running, self.tty = time.monotonic(), threading.Lock(), [], sys.stdout.isatty()

    def print(self, line):
        print(("\r\033[K" if self.tty else "") + line, flush=True)

    def progress(self, text):
        if self.tty:
            print(f"\r\033[K{time.monotonic() - self.start:4.0f} s  {text}"[:120], end="", flush=True)

    def say(self, text):
        self.progress(text) if self.tty else self.print("  " + text)

    def begin(self, suite):
        with self.lock:
            self.running.append(suite.name)
            self.progress(f"{self.done}/{self.total}  {', '.join(self.running)}")

    def end(self, suite, results, seconds):
        count = {kind: [text for k, text in results if k == kind] for kind in ("ok", "not ok", "skip")}
        with self.lock:
            self.running.remove(suite.name)
            self.done += 1
            self.passed += len(count["ok"])
            self.failed += len(count["not ok"])
            self.skipped += len(count["skip"])
            skips = f", {len(count['skip'])} skipped" if count["skip"] else ""
            self.print(f"{suite.name:32} {len(count['ok']):5} passed {len(count['not ok']):3} failed"
                       f" {seconds:6.1f} s{skips}")
            for text in count["not ok"]:
                self.print(f"    not ok {text}")
            if count["not ok"]:
                self.print(f"    log: {os.path.relpath(suite.log)}")
            if self.running:
                self.progress(f"{self.done}/{self.total}  {', '.join(self.running)}")


def run_suite(suite, report, unbuilt):
    report.begin(suite)
    missing = [i for i in suite.images if i in unbuilt]
    if missing:
        report.end(suite, [("not ok", f"{suite.name}: {', '.join(missing)} does not build")], 0)
        return
    out, failure, seconds = suite.run()
    results = [(m[1], m[2]) for m in map(RESULT.match, out.splitlines()) if m]
    if failure and not (failure.startswith("exit status") and any(kind == "not ok" for kind, _ in results)):
        results.append(("not ok", f"{suite.name}: {failure}"))
    if not results:
        results.append(("not ok", f"{suite.name}: printed no result"))
    report.end(suite, results, seconds)


def main(args):
    options, globs = suites.arguments(args, ("--long",))
    # The longest first, so that none of them is left alone at the end.
    chosen = sorted(suites.choose("test", globs, "--long" in options), key=lambda s: -s.limit)
    report = Report(len(chosen))
    unbuilt = suites.build_images(chosen, report.say)
    try:
        # Not a "with": its end waits for the suites that run, also when interrupted.
        pool = ThreadPoolExecutor(os.cpu_count() or 1)
        list(pool.map(lambda s: run_suite(s, report, unbuilt), [s for s in chosen if not s.alone]))
        for suite in [s for s in chosen if s.alone]:
            run_suite(suite, report, unbuilt)
    except KeyboardInterrupt:
        for suite in chosen:
            suite.kill()
        report.print("test: interrupted")
        os._exit(130)
    minutes, seconds = divmod(int(time.monotonic() - report.start), 60)
    report.print(f"{len(chosen)} suites, {minutes}:{seconds:02} minutes, {report.skipped} skipped")
    report.print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
