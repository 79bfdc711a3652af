# SPDX-License-Identifier: BSD-3-Clause
"""Writes a small recording by hand, as abi/trace_abi.h says, to test what reads recordings.

	synthetic.py DIR
"""
import os
import struct
import sys

EVENTS = """\
0 meta:thread_start thread:thread parent:thread process:u64 name:str
1 meta:thread_name thread:thread name:str
2 sched:sched_switch prev:thread prev_state:u64=running,sleeping,ended next:thread
3 sched:sched_wakeup thread:thread cpu:u64
4 sched:sched_migrate thread:thread from:u64 to:u64
5 irq:irq_enter vector:u64
6 irq:irq_exit vector:u64 duration:ns
7 lock:lock_wait lock:ptr owner:thread duration:ns
8 mem:page_fault address:uptr pc:hex rights:u64 duration:ns result:result
9 syscall:syscall_enter call:call arg0:hex arg1:hex arg2:hex arg3:hex arg4:hex arg5:hex
10 syscall:syscall_exit call:call result:result duration:ns
11 block:block_done sector:u64 bytes:u64 op:u64=read,write,flush,discard,zeroes duration:ns result:result device:str
20 function:function_enter function:ptr caller:ptr
21 function:function_exit function:ptr duration:ns depth:u64
40 test:odd number:s64 text:str
"""
HAS_CHAIN, PAD = 0x8000, 0xfff
TEXT = 0xffffffff80100000
SLIDE = 0x200000
BOOT = 1700000000123456789
SCALE = 1 << 31         # two cycles a nanosecond
START = 1000


def padded(data):
    return data + bytes(-len(data) % 8)


def words(*values):
    return b"".join(struct.pack("<Q", v & (1 << 64) - 1) for v in values)


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return words(len(value)) + padded(value)


def chain(kernel, user=(), stack=b""):
    registers = words(*range(17)) if user else b""
    head = struct.pack("<BBBBI", len(kernel), len(user), 0, 0, len(stack))
    return head + words(*kernel) + words(*user) + registers + stack


def record(event, thread, ns, args=b"", calls=None):
    body = args + (calls or b"")
    size = 16 + len(body) + 8
    flags = HAS_CHAIN if calls else 0
    return struct.pack("<HHIQ", size, event | flags, thread, START + 2 * ns) + body + struct.pack("<II", size, 0)


def pad(size):
    return struct.pack("<HHI", size, PAD, 0) + bytes(size - 8)


def block(cpu, records, lost=0):
    data = b"".join(records)
    return struct.pack("<IIQ", cpu, len(data), lost) + data


def header(events=EVENTS):
    described = events.encode()
    area = struct.pack("<QIIII11Q", 0x3145434152544153, 1, 664, 0, 2, 1 << 20, START, SCALE, BOOT, TEXT + SLIDE,
                       TEXT + SLIDE + 0x3000, TEXT, 0, len(described), 0, 3)
    area += struct.pack("<I32sI", 4, bytes([0xde, 0xad, 0xbe, 0xef]), 1) + bytes(64 * 8)
    return struct.pack("<QII", 0x314d525453414b53, 16 + len(area), len(described)) + area + padded(described)


def function(n):
    return TEXT + SLIDE + 0x1000 * n


def blocks():
    shell, child = 2, 300
    yield block(0, [
        record(0, 0, 10, words(shell, 0, shell) + text("init")),
        record(1, shell, 1000, words(shell) + text("busybox")),
        record(2, 0, 2000, words(0, 1, shell)),
        record(9, shell, 3000, words(0, 3, 0x7f0000001000, 4096, 0, 0, 0)),
        record(20, shell, 3100, words(function(0), function(2) + 0x12)),
        record(20, shell, 3200, words(function(1), function(0) + 0x20)),
        pad(40), pad(8),
        record(21, shell, 3300, words(function(1), 100, 1)),
        record(8, shell, 3500, words(0x7f0000001000, 0x401000, 2, 150, 0),
               chain([function(1) + 4, function(0) + 0x44], [0x401000, 0x402000], bytes(64))),
        record(21, shell, 4000, words(function(0), 900, 0)),
        record(10, shell, 5000, words(0, 42, 2000)),
        record(3, shell, 5200, words(child, 1)),
        record(4, shell, 5300, words(child, 0, 1)),
    ])
    yield block(1, [
        record(0, shell, 2500, words(child, shell, child) + text("näme \"quoted\" \\ back")),
        record(2, 0, 5400, words(0, 0, child)),
        record(5, child, 5500, words(236)),
        record(6, child, 5600, words(236, 100)),
    ])
    # A step of more than 2^27 ns, which is more than Linux' ring buffer has room for in one event.
    yield block(0, [
        record(9, shell, 1000006000, words(257, -100, 0x402000, 0, 0, 0, 0)),
        record(10, shell, 1000009000, words(257, -2, 3000)),
        record(2, shell, 1000010000, words(shell, 1, 0)),
    ])
    yield block(1, [
        record(11, child, 1000100000, words(2048, 4096, 1, 90000, 0) + text("vda")),
        record(7, child, 1000200000, words(function(0) + 8, shell, 50000)),
        record(40, child, 1000300000, words(-7) + text(b"a\nb\xff\x1b[1m \xc3\xa9")),
        record(9, child, 1000400000, words(231, 0, 0, 0, 0, 0, 0)),
    ], lost=5)
    yield block(1, [record(2, child, 1000500000, words(child, 2, 0))], lost=9)
    yield block(0, [], lost=2)


def kernel():
    """A little ELF file, whose only content is a table of symbols."""
    names, symbols = b"\0", [(0, 0, 0, 0, 0, 0)]
    for n, name in enumerate(["vfs_read", "copy_bytes", "syscall_entry"]):
        symbols.append((len(names), 0x12, 0, 1, TEXT + 0x1000 * n, 0x800))
        names += name.encode() + b"\0"
    table = b"".join(struct.pack("<IBBHQQ", *s) for s in symbols)
    sections = b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    at = 64
    headers = [struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
               struct.pack("<IIQQQQIIQQ", 1, 8, 6, TEXT, at, 0x3000, 0, 0, 16, 0),
               struct.pack("<IIQQQQIIQQ", 7, 2, 0, 0, at, len(table), 3, 1, 8, 24)]
    at += len(table)
    headers.append(struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, at, len(names), 0, 0, 1, 0))
    at += len(names)
    headers.append(struct.pack("<IIQQQQIIQQ", 23, 3, 0, 0, at, len(sections), 0, 0, 1, 0))
    body = padded(table + names + sections)
    elf = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, TEXT, 0, 64 + len(body), 0, 64, 0, 0, 64,
                      len(headers), 4)
    return elf + body + b"".join(headers)


def write(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "stream"), "wb") as out:
        out.write(header() + b"".join(blocks()))
    with open(os.path.join(folder, "kernel"), "wb") as out:
        out.write(kernel())


if __name__ == "__main__":
    write(sys.argv[1])
