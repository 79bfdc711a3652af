#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes kernel/dev/fake/disk_images.c: small ext file systems as Debian's mke2fs makes them, as the bytes that are not
zero. Run by hand where e2fsprogs has changed what is wanted of them; the same version makes the same file.
"""
import os
import subprocess
import tempfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../dev/fake/disk_images.c")
COMMON = ["-q", "-F", "-b", "1024", "-U", "00112233-4455-6677-8899-aabbccddeeff", "-m", "0", "-N", "32", "-E",
          "hash_seed=00112233-4455-6677-8899-aabbccddeeff,lazy_itable_init=0,root_owner=0:0"]
IMAGES = [
    ("ext2", 96, ["-t", "ext2", "-O", "^resize_inode,^dir_index", "-I", "128"]),
    ("ext4", 96, ["-t", "ext4", "-O", "^resize_inode,^has_journal,^metadata_csum,^64bit", "-I", "256"]),
    ("ext4_journal", 2304, ["-t", "ext4", "-O", "^resize_inode,metadata_csum,64bit", "-I", "256", "-J", "size=1"]),
]
HEAD = """/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small ext file systems, written by kernel/build/ext_images.py: runs of an offset, a length, and bytes.
 */
#include <kernel/fake_disk.h>

/* clang-format off */
"""


def make(name, blocks, options, folder):
    path = os.path.join(folder, name)
    env = {**os.environ, "E2FSPROGS_FAKE_TIME": "1000000000", "SOURCE_DATE_EPOCH": "1000000000",
           "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    subprocess.run(["mke2fs", *COMMON, *options, path, str(blocks)], check=True, env=env)
    script = "\n".join(["mkdir a", "mkdir a/b", "write content f", "write content a/g", "symlink l f",
                        "symlink long " + 70 * "x", "mknod p p", "punch f 2 3", "ln f a/h", "sif f links_count 2",
                        "write large a/b/large"])
    subprocess.run(["debugfs", "-w", "-f", "-", path], input=script.encode(), check=True, env=env, cwd=folder,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    check = subprocess.run(["e2fsck", "-fy", path], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert check.returncode <= 1, name
    assert subprocess.run(["e2fsck", "-fn", path], env=env, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0, name
    with open(path, "rb") as f:
        return f.read()


def runs(data):
    """(offset, bytes) of what is not zero; gaps of less than eight zeros go along."""
    at, found = 0, []
    while at < len(data):
        if not data[at]:
            at += 1
            continue
        end = zeros = at
        while end < len(data) and zeros - end < 8:
            zeros = max(zeros, end)
            if data[zeros:zeros + 1] not in (b"\0", b""):
                zeros += 1
                end = zeros
            elif zeros >= len(data):
                break
            else:
                zeros += 1
        found.append((at, data[at:end]))
        at = end
    return found


def main():
    with tempfile.TemporaryDirectory() as folder, open(OUT, "w", encoding="utf-8") as out:
        for name, size in (("content", 5000), ("large", 14000)):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(bytes(size - 100) + b"end".ljust(100, b"."))
        out.write(HEAD)
        for name, blocks, options in IMAGES:
            data = make(name, blocks, options, folder)
            out.write(f"static const uint8_t {name}[] = {{\n")
            for at, piece in runs(data):
                while piece:
                    part, piece = piece[:255], piece[255:]
                    line = [at & 255, at >> 8 & 255, at >> 16, len(part), *part]
                    at += len(part)
                    text = ",".join(map(str, line)) + ","
                    while text:
                        cut = len(text) if len(text) < 118 else text.rindex(",", 0, 118) + 1
                        out.write(text[:cut] + "\n")
                        text = text[cut:]
            out.write("};\n")
        out.write("/* clang-format on */\n\nconst struct fake_disk_image fake_disk_images[FAKE_DISK_IMAGES] = {\n")
        for name, blocks, _ in IMAGES:
            out.write(f"\t{{ \"{name}\", {name}, sizeof({name}), {blocks} }},\n")
        out.write("};\n")


main()
