#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A DNS server that knows the addresses of some names (RFC 1035): names.py ADDRESS PORT NAME=ADDRESS..."""
import socket
import struct
import sys

TYPE_A, NAME_ERROR = 1, 3


def question(packet):
    """(name, type, end of the question)"""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack_from(">H", packet, at + 1)[0], at + 5


def answer(packet, known):
    name, kind, end = question(packet)
    address = known.get(name)
    records = b""
    if address and kind == TYPE_A:
        records = struct.pack(">HHHIH4s", 0xc00c, TYPE_A, 1, 60, 4, socket.inet_aton(address))
    flags = 0x8180 | (0 if address else NAME_ERROR)
    return packet[:2] + struct.pack(">HHHHH", flags, 1, bool(records), 0, 0) + packet[12:end] + records


def main(address, port, *names):
    known = dict(name.split("=") for name in names)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((address, int(port)))
        while True:
            packet, client = s.recvfrom(1500)
            s.sendto(answer(packet, known), client)


main(*sys.argv[1:])
