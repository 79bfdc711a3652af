#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installs the programs and the images that are built: below $DESTDIR$PREFIX/lib/saki in the tree's own layout, where
# the dispatcher finds them, and a link to the dispatcher in $PREFIX/bin.
set -eu
umask 022
build=${O:-build}
prefix=${PREFIX:-/usr/local}
to=${DESTDIR-}$prefix/lib/saki
mkdir -p "$to/build/tools" "${DESTDIR-}$prefix/bin"
install -m 755 saki "$to/saki"
for file in "$build"/tools/saki-*; do
	[ ! -f "$file" ] || install -m 755 "$file" "$to/build/tools/"
done
for file in "$build"/*/saki.elf "$build"/*/saki.host; do
	[ -f "$file" ] || continue
	image=$(basename "$(dirname "$file")")
	mkdir -p "$to/build/$image"
	install -m 755 "$file" "$to/build/$image/"
	[ ! -f "$build/$image/.config" ] || install -m 644 "$build/$image/.config" "$to/build/$image/"
done
install -D -m 644 harnesses/eval/explained.txt "$to/harnesses/eval/explained.txt"
if [ -d harnesses/seeds ]; then
	mkdir -p "$to/harnesses"
	cp -R harnesses/seeds "$to/harnesses/"
fi
ln -sf "../lib/saki/saki" "${DESTDIR-}$prefix/bin/saki"
echo "installed in $prefix: bin/saki, lib/saki/"
