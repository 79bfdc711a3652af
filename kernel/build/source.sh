#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetches the source of a Debian package, checked by apt, and puts our patches on it: source.sh BUILD PACKAGE PATCH...
# Result: BUILD/sources/PACKAGE/; of it only what $SOURCE_ONLY names, a path in its tree, if that is set. The machine's
# own package sources are left alone. Exit status 3: no apt, no network.
set -eu

build=$1
package=$2
shift 2
to=$build/sources/$package
work=$build/sources/.$package.new
patches=$(for patch; do realpath "$patch"; done)

fail() {
	echo "source.sh: $package: $*" >&2
	exit 3
}

command -v apt-get >/dev/null || fail "there is no apt-get here"
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
cd "$work"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main" \
	>sources.list
apt() {
	apt-get -qq -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$PWD/lists" -o Dir::Cache="$PWD/cache" -o Debug::NoLocking=1 \
		-o APT::Sandbox::User=root -o Acquire::Retries=2 "$@" >log 2>&1 </dev/null ||
		fail "$(grep -m 1 '^E:' log || echo "apt-get $*")"
}
apt update
apt source --download-only "$package"
mkdir tree
tar -x --strip-components=1 -C tree -f "$package"_*.orig.tar.* ${SOURCE_ONLY:+--wildcards "*/$SOURCE_ONLY"} ||
	fail "its archive cannot be unpacked"
# Some archives have lines as DOS ends them, and patches would be told to keep that.
find tree -name '*.[ch]' -exec sed -i 's/\r$//' {} +
for patch in $patches; do
	patch -s -d tree -p1 <"$patch" || fail "$(basename "$patch") does not fit"
done
cd - >/dev/null
rm -rf "$to"
mv "$work/tree" "$to"
rm -rf "$work"
