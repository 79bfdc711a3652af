# SPDX-License-Identifier: BSD-3-Clause
"""The lab's machine: what QEMU is told of it, and the state of one that is up, from which others go on.

<build>/xen-lab/machine has QEMU's words for plat/run/lab.c, one a line, behind a line with KEPT_MIB and KEPT_DOM0_MIB;
@LAB, @MEMORY and @DOM0 (MiB) stand there for what differs. Its devices are all there in every machine, as a state says
what each was doing: who starts it says what is behind them, by name: character devices PORTS and xen, drives job and
disk, network net. To port "start" goes one line: the time of day in seconds, and "net" when there is a network.

<build>/xen-lab/kept.* is the state (QEMU's docs/devel/migration.rst) of a machine of KEPT_MIB whose dom0 waits for that
line. It fits only the QEMU that wrote it, which its name says, as plat/run/lab.c does too: inode, size and time of
change. An empty one says that it could not be kept, so that machines boot.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

QEMU = "qemu-system-x86_64"
# As plat/run/qemu.c has them.
ANY_MACHINE = ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
# What QEMU must be told for Xen to come up in it: without smap dom0 dies at an iretq, with monitor Xen panics in mwait.
CPU = "EPYC,-smap,-monitor"
# eager-fpu: where Xen switches floating-point registers only when somebody wants them, QEMU's SVM now and then leaves a
# program another one's (once in a hundred thousand switches; dom0's programs crash). bootscrub: QEMU's memory is clean,
# and what is not touched is not in a kept state.
XEN_LINE = "console=com1 com1=115200,8n1 dom0_mem=@DOM0M,max:@DOM0M dom0_max_vcpus=1 loglvl=warning " \
           "guest_loglvl=error spec-ctrl=eager-fpu bootscrub=0"
PORTS = ("start", "console", "log", "debug", "control", "files", "records")
# vmgenid: where a machine goes on that others went on from, dom0's kernel draws its random numbers anew.
WORDS = ["-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", CPU, "-smp", "1", "-m", "@MEMORYM",
         "-serial", "chardev:xen", "-device", "vmgenid,guid=auto", "-device", "virtio-serial-pci,id=ports,addr=4",
         *(word for i, name in enumerate(PORTS)
           for word in ("-device", f"virtserialport,bus=ports.0,nr={i + 1},chardev={name},name={name}")),
         "-device", "virtio-blk-pci,addr=5,drive=job", "-device", "virtio-blk-pci,addr=6,drive=disk",
         "-device", "virtio-net-pci,addr=7,netdev=net,romfile=",
         "-kernel", "@LAB/xen", "-append", XEN_LINE,
         "-initrd", "@LAB/vmlinux console=hvc0 rdinit=/init quiet,@LAB/initrd"]
KEPT_MIB, KEPT_DOM0_MIB = 3072, 1024
UP_S, WRITE_S = 120, 60


def description():
    return "".join(f"{word}\n" for word in (f"{KEPT_MIB} {KEPT_DOM0_MIB}", *WORDS))


def words(lab, memory_mib, dom0_mib):
    return [word.replace("@LAB", lab).replace("@MEMORY", str(memory_mib)).replace("@DOM0", str(dom0_mib))
            for word in WORDS]


def behind(given):
    """Words for what is behind the devices: <given>, or nothing. A port whose other end is not there takes no output:
    a null character device never is, a file always."""
    said = [f"{given.pop(name, 'file,path=/dev/null')},id={name}" for name in ("xen", *PORTS)]
    drives = [f"if=none,id={name},{given.pop(name, 'driver=null-co,size=512')}" for name in ("job", "disk")]
    net = given.pop("net", "hubport,hubid=0")
    assert not given, given
    return [word for name in said for word in ("-chardev", name)] + \
           [word for name in drives for word in ("-drive", name)] + ["-netdev", f"{net},id=net"]


def start_line():
    return f"{time.time():.0f}\n".encode()


def kept_path(lab):
    program = shutil.which(QEMU)
    if not program:
        raise OSError(f"{QEMU} is not in $PATH: install the package qemu-system-x86 (make deps)")
    status = os.stat(program)
    return os.path.join(lab, f"kept.{status.st_ino}.{status.st_size}.{status.st_ctime_ns // 10 ** 9}")


def forget(lab):
    for path in pathlib.Path(lab).glob("kept*"):
        path.unlink(missing_ok=True)


def fits(memory_mib, dom0_mib):
    return dom0_mib <= KEPT_DOM0_MIB and memory_mib - dom0_mib <= KEPT_MIB - KEPT_DOM0_MIB


def open_kept(lab):
    """What machines go on from; it is empty where they are to boot."""
    try:
        return open(kept_path(lab), "rb")
    except FileNotFoundError:
        return open(os.devnull, "rb")


def start(lab, memory_mib, dom0_mib, given, fds, more=(), **streams):
    """QEMU's process, with fds, and the other end of port "start". It ends when we are killed. The machine has the kept
    state when that is large enough, and else boots."""
    ours, end = socket.socketpair()
    given = given | {"start": f"socket,fd={end.fileno()}"}
    with open_kept(lab) as kept, end:
        if os.fstat(kept.fileno()).st_size and fits(memory_mib, dom0_mib):
            memory_mib, dom0_mib, more = KEPT_MIB, KEPT_DOM0_MIB, (*more, "-incoming", f"fd:{kept.fileno()}")
        command = [QEMU, *ANY_MACHINE, *words(lab, memory_mib, dom0_mib), *behind(given), *more]
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], start_new_session=True,
                                pass_fds=(*fds, end.fileno(), kept.fileno()), **streams), ours


class Control:
    """QEMU's control channel (docs/interop/qmp-spec.txt)."""

    def __init__(self, end):
        self.end, self.lines = end, end.makefile("rb")
        self.read()
        self.call("qmp_capabilities")

    def read(self):
        line = self.lines.readline()
        if not line:
            raise OSError("QEMU has ended")
        return json.loads(line)

    def call(self, what, fds=(), **arguments):
        socket.send_fds(self.end, [json.dumps({"execute": what, "arguments": arguments}).encode()], fds)
        while "return" not in (answer := self.read()):
            if "error" in answer:
                raise OSError(f"QEMU: {answer['error']['desc']}")
        return answer["return"]


def write_state(control, file):
    control.call("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    control.call("getfd", (file.fileno(),), fdname="kept")
    control.call("migrate", uri="fd:kept")
    end = time.monotonic() + WRITE_S
    while (told := control.call("query-migrate")).get("status") != "completed":
        if told.get("status") == "failed" or time.monotonic() > end:
            raise OSError(f"its state was not written: {told.get('error-desc', told.get('status'))}")
        time.sleep(0.05)
    os.fsync(file.fileno())


def boot_and_write(lab, file):
    """The machine runs until its state is written, as one that is stopped first has a clock that is: dom0 would not go
    on."""
    qmp, end = socket.socketpair()
    with qmp, end, tempfile.TemporaryFile() as said:
        qmp.settimeout(WRITE_S)
        process, port = start(lab, KEPT_MIB, KEPT_DOM0_MIB, {}, (end.fileno(),),
                              ("-chardev", f"socket,id=qmp,fd={end.fileno()}", "-mon", "qmp,mode=control"),
                              stdin=subprocess.DEVNULL, stderr=said)
        end.close()
        try:
            port.settimeout(UP_S)
            if port.recv(64) != b"ready\n":
                said.seek(0)
                raise OSError(f"dom0 did not come up: {said.read().decode(errors='replace').strip()[-200:]}")
            write_state(Control(qmp), file)
        finally:
            process.kill()
            process.wait()
            port.close()


def keep(lab):
    """@return what is wrong; None: a state is kept."""
    path, wrong = kept_path(lab), None
    forget(lab)
    new = path + ".new"
    try:
        with open(new, "wb") as file:
            try:
                boot_and_write(lab, file)
            except OSError as e:
                wrong = e
                file.truncate(0)
        os.rename(new, path)
    finally:
        pathlib.Path(new).unlink(missing_ok=True)
    return wrong
