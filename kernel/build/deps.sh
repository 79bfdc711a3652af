#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installs what a group of make targets needs, with apt: deps.sh build|run|fuzz|test|check|record|bench|all
# Says in one line what it installs; says nothing and is quick when all is there. Needs root or sudo only to install.
set -eu

# package:probe, a command or a file (patterns allowed). What is probed is what the build uses, whoever installed it.
rt='/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer_no_main-x86_64.a'
build="clang-19:clang-19 lld-19:ld.lld-19 llvm-19:llvm-objcopy-19 libclang-rt-19-dev:$rt libc6-dev:/usr/include/stdlib.h
	libstdc++-12-dev:/usr/lib/gcc/x86_64-linux-gnu/*/libstdc++.so libelf-dev:/usr/include/libelf.h
	libdw-dev:/usr/include/elfutils/libdw.h zlib1g-dev:/usr/include/zlib.h python3:/usr/bin/python3
	python3-kconfiglib:/usr/lib/python3/dist-packages/kconfiglib.py"
run="$build qemu-system-x86:qemu-system-x86_64"
flame=/usr/share/perl5/Devel/NYTProf/flamegraph.pl
fuzz="$run afl++:afl-fuzz"
check="$build clang-format-19:clang-format-19"
record="$run strace:strace sqlite3:sqlite3 babeltrace2:babeltrace2 trace-cmd:trace-cmd"
test="$fuzz $check busybox-static:/var/lib/dpkg/info/busybox-static.list strace:strace procps:pgrep
	musl-dev:/usr/lib/x86_64-linux-musl/libc.a gdb:gdb curl:curl wrk:wrk redis-tools:redis-cli
	openssh-client:ssh-keygen iproute2:ip iperf3:iperf3 sqlite3:sqlite3
	e2fsprogs:mke2fs babeltrace2:babeltrace2 trace-cmd:trace-cmd linux-perf:perf
	libdevel-nytprof-perl:$flame binutils:objdump
	python3-prometheus-client:/usr/lib/python3/dist-packages/prometheus_client/parser.py"
bench="$run busybox-static:/var/lib/dpkg/info/busybox-static.list wrk:wrk redis-tools:redis-cli iperf3:iperf3
	iproute2:ip"
all="$test $record $bench"

fail() {
	echo "deps: $*" >&2
	exit 3
}

present() {
	case $1 in
	/*) for file in $1; do [ -e "$file" ] && return 0; done; return 1 ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

missing_of() {
	set -f
	for pair; do
		set +f
		present "${pair#*:}" || printf '%s\n' "${pair%%:*}"
	done
}

# Package lists older than a week, or none: fetch them first. Newer ones are tried as they are.
lists_fresh() {
	[ -n "$(find /var/lib/apt/lists -name '*_Packages*' -mtime -7 2>/dev/null | head -n 1)" ]
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" \
		>>"$log" 2>&1 </dev/null
}

install_packages() {
	apt install -y --no-install-recommends "$@"
}

case ${1-} in
build | run | fuzz | check | record | test | bench | all) eval "group=\$$1" ;;
*) fail "usage: deps.sh build|run|fuzz|test|check|record|bench|all" ;;
esac
set -f
# shellcheck disable=SC2086
packages=$(missing_of $group | sort -u | tr '\n' ' ')
[ -n "$packages" ] || exit 0
packages=${packages% }

# One at a time: parallel makes ask for several groups at once.
[ -n "${SAKI_DEPS_LOCKED-}" ] || SAKI_DEPS_LOCKED=1 exec flock "$0" "$0" "$@"

command -v apt-get >/dev/null || fail "missing: $packages; there is no apt here, install them by hand"
[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
	fail "missing: $packages; as root: apt-get install $packages"
echo "deps: installing with apt: $packages" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# shellcheck disable=SC2086
{ lists_fresh || apt update; } && install_packages $packages || { apt update && install_packages $packages; } || {
	reason=$(grep -E '^(E:|sudo:|W: Failed)' "$log" | head -n 1)
	fail "apt could not install $packages: ${reason:-see: apt-get install $packages}"
}
