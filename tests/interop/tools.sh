#!/usr/bin/env bash
# tools.sh - the commands that look at a running instance, against the kernel's
# programs: ss, stat, sysctl, connect, ping, capture.
#
# Prints TAP (testanything.org).
. "$(dirname "$0")/lib.bash"
begin tools
compile client
client=$dir/client

# says PATTERN COMMAND...: it ends with 0 and prints a line that fits.
says() {
	local pattern=$1
	shift
	"$@" >"$dir/said" 2>&1 || { cat "$dir/said"; return 1; }
	cat "$dir/said"
	grep -Eq -- "$pattern" "$dir/said"
}

# bad CODE PATTERN ARGUMENTS...: exit code, one line on stderr that fits, and
# nothing on stdout.
bad() {
	local code=$1 pattern=$2 got
	shift 2
	timeout 20 "$sampan" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	cat "$dir/out" "$dir/err"
	[ "$got" = "$code" ] || { echo "exit code $got, not $code"; return 1; }
	[ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" = 1 ] && grep -Eq -- "$pattern" "$dir/err"
}

# ---- ss ----

hold() {
	mkfifo "$dir/hold"
	"${inside[@]}" "$client" hold 10.77.0.2 7 "$1" <"$dir/hold" >"$dir/hold.log" 2>&1 &
	holder=$!
	started+=("$holder")
	exec 9>"$dir/hold"
	wait_for 10 grep -q holding "$dir/hold.log"
}

let_go() {
	exec 9>&-
	wait "$holder"
}

counts() { [ "$("$sampan" ss -H "${@:2}" | wc -l)" = "$1" ] || { "$sampan" ss "${@:2}"; return 1; }; }

filters() {
	counts 50 state established && counts 50 dst 10.77.0.0/24 && counts 50 sport = :7 &&
		counts 0 dport = :7 && counts 0 not dst 10.0.0.0/8 &&
		counts 50 state established '(' sport = 7 or sport = 1 ')'
}

ss_json_is_json() {
	"$sampan" ss -ai --json | python3 -c 'import json, sys
rows = [json.loads(line) for line in sys.stdin]
open_rows = [row for row in rows if row["state"] == "ESTABLISHED"]
assert len(open_rows) == 50, len(open_rows)
for row in open_rows:
    assert row["snd_mss_bytes"] == 1448 and row["local_port"] == 7, row
    assert row["rtt_us"] < 10_000_000 and row["rcv_wnd_bytes"] > 0, row
assert any(row["state"] == "LISTEN" for row in rows)'
}

no_reader() {
	"$sampan" ss -a | head -n 1 | grep -q State && counts 50 state established
}

# ---- stat ----

counts_connections() {
	"$sampan" stat --json >"$dir/before"
	"${inside[@]}" "$client" echo 10.77.0.2 7 20 1000 || return 1
	says '^TcpAccepted +20 ' "$sampan" stat --diff "$dir/before" &&
		says '^TcpRetransSegs +0 ' "$sampan" stat -a --diff "$dir/before" &&
		says 'memory connections' "$sampan" stat && says TcpAccepted "$sampan" stat -a -i 0.1 -c 2
}

# ---- connect ----

# Peers by Python: nc ends as soon as one direction has.
peer() {
	cat >"$dir/peer.py" <<'END'
import socket, sys, threading
mode, port = sys.argv[1], int(sys.argv[2])
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("10.77.0.1", port))
listener.listen()
print("listening", flush=True)
s, _ = listener.accept()
if mode == "reset":
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    s.recv(1)
    s.close()
    sys.exit()
def send():
    with open(sys.argv[3], "rb") as f:
        s.sendall(f.read())
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
with open(sys.argv[4], "wb") as f:
    while data := s.recv(65536):
        f.write(data)
END
	run_inside "peer$2" python3 "$dir/peer.py" "$@"
	wait_for 10 grep -q listening "$dir/peer$2.log"
}

both_ways() {
	head -c 20M /dev/urandom >"$dir/a"
	head -c 30M /dev/urandom >"$dir/b"
	peer both 4000 "$dir/a" "$dir/at_peer" || return 1
	timeout 60 "$sampan" connect 10.77.0.1 4000 <"$dir/b" >"$dir/here" || return 1
	wait "$pid"
	cmp "$dir/a" "$dir/here" && cmp "$dir/b" "$dir/at_peer"
}

reset_is_told() {
	peer reset 4001 || return 1
	(echo x; sleep 2) | timeout 20 "$sampan" connect 10.77.0.1 4001 2>"$dir/err"
	[ "${PIPESTATUS[1]}" = 1 ] && cat "$dir/err" && grep -q 'port 4001: connection reset' "$dir/err"
}

slow_reader() {
	peer both 4002 /dev/zero /dev/null || return 1
	timeout 3 "$sampan" connect 10.77.0.1 4002 </dev/null | (sleep 4; wc -c)
	says ok bash -c "$(declare -p inside); \"\${inside[@]}\" ping -q -c 3 -i 0.1 10.77.0.2 && echo ok"
	kill "$pid" 2>/dev/null
}

# ---- ping ----

pings() {
	says '^20 packets transmitted, 20 received, 0% packet loss' "$sampan" ping -c 20 -i 0.02 -s 1400 10.77.0.1 &&
		says '"ttl":64,"rtt_ns":' "$sampan" ping --json -c 1 10.77.0.1 &&
		says '^3 packets transmitted, 3 received' "$sampan" ping -c 3 -i 0.05 -s 60000 10.77.0.1 &&
		says '^65515 bytes from' "$sampan" ping -c 1 -s 65507 10.77.0.1
}

nobody_answers() {
	"$sampan" ping -c 2 -i 0.1 -W 0.2 10.77.0.9 >"$dir/said"
	[ $? = 1 ] && cat "$dir/said" && grep -q '100% packet loss' "$dir/said"
}

# ---- sysctl ----

settings() {
	says '^net.ipv4.tcp_sack = 1$' "$sampan" sysctl net.ipv4.tcp_sack &&
		says '^net.ipv4.tcp_sack = 0$' "$sampan" sysctl -w net.ipv4.tcp_sack=0 &&
		says '^0$' "$sampan" sysctl -n net/ipv4/tcp_sack &&
		says 'net.ipv4.tcp_sack = 1' "$sampan" sysctl net.ipv4.tcp_sack=1 &&
		says '^net.ipv4.tcp_rmem = ' "$sampan" sysctl -a &&
		says 'default 1, from 0 to 1' "$sampan" sysctl -x net.ipv4.tcp_sack
}

settings_file() {
	printf '# mine\nnet.ipv4.tcp_retries2 = 8\nvm.swappiness=1\n-nonsense=1\n' >"$dir/conf"
	"$sampan" sysctl -p "$dir/conf" 2>"$dir/err" || return 1
	cat "$dir/err"
	grep -q 'conf:3: vm.swappiness: does not apply' "$dir/err" &&
		says '^8$' "$sampan" sysctl -n net.ipv4.tcp_retries2
}

# ---- capture ----

# While both capture: text both ways, pings, a refused port, a wrong one.
traffic() {
	head -c 5M /dev/urandom >"$dir/sent"
	"${inside[@]}" timeout 60 nc -N 10.77.0.2 7 <"$dir/sent" | cmp - "$dir/sent" || return 1
	"${inside[@]}" ping -q -c 3 -i 0.1 -s 500 10.77.0.2 || return 1
	"${inside[@]}" nc -z 10.77.0.2 4444
	"${inside[@]}" "$client" echo 10.77.0.2 7 20 3000
}

capture_all() {
	local ours theirs
	"${inside[@]}" tcpdump -i sampan0 -U -B 65536 -s 0 -w "$dir/theirs.pcap" ip 2>"$dir/tcpdump.log" &
	theirs=$!
	started+=("$theirs")
	"$sampan" capture "$dir/ours.pcapng" ip 2>"$dir/capture.log" &
	ours=$!
	started+=("$ours")
	wait_for 10 grep -q listening "$dir/tcpdump.log" && wait_for 10 grep -q capturing "$dir/capture.log" || return 1
	sleep 0.5
	traffic || return 1
	sleep 1
	kill -INT "$ours" "$theirs"
	wait "$ours" || return 1
	wait "$theirs"
	cat "$dir/capture.log" "$dir/tcpdump.log"
	grep -q ' 0 dropped' "$dir/capture.log"
}

# With checksums checked; nothing may be said of any packet.
judged_clean() {
	tshark -r "$dir/ours.pcapng" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
		-Y '_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0' 2>/dev/null >"$dir/flaws"
	head "$dir/flaws"
	[ ! -s "$dir/flaws" ] && [ "$(tshark -r "$dir/ours.pcapng" -Y tcp 2>/dev/null | wc -l)" -gt 3000 ]
}

# No packet is longer than the link carries.
cut_to_size() {
	[ "$(tshark -r "$dir/ours.pcapng" -Y 'frame.len > 1514' 2>/dev/null | wc -l)" = 0 ]
}

tells_why() {
	tshark -r "$dir/ours.pcapng" -Y 'frame.comment contains "TcpNoSocket"' 2>/dev/null | grep -q '4444.*SYN'
}

limits() {
	"$sampan" capture -q -c 4 "$dir/four.pcapng" icmp &
	local four=$!
	"$sampan" capture -q --size 2K -s 100 - icmp >"$dir/small.pcapng" &
	local small=$!
	sleep 0.5
	"${inside[@]}" ping -q -c 20 -i 0.05 10.77.0.2 || return 1
	wait "$four" && wait "$small" || return 1
	[ "$(tcpdump -nr "$dir/four.pcapng" 2>/dev/null | wc -l)" = 4 ] && [ "$(stat -c %s "$dir/small.pcapng")" -le 2200 ]
}

rss_kib() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status"; }

# grows_by_at_most KIB COMMAND...: so much does the instance, whatever COMMAND does.  (A
# build with sanitizers keeps what was freed.)
grows_by_at_most() {
	local most=$1 before after
	shift
	before=$(rss_kib)
	"$@" || return 1
	after=$(rss_kib)
	echo "$before KiB before, $after KiB after"
	[ "$sanitized" = 1 ] || [ $((after - before)) -le "$most" ]
}

# Nobody reads: the stack goes on.
deaf_capture() {
	"$sampan" capture -q - >"$dir/pipe" &
	local deaf=$!
	started+=("$deaf")
	sleep 0.5
	kill -STOP "$deaf"
	head -c 60M /dev/zero | "${inside[@]}" timeout 60 nc -N 10.77.0.2 9 || return 1
	kill -CONT "$deaf"
	kill -INT "$deaf"
	wait "$deaf"
}

# As many clients as want to: some ask, some never end their line, some read nothing.
# The stack goes on meanwhile, and the next one is heard.
thousand_clients() {
	cat >"$dir/many.py" <<'END'
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
clients = []
for i in range(1000):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    try:
        s.sendall([b'{"do":"ss"', b'{"do":"ss","connected":true,"listening":true}\n' * 40, b"\n"][i % 3])
    except (BrokenPipeError, ConnectionResetError):
        pass
    clients.append(s)
print("connected", flush=True)
sys.stdin.read()
END
	local many
	mkfifo "$dir/many"
	python3 "$dir/many.py" "$dir/$name.sock" <"$dir/many" >"$dir/many.log" 2>&1 &
	many=$!
	started+=("$many")
	exec 8>"$dir/many"
	wait_for 30 grep -q connected "$dir/many.log" || return 1
	"${inside[@]}" "$client" echo 10.77.0.2 7 20 3000 && counts 50 state established || return 1
	exec 8>&-
	wait "$many"
}

# ---- All together ----

# Own processor time of a turn for clients: never a millisecond.
# How long they were is for a quiet machine to say: `build/sampan-bench ss`.
turns_are_counted() { says '^control turn ns +[0-9]' "$sampan" stat; }

nothing_left() { says 'connections +[0-9]' "$sampan" stat && counts 0 state connected exclude time-wait; }

garbage() {
	local socket=$dir/$name.sock
	head -c 1M /dev/urandom | timeout 5 nc -NU "$socket" >/dev/null
	head -c 100M /dev/zero | tr '\0' ' ' | timeout 10 nc -NU "$socket" >/dev/null
	for _ in $(seq 100); do timeout 10 nc -U "$socket" </dev/null >/dev/null & done
	wait $(jobs -p | grep -v -e "$server" -e "${holder:-x}") 2>/dev/null
	counts 50 state established
}

help_of_all() {
	local command
	for command in serve ss stat sysctl connect ping capture sim replay help; do
		says "^Usage: sampan $command" "$sampan" "$command" --help &&
			says "^Usage: sampan $command" "$sampan" help "$command" || return 1
	done
	says '^sampan [0-9]' "$sampan" --version && says 'Usage: sampan COMMAND' "$sampan" help
}

pages() { command -v mandoc >/dev/null || return 0; "$top/tools/man-pages" --check "$sampan"; }

check "serve starts" start "$name" --link tap:sampan0,host=10.77.0.1/24,host6=fd77::1/64 \
	--addr 10.77.0.2/24 --addr fd77::2/64
hold 50
check "ss: filters" filters
check "ss --json: rows that a program reads" ss_json_is_json
check "ss: the reader goes away" no_reader
check "ss -s" says '^ESTABLISHED  50$' "$sampan" ss -s
check "ss -i: the congestion control" says '	 cubic ' "$sampan" ss -i
check "ss -lu: sockets for datagrams" says '^UNCONN .*:7  ' "$sampan" ss -lu
check "ss -o" says 'ESTABLISHED' "$sampan" ss -o
check "garbage on the control socket disturbs nobody" garbage
check "a thousand clients of the control socket" grows_by_at_most 2048 thousand_clients
let_go
check "stat: what changed" counts_connections
check "connect: 50 MiB both ways" both_ways
check "connect: a reset is told" reset_is_told
check "connect: a slow reader holds up nobody else" slow_reader
check "ping" pings
check "ping over IPv6" wait_for 5 says '^3 packets transmitted, 3 received' "$sampan" ping -c 3 -i 0.1 fd77::1
check "ping over IPv6: the longest" says '^2 packets transmitted, 2 received' "$sampan" ping -c 2 -i 0.1 -s 65527 fd77::1
check "ping: nobody answers" nobody_answers
check "sysctl: read and write" settings
check "sysctl: a file" settings_file
if command -v tcpdump >/dev/null && command -v tshark >/dev/null; then
	check "capture beside tcpdump" capture_all
	check "capture: no malformed packet, no bad checksum" judged_clean
	check "capture: packets as a wire carries them" cut_to_size
	check "capture: tcpdump saw the same" python3 "$top/tests/interop/packets.py" "$dir/ours.pcapng" "$dir/theirs.pcap"
	check "capture: why a packet was dropped" tells_why
	check "capture: count and size" limits
fi
check "capture: nobody reads" grows_by_at_most 20480 deaf_capture
check "stat: the longest turn" turns_are_counted
check "nothing is left behind" wait_for 10 nothing_left

check "ss: malformed filter" bad 2 "ends too early" ss dport
check "ss: unknown state" bad 2 "there are established" ss state open
check "stat: malformed interval" bad 2 "seconds" stat -i x
check "stat: no such file" bad 1 "No such file" stat --diff "$dir/none"
check "sysctl: unknown name" bad 2 "is it net.ipv4.tcp_sack" sysctl net.ipv4.tcp_sak=1
check "sysctl: out of range" bad 2 "0 to 1" sysctl net.ipv4.tcp_sack=2
check "sysctl: no such file" bad 1 "No such file" sysctl -p "$dir/none"
check "connect: no port" bad 2 "give an address or a name and a port" connect 10.77.0.1
check "connect: a name that nobody can tell" bad 1 "no name server is known" connect localhost 80
check "connect: refused" bad 1 "connection refused" connect 10.77.0.1 4999
check "connect: no way there" bad 1 "no route" connect 192.0.2.1 80
check "ping: no way there" bad 1 "no route" ping -q --json -c 1 192.0.2.1
check "ping: its own address" bad 1 "address of the stack itself" ping -q --json -c 1 10.77.0.2
check "connect: its own address" bad 1 "address of the stack itself" connect fd77::2 7
check "ping: too long for IPv4" bad 2 "0 to 65507 over IPv4" ping -s 65508 10.77.0.1
check "ping: too long" bad 2 "0 to 65527" ping -s 65528 fd77::1
check "ping: a name that nobody can tell" bad 1 "no name server is known" ping localhost
check "ping: malformed count" bad 2 "1 to 4294967295" ping -c 0 10.77.0.1
check "capture: no file" bad 2 "give a file" capture
check "capture: malformed filter" bad 2 "cannot read the filter" capture "$dir/x" tcp porrt 1
check "capture: unwritable file" bad 1 "cannot write" capture "$dir/none/x"
check "SIGTERM" stop TERM 5
for command in ss stat sysctl "ping 10.77.0.1" "connect 10.77.0.1 1" "capture $dir/x"; do
	check "$command without an instance" bad 1 "no instance runs" $command
	check "$command of a name that does not run" bad 1 "serve --name zz" $command --name zz
done
check "help of every command" help_of_all
check "manual pages are clean" pages
finish_tests
