# SPDX-License-Identifier: BSD-3-Clause
"""Writes perf.data and streams byte by byte, after their documents and not after our sources, for tests to read."""
import struct

IP, TID, TIME, ADDR, CALLCHAIN, ID, CPU, PERIOD, RAW = 1, 2, 4, 8, 32, 64, 128, 256, 1024
IDENTIFIER = 1 << 16
KERNEL, USER = 2**64 - 128, 2**64 - 512


def text(string, align=8):
    data = string.encode() + b"\0"
    return data + bytes(-len(data) % align)


def record(kind, misc, body):
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


class PerfData:
    """One perf.data. events: [(name, type, config)]; identifier: whether samples say which event they are of."""

    def __init__(self, events, sample_type=IP | TID | TIME | ADDR | CPU | PERIOD | CALLCHAIN, identifier=True):
        self.events, self.records, self.identifier = events, [], identifier
        self.sample_type = sample_type | (IDENTIFIER if identifier else 0)
        self.build_ids = []

    def _tail(self, time, pid, tid):
        data = struct.pack("<IIQ", pid, tid, time)
        if self.sample_type & CPU:
            data += struct.pack("<Q", 0)
        return data + (struct.pack("<Q", 7) if self.identifier else b"")

    def comm(self, time, pid, tid, name, executed=False):
        body = struct.pack("<II", pid, tid) + text(name) + self._tail(time, pid, tid)
        self.records.append(record(3, 2 | (executed << 13), body))

    def mmap2(self, time, pid, start, size, offset, path):
        body = struct.pack("<IIQQQIIQQII", pid, pid, start, size, offset, 8, 1, 5, 0, 5, 2)
        self.records.append(record(10, 2, body + text(path) + self._tail(time, pid, pid)))

    def fork(self, time, pid, parent, tid, parent_tid):
        body = struct.pack("<IIIIQ", pid, parent, tid, parent_tid, time)
        self.records.append(record(7, 2, body + self._tail(time, pid, tid)))

    def lost(self, time, count):
        self.records.append(record(2, 0, struct.pack("<QQ", 7, count) + self._tail(time, 0, 0)))

    def sample(self, time, pid, tid, period, chain, event=0, addr=0, cpu=0):
        body = struct.pack("<Q", 7 + event) if self.identifier else b""
        body += struct.pack("<QIIQ", chain[1] if len(chain) > 1 else 0, pid, tid, time)
        if self.sample_type & ADDR:
            body += struct.pack("<Q", addr)
        if self.sample_type & CPU:
            body += struct.pack("<Q", cpu)
        body += struct.pack("<QQ", period, len(chain)) + struct.pack(f"<{len(chain)}Q", *chain)
        self.records.append(record(9, 1 if chain[:1] == [KERNEL] else 2, body))

    def _attr(self, event):
        _, kind, config = event
        flags = 1 << 18     # sample_id_all
        return struct.pack("<IIQQQQQ", kind, 128, config, 1, self.sample_type, 0, flags) + bytes(128 - 48)

    def bytes(self):
        count = len(self.events)
        ids = b"".join(struct.pack("<Q", 7 + i) for i in range(count))
        attrs = b"".join(self._attr(e) + struct.pack("<QQ", 104 + i * 8, 8) for i, e in enumerate(self.events))
        data = b"".join(self.records)
        start = 104 + len(ids) + len(attrs)
        desc = struct.pack("<II", count, 128)
        for i, event in enumerate(self.events):
            name = text(event[0], 64)
            desc += self._attr(event) + struct.pack("<II", 1, len(name)) + name + struct.pack("<Q", 7 + i)
        at = start + len(data) + 16
        header = struct.pack("<8sQQQQQQQQQQQQ", b"PERFILE2", 104, 144, 104 + len(ids), len(attrs), start, len(data),
                             0, 0, 1 << 12, 0, 0, 0)
        return header + ids + attrs + data + struct.pack("<QQ", at, len(desc)) + desc


def profile():
    """Two processes and a thread, the kernel and a program, with everything that a report tells."""
    p = PerfData([("cpu-clock", 1, 0)])
    p.comm(1, 10, 10, "alpha", True)
    p.mmap2(2, 10, 0x400000, 0x10000, 0x1000, "/nowhere/alpha")
    p.fork(3, 10, 10, 11, 10)
    p.comm(4, 10, 11, "worker")
    for i in range(40):
        p.sample(1000 + i, 10, 10, 1000000, [USER, 0x401010, 0x402021 if i % 4 else 0x403001])
    for i in range(20):
        p.sample(2000 + i, 10, 11, 1000000, [KERNEL, 0xffffffff80001000, 0xffffffff80002001, USER, 0x401020, 0x402021])
    p.fork(3000, 20, 10, 20, 10)
    p.sample(3001, 20, 20, 3000000, [USER, 0x401010])
    p.comm(3002, 20, 20, "beta;x y", True)
    p.sample(3003, 20, 20, 500000, [USER, 0x401010, 0x401010, 0x401010])
    p.lost(3004, 12)
    return p


def allocations():
    p = PerfData([("alloc", 1, 9), ("free", 1, 9)])
    p.comm(1, 10, 10, "alpha")
    for i in range(30):
        p.sample(100 + i, 10, 10, 100 + i % 3, [KERNEL, 0xffffffff80001000 + i % 3 * 256], 0, 0x1000 + i * 16)
    for i in range(0, 30, 2):
        p.sample(200 + i, 10, 10, 1, [], 1, 0x1000 + i * 16)
    p.sample(300, 10, 10, 4096, [KERNEL, 0xffffffff80001000], 0, 0x1000)    # the same memory once more
    p.sample(301, 10, 10, 1, [], 1, 0xdead)                                 # was allocated before
    return p


def calls():
    p = PerfData([("syscall", 1, 9)])
    p.comm(1, 10, 10, "alpha")
    for i in range(100):
        p.sample(100 + i, 10, 10, 1 << i % 20, [KERNEL, 0xffffffff80001000], 0, [0, 1, 9, 400000][i % 4])
    return p


def plain():
    """As an old perf writes them: one event, samples that do not say which."""
    p = PerfData([("cycles", 0, 0)], IP | TID | TIME | PERIOD | CALLCHAIN, False)
    p.comm(1, 5, 5, "old")
    p.mmap2(2, 5, 0x1000, 0x1000, 0, "//anon")
    p.sample(10, 5, 5, 7, [USER, 0x1100, 0x1200])
    p.sample(9, 5, 5, 3, [USER, 0x1100])
    return p


FILES = {"cpu": profile, "alloc": allocations, "syscall": calls, "plain": plain}
# What is made of each: a name of the golden file, and the command with its options.
GOLDEN = [("cpu", "report", []), ("cpu", "report", ["--json"]), ("cpu", "folded", []), ("cpu", "speedscope", []),
          ("alloc", "report", []), ("alloc", "folded", ["--live"]), ("alloc", "report", ["--json"]),
          ("syscall", "report", ["--top", "3"]), ("plain", "report", [])]


def golden_name(name, command, options):
    return "-".join([name, command] + [o.strip("-") for o in options if o.startswith("--")]) + ".expected"
