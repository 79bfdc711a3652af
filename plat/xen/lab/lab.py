#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the lab: Debian's Xen and a small dom0 that run in QEMU. lab.py | lab.py run [--file HOST:DOM0]... COMMAND...

Result: <build>/xen-lab/: xen (the hypervisor), vmlinux (dom0's kernel), initrd (busybox, xl, xenstored and what they
need, made of unmodified Debian packages that are not installed; plat/xen/lab/init is its /init), dev/ (what programs
for a dom0 are built against, see fuzz/xen/build.mk). Made again when this folder has changed. Exit status 123: no apt,
no network, no QEMU.

`run` starts it and runs a shell command in dom0, without input; standard output and error and the exit status are the
command's. --file puts a file or a folder of this machine into dom0, --program a program with the libraries it needs.
--fetch puts what a folder of dom0 holds in the end into one of this machine, --spare is memory for more domains,
--dom0 is more for dom0 itself.
--verbose shows what Xen and dom0's kernel said. The machine ends with the command. `saki run --plat xen` does the same
with a program on Saki (plat/run/lab.c).

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
import subprocess
import sys
import tempfile

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
MODULES = ("xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-netback", "xen-blkback", "loop",
           "bridge", "virtio_pci", "virtio_console", "virtio_blk", "virtio_net")
SCRIPTS = {"init": "init", "vif": "etc/xen/scripts/saki-vif", "disk": "etc/xen/scripts/saki-disk"}
FOLDERS = ("dev", "proc", "sys", "tmp", "run/xen", "run/xenstored", "var/lib/xen", "var/log/xen", "etc/xen", "job")
# What QEMU must be told for Xen to come up in it: without smap dom0 dies at an iretq, with monitor Xen panics in mwait.
CPU = "EPYC,-smap,-monitor"
MEMORY_MIB, DOM0_MIB = 768, 512


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
    """An initrd as it is put together, of files that are below root."""

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

    def add_modules(self, names):
        """Each behind those that it needs, as its own description says."""
        files, order = {}, []
        for folder, _, found in os.walk(os.path.join(self.root, "lib", "modules")):
            files.update((n[:-3].replace("-", "_"), os.path.join(folder, n)) for n in found if n.endswith(".ko"))

        def visit(name):
            name = name.replace("-", "_")
            if name in order:
                return
            if name not in files:
                raise apps.Failure(f"dom0's kernel has no module {name}")
            with open(files[name], "rb") as f:
                content = f.read()
            for other in re.search(rb"\0depends=([^\0]*)\0", content)[1].decode().split(","):
                if other:
                    visit(other)
            order.append(name)
            self.add(f"modules/{name}.ko", content, 0o100644)

        for name in names:
            visit(name)
        self.add("modules/order", "".join(n + "\n" for n in order).encode(), 0o100644)


def write(name, content):
    path = os.path.join(LAB, name)
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
            write("vmlinux", decompressed_kernel(f.read()))
        with gzip.open(os.path.join(boot, "xen-4.17-amd64.gz")) as f:
            write("xen", f.read())
    write("initrd", tree.end())


def make():
    """Makes it when it is missing or older than this folder."""
    os.makedirs(LAB, exist_ok=True)
    made = os.path.join(LAB, "initrd")
    newest = max(os.path.getmtime(os.path.join(HERE, n)) for n in os.listdir(HERE))
    with apps.locked():
        if not os.path.exists(made) or os.path.getmtime(made) < newest:
            print(f"lab: fetching Xen and {kernel_package()} from Debian", file=sys.stderr)
            build()


# ---- running ----

# What a job leaves in a folder goes out by a port of its own.
FETCHING = """#!/bin/sh
({command})
status=$?
for port in /sys/class/virtio-ports/*; do
	read -r name <"$port/name" && [ "$name" = files ] && tar -C {folder} -cf "/dev/${{port##*/}}" .
done
exit $status
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


def job(options, command):
    """What is added to the initrd: files for dom0, and what it does with them."""
    tree, libraries = Tree(), set()
    for given in options.file + options.program:
        host, _, inside = given.rpartition(":")
        add_path(tree, host, inside)
        libraries.update(libraries_here(host) if given in options.program else ())
    for library in sorted(libraries):
        name = os.path.basename(library)
        add_path(tree, library, ("lib64/" if name.startswith("ld-linux") else "lib/x86_64-linux-gnu/") + name)
    tree.add("job/run", f"#!/bin/sh\n{command}\n".encode() if not options.fetch else FETCHING.format(
        command=command, folder=shlex.quote(options.fetch.rpartition(":")[0])).encode())
    return tree.end()


def qemu(initrd, ports, serial, options):
    dom0_mib = DOM0_MIB + options.dom0
    append = f"console=com1 com1=115200,8n1 dom0_mem={dom0_mib}M,max:{dom0_mib}M dom0_max_vcpus=1 loglvl=warning " \
             "guest_loglvl=error"
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", "1",
               "-m", str(MEMORY_MIB + options.dom0 + options.spare), "-nodefaults", "-no-user-config", "-no-reboot",
               "-display", "none", "-kernel", f"{LAB}/xen", "-append", append,
               "-initrd", f"{LAB}/vmlinux console=hvc0 rdinit=/init quiet,{initrd}",
               "-chardev", f"file,id=xen,path={serial},append=on", "-serial", "chardev:xen",
               "-device", "virtio-serial-pci"]
    for name, chardev in ports.items():
        command += ["-chardev", f"{chardev},id={name}", "-device", f"virtserialport,chardev={name},name={name}"]
    return command


def contents(path):
    with open(path, errors="replace") as f:
        return f.read()


def run(options, command):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/initrd", "wb") as f, open(f"{LAB}/initrd", "rb") as lab:
            f.write(lab.read() + job(options, command))
        stderr = os.dup(2)
        with open(f"{folder}/said", "w") as said:
            # A port whose other end has seen the end of its input takes no output either: this one's is never seen.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
            ports = {"console": "stdio,signal=off", "debug": f"file,path={folder}/debug",
                     "files": f"file,path={folder}/files", "log": f"file,append=on,path=/proc/self/fd/{stderr}"}
            machine = subprocess.Popen(
                qemu(f"{folder}/initrd", ports, f"{folder}/said", options),
                stdin=subprocess.PIPE, stderr=stderr if options.verbose else said, pass_fds=(stderr,))
            try:
                machine.wait()
            finally:
                machine.kill()
                machine.wait()
        status = re.search(r"^exit (\d+)$", contents(f"{folder}/debug"), re.M)
        if options.fetch and os.path.getsize(f"{folder}/files"):
            target = options.fetch.rpartition(":")[2]
            os.makedirs(target, exist_ok=True)
            subprocess.run(["tar", "-x", "-C", target, "-f", f"{folder}/files", "--no-same-owner"], check=True)
        if options.verbose or not status:
            print(contents(f"{folder}/said")[-5000:], file=sys.stderr)
        if status:
            return int(status[1])
        print(f"lab: dom0 did not come to its end (QEMU's status {machine.returncode})", file=sys.stderr)
        return 123


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", action="append", default=[], metavar="HOST:DOM0")
    parser.add_argument("--program", action="append", default=[], metavar="HOST:DOM0")
    parser.add_argument("--fetch", metavar="DOM0:HOST")
    parser.add_argument("--spare", type=int, default=0, metavar="MIB")
    parser.add_argument("--dom0", type=int, default=0, metavar="MIB")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    wants_run = argv[:1] == ["run"]
    options = parser.parse_args(argv[wants_run:])
    if wants_run != bool(options.command):
        parser.error("run and a command belong together")
    try:
        make()
        command = options.command[0] if len(options.command) == 1 else shlex.join(options.command)
        return run(options, command) if wants_run else 0
    except (apps.Failure, OSError, subprocess.CalledProcessError) as e:
        print(f"lab: {e}", file=sys.stderr)
        return 123
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
