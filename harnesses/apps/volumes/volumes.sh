# SPDX-License-Identifier: BSD-3-Clause
# For the suites of volumes: sourced after catalogue.sh, not run.

# same NAME WANTED GOT
same() {
	if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: $(echo "$3" | tail -n 3 | tr '\n' ' '), not $2"; fi
}

sum() {
	sha256sum "$1" | cut -d' ' -f1
}

# refused NAME STATUS WORDS VOLUME [COMMAND...]: saki-run, started by COMMAND, says so.
refused() {
	local name=$1 status=$2 words=$3 volume=$4 out got
	shift 4
	out=$("$@" "$run" --volume "$volume" /bin/true 2>&1)
	got=$?
	same "$name" "$status $words" "$got ${out#*: --volume *: }"
}
