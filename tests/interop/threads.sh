#!/usr/bin/env bash
# threads.sh - `sampan serve --threads` on a TAP of several queues against the
# kernel and its programs: one address, whoever answers.  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
#	SAMPAN_FULL=1      4 threads too, 5,000 clients instead of 500
. "$(dirname "$0")/lib.bash"
begin threads
compile crowd
clients=500
numbers=2
[ "$full" = 1 ] && clients=5000 numbers="2 4"

# stream MIB: that much through echo, compared.
stream() {
	head -c "$1M" /dev/urandom >"$dir/sent"
	"${inside[@]}" timeout 300 nc -N "$2" 7 <"$dir/sent" | cmp - "$dir/sent"
}

fetch() { "${inside[@]}" timeout 20 curl -gsf -o /dev/null "http://$1/"; }

fetches() {
	for _ in $(seq "$2"); do
		fetch "$1" || return 1
	done
}

# said BYTES PORT: over UDP, in fragments where it is long.
says() {
	"${inside[@]}" timeout 60 python3 - "$@" <<'PY'
import socket, sys
for n in range(30):
    with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET,
                       socket.SOCK_DGRAM) as s:
        s.connect((sys.argv[1], 7))
        s.settimeout(10)
        text = bytes((n + i) & 255 for i in range(int(sys.argv[2])))
        s.send(text)
        assert s.recv(65535) == text, n
PY
}

refuses() {
	"${inside[@]}" python3 - <<'PY'
import socket
for n in range(8):    # of more at once not all are answered (RFC 1812 §4.3.2.8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("10.77.0.2", 4444))
        s.settimeout(10)
        s.send(b"nobody")
        try:
            s.recv(1)
            raise SystemExit("a closed port did not refuse")
        except ConnectionRefusedError:
            pass
PY
}

# One room, whoever came by which queue.
chats() {
	"${inside[@]}" timeout 60 python3 - <<'PY'
import socket
people = []
for n in range(12):
    s = socket.create_connection(("10.77.0.2", 5000), timeout=10)
    s.sendall(b"/nick p%d\n" % n)
    people.append(s)
for s in people:
    s.settimeout(10)
    heard = b""
    while b"p11" not in heard:    # the last one's coming, or the answer to it
        got = s.recv(4096)
        assert got, heard
        heard += got
people[0].sendall(b"hello-to-all\n")
for s in people[1:]:
    heard = b""
    while b"hello-to-all" not in heard:
        got = s.recv(4096)
        assert got, heard
        heard += got
PY
}

each_thread() { # NAME LEAST: a counter of every thread
	"$sampan" stat --name "$name" --threads --json >"$dir/threads" || return 1
	local found
	found=$(sed -n "s/.*\"name\":\"$1\",\"value\":\([0-9]*\).*/\1/p" "$dir/threads")
	echo "$1:" $found
	[ "$(wc -w <<<"$found")" = "$threads" ] || return 1
	for n in $found; do
		[ "$n" -ge "$2" ] || return 1
	done
}

sums_up() {
	local sum=0
	each_thread TcpAccepted 1 || return 1
	for n in $(sed -n 's/.*"name":"TcpAccepted","value":\([0-9]*\).*/\1/p' "$dir/threads"); do
		sum=$((sum + n))
	done
	[ "$sum" = "$(value TcpAccepted)" ]
}

# ss shows what all threads hold.
shows_all() {
	appear 40 1000 || return 1
	wait_for 10 shown 40 || { "$sampan" ss --name "$name"; return 1; }
	disappear
}
shown() { [ "$("$sampan" ss --name "$name" --json | grep -c ESTAB)" = "$1" ]; }
disappear() {
	kill -KILL "$silent" 2>/dev/null
	"${inside[@]}" ip addr del 10.77.0.50/24 dev sampan0
	true
}

sets_all() {
	"$sampan" sysctl --name "$name" net.ipv4.tcp_ecn=1 >/dev/null &&
		fetches 10.77.0.2 10 && [ "$("$sampan" sysctl --name "$name" -n \
		net.ipv4.tcp_ecn 2>/dev/null || echo 1)" = 1 ]
}

captures_all() {
	timeout 60 "$sampan" capture --name "$name" -c 100 "$dir/all.pcapng" \
		>"$dir/capture.log" 2>&1 &
	local capture=$!
	started+=("$capture")
	sleep 1
	fetches 10.77.0.2 40 || return 1
	wait "$capture" || { cat "$dir/capture.log"; return 1; }
	[ -s "$dir/all.pcapng" ]
}

pings_out() { timeout 20 "$sampan" ping --name "$name" -c 3 10.77.0.1; }

connects_out() {
	run_inside listener timeout 20 nc -l -p 6000
	sleep 0.3
	echo over | timeout 10 "$sampan" connect --name "$name" 10.77.0.1 6000 || true
	wait_for 5 grep -q over "$dir/listener.log"
}

for threads in $numbers; do
	check "$threads threads: starts" start "$name" --threads "$threads" --services \
		echo,discard,daytime,chargen,http,chat --addr 10.77.0.2/24 --addr fd77::2/64 \
		--link tap:sampan0,host=10.77.0.1/24,host6=fd77::1/64 --memory 256M "${quick[@]}"
	check "$threads threads: at rest" note_rest
	check "$threads threads: HTTP" fetches 10.77.0.2 40
	check "$threads threads: HTTP over IPv6" fetches "[fd77::2]" 40
	check "$threads threads: a crowd" crowd together 10.77.0.2 "$clients" 4000 1
	check "$threads threads: every kind of client" crowd mixed 10.77.0.2 20 3 1
	check "$threads threads: a stream" stream 8 10.77.0.2
	check "$threads threads: a stream over IPv6" stream 8 fd77::2
	check "$threads threads: each accepts, sums are right" sums_up
	check "$threads threads: what came to the wrong one was handed on" each_thread TeamOut 1
	check "$threads threads: ping" "${inside[@]}" ping -q -c 20 -i 0.02 -W 5 10.77.0.2
	check "$threads threads: ping in fragments" \
		"${inside[@]}" ping -q -c 20 -i 0.02 -W 5 -s 8000 10.77.0.2
	check "$threads threads: ping over IPv6" \
		"${inside[@]}" ping -q -c 20 -i 0.02 -W 5 -s 8000 fd77::2
	check "$threads threads: UDP" says 10.77.0.2 100
	check "$threads threads: UDP in fragments" says 10.77.0.2 9000
	check "$threads threads: UDP in fragments over IPv6" says fd77::2 9000
	check "$threads threads: a closed UDP port refuses" refuses
	check "$threads threads: chat is one room" chats
	check "$threads threads: ss shows what all hold" shows_all
	check "$threads threads: sysctl" sets_all
	check "$threads threads: a capture of all queues" captures_all
	check "$threads threads: ping from it" pings_out
	check "$threads threads: a connection from it" connects_out
	check "$threads threads: memory comes back" drains 40
	check "$threads threads: ends" stop TERM 5
	check "$threads threads: starts again" start "$name" --threads "$threads" \
		--services echo --link tap:sampan0,host=10.77.0.1/24
	run_inside held timeout 20 nc 10.77.0.2 7
	check "$threads threads: two signals end it at once" eval \
		'kill -TERM $server; kill -INT $server; wait_for 1 gone && wait $server'
done
refused=$("$sampan" serve --threads 2 --emulate loss=1% 2>&1)
check "an emulator and threads are refused" grep -q "leave one of the two out" <<<"$refused"
check "no threads are refused" eval '! "$sampan" serve --threads 0 2>"$dir/err" &&
	grep -q "from 1 to 16" "$dir/err"'
finish_tests
