# SPDX-License-Identifier: BSD-3-Clause
# What suites of clones in the lab's dom0 share; to be sourced.
export O=$SAKI_BUILD SAKI_ROOT=$PWD
fuzz=$SAKI_BUILD/tools/saki-fuzz

# result NAME WHAT-IS-WRONG: "" for nothing.
result() {
	[ -z "$2" ] && echo "ok xen_$1" || echo "not ok xen_$1: $(tr '\n' ' ' <<<"$2" | tail -c 600)"
}

# in_dom0 CLONES PRESET COMMAND: with saki-fuzz as $FUZZ, the seeds of syscall, and an image; room for so many clones.
in_dom0() {
	timeout "${LIMIT:-150}" plat/xen/lab/lab.py run --spare $(($1 * 36)) --dom0 $(($1 * 40)) \
		--program "$fuzz:/saki/build/tools/saki-fuzz" \
		--file "$SAKI_BUILD/x86_64-$2/saki.elf:/saki/build/x86_64-$2/saki.elf" \
		--file "harnesses/seeds/syscall:/saki/harnesses/seeds/syscall" ${FILES[@]+"${FILES[@]}"} "
		export FUZZ=/saki/build/tools/saki-fuzz SAKI_NO_BUILD=1 SAKI_ROOT=/saki
		cd /tmp
		$3"
}

# judge TEXT: Python that prints what is wrong; said: what was said, r: the JSON object on the last line that is one.
judge() {
	/usr/bin/python3 -c "
import json, sys
said = sys.stdin.read()
objects = [line for line in said.splitlines() if line.startswith('{')]
if not objects:
	sys.exit(said.strip() or 'nothing was said')
r = json.loads(objects[-1])
$1" 2>&1
}

# The programs of the planted bugs, as inputs, in $TMPDIR/planted.
parse_planted() {
	local program
	mkdir -p "$TMPDIR/planted"
	for program in fuzz/host/test/planted/*.prog; do
		"$fuzz" parse "$program" >"$TMPDIR/planted/$(basename "$program" .prog)"
	done
}

# find_planted TRACKER SECONDS: a campaign that starts from the programs of the planted bugs, findings in
# $TMPDIR/TRACKER; prints what is wrong.
find_planted() {
	parse_planted
	timeout 300 "$fuzz" syscall --world xen --preset fuzz+planted --tracker "$1" --time "$2" --json \
		--corpus "$TMPDIR/planted" --out "$TMPDIR/$1" 2>&1 | tee >(cat >&2) | judge '
kinds = {c["kind"] for c in r["crashes"] if c["confirmed"]}
wanted = {"heap overflow", "use after free", "double free", "NULL dereference", "leak", "hang", "panic"}
if wanted - kinds:
	print("not found:", wanted - kinds, "found:", kinds)
fired = {p["name"] for p in r["planted"] if p["fired"]}
if len(fired) < 6:
	print("fired:", fired)
if r["audit_mismatches"] or r["execs"] < 500:
	print(r)'
}
