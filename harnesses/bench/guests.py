# SPDX-License-Identifier: BSD-3-Clause
"""For benchmarks that put Saki beside a Linux guest: Debian's cloud kernel in the same QEMU with the same CPU, memory,
machine (q35) and accelerator, mitigations=off, running the same binaries of the same tree. Nothing is installed: the
kernel's package is unpacked into <build>/linux.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT, BUILD, TMP = os.environ["SAKI_ROOT"], os.environ["SAKI_BUILD"], os.environ["TMPDIR"]
SAKI = os.path.join(BUILD, "tools/saki-run")
MEMORY = "512M"
VIRTIO = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci")
NET = VIRTIO + ("failover", "net_failover", "virtio_net")
DISK = VIRTIO + ("virtio_blk", "nvme-common", "nvme-core", "nvme")
BUSYBOX = "/bin/busybox"      # of busybox-static


def output(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def compile_program(name, source, *flags):
    """The path of a program of ours, built for the occasion."""
    path = os.path.join(TMP, name)
    subprocess.run(["clang-19", "-D_GNU_SOURCE", "-O1", *flags, "-o", path, os.path.join(ROOT, source)], check=True)
    return path


def app_tree(name):
    """The folder of a program of the catalogue, made when it is missing."""
    subprocess.run([os.path.join(ROOT, "kernel/build/apps.py"), name], check=True, stdout=sys.stderr)
    return os.path.join(BUILD, "apps", name, "root")


# ---- Debian's kernel ----

def fetch_kernel(folder):
    depends = output("apt-cache", "depends", "linux-image-cloud-amd64")
    package = re.search(r"Depends: (linux-image-\S+)", depends)[1]
    subprocess.run(["apt-get", "-q", "download", package], cwd=TMP, check=True, stdout=sys.stderr)
    deb = next(name for name in os.listdir(TMP) if name.startswith(package))
    subprocess.run(["dpkg-deb", "-x", os.path.join(TMP, deb), folder + ".new"], check=True)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(folder + ".new", folder)


def kernel():
    """(kernel image, folder of modules), fetched once into the build folder."""
    folder = os.path.join(BUILD, "linux")
    boot, modules = os.path.join(folder, "boot"), os.path.join(folder, "lib/modules")
    if not os.path.isdir(modules):
        fetch_kernel(folder)
    image = next(name for name in os.listdir(boot) if name.startswith("vmlinuz"))
    return os.path.join(boot, image), os.path.join(modules, image.split("-", 1)[1])


def module_files(names):
    found = {}
    for folder, _, files in os.walk(kernel()[1]):
        for name in files:
            if name.endswith(".ko"):
                found[name[:-3]] = os.path.join(folder, name)
    return [found[name] for name in names if name in found]


# ---- the initramfs: newc cpio ----

def newc(name, mode, data):
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    entry = b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
    entry += b"\0" * (-len(entry) % 4) + data
    return entry + b"\0" * (-len(entry) % 4)


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def add_tree(archive, tree, wanted=lambda inside: True):
    for folder, folders, files in os.walk(tree):
        for name in sorted(folders) + sorted(files):
            full = os.path.join(folder, name)
            inside, mode = os.path.relpath(full, tree), os.lstat(full).st_mode
            if os.path.islink(full):
                archive.write(newc(inside, mode, os.readlink(full).encode()))
            elif os.path.isdir(full):
                archive.write(newc(inside, mode, b""))
            elif wanted(inside):
                archive.write(newc(inside, mode, contents(full)))


def initramfs(path, tree, files, wanted=lambda inside: True):
    """What of a tree is wanted, and files: {path inside: data}, all of them executable. Returns the path."""
    with open(path, "wb") as archive:
        if tree:
            add_tree(archive, tree, wanted)
        made = set()
        for name, data in files.items():
            parents = name.split("/")[:-1]
            for i in range(len(parents)):
                folder = "/".join(parents[:i + 1])
                if folder not in made and not (tree and os.path.lexists(os.path.join(tree, folder))):
                    archive.write(newc(folder, 0o40755, b""))
                made.add(folder)
            archive.write(newc(name, 0o100755, data))
        archive.write(newc("TRAILER!!!", 0, b""))
    return path


def init_script(modules, commands):
    """A shell script that gets Linux to where Saki's program begins."""
    lines = ["#!/bb/busybox sh", "export PATH=/bb:/usr/bin:/usr/sbin HOME=/ TERM=dumb",
             "busybox mkdir -p /proc /sys /dev /tmp", "busybox mount -t proc none /proc",
             "busybox mount -t sysfs none /sys", "busybox mount -t devtmpfs none /dev"]
    lines += [f"busybox insmod /modules/{os.path.basename(m)}" for m in modules]
    return "\n".join(lines + commands + ["busybox poweroff -f", ""]).encode()


def with_init(path, tree, modules, commands, files):
    """An initramfs whose init loads modules and runs commands."""
    ko = module_files(modules)
    whole = {"bb/busybox": contents(BUSYBOX), "init": init_script(ko, commands), **files,
             **{"modules/" + os.path.basename(m): contents(m) for m in ko}}
    return initramfs(path, tree, whole)


# ---- the two machines ----

def linux(archive, *devices, append=""):
    """QEMU's command line for the Linux guest, as plat/run/qemu.c makes it for Saki."""
    words = f"console=ttyS0 mitigations=off quiet panic=-1 rdinit=/init {append}".strip()
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-machine", "q35",
            "-accel", "tcg", "-cpu", "max", "-m", MEMORY, "-kernel", kernel()[0], "-initrd", archive, "-append", words,
            "-serial", "stdio", *devices]


def saki(*words):
    return [SAKI, "--plat", "q35", "--mem", MEMORY, *words]


def own_network():
    """Goes on in a network namespace of its own, where interfaces can be made without being root."""
    if os.environ.get("SAKI_OWN_NETWORK"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ["SAKI_OWN_NETWORK"] = "1"
    os.execvp("unshare", ["unshare", "-Urn", sys.executable, *sys.argv])


def tap(name, address):
    for command in (f"ip tuntap add {name} mode tap", f"ip addr add {address}/24 dev {name}", f"ip link set {name} up"):
        subprocess.run(command.split(), check=True)


class Running:
    """A guest that serves until the end of the with statement; what it says is in a file."""

    def __init__(self, name, command, answers):
        self.name, self.command, self.answers = name, command, answers
        self.said = os.path.join(TMP, name + ".said")

    def __enter__(self):
        with open(self.said, "w") as said:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        end = time.monotonic() + 60
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                self.__exit__()
                raise SystemExit(f"{self.name} does not answer: {contents(self.said)[-500:].decode(errors='replace')}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def alternate(rounds, measure, *guests):
    """The median figures of each guest, measured in turns: measure(guest) gives {name: figure}."""
    runs = {guest: [] for guest in guests}
    for i in range(rounds):
        for guest in guests if i % 2 == 0 else reversed(guests):
            runs[guest].append(measure(guest))
    return [{name: statistics.median(run[name] for run in runs[guest]) for name in runs[guest][0]} for guest in guests]


def rows(unit, ours, theirs, at_least=1.0):
    for name, figure in ours.items():
        print("bench", f"{name}, tcg", f"{figure:.1f}", unit, f"{theirs[name]:.0f}", f"{theirs[name] * at_least:.0f}",
              sep="\t", flush=True)
