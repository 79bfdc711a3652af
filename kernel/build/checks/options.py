# SPDX-License-Identifier: BSD-3-Clause
"""No dead options: each is on in some preset or by default, and is used; each that is used exists."""
import os
import re


def defined(tree):
    """Options with a prompt, and all options."""
    asked, known = set(), set()
    for name in tree.files:
        if os.path.basename(name) != "Kconfig":
            continue
        for block in re.split(r"^(?=config )", tree.read(name), flags=re.M)[1:]:
            option = block.split()[1]
            known.add(option)
            if re.search(r"^\s+(bool|int|hex|string|tristate)\s+\"", block, re.M) and not re.search(
                    r"^\s+default\s+(?!n\b)", block, re.M):
                asked.add(option)
    return asked, known


def find(tree):
    asked, known = defined(tree)
    presets = "\n".join(tree.read(f) for f in tree.files if f.endswith(".config"))
    users = "\n".join(tree.read(f) for f in tree.files if f.endswith((".c", ".h", ".S", ".mk")))
    used = set(re.findall(r"\bCONFIG_(\w+)\b(?!\$)", users)) - {"X", "Y"}
    # A makefile may go through several options: $(CONFIG_COVERAGE_$s).
    used |= {o for o in known for prefix in re.findall(r"\bCONFIG_(\w+)\$", users) if o.startswith(prefix)}
    for option in sorted(asked):
        if not re.search(rf"^CONFIG_{option}=", presets, re.M):
            yield f"{option}: no preset sets it"
    for option in sorted(known - used):
        if not option.startswith(("ARCH_", "PLAT_")):
            yield f"{option}: nothing uses it"
    for option in sorted(used - known):
        yield f"{option}: used, but no Kconfig has it"
