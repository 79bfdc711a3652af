# SPDX-License-Identifier: BSD-3-Clause
# For the suites of servers: sourced after catalogue.sh. A server runs in the background, reached by a port of loopback.
server=

# free_port: one that nobody listens on now.
free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# serve GUESTPORT [OPTIONS...] PROGRAM [ARGS...]: starts it; its port here is in $port. Waits until $ready, a function
# that is given the port, says that it answers.
serve() {
	local to=$1 tries
	shift
	port=$(free_port)
	timeout 200 "$run" --timeout 180 --net "user,tcp:$port:$to" "$@" >"$TMPDIR/server" 2>&1 </dev/null &
	server=$!
	trap 'serve_end' EXIT
	for tries in $(seq 100); do
		# QEMU itself accepts connections: only an answer tells that the server is there.
		"$ready" "$port" && break
		sleep 0.2
	done
}

# serve_end: ends it, and says when its kernel did not survive.
serve_end() {
	[ -n "$server" ] || return 0
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
	! grep -a -m 1 '^crash:' "$TMPDIR/server"
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
