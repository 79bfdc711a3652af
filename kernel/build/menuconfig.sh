#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# menuconfig.sh IMAGE PRESET: changes that image's options by hand. What is saved lies over the preset, in
# <build>/<image>-<preset>/user.config, and is used until that file is removed.
set -eu
out=${O:-build}/$1-$2
/usr/bin/python3 kernel/build/config.py "$1" "$2" "$out"
[ -e "$out/user.config" ] || cp "$out/.config" "$out/user.config"
IMAGE=$1 KCONFIG_CONFIG=$out/user.config srctree=. /usr/bin/python3 -m menuconfig kernel/build/Kconfig
rm -f "$out/user.config.old"
if cmp -s "$out/user.config" "$out/.config"; then
	rm "$out/user.config"
else
	echo "menuconfig: kept in $out/user.config; now: make image IMAGE=$1 PRESET=$2"
fi
