#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""usage: vdso.py OUT VDSO.C VDSO.LD [HEADERS...]

Compiles and links the shared object that programs are given, OUT/gen/vdso.so, and writes its bytes as
OUT/gen/vdso_image.c. It is program code: none of the kernel's flags and none of its instrumentation apply.
"""
import os
import subprocess
import sys

CFLAGS = ("--target=x86_64-linux-gnu -std=gnu11 -ffreestanding -nostdlibinc -O2 -fPIC -mno-red-zone "
          "-mgeneral-regs-only -fno-stack-protector -fvisibility=default -fasynchronous-unwind-tables "
          "-fno-builtin -Ikernel/include -I. -Wall -Wextra -Werror -Wno-unused-parameter").split()
LDFLAGS = ("-shared -soname=linux-vdso.so.1 --hash-style=both --eh-frame-hdr --build-id=sha1 -Bsymbolic -z defs "
           "-z max-page-size=4096 --fatal-warnings").split()


def main(out, source, script):
    os.makedirs(f"{out}/gen", exist_ok=True)
    obj, image = f"{out}/gen/vdso.o", f"{out}/gen/vdso.so"
    subprocess.run([os.environ["CC"], *CFLAGS, "-c", "-o", obj, source], check=True)
    subprocess.run([os.environ["LD"], *LDFLAGS, "-T", script, "-o", image, obj], check=True)
    with open(image, "rb") as f:
        data = f.read()
    lines = "".join("\t" + " ".join(f"{byte}," for byte in data[at:at + 24]) + "\n" for at in range(0, len(data), 24))
    text = (f"/* Made by kernel/build/vdso.py from {source}. */\n#include <arch/arch.h>\n\n"
            f"static const uint8_t image[] = {{\n{lines}}};\n\n"
            "const void *arch_vdso(size_t *size)\n{\n\t*size = sizeof(image);\n\treturn image;\n}\n")
    path = f"{out}/gen/vdso_image.c"
    if not os.path.exists(path) or open(path).read() != text:
        with open(path, "w") as f:
            f.write(text)


if __name__ == "__main__":
    main(sys.argv[1], *sys.argv[2:4])
