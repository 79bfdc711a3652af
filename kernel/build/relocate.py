#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes an image movable: relocate.py LINKED OUT

LINKED was linked with --emit-relocs. OUT is the same without them, and with one more segment behind the image: the
table of the places that hold an address of the image, as arch/x86_64/image_move.c reads it. Places that are relative to
themselves move with what they point to; R_X86_64_32 is the physical address that entry code wants, which stays.
"""
import struct
import sys

SHT_NULL, SHT_RELA, SHT_NOBITS, SHT_SYMTAB = 0, 4, 8, 2
SHF_ALLOC = 2
SHN_UNDEF, SHN_ABS = 0, 0xfff1
R_64, R_PC32, R_PLT32, R_32, R_32S, R_PC64, R_GOTPCRELX, R_REX_GOTPCRELX = 1, 2, 4, 10, 11, 24, 41, 42
LEA = 0x8d
MAGIC = 0x65766f6d
FAR = 255
KERNEL_BASE = 0xffffffff80000000
IMAGE_MAX = 30 << 20    # image_move.c: LEVEL1_TABLES
# Tables that only the host reads, who knows addresses as they were linked.
FOR_THE_HOST = ("__sancov_pcs",)
DIRECT_MAP = "direct_map_linked"
EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")
RELA = struct.Struct("<QQq")


def fail(message):
    sys.exit(f"relocate: {message}")


class Image:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.header = list(EHDR.unpack_from(self.data))
        phoff, shoff, phnum, shnum = self.header[5], self.header[6], self.header[10], self.header[12]
        self.segments = [PHDR.unpack_from(self.data, phoff + i * PHDR.size) for i in range(phnum)]
        self.sections = [list(SHDR.unpack_from(self.data, shoff + i * SHDR.size)) for i in range(shnum)]
        table = next(s for s in self.sections if s[1] == SHT_SYMTAB)
        self.symbols = list(SYM.iter_unpack(self.data[table[4]:table[4] + table[5]]))
        self.strings = self.sections[table[6]][4]
        self.start = self.symbol("image_start")
        self.end = self.symbol("image_end")

    def name(self, symbol):
        start = self.strings + symbol[0]
        return self.data[start:self.data.index(b"\0", start)].decode()

    def section_name(self, section):
        start = self.sections[self.header[13]][4] + section[0]
        return self.data[start:self.data.index(b"\0", start)].decode()

    def symbol(self, name):
        return next(s[4] for s in self.symbols if self.name(s) == name)

    def is_inside(self, symbol):
        """It moves with the image. The linker script's symbols are absolute ones, some of them."""
        if symbol[3] == SHN_UNDEF:
            return False
        return symbol[3] != SHN_ABS or self.start <= symbol[4] <= self.end

    def is_made_distance(self, kind, section, offset):
        """A load from the global offset table that the linker has made a LEA (System V ABI, AMD64, B.2)."""
        return kind in (R_GOTPCRELX, R_REX_GOTPCRELX) and self.data[section[4] + offset - section[3] - 2] == LEA

    def places(self):
        """Where 32-bit and 64-bit words are that hold an address of the image, and those that hold the direct map's."""
        words32, words64, direct = [], [], []
        for section in self.sections:
            if section[1] != SHT_RELA or not self.sections[section[7]][2] & SHF_ALLOC:
                continue
            if self.section_name(self.sections[section[7]]) in FOR_THE_HOST:
                continue
            for offset, info, _ in RELA.iter_unpack(self.data[section[4]:section[4] + section[5]]):
                symbol, kind = self.symbols[info >> 32], info & 0xffffffff
                inside = self.is_inside(symbol)
                if kind in (R_PC32, R_PLT32, R_PC64) or self.is_made_distance(kind, self.sections[section[7]], offset):
                    if not inside:
                        fail(f"{offset:#x}: {self.name(symbol)} is not in the image, and told as a distance")
                elif kind == R_64:
                    if inside:
                        words64.append(offset)
                    elif symbol[3] == SHN_ABS and self.name(symbol) == DIRECT_MAP:
                        direct.append(offset)
                elif kind == R_32S:
                    if inside:
                        words32.append(offset)
                elif kind != R_32:
                    fail(f"{offset:#x}: a relocation of type {kind}, of {self.name(symbol)}")
        return [sorted(set(words)) for words in (words32, words64, direct)]

    def check(self):
        for section in self.sections:
            if section[2] & SHF_ALLOC and section[1] not in (SHT_NOBITS, SHT_RELA) and \
                    not self.start <= section[3] <= self.end:
                fail(f"a section at {section[3]:#x} is outside of the image")
        if self.end - KERNEL_BASE > IMAGE_MAX:
            fail(f"the image is larger than the {IMAGE_MAX >> 20} MiB that image_move.c can map")

    def write(self, path, table):
        """What is loaded stays where it is in the file, the rest follows; sections that held relocations are empty."""
        loaded = max(s[2] + s[5] for s in self.segments)
        out = bytearray(self.data[:loaded])
        out += bytes(-len(out) % 4096)
        segment = (1, 4, len(out), self.end, self.end - KERNEL_BASE, len(table), len(table), 4096)
        out += table
        for section in self.sections:
            if section[1] == SHT_RELA:
                section[:] = [0] * 10
            elif section[1] not in (SHT_NULL, SHT_NOBITS) and not section[2] & SHF_ALLOC:
                out += bytes(-len(out) % max(section[8], 1))
                offset = len(out)
                out += self.data[section[4]:section[4] + section[5]]
                section[4] = offset
        out += bytes(-len(out) % 8)
        self.header[6] = len(out)
        for section in self.sections:
            out += SHDR.pack(*section)
        segments = self.segments + [segment]
        self.header[10] = len(segments)
        if self.header[5] + len(segments) * PHDR.size > min(s[2] for s in self.segments if s[0] == 1):
            fail("no room for another program header")
        EHDR.pack_into(out, 0, *self.header)
        for i, one in enumerate(segments):
            PHDR.pack_into(out, self.header[5] + i * PHDR.size, *one)
        with open(path, "wb") as f:
            f.write(out)


def distances(start, places):
    out, last = bytearray(), start
    for place in places:
        distance = place - last
        out += bytes([distance]) if distance < FAR else struct.pack("<BI", FAR, distance)
        last = place
    return bytes(out)


def main(linked, path):
    image = Image(linked)
    image.check()
    parts = [distances(image.start, places) for places in image.places()]
    image.write(path, struct.pack("<IIII", MAGIC, *map(len, parts)) + b"".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
