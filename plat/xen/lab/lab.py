#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the lab: Debian's Xen and a small dom0 that run in QEMU. lab.py | lab.py run [--file HOST:DOM0]... COMMAND...

Result: <build>/xen-lab/: xen (the hypervisor), vmlinux (dom0's kernel), initrd (busybox, xl, xenstored and what they
need, made of unmodified Debian packages that are not installed; plat/xen/lab/init is its /init), machine and kept.*
(what QEMU is told, and the state of a machine that is up: machine.py), dev/ (what programs for a dom0 are built
against, see fuzz/xen/build.mk). Made again when this folder has changed, kept also when QEMU is another one. Exit
status 123: no apt, no network, no QEMU.

`run` starts it, from the kept state where that has as much memory as is asked for, and runs a shell command in dom0,
without input; standard output and error and the exit status are the command's. --file puts a file or a folder of this
machine into dom0, --program a program with the libraries it needs, --same either at the place that it has here. --share
FOLDER is a folder at the same place in dom0, with nothing in it but what --same put there: what it holds in the end
comes out, also after an interrupt. --spare is memory for more domains, --dom0 is more for dom0 itself. --verbose shows
what Xen and dom0's kernel said. The machine ends with the command. `saki run --plat xen` does the same with a program
on Saki (plat/run/lab.c).

Interrupted (SIGINT, SIGTERM, SIGHUP), the exit status is 130. A command that shares folders gets a SIGINT first, and
half a minute to end, or until the next interrupt.

	plat/xen/lab/lab.py run xl info
"""
import argparse
import gzip
import io
import lzma
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile

import machine

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "kernel", "build"))
import apps      # noqa: E402
import suites    # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(suites.BUILD, "xen-lab")
TOOLS = ("xen-utils-4.17", "xenstore-utils", "busybox-static")
DEVELOPMENT = "libxen-dev"
HYPERVISOR = "xen-hypervisor-4.17-amd64"
XEN_BIN = "usr/lib/xen-4.17/bin"
PROGRAMS = [f"{XEN_BIN}/{n}" for n in ("xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0",
                                       "libxl-save-helper")] + ["usr/bin/xenstore", "bin/busybox"]
# pthread_cancel() loads it by itself.
LIBRARIES = ("libgcc_s.so.1",)
XENSTORE = ("ls", "read", "write", "list", "exists", "rm", "watch")
# By when init inserts them.
MODULES = {"boot": ("xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-netback", "xen-blkback",
                    "loop", "bridge", "virtio_pci", "virtio_console"),
           "start": ("virtio_blk",), "net": ("virtio_net",)}
SCRIPTS = {"init": "init", "vif": "etc/xen/scripts/saki-vif", "disk": "etc/xen/scripts/saki-disk"}
FOLDERS = ("dev", "proc", "sys", "tmp", "run/xen", "run/xenstored", "var/lib/xen", "var/log/xen", "etc/xen", "job")
MEMORY_MIB, DOM0_MIB = 768, 512
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_S = 30


# ---- building ----

def kernel_package():
    shown = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], stdout=subprocess.PIPE, text=True, check=True)
    return re.search(r"Depends: (linux-image-\S+)", shown.stdout)[1]


def unpack(files, prefixes, folder):
    for file in files:
        if os.path.basename(file).startswith(prefixes):
            apps.unpack_package(file, folder)


def decompressed_kernel(image):
    """The ELF file inside a bzImage (Linux, Documentation/x86/boot.rst); xz, as Debian packs it."""
    start = image.find(b"\xfd7zXZ\0")
    if start < 0:
        raise apps.Failure("dom0's kernel is not packed by xz")
    return lzma.LZMADecompressor().decompress(image[start:])


def needed(path):
    shown = subprocess.run(["llvm-readelf-19", "--needed-libs", path], stdout=subprocess.PIPE, text=True, check=True)
    return re.findall(r"^\s+(\S+\.so\S*)$", shown.stdout, re.M)


class Tree:
    """An archive as it is put together, of files that are below root."""

    def __init__(self, root=None):
        self.root, self.libraries, self.archive = root, {}, apps.Archive(io.BytesIO())
        self.folders = set()
        for folder, _, names in os.walk(root) if root else ():
            self.libraries.update((n, os.path.join(folder, n)) for n in names if ".so" in n)

    def end(self):
        self.archive.end()
        return self.archive.file.getvalue()

    def folder(self, name):
        while name and name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self.archive.entry(name, 0o40755, 1, 0, b"")

    def add(self, name, content, mode=0o100755):
        self.folder(os.path.dirname(name))
        self.archive.entry(name, mode, 1, 0, content)

    def add_program(self, name, seen):
        path = os.path.join(self.root, name)
        with open(path, "rb") as f:
            self.add(name, f.read())
        for library in needed(path):
            self.add_library(library, seen)

    def add_library(self, name, seen):
        if name in seen:
            return
        seen.add(name)
        if name not in self.libraries:
            raise apps.Failure(f"the packages have no {name}")
        path = os.path.realpath(self.libraries[name])
        with open(path, "rb") as f:
            self.add(("lib64/" if name.startswith("ld-linux") else "lib/x86_64-linux-gnu/") + name, f.read())
        for library in needed(path):
            self.add_library(library, seen)

    def add_modules(self, lists):
        """Each behind those that it needs, as its own description says."""
        files, added = {}, set()
        for folder, _, found in os.walk(os.path.join(self.root, "lib", "modules")):
            files.update((n[:-3].replace("-", "_"), os.path.join(folder, n)) for n in found if n.endswith(".ko"))

        def visit(name, order):
            name = name.replace("-", "_")
            if name in added:
                return
            if name not in files:
                raise apps.Failure(f"dom0's kernel has no module {name}")
            with open(files[name], "rb") as f:
                content = f.read()
            for other in re.search(rb"\0depends=([^\0]*)\0", content)[1].decode().split(","):
                if other:
                    visit(other, order)
            added.add(name)
            order.append(name)
            self.add(f"modules/{name}.ko", content, 0o100644)

        for when, names in lists.items():
            order = []
            for name in names:
                visit(name, order)
            self.add(f"modules/{when}", "".join(n + "\n" for n in order).encode(), 0o100644)


def replace(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "wb") as f:
        f.write(content)
    os.rename(path + ".new", path)


def build():
    with tempfile.TemporaryDirectory(dir=LAB) as root:
        files = apps.fetch_fresh([*TOOLS, DEVELOPMENT, HYPERVISOR, kernel_package()])
        for name in apps.MERGED:
            os.makedirs(os.path.join(root, "usr", name))
            os.symlink("usr/" + name, os.path.join(root, name))
        unpack(files, ("lib", "zlib1g", "xen", "busybox", "linux-image"), root)
        os.makedirs(os.path.join(LAB, "dev"), exist_ok=True)
        unpack(files, (DEVELOPMENT,), os.path.join(LAB, "dev"))
        tree, seen, boot = Tree(root), set(), os.path.join(root, "boot")
        for folder in FOLDERS:
            tree.folder(folder)
        tree.add("var/run", b"/run", 0o120777)
        for program in PROGRAMS:
            tree.add_program(program, seen)
        for library in LIBRARIES:
            tree.add_library(library, seen)
        for name in XENSTORE:
            tree.add(f"bin/xenstore-{name}", b"/usr/bin/xenstore", 0o120777)
        tree.add_modules(MODULES)
        tree.add("etc/xen/xl.conf", b"", 0o100644)
        for name, place in SCRIPTS.items():
            with open(os.path.join(HERE, name), "rb") as f:
                tree.add(place, f.read())
        with open(os.path.join(boot, next(n for n in os.listdir(boot) if n.startswith("vmlinuz"))), "rb") as f:
            replace(os.path.join(LAB, "vmlinux"), decompressed_kernel(f.read()))
        with gzip.open(os.path.join(boot, "xen-4.17-amd64.gz")) as f:
            replace(os.path.join(LAB, "xen"), f.read())
    replace(os.path.join(LAB, "initrd"), tree.end())


def is_made():
    """Not when it is missing or older than this folder."""
    made = os.path.join(LAB, "machine")
    newest = max(entry.stat().st_mtime for entry in os.scandir(HERE) if entry.is_file())
    return os.path.exists(made) and os.path.getmtime(made) >= newest


def make(again):
    """again: to keep a state, where that has failed before."""
    os.makedirs(LAB, exist_ok=True)
    with apps.locked():
        if not is_made():
            print(f"lab: fetching Xen and {kernel_package()} from Debian", file=sys.stderr)
            machine.forget(LAB)
            build()
            replace(os.path.join(LAB, "machine"), machine.description().encode())
        kept = machine.kept_path(LAB)
        if not os.path.exists(kept) or (again and not os.path.getsize(kept)):
            print("lab: starting it once, to keep the state that others go on from", file=sys.stderr)
            wrong = machine.keep(LAB)
            if wrong:
                print(f"lab: no state is kept, so that each start boots: {wrong}", file=sys.stderr)


# ---- running ----

# A job that shares folders, where dom0's own files are not in their way: they come out by a port of its own, and a
# signal that came to this machine comes in by another.
SHARING = """#!/bin/sh
port() {{
	for folder in /sys/class/virtio-ports/*; do
		read -r name <"$folder/name" && [ "$name" = "$1" ] && echo "/dev/${{folder##*/}}"
	done
}}
{mounts}
(
	read -r signal <"$(port control)"
	until [ -s /job/pid ]; do sleep 0.1; done
	kill "-$signal" "-$(cat /job/pid)"
) &
setsid /job/command
status=$?
tar -C /job/shared -cf "$(port files)" . && echo shared >&3
exit $status
"""
COMMAND = """#!/bin/sh
echo $$ >/job/pid
{command}
"""


def libraries_here(program):
    """Those that this machine would load it with; at the same places they are not in the way of dom0's own."""
    shown = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True)
    return re.findall(r"(/\S+\.so\S*)", shown.stdout)


def add_path(tree, host, inside):
    if not os.path.isdir(host):
        with open(host, "rb") as f:
            tree.add(inside.lstrip("/"), f.read())
        return
    for name in sorted(os.listdir(host)):
        add_path(tree, os.path.join(host, name), f"{inside}/{name}")


class Shared:
    """Folders that are at the same place here and in dom0, where they are mounted from /job/shared/N."""

    def __init__(self, folders):
        self.folders = sorted({os.path.abspath(f) for f in folders}, key=len)
        self.given = set()

    def place(self, path):
        """Where dom0 has what is at <path>."""
        for i, folder in reversed(list(enumerate(self.folders))):
            if path == folder or path.startswith(folder.rstrip("/") + "/"):
                return f"/job/shared/{i}{path[len(folder):]}"
        return path

    def add(self, tree, path):
        for folder, _, names in os.walk(path):
            for name in names:
                self.add(tree, os.path.join(folder, name))
        if os.path.isfile(path):
            add_path(tree, path, self.place(path))
            self.given.add(path)

    def mounts(self):
        return "\n".join(f"mkdir -p /job/shared/{i} {quoted} && mount --bind /job/shared/{i} {quoted}"
                         for i, quoted in enumerate(map(shlex.quote, self.folders)))

    def take(self, archive):
        """Out comes what is there; what was given and is not there any more goes."""
        taken = set()
        with tarfile.open(archive) as tar:
            for member in tar:
                number, _, name = os.path.normpath(member.name).partition("/")
                if not number.isdigit() or ".." in name.split("/"):
                    continue
                path = os.path.join(self.folders[int(number)], name)
                if member.isdir():
                    os.makedirs(path, exist_ok=True)
                elif member.isfile():
                    taken.add(path)
                    replace(path, tar.extractfile(member).read())
        return taken

    def remove_gone(self, taken):
        for path in self.given - taken:
            if any(path.startswith(folder.rstrip("/") + "/") for folder in self.folders):
                os.unlink(path)


def job(options, shared, command):
    """What dom0 gets on a disk: files, and what it does with them."""
    tree, libraries = Tree(), set()
    for given in options.file + options.program:
        host, _, inside = given.rpartition(":")
        add_path(tree, host, inside)
        libraries.update(libraries_here(host) if given in options.program else ())
    for library in sorted(libraries):
        name = os.path.basename(library)
        add_path(tree, library, ("lib64/" if name.startswith("ld-linux") else "lib/x86_64-linux-gnu/") + name)
    for path in options.same:
        shared.add(tree, os.path.abspath(path))
    if shared.folders:
        tree.add("job/command", COMMAND.format(command=command).encode())
        tree.add("job/run", SHARING.format(mounts=shared.mounts()).encode())
    else:
        tree.add("job/run", f"#!/bin/sh\n{command}\n".encode())
    return tree.end()


def contents(path):
    with open(path, errors="replace") as f:
        return f.read()


class Running:
    """QEMU, in a session of its own, so that a terminal's Ctrl-C is ours to pass on; it ends when we are killed."""

    def __init__(self, options, given, shares, **streams):
        self.control, end = socket.socketpair()
        self.shares, self.interrupted = shares, False
        self.process, self.start = machine.start(
            LAB, MEMORY_MIB + options.dom0 + options.spare, DOM0_MIB + options.dom0,
            given | {"control": f"socket,fd={end.fileno()}"}, (*streams.pop("pass_fds"), end.fileno()), **streams)
        self.start.send(machine.start_line())
        end.close()
        for number in INTERRUPTS:
            signal.signal(number, self.interrupt)
        signal.signal(signal.SIGALRM, self.interrupt)

    def interrupt(self, *_):
        if self.interrupted or not self.shares:
            self.process.kill()
        else:
            self.control.send(b"INT\n")
            signal.alarm(STOP_S)
        self.interrupted = True

    def wait(self):
        try:
            self.process.wait()
        finally:
            self.process.kill()
            self.process.wait()
            for number in (*INTERRUPTS, signal.SIGALRM):
                signal.signal(number, signal.SIG_IGN)


def fetch(shared, archive, debug):
    if not os.path.getsize(archive):
        return
    taken = shared.take(archive)
    if re.search(r"^shared$", debug, re.M):
        shared.remove_gone(taken)


def run(options, command):
    shared = Shared(options.share)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/job", "wb") as f:
            f.write(job(options, shared, command))
        stderr = os.dup(2)
        with open(f"{folder}/said", "w") as said:
            # A port whose other end has seen the end of its input takes no output either: this one's is never seen.
            given = {"console": "stdio,signal=off", "debug": f"file,path={folder}/debug",
                     "files": f"file,path={folder}/files", "log": f"file,append=on,path=/proc/self/fd/{stderr}",
                     "xen": f"file,append=on,path={folder}/said",
                     "job": f"format=raw,readonly=on,file={folder}/job"}
            running = Running(options, given, bool(shared.folders), stdin=subprocess.PIPE,
                              stderr=stderr if options.verbose else said, pass_fds=(stderr,))
            running.wait()
        debug = contents(f"{folder}/debug") if os.path.exists(f"{folder}/debug") else ""
        status = re.search(r"^exit (\d+)$", debug, re.M)
        fetch(shared, f"{folder}/files", debug)
        if options.verbose or not (status or running.interrupted):
            print(contents(f"{folder}/said")[-5000:], file=sys.stderr)
        if running.interrupted:
            if shared.folders and not status:
                print("lab: dom0 did not end in time: what it had found is lost", file=sys.stderr)
            return 130
        if status:
            return int(status[1])
        print(f"lab: dom0 did not come to its end (QEMU's status {running.process.returncode})", file=sys.stderr)
        return 123


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", action="append", default=[], metavar="HOST:DOM0")
    parser.add_argument("--program", action="append", default=[], metavar="HOST:DOM0")
    parser.add_argument("--same", action="append", default=[], metavar="PATH")
    parser.add_argument("--share", action="append", default=[], metavar="FOLDER")
    parser.add_argument("--spare", type=int, default=0, metavar="MIB")
    parser.add_argument("--dom0", type=int, default=0, metavar="MIB")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    wants_run = argv[:1] == ["run"]
    options = parser.parse_args(argv[wants_run:])
    if wants_run != bool(options.command):
        parser.error("run and a command belong together")
    for number in INTERRUPTS:
        signal.signal(number, signal.default_int_handler)
    try:
        make(not wants_run)
        command = options.command[0] if len(options.command) == 1 else shlex.join(options.command)
        return run(options, command) if wants_run else 0
    except (apps.Failure, OSError, tarfile.TarError, subprocess.CalledProcessError) as e:
        print(f"lab: {e}", file=sys.stderr)
        return 123
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
