# SPDX-License-Identifier: BSD-3-Clause
# For the suites of the catalogue's programs: sourced, not run.
run="$SAKI_BUILD/tools/saki-run"

# needs NAME: makes its initrd; where that cannot be, the suite ends with one line that says why.
needs() {
	local said
	said=$(kernel/build/apps.py "$1" 2>&1) && return
	echo "not ok $1: ${said##*$'\n'}"
	exit 0
}

# says NAME EXPECTED [OPTIONS...] PROGRAM [ARGS...]: standard output but for newlines at its end, and success.
says() {
	local name=$1 expected=$2 out status
	shift 2
	out=$(timeout 150 "$run" --timeout 120 "$@" 2>"$TMPDIR/stderr" <"${input:-/dev/null}")
	status=$?
	if [ $status = 0 ] && [ "$out" = "$expected" ]; then
		echo "ok $name"
	else
		echo "not ok $name: status $status; $(diff <(echo "$expected") <(echo "$out") | head -n 6 | cat -v |
			tr '\n' ' ')$(tail -c 300 "$TMPDIR/stderr" | tr '\n' ' ')"
	fi
}
