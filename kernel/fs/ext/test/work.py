# SPDX-License-Identifier: BSD-3-Clause
"""Runs in the guest: makes, writes, moves, cuts and removes files in a directory, as a seed says, and checks what it
reads back. Leaves "sums", which says what every file must hold."""
import hashlib
import os
import random
import sys

r = random.Random(7)
os.chdir(sys.argv[1])
files = {}
for i in range(40):
    os.mkdir(f"d{i}")


def name():
    return f"d{r.randrange(40)}/" + r.choice(["f", "a-much-longer-name-for-a-file-"]) + str(r.randrange(400))


for step in range(int(sys.argv[2])):
    what, new, old = r.randrange(10), name(), r.choice(list(files)) if files else None
    if what < 4 or not old:
        data = bytes([r.randrange(256)]) * r.choice([0, 10, 1000, 4096, 5000, 40000, 200000 if step % 20 == 0 else 3])
        with open(new, "wb") as f:
            f.write(data)
        files[new] = data
    elif what == 4:
        os.remove(old)
        del files[old]
    elif what == 5 and old != new:
        os.rename(old, new)
        files[new] = files.pop(old)
    elif what == 6:
        at, data, was = r.randrange(300000), os.urandom(r.randrange(1, 5000)), files[old]
        with open(old, "r+b") as f:
            f.seek(at)
            f.write(data)
        files[old] = was[:at].ljust(at, b"\0") + data + was[at + len(data):]
    elif what == 7:
        size = r.randrange(60000)
        os.truncate(old, size)
        files[old] = files[old][:size].ljust(size, b"\0")
    elif what == 8:
        os.link(old, "linked")
        os.symlink(old, "symbolic")
        assert os.stat("linked").st_nlink == 2 and open("symbolic", "rb").read() == files[old]
        os.remove("linked")
        os.remove("symbolic")
    elif step % 37 == 0:
        os.sync()
wrong = [n for n, data in files.items() if open(n, "rb").read() != data]
found = sum(len(names) for _, _, names in os.walk("."))
with open("sums", "w") as f:
    for n, data in sorted(files.items()):
        f.write(hashlib.sha256(data).hexdigest() + " " + n + "\n")
print("wrong", len(wrong), "missing", len(files) - found)
