#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# For suites: runs the unit tests of one image, unit.sh NAME COMMAND..., where COMMAND starts the kernel with "test" on
# its command line. Every result gets NAME in front; a kernel that ends before its last line is a failure.
set -u
name=$1
shift
log=$TMPDIR/log
"$@" >"$log" 2>&1 </dev/null
status=$?
tr -d '\r' <"$log" | tee "$log.text" >&2
sed -nE "s/^(ok|not ok|skip) (.*)/\1 $name: \2/p" "$log.text"
grep -qE '^[0-9]+ passed, [0-9]+ failed' "$log.text" || {
	last=$(grep -E '^(ok|not ok|skip) ' "$log.text" | tail -n 1)
	echo "not ok $name: ended early (status $status) after '$last': $(grep -m 1 '^crash:' "$log.text")"
}
