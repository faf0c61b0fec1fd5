#!/usr/bin/env bash
# udp.sh - services over UDP on a TAP against the kernel: nc, Python's sockets,
# both families.  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
. "$(dirname "$0")/lib.bash"
begin udp
command -v python3 >/dev/null || skip_all "no python3"

says() { [ "$(printf hello | "${inside[@]}" timeout 10 nc -u -w 1 "$1" 7)" = hello ]; }
tells() { "${inside[@]}" timeout 10 nc -u -w 1 "$1" 13 <<<x | grep -q UTC; }

# asks ADDRESS: what kernel sockets see of the services.
asks() {
	"${inside[@]}" timeout 120 python3 - "$1" <<'PY'
import socket, sys, time

address = sys.argv[1]
family = socket.AF_INET6 if ":" in address else socket.AF_INET


def ask(port, text, local=0, wait=2.0):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if local:
            s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", local))
        s.connect((address, port))
        s.settimeout(wait)
        s.send(text)
        try:
            return s.recv(65535)
        except (TimeoutError, socket.timeout):
            return None


for size in (0, 1, 2, 3, 100, 535, 1000, 1400, 5000, 65507):
    text = bytes((7 * i + size) & 255 for i in range(size))
    assert ask(7, text) == text, size
assert ask(9, b"gone", wait=0.3) is None
assert len(ask(19, b"x" * 600)) == 512
seconds = int.from_bytes(ask(37, b""), "big") - 2208988800
assert abs(seconds - time.time()) < 60, seconds
assert ask(7, b"loop", local=19, wait=0.3) is None
try:
    ask(4444, b"nobody")
    raise SystemExit("a closed port did not refuse")
except ConnectionRefusedError:
    pass
with socket.socket(family, socket.SOCK_DGRAM) as s:    # a burst comes back whole, in order
    s.connect((address, 7))
    s.settimeout(5)
    for turn in range(50):
        for i in range(20):
            s.send(b"%d %d" % (turn, i))
        for i in range(20):
            assert s.recv(100) == b"%d %d" % (turn, i)
PY
}

addresses=(10.77.0.2 fd77::2)
start "$name" --addr 10.77.0.2/24 --addr fd77::2/64 || bail_out "no server: $(cat "$dir/$name.log")"
"${inside[@]}" ip -6 addr add fd77::1/64 dev sampan0 nodad
for address in "${addresses[@]}"; do
	check "$address: nc -u gets its text back" says "$address"
	check "$address: daytime tells the time" tells "$address"
	check "$address: Python's sockets get what the RFCs say" asks "$address"
done
check "the server ends at a signal" stop TERM 10
finish_tests
