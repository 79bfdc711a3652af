#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# source.sh, unless another make has done it in the meantime: source-once.sh BUILD PACKAGE PATCH...
set -eu

stamp=$1/sources/$2/.stamp
fresh=yes
for input in kernel/build/source.sh "$@"; do
	[ -f "$input" ] && [ "$input" -nt "$stamp" ] && fresh=
done
[ -e "$stamp" ] && [ -n "$fresh" ] && exit 0
kernel/build/source.sh "$@"
touch "$stamp"
