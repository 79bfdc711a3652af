# SPDX-License-Identifier: BSD-3-Clause
"""Every public header compiles on its own, for both CPUs."""
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

FLAGS = ("-std=gnu11 -ffreestanding -nostdlibinc -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function "
         "-Wno-unused-parameter --target=x86_64-linux-gnu -x c -I. "
         "-Ikernel/include").split()
PUBLIC = ("kernel/include/", "arch/arch.h", "plat/plat.h", "fuzz/abi/", "profiler/abi/")


def compiles(tree, header, cpu, generated):
    command = ["clang-19", *FLAGS, f"-Iarch/{cpu}/include", f"-I{generated}", "-"]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True,
                            input=f'#include "{header}"\n')
    error = next((line for line in result.stderr.splitlines() if "error:" in line), "")
    return None if result.returncode == 0 else f"{header} ({cpu}): {error}"


def find(tree):
    headers = [h for h in tree.sources(".h") if h.startswith(PUBLIC)]
    with tempfile.TemporaryDirectory() as empty, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = []
        for cpu in ("x86_64", "host"):
            built = os.path.join(tree.root, os.environ.get("O") or "build", f"{cpu}-default", "include")
            generated = built if os.path.isdir(built) else empty
            if f"arch/{cpu}/include/arch/cpu.h" in tree.present:
                jobs += [pool.submit(compiles, tree, h, cpu, generated) for h in headers]
        yield from (fault for fault in (job.result() for job in jobs) if fault)
