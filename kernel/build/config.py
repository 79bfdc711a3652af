#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Configures one image: config.py IMAGE PRESET OUT

Joins the preset's fragments (kernel/build/presets/<name>.config, joined by +, left to right) over Kconfig's defaults,
then OUT/user.config (made by menuconfig), and writes OUT/.config and OUT/include/generated/config.h. no-<name> takes
away what the fragment <name> switches on (it is written to OUT/no-<name>.config), and what cannot be without that. An
unknown preset, or an option that did not get the value it was given, is an error with the reason.
"""
import os
import sys

import kconfiglib

PRESETS = "kernel/build/presets"


def fail(message):
    sys.exit("config: " + message)


def fragment(name, out):
    path = f"{PRESETS}/{name}.config"
    opposite = f"{PRESETS}/{name[3:]}.config"
    if name.startswith("no-") and os.path.isfile(opposite):
        return inverted(opposite, f"{out}/{name}.config")
    if not os.path.isfile(path):
        known = sorted(f[:-7] for f in os.listdir(PRESETS) if f.endswith(".config"))
        fail(f"no preset '{name}'; there are: {' '.join(known)}")
    return path


def asked_for(path):
    """The (option, value) pairs of one fragment."""
    with open(path) as f:
        for line in f:
            line = line.strip()
            if line.startswith("CONFIG_"):
                name, value = line[7:].split("=", 1)
                yield name, value.strip('"')
            elif line.startswith("# CONFIG_") and line.endswith(" is not set"):
                yield line[9:-11], "n"


def switched_on(path):
    return {name for name, value in asked_for(path) if value == "y"}


def inverted(path, to):
    """Without what the fragment switches on, but for what it only takes along, which is a smaller fragment's."""
    options = switched_on(path)
    others = [switched_on(f"{PRESETS}/{f}") for f in os.listdir(PRESETS) if f.endswith(".config")]
    options = options.difference(*(other for other in others if other < options))
    os.makedirs(os.path.dirname(to), exist_ok=True)
    with open(to, "w") as f:
        f.writelines(f"# CONFIG_{name} is not set\n" for name in sorted(options))
    return to


def falls_with(sym, removed):
    """An option that cannot be because one was taken away by no-<name>."""
    return sym.str_value == "n" and any(s.name in removed for s in kconfiglib.expr_items(sym.direct_dep))


def all_of(expr):
    return " and ".join(kconfiglib.expr_str(e) for e in kconfiglib.split_expr(expr, kconfiglib.AND)
                        if not kconfiglib.expr_value(e))


def reason(sym, value):
    prompts = [node.prompt[1] for node in sym.nodes if node.prompt]
    if value == "n" and sym.rev_dep is sym.kconfig.n and prompts and not kconfiglib.expr_value(prompts[0]):
        return "it can be switched off only with " + all_of(prompts[0])
    if value != "y" or kconfiglib.expr_value(sym.direct_dep):
        by = kconfiglib.expr_str(sym.rev_dep) if sym.rev_dep is not sym.kconfig.n else "another option"
        return f"it is {sym.str_value}, because of {by}"
    return "it needs " + all_of(sym.direct_dep)


def main(image, preset, out):
    os.environ.update(IMAGE=image, srctree=".")
    kconf = kconfiglib.Kconfig("kernel/build/Kconfig", warn_to_stderr=False)
    paths = [fragment(name, out) for name in preset.split("+")]
    if os.path.isfile(f"{out}/user.config"):
        paths.append(f"{out}/user.config")
    wanted, removed = {}, set()
    for path in paths:
        kconf.load_config(path, replace=False)
        for name, value in asked_for(path):
            wanted[name] = (value, path)
            if os.path.basename(path).startswith("no-"):
                removed.add(name)
    for name, (value, path) in wanted.items():
        sym = kconf.syms.get(name)
        if sym is None or not sym.nodes:
            fail(f"{path}: there is no option {name}")
        if sym.str_value != value and not falls_with(sym, removed):
            fail(f"{path}: {name}={value} is not possible on image {image} with preset {preset}: {reason(sym, value)}")
    os.makedirs(f"{out}/include/generated", exist_ok=True)
    kconf.write_autoconf(f"{out}/include/generated/config.h")
    kconf.write_config(f"{out}/.config")
    os.utime(f"{out}/.config")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except kconfiglib.KconfigError as e:
        fail(str(e))
