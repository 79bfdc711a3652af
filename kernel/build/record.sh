#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Makes golden files and seeds again: runs every <room>/**/test/*.record, which writes beside itself; git diff shows.
set -eu
SAKI_ROOT=$PWD
SAKI_BUILD=$PWD/${O:-build}
case ${O-} in /*) SAKI_BUILD=$O ;; esac
export SAKI_ROOT SAKI_BUILD
unset MAKEFLAGS MFLAGS MAKELEVEL
find kernel arch plat instrumentation fuzz harnesses profiler -path '*/test/*.record' -type f | sort |
	while read -r script; do
		echo "record: $script"
		"./$script"
	done
git status --short
