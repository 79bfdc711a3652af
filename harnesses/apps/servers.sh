# SPDX-License-Identifier: BSD-3-Clause
# For the suites of servers: sourced after catalogue.sh. A server runs in the background, reached by a port of loopback.
server=
card=			# e1000: or nothing
plats="microvm q35"

# free_port: one that nobody listens on now.
free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve GUESTPORT [OPTIONS...] PROGRAM [ARGS...]: starts it; its port here is in $port. Waits until `ready PORT`, which
# the suite defines, says that it answers: QEMU itself accepts connections.
serve() {
	local to=$1 end=$((SECONDS + 60))
	shift
	trap 'serve_end >/dev/null' EXIT
	while [ $SECONDS -lt $end ]; do
		port=$(free_port)
		timeout 200 "$run" --timeout 180 --net "${card}user,tcp:$port:$to" "$@" \
			>"$TMPDIR/server" 2>&1 </dev/null &
		server=$!
		while [ $SECONDS -lt $end ] && kill -0 $server 2>/dev/null; do
			ready "$port" && return
			sleep 0.2
		done
		# Somebody else may have taken the port in the meantime: then with another one.
		grep -q 'port .*: Address already in use' "$TMPDIR/server" || break
	done
	echo "not ok serve: no answer from $*: $(tail -c 300 "$TMPDIR/server" | tr '\n' ' ')"
	return 1
}

# serve_end: ends it; fails and says so when its kernel did not live until then.
serve_end() {
	local pid=$server
	[ -n "$pid" ] || return 0
	server=
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	! grep -a -m 1 '^crash:' "$TMPDIR/server"
}

# ends NAME: ends it; it lived until then.
ends() {
	serve_end >"$TMPDIR/crash" && echo "ok $1" || echo "not ok $1: $(cat "$TMPDIR/crash")"
}

# check NAME EXPECTED COMMAND...: standard output of a client, but for newlines at its end, and success.
check() {
	local name=$1 expected=$2 out status
	shift 2
	out=$(timeout 60 "$@" 2>"$TMPDIR/stderr" </dev/null)
	status=$?
	if [ $status = 0 ] && [ "$out" = "$expected" ]; then
		echo "ok $name"
	else
		echo "not ok $name: status $status; $({ head -c 200 <<<"$out"; tail -c 300 "$TMPDIR/stderr"; } |
			tr '\n' ' ')"
	fi
}
