#!/usr/bin/env bash
# tap.sh - `sampan serve` on a TAP against the kernel and its programs.
#
# Everything happens in a network namespace that is made here and removed at
# the end, with control sockets in a directory of our own: two runs at once do
# not meet, and nothing outside is touched.  Prints TAP (testanything.org).
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
#	SAMPAN_FULL=1      1 GiB instead of 64 MiB through echo
. "$(dirname "$0")/lib.bash"
begin tap
compile client
client=$dir/client
stream_mib=64
[ "$full" = 1 ] && stream_mib=1024

pings() { "${inside[@]}" ping -q -c 1000 -i 0.002 -W 2 10.77.0.2 | tee /dev/stderr | grep -q ' 0% packet loss'; }

# nc -N ends its sending side at the end of its input; it ends when the server
# has ended the other.
hello() { [ "$(printf hello | "${inside[@]}" timeout 10 nc -N 10.77.0.2 7)" = hello ]; }

# stream MIB ADDRESS: that much through echo, compared by hash.
stream() {
	head -c "$1M" /dev/urandom | tee >(sha256sum >"$dir/sent") |
		"${inside[@]}" timeout 300 nc -N "$2" 7 | sha256sum >"$dir/received"
	wait_for 10 test -s "$dir/sent"
	cat "$dir/sent" "$dir/received"
	cmp "$dir/sent" "$dir/received"
}

clients() { "${inside[@]}" timeout 120 "$client" echo 10.77.0.2 7 1000 65536; }

discards() { head -c 64M /dev/zero | "${inside[@]}" timeout 60 nc -N 10.77.0.2 9; }

refused() { ! "${inside[@]}" timeout 5 nc -z 10.77.0.2 4444; }

# shows_connections N: ss counts N that are established.
shows_connections() {
	local n
	n=$("$sampan" ss --name "$name" --json | grep -c '"state":"ESTABLISHED"')
	[ "$n" = "$1" ]
}

ss_shows() {
	local holder n=20
	mkfifo "$dir/hold"
	"${inside[@]}" "$client" hold 10.77.0.2 7 "$n" <"$dir/hold" >"$dir/hold.log" 2>&1 &
	holder=$!
	started+=("$holder")
	exec 9>"$dir/hold"
	wait_for 10 grep -q holding "$dir/hold.log" || return 1
	shows_connections "$n" || return 1
	"$sampan" ss --name "$name" -i | tee /dev/stderr | grep -q '10\.77\.0\.2:7 .*10\.77\.0\.1:' ||
		return 1
	"$sampan" ss -l | tee /dev/stderr | grep -Eq '^LISTEN .*:9 ' || return 1
	exec 9>&-
	wait "$holder" || return 1
	wait_for 5 shows_connections 0
}

# Both queues of the echo are full: it waits for the client, and so the client
# must.
window_closes() {
	"$sampan" ss --name "$name" --json |
		grep -Eq '"recv_queue_bytes":[1-9][0-9]{4,},"send_queue_bytes":[1-9][0-9]{4,}'
}

# A client that never reads what it is sent back holds nobody up.
deaf_client() {
	local deaf
	"${inside[@]}" bash -c 'exec 3<>/dev/tcp/10.77.0.2/7; exec cat /dev/zero >&3' &
	deaf=$!
	started+=("$deaf")
	wait_for 5 window_closes && hello || return 1
	kill "$deaf"
	wait_for 5 shows_connections 0
}

interface_gone() { ! "${inside[@]}" ip link show "$1" >/dev/null 2>&1; }

# FINs leave before the end: a client that waits sees the end of its stream.
stop_says_goodbye() {
	local waiter
	"${inside[@]}" timeout 20 nc -d 10.77.0.2 7 &
	waiter=$!
	started+=("$waiter")
	wait_for 5 shows_connections 1 || return 1
	stop TERM 3 && wait "$waiter" || return 1
	interface_gone sampan0 && [ ! -e "$dir/$name.sock" ]
}

as=()	# in front of the command

# bad CODE PATTERN ARGUMENTS...: exit code, one line on stderr that fits, and
# nothing on stdout.
bad() {
	local code=$1 pattern=$2 got
	shift 2
	"${inside[@]}" timeout 10 "${as[@]}" "$sampan" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	cat "$dir/out" "$dir/err"
	[ "$got" = "$code" ] || { echo "exit code $got, not $code"; return 1; }
	[ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" = 1 ] && grep -Eq -- "$pattern" "$dir/err"
}

# As nobody, with a copy of the command, which may lie where nobody can look.
unprivileged() {
	local sampan=$dir/nobody/sampan
	local as=(env "SAMPAN_RUN_DIR=$dir/nobody" setpriv --reuid 65534 --regid 65534 --clear-groups)
	mkdir "$dir/nobody" && cp "$build/sampan" "$sampan" && chown 65534 "$dir/nobody" &&
		chmod 755 "$dir" || return 1
	bad 1 "no permission.*root" serve --name nobody
}

check "serve starts" start "$name"
check "ping: 1000 packets, none lost" pings
check "hello comes back and the connection ends" hello
check "a port that nobody listens on refuses" refused
check "ss shows connections and listeners" ss_shows
check "$stream_mib MiB through echo" stream "$stream_mib" 10.77.0.2
check "discard takes 64 MiB" discards
check "1,000 clients at once" clients
check "a client that does not read disturbs nobody" deaf_client

check "second instance of the name" bad 1 "choose another --name" serve --name "$name"
check "interface in use" bad 1 "in use by another process" serve --name "b-$$"
check "network in use" bad 1 "interface sampan0 already" serve --name "b-$$" \
	--link tap:other,host=10.77.0.1/24
check "interface that is no TAP" bad 1 "is no TAP" serve --name "b-$$" --link tap:lo

check "SIGTERM: goodbye within 3 s, the interface and the socket are gone" stop_says_goodbye

start "$name" --link tap:plain0,host=10.77.1.1/24,offload=off --addr 10.77.1.2/24
check "16 MiB through echo without offload" stream 16 10.77.1.2
check "SIGINT ends it" stop INT 3
start "$name" --link tap:small0,host=10.77.1.1/24,mtu=576 --addr 10.77.1.2/24 --memory 8M --seed 1
check "16 MiB through echo with an MTU of 576 and 8 MiB of memory" stream 16 10.77.1.2
kill -KILL "$server"
wait "$server" 2>/dev/null
check "after SIGKILL the interface is gone" wait_for 3 interface_gone small0
check "and the name can be used again" start "$name"
"${inside[@]}" ip link del sampan0
check "serve ends when its interface is removed" wait_for 3 gone

check "no command" bad 2 "sampan --help"
check "unknown command" bad 2 "unknown command 'sevre'" sevre
check "unknown option" bad 2 "serve --help" serve --bogus
check "unknown service" bad 2 "there are echo, discard" serve --service finger
check "two services on a port" bad 2 "port 7 is taken" serve --service echo --service discard:7
check "malformed link" bad 2 "tap:sampan0,host=10.77.0.1/24" serve --link sampan0
check "unknown kind of link" bad 2 "there is tap" serve --link tun:sampan0
check "malformed address" bad 2 "ADDR/LEN" serve --addr 10.77.0.2
check "the kernel's address" bad 2 "kernel's own" serve --addr 10.77.0.1/24
check "an address elsewhere" bad 2 "not in the network" serve --addr 10.78.0.2/24
check "malformed memory" bad 2 "such as 256M" serve --memory lots
check "malformed gateway" bad 2 "give an address" serve --gateway router
check "a gateway that is not on the link" bad 2 "not in the network" serve --gateway 10.1.1.1
check "an unknown setting" bad 2 "no such setting" serve --set net.ipv4.tcp_sock=1
check "a setting out of range" bad 2 "0 to 1" serve --set net.ipv4.tcp_sack=2
check "no file of settings" bad 1 "--conf.*No such file" serve --conf "$dir/none"
echo "net.ipv4.tcp_sack = 7" >"$dir/conf"
check "a file with a wrong setting" bad 2 "conf:1: .*0 to 1" serve --conf "$dir/conf"
check "memory too small" bad 2 "--memory.*give" serve --memory 64K
check "ss without an instance" bad 1 "no instance runs" ss
check "ss of a name that does not run" bad 1 "serve --name zz" ss --name zz
check "no permission for TUN" unprivileged

finish_tests
