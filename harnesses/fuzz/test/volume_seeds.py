# SPDX-License-Identifier: BSD-3-Clause
"""Seeds of virtio_9p and virtio_fs from what a server answers: a program does on a volume what the operations do."""
import os
import struct
import subprocess
import tempfile

OPS = {name: i for i, name in enumerate(
    "stat open read write list map map_write sync close mkdir mknod symlink link unlink rmdir rename inode".split())}
NAMES = {name: i for i, name in enumerate(["f", "g", "d", "l", "d/h", "d/e", "."])}
REPLACED = 3  # by bytes of the input, as an answer to the message that is waited for
DEFAULT_OPTIONS = 3
# What is done, as operations (kind, name or file, and two bytes more) and in the guest.
SCENES = {
    "cat": ([("open", "f", 0, 0), ("read", "f", 200, 0), ("close", "f", 0, 0)], "cat /mnt/v/f"),
    "create": ([("open", "g", 2, 1), ("write", "g", 2, 0), ("close", "g", 0, 0)], "echo some words >/mnt/v/g"),
    "ls": ([("open", ".", 5, 0), ("list", "f", 0, 0), ("close", "f", 0, 0)], "ls /mnt/v"),
    "names": ([("mkdir", "d/e", 0, 0), ("rename", "f", NAMES["d/h"], 0), ("stat", "d/h", 0, 0), ("rmdir", "d/e", 0, 0)],
              "mkdir /mnt/v/d/e; mv /mnt/v/f /mnt/v/d/h; stat /mnt/v/d/h; rmdir /mnt/v/d/e"),
    "link": ([("symlink", "g", 0, 0), ("stat", "g", 0, 0), ("stat", "l", 0, 0), ("unlink", "l", 0, 0)],
             "ln -s f /mnt/v/g; stat /mnt/v/g; stat /mnt/v/l; rm /mnt/v/l"),
}


def answers(command, protocol, suffix):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/d")
        os.symlink("f", folder + "/l")
        with open(folder + "/f", "w") as f:
            f.write("what is in it\n" * 5)
        said = subprocess.run(["./saki", "run", "--timeout", "60", "--append", f"loglevel=2 {protocol}.record",
                               "--volume", folder + ":/mnt/v" + suffix, "busybox", "sh", "-c", command],
                              capture_output=True, check=True)
        lines = said.stderr.decode(errors="replace").splitlines()
    found = [bytes.fromhex(line.split(" answer ")[1].strip()) for line in lines if " answer " in line]
    assert found, said.stderr
    return found


def record(harness, prefix, protocol, suffix=""):
    """Writes harnesses/seeds/HARNESS/PREFIX-*; protocol: the word before ".record"; suffix: what --volume ends with."""
    os.makedirs("harnesses/seeds/" + harness, exist_ok=True)
    for scene, (ops, command) in SCENES.items():
        seed = bytes([DEFAULT_OPTIONS, len(ops)])
        for kind, name, a, b in ops:
            seed += bytes([OPS[kind], NAMES[name], a, b])
        for answer in answers(command, protocol, suffix):
            seed += struct.pack("<BH", REPLACED, len(answer)) + answer
        with open(f"harnesses/seeds/{harness}/{prefix}-{scene}", "wb") as f:
            f.write(seed)
