#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a hostile network does to served.c on Saki, over TAP, while an honest client is served.

hostile.py SERVER [SCALE]: prints a line for each attack, "ok NAME" or "not ok NAME: reason". Memory and sockets must be
where they were when all is over. SCALE (1) shortens what takes long: 0.1 sends a tenth. Runs as root of a network
namespace of its own.
"""
import os
import random
import socket
import struct
import sys
import threading
import time

SERVER = sys.argv[1]
SCALE = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
PORT = 7
ALLOWED_KIB = 768      # that may be missing at the end: TIME-WAIT, caches
TCP_REPAIR = 19
rng = random.Random(7)


def scaled(n):
    return max(1, int(n * SCALE))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    """Frames as they are, from any address."""

    def __init__(self, device="tap0"):
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.raw.bind((device, 0))
        self.mac = self.raw.getsockname()[4]
        self.peer = self.neighbour(device)

    def neighbour(self, device):
        with open("/proc/net/arp") as f:
            for line in f:
                words = line.split()
                if words[0] == SERVER and words[5] == device:
                    return bytes.fromhex(words[3].replace(":", ""))
        raise SystemExit("not ok hostile: the server's address is not known")

    def frame(self, data):
        for _ in range(100):
            try:
                return self.raw.send(data[:1514])
            except OSError:
                time.sleep(0.002)

    def ip(self, protocol, data, source=None, fragment=0, **odd):
        source = socket.inet_aton(source or "10.77.0.1")
        header = struct.pack("!BBHHHBBH4s4s", odd.get("version", 0x45), 0, odd.get("length", 20 + len(data)),
                             rng.getrandbits(16), fragment, 64, protocol, 0, source, socket.inet_aton(SERVER))
        header = header[:10] + struct.pack("!H", checksum(header) ^ odd.get("wrong", 0)) + header[12:]
        self.frame(self.peer + self.mac + b"\x08\0" + header + data)

    def tcp(self, port, flags, source=None, from_port=None, options=b"", data=b"", seq=None):
        head = struct.pack("!HHIIBBHHH", from_port or rng.randrange(1024, 65535), port, seq or rng.getrandbits(32),
                           rng.getrandbits(32) if flags & 16 else 0, (20 + len(options)) // 4 << 4, flags, 8192, 0, 0)
        pseudo = socket.inet_aton(source or "10.77.0.1") + socket.inet_aton(SERVER)
        pseudo += struct.pack("!HH", 6, len(head + options + data))
        head = head[:16] + struct.pack("!H", checksum(pseudo + head + options + data)) + head[18:]
        self.ip(6, head + options + data, source)

    def udp(self, port, data=b"x", source=None):
        self.ip(17, struct.pack("!HHHH", 4000, port, 8 + len(data), 0) + data, source)


def stranger():
    return f"10.77.{rng.randrange(0, 256)}.{rng.randrange(3, 255)}"


def ask(words=b"state\n", timeout=20):
    with socket.create_connection((SERVER, PORT), timeout) as s:
        s.settimeout(timeout)
        s.sendall(words)
        return s.recv(4096)


def state():
    words = ask().split()
    return int(words[1]), int(words[3]), int(words[5])


class Client(threading.Thread):
    """An honest one: each of its connections must be served, whatever the others do."""

    def __init__(self):
        super().__init__(daemon=True)
        self.served, self.slowest, self.failure, self.over = 0, 0.0, None, False

    def run(self):
        while not self.over and not self.failure:
            begin = time.monotonic()
            words = b"hello %d\n" % self.served
            try:
                if ask(words) != words:
                    self.failure = "a wrong answer"
            except OSError as e:
                self.failure = f"{e} after {self.served} connections"
            self.served += 1
            self.slowest = max(self.slowest, time.monotonic() - begin)
            time.sleep(0.02)


def wait_answer():
    """What was sent before has been looked at: an answer comes back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        for _ in range(30):
            s.sendto(b"there?", (SERVER, PORT))
            try:
                return s.recv(64)
            except OSError:
                pass
    raise OSError("no answer to a datagram")


# ---- attacks ----

def sweep(wire, send):
    for port in range(1, 65536, max(1, int(1 / SCALE))):
        send(port)
        if port % 256 == 0:
            wait_answer()
    wait_answer()


def sweep_tcp(wire):
    sweep(wire, lambda port: wire.tcp(port, 2))
    for port in (1, 80, 65535):
        try:
            socket.create_connection((SERVER, port), 5).close()
            return f"port {port} is open"
        except ConnectionRefusedError:
            pass


def sweep_udp(wire):
    sweep(wire, wire.udp)


def storm(wire):
    """At each layer: cut, oversized, bits turned over, impossible lengths, fragments that never complete."""
    whole = bytes.fromhex("450000280001000040060000") + socket.inet_aton("10.77.0.1") + socket.inet_aton(SERVER)
    whole += struct.pack("!HHIIBBHHH", 1234, PORT, 1, 0, 0x50, 2, 8192, 0, 0)
    for i in range(scaled(60000)):
        kind = i % 10
        noise = rng.randbytes(rng.randrange(0, 1400))
        if kind == 0:
            wire.frame(rng.randbytes(rng.randrange(14, 1514)))
        elif kind == 1:
            wire.frame(wire.peer + wire.mac + rng.choice([b"\x08\0", b"\x86\xdd", b"\x08\x06", b"\x81\0"]) + noise)
        elif kind == 2:
            bent = bytearray(whole)
            bent[rng.randrange(len(bent))] ^= 1 << rng.randrange(8)
            wire.frame(wire.peer + wire.mac + b"\x08\0" + bytes(bent[:rng.randrange(1, len(bent))]))
        elif kind == 3:
            wire.ip(rng.randrange(256), noise, stranger(), version=rng.randrange(256))
        elif kind == 4:
            wire.ip(17, noise, stranger(), length=rng.randrange(65536), wrong=i // 10 % 2)
        elif kind == 5:
            wire.ip(rng.choice([1, 6, 17]), noise, stranger(), 0x2000 | rng.randrange(8191))
        elif kind == 6:
            wire.tcp(PORT, rng.randrange(256), stranger(), options=rng.randbytes(4 * rng.randrange(11)), data=noise)
        elif kind == 7:
            wire.ip(1, bytes([rng.randrange(20), rng.randrange(16)]) + noise, stranger())
        elif kind == 8:
            wire.frame(b"\xff" * 6 + wire.mac + b"\x08\x06" + bytes.fromhex("0001080006040002") + rng.randbytes(20))
        else:
            head = bytes([0x60, 0, 0, 0])
            head += struct.pack("!HBB", rng.randrange(1500), rng.choice([0, 6, 17, 43, 44, 58]), 255)
            wire.frame(wire.peer + wire.mac + b"\x86\xdd" + head + rng.randbytes(32) + noise)
        if i % 256 == 0:
            wait_answer()
    wait_answer()


def syn_flood(wire):
    for i in range(scaled(20000)):
        wire.tcp(PORT, 2, stranger(), options=b"\x02\x04\x05\xb4")
        if i % 512 == 0:
            wait_answer()
    wait_answer()


def vanish(wire):
    """Clients that are gone in the middle, without a last word."""
    for _ in range(scaled(100)):
        s = socket.create_connection((SERVER, PORT), 20)
        s.sendall(b"half of what I wan")
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        s.close()


def cycles(wire):
    for i in range(scaled(10000)):
        s = socket.create_connection((SERVER, PORT), 20)
        if i % 3 == 0:
            s.sendall(b"x")
        if i % 5 == 0:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


def attack(name, run, wire, client):
    begin, before = time.monotonic(), client.served
    try:
        reason = run(wire)
    except OSError as e:
        reason = f"{e}"
    while not reason and client.served == before and not client.failure and time.monotonic() < begin + 60:
        time.sleep(0.05)
    if not reason and client.failure:
        reason = "the honest client: " + client.failure
    if not reason and client.served == before:
        reason = "the honest client waited all the time"
    print(f"not ok {name}: {reason}" if reason else f"ok {name}", flush=True)
    print(f"{name}: {time.monotonic() - begin:.1f} s, {client.served - before} honest connections, "
          f"the slowest so far {client.slowest:.2f} s", file=sys.stderr, flush=True)


def main():
    for _ in range(200):
        ask()
    wire = Wire()
    free, clients, _ = state()
    client = Client()
    client.start()
    for name, run in (("port_sweep_tcp", sweep_tcp), ("port_sweep_udp", sweep_udp), ("packet_storm", storm),
                      ("syn_flood", syn_flood), ("vanishing_clients", vanish), ("connect_close_cycles", cycles)):
        attack(name, run, wire, client)
    client.over = True
    client.join(30)
    missing = left = 0
    for _ in range(30):
        now, still, cookies = state()
        missing, left = free - now, still - clients
        if missing <= ALLOWED_KIB and left <= 0:
            break
        time.sleep(1)
    print(f"missing {missing} KiB of {free}, {left} sockets more", file=sys.stderr)
    # Half-open connections of the flood last some seconds: who came meanwhile was let in by a cookie.
    print("ok cookies_open_connections" if cookies else "not ok cookies_open_connections: none did")
    print("ok memory_is_back" if missing <= ALLOWED_KIB else f"not ok memory_is_back: {missing} KiB are missing")
    print("ok sockets_are_back" if left <= 0 else f"not ok sockets_are_back: {left} are left")


main()
