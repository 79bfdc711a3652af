# SPDX-License-Identifier: BSD-3-Clause
"""Who may include whom: the rooms' table. The first rule whose pattern matches a file is that file's."""
import re

COMPILER = r"(stdarg|stdbool|stddef|stdint|stdalign|stdnoreturn|limits|float|cpuid|\w+intrin)\.h"
KERNEL = r"kernel/include/kernel/.*|generated/.*"
ARCH = r"arch/arch\.h|arch/\w+/include/arch/.*"
PLAT = r"plat/plat\.h"
# What the kernel and the programs of the host share: no code of either.
ABI = r"fuzz/abi/.*|profiler/abi/.*|.*_abi\.h|generated/.*|kernel/include/kernel/syscall_desc\.h"
# One way to start QEMU and to find images, for saki-run and for the programs that start either.
QEMU = r"plat/run/(qemu|image)\.h"
# The planted bugs' numbers are in the kernel and in reports.
PLANTED = r"fuzz/abi/planted\.h"
INSTRUMENTATION = r"instrumentation/.*\.h"
# Instrumentation may not call back into instrumented code: only types, annotations and reports.
REPORT = r"kernel/include/kernel/(types|compiler|linkset|crash|log|string|sanitize|snapshot|errno|boot|page|test)\.h"
LWIP = r"(lwip|netif)/.*\.h|(string|stdlib)\.h"
ANY = r".*"

# (files, tree's headers they may include besides their own folder's, system headers)
RULES = [
    (r"(arch|plat)/host/os/", r"(arch|plat)/host/.*_abi\.h|.*/(\w+_)?abi/.*|.*_abi\.h|generated/.*", ANY),
    (r"instrumentation/srccov/host/", ABI + r"|fuzz/host/(executor|machine|seeds|store)\.h", ANY),
    (r"fuzz/host/machine_vm\.c", ABI + r"|fuzz/host/|plat/run/qemu\.h", ANY),
    (r"fuzz/host/last_events\.c", ABI + r"|fuzz/host/|instrumentation/trace/(description|host/pattern)\.h", ANY),
    (r"fuzz/host/(machine_xen|main)\.c", ABI + r"|fuzz/host/|fuzz/xen/cloner\.h", ANY),
    # Recordings are traces; `saki prof` shows them and makes them, also from outside.
    (r"profiler/host/", ABI + "|" + QEMU + r"|fuzz/host/json\.h|instrumentation/trace/description\.h|"
     r"instrumentation/trace/host/(clock|foreign|forward|machine|recorder|stream)\.h|profiler/host/.*\.h", ANY),
    (r"harnesses/eval/", f"{ABI}|{QEMU}|" + r"fuzz/host/json\.h|harnesses/eval/host/\w+\.h", ANY),
    (r"profiler/plugin/", r"profiler/plugin/.*_abi\.h", ANY),    # in QEMU
    (r"(plat/run|fuzz/xen|(fuzz|profiler|instrumentation/\w+|harnesses/\w+)/host|kernel/build)/", f"{ABI}|{QEMU}", ANY),
    (r"instrumentation/.*_hosted\.c", ABI, ANY),
    (r"(fuzz|profiler)/abi/",
     r"(fuzz|profiler)/abi/.*|kernel/include/kernel/(\w+_abi|syscall_desc|types|compiler|string)\.h", COMPILER),
    (r"(fuzz|profiler)/guest/", "|".join((KERNEL, ARCH, PLAT, INSTRUMENTATION, ABI)), COMPILER),
    (r"harnesses/(apps|bench)/", r"generated/.*", ANY),     # programs for Linux, and so for Saki
    (r"harnesses/attacks/", "|".join((KERNEL, ARCH, INSTRUMENTATION, ABI)), COMPILER),
    (r"harnesses/", "|".join((KERNEL, ABI)), COMPILER),
    # What an event is about is read, not called.
    (r"instrumentation/trace/\w+\.[ch]",
     "|".join((REPORT, ARCH, PLAT, ABI, INSTRUMENTATION,
               r"kernel/include/kernel/(atomic|clock|cpu|syscall_desc|thread)\.h")), COMPILER),
    (r"instrumentation/layout/\w+\.[ch]", "|".join((REPORT, ARCH, ABI, INSTRUMENTATION,
                                                   r"kernel/include/kernel/(chacha20|spinlock)\.h")), COMPILER),
    (r"instrumentation/\w+/test/", "|".join((KERNEL, ARCH, ABI, INSTRUMENTATION)), COMPILER),
    (r"instrumentation/", "|".join((REPORT, ARCH, ABI, INSTRUMENTATION)), COMPILER),
    (r"arch/", "|".join((KERNEL, ARCH, INSTRUMENTATION, PLAT, r"(arch|plat)/host/os/\w+_abi\.h")), COMPILER),
    (r"plat/", "|".join((KERNEL, ARCH, PLAT, INSTRUMENTATION, r"(arch|plat)/host/os/\w+_abi\.h")), COMPILER),
    (r"kernel/net/", "|".join((KERNEL, ARCH, PLAT, INSTRUMENTATION)), f"{COMPILER}|{LWIP}"),
    (r"kernel/", "|".join((KERNEL, ARCH, PLAT, INSTRUMENTATION, PLANTED)), COMPILER),
]


def own_folder(name, resolved):
    """A folder's private headers are its own, those of its test folder, and those of the room's folders inside it."""
    folder, header = name.rsplit("/", 1)[0], resolved.rsplit("/", 1)[0]
    folder, header = folder.removesuffix("/test"), header.removesuffix("/test")
    return header == folder or ("/" in header and folder.startswith(header + "/"))


def find(tree):
    for name in tree.sources():
        rule = next((r for r in RULES if re.match(r[0], name)), None)
        if rule is None:
            yield f"{name}: in no room"
            continue
        _, ours, system = rule
        for target, resolved in tree.includes(name):
            if resolved is None:
                allowed = re.fullmatch(system, target)
            else:
                allowed = own_folder(name, resolved) or re.fullmatch(ours, resolved)
            if not allowed:
                yield f"{name}: may not include {target}"
