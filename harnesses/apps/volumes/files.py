# SPDX-License-Identifier: BSD-3-Clause
"""What programs do to files, done to those of the folder that is given: it ends with "good", or says what was not."""
import errno
import mmap
import os
import sys
import tempfile

os.makedirs(sys.argv[1])
os.chdir(sys.argv[1])


def fails(code, call, *args):
    try:
        call(*args)
    except OSError as e:
        assert e.errno == code, e
    else:
        raise AssertionError(f"{call} {args} did not fail")


def write(name, text, mode="w"):
    with open(name, mode) as f:
        f.write(text)


def read(name, mode="r"):
    with open(name, mode) as f:
        return f.read()


# A file without a name, and what is put in the place of an open one.
with open("u", "w+b") as f:
    f.write(b"a" * 10000)
    f.flush()
    os.unlink("u")
    assert os.fstat(f.fileno()).st_size == 10000 and os.fstat(f.fileno()).st_nlink == 0
    f.truncate(100)
    f.seek(0)
    assert f.read() == b"a" * 100 and not os.path.exists("u")
write("x", "old")
write("y", "new")
with open("x") as f:
    os.rename("y", "x")
    assert f.read() == "old" and read("x") == "new" and os.fstat(f.fileno()).st_nlink == 0
with tempfile.TemporaryFile(dir=".") as f:
    f.write(b"t" * 5000)
    f.seek(0)
    assert len(f.read()) == 5000

# How files are opened.
for i in range(5):
    write("appended", f"line {i}\n", "a")
assert read("appended").count("\n") == 5
fails(errno.EEXIST, os.open, "appended", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
write("appended", "")
assert os.path.getsize("appended") == 0
fd = os.open("read-only", os.O_CREAT | os.O_RDWR, 0o444)
assert os.write(fd, b"zz") == 2 and os.stat("read-only").st_mode & 0o777 == 0o444
os.close(fd)

# Mappings and writes see each other.
with open("m", "w+b") as f:
    f.write(b"\0" * 20000)
    f.flush()
    with mmap.mmap(f.fileno(), 20000) as m:
        m[5000:5005] = b"hello"
        f.seek(5000)
        assert f.read(5) == b"hello"
        f.seek(9000)
        f.write(b"WRITE")
        f.flush()
        assert m[9000:9005] == b"WRITE"
        m[100:103] = b"end"
assert read("m", "rb")[100:103] == b"end" and os.path.getsize("m") == 20000

# Holes, and ends that move.
with open("s", "w+b") as f:
    f.write(b"q" * 100)
    f.flush()
    f.seek(50)
    f.read(10)
    f.seek(4000)
    f.write(b"r" * 200)
    f.flush()
    f.seek(0)
    assert f.read() == b"q" * 100 + b"\0" * 3900 + b"r" * 200
    f.truncate(150)
    f.truncate(4200)
    f.seek(0)
    assert f.read() == b"q" * 100 + b"\0" * 4100

# Names.
os.mkdir("many")
names = sorted(f"f{i}" for i in range(300))
for name in names:
    write("many/" + name, name)
assert sorted(os.listdir("many")) == names
fails(errno.ENOTEMPTY, os.rmdir, "many")
for name in names:
    os.unlink("many/" + name)
os.rename("many", "few")
os.rmdir("few")
write("one", "1")
os.link("one", "two")
assert os.stat("two").st_nlink == 2 and os.stat("one").st_ino == os.stat("two").st_ino
os.unlink("one")
os.symlink("two", "link")
assert read("link") == "1" and os.readlink("link") == "two"
os.chmod("two", 0o640)
os.utime("two", (1000, 2000))
assert os.stat("two").st_mode & 0o777 == 0o640 and os.stat("two").st_mtime == 2000
assert os.statvfs(".").f_blocks > 0
fd = os.open(".", os.O_RDONLY)
os.fsync(fd)
os.close(fd)
os.sync()
print("good")
