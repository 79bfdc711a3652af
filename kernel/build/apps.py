#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the initrd of programs of the catalogue, out of unmodified Debian packages: apps.py NAME... | --all | --list

A program is a recipe, harnesses/apps/<name>/recipe, one keyword a line, # for comments:
	package NAME...		what to fetch, with all that it depends on (no recommended packages)
	program PATH		what `saki run <name>` starts
	also NAME...		more programs of the tree, found in /usr/bin: `saki run NAME`
	link PATH TARGET	a symbolic link that a maintainer script would make
	file PATH WORD...	a file of one line, such as a piece of configuration
	drop GLOB...		paths to leave out, besides documentation and translations
	memory SIZE		of the machine (64M and three times the initrd)
	env NAME=VALUE		for the program
apt resolves, as for a machine where nothing is installed; nothing is installed here, no maintainer script is run, root
is not needed. Result: <build>/apps/<name>/initrd, made again when the recipe is newer. Exit status 123: no apt, no
network.
"""
import contextlib
import fcntl
import fnmatch
import os
import shutil
import stat
import subprocess
import sys

import suites

RECIPES = os.path.join(suites.ROOT, "harnesses", "apps")
APPS = os.path.join(suites.BUILD, "apps")
CACHE, LISTS, STATUS = (os.path.join(APPS, n) for n in ("cache", "lists", "status"))
KEYWORDS = ("package", "program", "also", "link", "file", "drop", "memory", "env")
# What packages need to be installed, not to run; a recipe that wants one names it.
INSTALLERS = ("debconf", "dpkg", "tar", "gcc-12-base", "libc-bin")
SHARE = ("doc", "doc-base", "man", "info", "locale", "lintian", "menu", "bash-completion", "applications", "pixmaps",
         "icons", "bug", "debhelper", "gdb", "binfmts")
DROPS = ["/usr/share/" + n for n in SHARE] + ["/usr/lib/*/gconv", "/usr/lib/*/audit"]
# Debian's tree today: these are links, which base-files makes only when it is installed.
MERGED = ("bin", "lib", "lib64", "sbin")
FILES = {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\n"
                       "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
         "etc/group": "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n", "etc/hosts": "127.0.0.1 localhost\n"}
FOLDERS = {"dev": 0o755, "proc": 0o755, "root": 0o700, "sys": 0o755, "tmp": 0o1777, "var/tmp": 0o1777, "run": 0o755,
           "usr/include": 0o755}


class Failure(Exception):
    pass


class Recipe:
    def __init__(self, name):
        self.name = name
        self.path = os.path.join(RECIPES, name, "recipe")
        self.words = {k: [] for k in KEYWORDS}
        if not os.path.isfile(self.path):
            raise Failure(f"{name} is not in the catalogue; see: apps.py --list")
        with open(self.path) as f:
            for number, line in enumerate(f, 1):
                self.read(number, line.split())

    def read(self, number, words):
        if not words or words[0].startswith("#"):
            return
        least, most = {"link": (3, 3), "file": (3, len(words))}.get(words[0], (2, len(words)))
        if words[0] not in KEYWORDS or not least <= len(words) <= most:
            raise Failure(f"harnesses/apps/{self.name}/recipe:{number}: not a keyword with its words")
        self.words[words[0]] += [words[1:]] if words[0] in ("link", "file") else words[1:]


def names():
    return sorted(n for n in os.listdir(RECIPES) if os.path.isfile(os.path.join(RECIPES, n, "recipe")))


# ---- packages ----

def apt(*args, archives):
    """Its standard output. The package lists are the machine's, or our own once these turned out to be too old."""
    options = ["Debug::NoLocking=1", "APT::Sandbox::User=root", "APT::Architecture=amd64",
               f"Dir::State::status={STATUS}", f"Dir::Cache::archives={archives}", "Acquire::Retries=1",
               "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache="]
    if os.path.isdir(LISTS):
        options.append(f"Dir::State::lists={LISTS}")
    command = ["apt-get", "-qq", "-y", "--no-install-recommends"] + [w for o in options for w in ("-o", o)]
    try:
        done = subprocess.run(command + list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C"))
    except FileNotFoundError:
        raise Failure("there is no apt-get here") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise Failure(f"apt: {errors[0][3:] if errors else 'no reason given'}")
    return done.stdout


def fetch(packages):
    """The files of the packages and all that they need, downloaded."""
    empty = os.path.join(APPS, "empty")
    for folder in (os.path.join(empty, "partial"), os.path.join(CACHE, "partial")):
        os.makedirs(folder, exist_ok=True)
    open(STATUS, "w").close()
    # Only for a cache without any does apt name all of them.
    lines = apt("install", "--print-uris", *packages, archives=empty).splitlines()
    files = [line.split()[1] for line in lines if line.startswith("'")]
    if not all(os.path.exists(os.path.join(CACHE, f)) for f in files):
        apt("install", "--download-only", *packages, archives=CACHE)
    return [os.path.join(CACHE, f) for f in files if f.split("_")[0] in packages or f.split("_")[0] not in INSTALLERS]


def fetch_fresh(packages):
    """The same; where the lists are missing or name packages that are gone, with new lists."""
    try:
        return fetch(packages)
    except Failure as failure:
        fresh = LISTS + ".new"
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(os.path.join(fresh, "partial"))
        # It is no failure for apt when one of the machine's sources is down, nor when all are.
        apt("update", "-o", f"Dir::State::lists={fresh}", "-o", "Acquire::Retries=0", archives=CACHE)
        if not any("_Packages" in n for n in os.listdir(fresh)):
            shutil.rmtree(fresh)
            raise failure
        shutil.rmtree(LISTS, ignore_errors=True)
        os.rename(fresh, LISTS)
        return fetch(packages)


# ---- the tree ----

def unpack_package(file, folder):
    # Not dpkg-deb -x, which puts a folder in the place of a link to one: packages still say /lib.
    tar = ["tar", "-x", "-p", "--keep-directory-symlink", "--warning=no-timestamp", "-C", folder]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE) as source:
        done = subprocess.run(tar, stdin=source.stdout, stderr=subprocess.PIPE, text=True)
    if done.returncode or source.returncode:
        raise Failure(f"{os.path.basename(file)} cannot be unpacked: {done.stderr.strip()}")


def place(root, path):
    """Where a file of the tree goes, whose folder is there and which is not."""
    path = os.path.join(root, path.lstrip("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    return path


def write_file(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o644)


def unpack(recipe, files):
    root = os.path.join(APPS, recipe.name, "root")
    fresh = root + ".new"
    shutil.rmtree(fresh, ignore_errors=True)
    for folder, mode in FOLDERS.items():
        os.makedirs(os.path.join(fresh, folder))
        os.chmod(os.path.join(fresh, folder), mode)
    for name in MERGED:
        os.makedirs(os.path.join(fresh, "usr", name))
        os.symlink("usr/" + name, os.path.join(fresh, name))
    for file in files:
        unpack_package(file, fresh)
    for name, text in FILES.items():
        if not os.path.exists(os.path.join(fresh, name)):
            write_file(place(fresh, name), text)
    for path, *line in recipe.words["file"]:
        write_file(place(fresh, path), " ".join(line) + "\n")
    for path, target in recipe.words["link"]:
        os.symlink(target, place(fresh, path))
    shutil.rmtree(root, ignore_errors=True)
    os.rename(fresh, root)
    return root


# ---- the initrd ----

class Archive:
    """Writes newc cpio: Linux, Documentation/driver-api/early-userspace/buffer-format.rst."""

    def __init__(self, file):
        self.file, self.inode, self.seen = file, 0, {}

    def pad(self):
        self.file.write(b"\0" * (-self.file.tell() % 4))

    def entry(self, name, mode, links, inode, content):
        fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(os.fsencode(name)) + 1, 0)
        self.file.write(b"070701" + b"".join(b"%08X" % f for f in fields) + os.fsencode(name) + b"\0")
        self.pad()
        self.file.write(content)
        self.pad()

    def add(self, name, path):
        st = os.lstat(path)
        # Of a file with more names, the first one has the content.
        first = st.st_nlink > 1 and not stat.S_ISDIR(st.st_mode) and self.seen.get(st.st_ino)
        content = b""
        if stat.S_ISLNK(st.st_mode):
            content = os.fsencode(os.readlink(path))
        elif stat.S_ISREG(st.st_mode) and not first:
            with open(path, "rb") as f:
                content = f.read()
        if not first:
            self.inode += 1
            self.seen[st.st_ino] = self.inode
        self.entry(name, st.st_mode, st.st_nlink, first or self.inode, content)

    def end(self):
        self.entry("TRAILER!!!", 0, 1, 0, b"")


def write_initrd(recipe, root, path):
    drops = DROPS + recipe.words["drop"]

    def kept(name):
        return not any(fnmatch.fnmatchcase("/" + name, d) for d in drops)

    def visit(archive, folder):
        for entry in sorted(os.listdir(os.path.join(root, folder))):
            name = os.path.join(folder, entry)
            if not kept(name):
                continue
            archive.add(name, os.path.join(root, name))
            if os.path.isdir(os.path.join(root, name)) and not os.path.islink(os.path.join(root, name)):
                visit(archive, name)

    with open(path + ".new", "wb") as f:
        archive = Archive(f)
        visit(archive, "")
        archive.end()
    os.rename(path + ".new", path)


@contextlib.contextmanager
def locked():
    """One at a time: the packages' cache, and what is made of them, are shared."""
    os.makedirs(APPS, exist_ok=True)
    with open(os.path.join(APPS, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up_to_date(recipe, path):
    return os.path.exists(path) and os.path.getmtime(path) >= os.path.getmtime(recipe.path)


def make(recipe):
    path = os.path.join(APPS, recipe.name, "initrd")
    if up_to_date(recipe, path):
        return
    os.makedirs(os.path.join(APPS, recipe.name), exist_ok=True)
    with locked():
        if up_to_date(recipe, path):        # another one made it meanwhile
            return
        print(f"apps: {recipe.name}: fetching {' '.join(recipe.words['package'])} from Debian", file=sys.stderr)
        write_initrd(recipe, unpack(recipe, fetch_fresh(recipe.words["package"])), path)


def main(argv):
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if argv else 122
    if argv == ["--list"]:
        for name in names():
            print(" ".join([name] + Recipe(name).words["also"]))
        return 0
    for name in names() if argv == ["--all"] else argv:
        try:
            make(Recipe(name))
        except (Failure, OSError) as e:
            print(f"apps: {name}: {e}", file=sys.stderr)
            return 123
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
