# SPDX-License-Identifier: BSD-3-Clause
"""Finds and runs suites: executable files <room>/**/<kind>/*.<kind>, such as fuzz/test/seeds.test.

A suite may say in its first lines:
	# limit: 120			seconds it may take (60)
	# images: host-asan x86_64-fuzz	images that it needs, which are built before anything runs; xen-lab: the
					machine that Xen runs in, and the programs for it
	# alone: yes			nothing else runs beside it (it measures time)
	# when: long			only in `make test-long`
	# cpus: 1 2 4			it runs once for each number, with SAKI_SMP set to it, as saki-run's --smp
	# long-cpus: 1 4		and for these in `make test-long`
It runs in the root of the tree with SAKI_ROOT, SAKI_BUILD, SAKI_NO_BUILD=1 and TMPDIR, a folder of its own that is
removed afterwards. Its standard error goes to <build>/<kind>/<suite>.log.
"""
import copy
import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOMS = ("kernel", "arch", "plat", "instrumentation", "fuzz", "harnesses", "profiler")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = "xen-lab"
BUILD = os.path.join(ROOT, os.environ.get("O") or "build")


class Suite:
    def __init__(self, path, kind):
        self.path = path
        self.kind = kind
        self.name = os.path.join(os.path.dirname(os.path.dirname(path)), os.path.basename(path)[:-len(kind) - 1])
        self.limit, self.images, self.alone, self.when = 60, [], False, ""
        self.cpus, self.long_cpus, self.smp = [], [], None
        with open(os.path.join(ROOT, path)) as f:
            head = [next(f, "") for _ in range(20)]
        for line in head:
            m = re.match(r"# (limit|images|alone|when|cpus|long-cpus): (.*)", line)
            if m:
                self.set(m[1].replace("-", "_"), m[2].strip())
        self.process = None

    def each(self):
        """One for each number of CPUs that it wants to run with."""
        for smp in self.cpus + self.long_cpus or [None]:
            one = copy.copy(self)
            one.smp, one.when = smp, "long" if smp in self.long_cpus else self.when
            one.name += f"@{smp}" if smp else ""
            yield one

    @property
    def log(self):
        return os.path.join(BUILD, self.kind, self.name.replace("/", "-") + ".log")

    def set(self, key, value):
        read = {"limit": int, "images": lambda v: self.images + v.split(), "alone": lambda v: v == "yes", "when": str,
                "cpus": str.split, "long_cpus": str.split}
        setattr(self, key, read[key](value))

    def run(self):
        """Runs it to its end or its limit. Returns (standard output, how it failed or None, seconds)."""
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        tmp = tempfile.mkdtemp(prefix="saki-suite-")
        env = clean_env(SAKI_ROOT=ROOT, SAKI_BUILD=BUILD, O=BUILD, SAKI_NO_BUILD="1", TMPDIR=tmp)
        if self.smp:
            env["SAKI_SMP"] = self.smp
        start = time.monotonic()
        try:
            with open(self.log, "w") as log:
                self.process = subprocess.Popen([os.path.join(ROOT, self.path)], cwd=ROOT, env=env, text=True,
                                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                                errors="replace", start_new_session=True)
                try:
                    out, failure = self.finish()
                except BaseException:   # interrupted
                    self.kill()
                    raise
        finally:
            shutil.rmtree(tmp, ignore_errors=True)
        return out, failure, time.monotonic() - start

    def finish(self):
        try:
            out, _ = self.process.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired:
            self.kill()
            out, _ = self.process.communicate()
            return out, f"took longer than {self.limit} s"
        self.kill()     # what it left running
        status = self.process.returncode
        return out, None if status == 0 else f"exit status {status}" if status > 0 else f"killed by signal {-status}"

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError, AttributeError):
            pass


def clean_env(**more):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return dict(env, **more)


def arguments(args, known):
    """Splits a command line into its options, which are known ones, and its globs. SIGTERM ends as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:     # nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    unknown = [a for a in args if a.startswith("-") and a not in known]
    if unknown:
        print(f"{os.path.basename(sys.argv[0])}: no option '{unknown[0]}'; --help says more", file=sys.stderr)
        sys.exit(2)
    return [a for a in args if a.startswith("-")], [a for a in args if not a.startswith("-")]


def find(kind):
    found = []
    for room in ROOMS:
        for folder, _, files in os.walk(os.path.join(ROOT, room)):
            if os.path.basename(folder) == kind:
                paths = [os.path.relpath(os.path.join(folder, f), ROOT) for f in files if f.endswith("." + kind)]
                found += [s for p in sorted(paths) for s in Suite(p, kind).each()]
    return sorted(found, key=lambda s: s.name)


def choose(kind, globs, long=True):
    """The suites whose names, with or without their CPUs, match one of the globs; all when there is none."""
    names = lambda s: (s.name, s.name.split("@")[0])
    chosen = [s for s in find(kind) if not globs or any(fnmatch.fnmatch(n, g) for g in globs for n in names(s))]
    chosen = [s for s in chosen if long or s.when != "long"]
    if not chosen:
        print(f"{kind}: no suite matches {' '.join(globs)}", file=sys.stderr)
        sys.exit(2)
    return chosen


def make(*goals):
    return subprocess.run(["make", "-s", *goals, f"O={BUILD}"], cwd=ROOT, env=clean_env()).returncode == 0


def make_images(images):
    """Builds images side by side: while one is linked, another is compiled."""
    return make("images", "IMAGES=" + " ".join(images))


def build_images(suites, say):
    """Builds what the suites need. Returns the images that do not build."""
    images = {i for s in suites for i in s.images}
    unbuilt = []
    if LAB in images:
        images.remove(LAB)
        say("making the Xen lab")
        # It brings what programs for a dom0 are built against.
        unbuilt += [] if make(LAB) and make("tools") else [LAB]
    images = sorted(images)
    if images:
        say(f"building {len(images)} images: {' '.join(images)}")
        unbuilt += [] if make_images(images) else [i for i in images if not make_images([i])]
    return unbuilt
