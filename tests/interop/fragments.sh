#!/usr/bin/env bash
# fragments.sh - attacks with fragments on `sampan serve`, while the kernel's own fragments of pings
# of 60,000 octets and of datagrams of 60,000 still get through: teardrop, overlaps, the ping of death,
# floods of first fragments from one source and from many, tiny fragments.  Both families.  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
. "$(dirname "$0")/lib.bash"
begin fragments
command -v python3 >/dev/null || skip_all "no python3"
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"

start "$name" --addr 10.77.0.2/24 --addr fd77::2/64 || bail_out "no server: $(cat "$dir/$name.log")"
"${inside[@]}" ip -6 addr add fd77::1/64 dev sampan0 nodad

# attack KIND SECONDS: raw frames by the TAP, both families in turn.
cat >"$dir/attack.py" <<'PY'
import random, socket, struct, sys, time

kind, seconds = sys.argv[1], float(sys.argv[2])
mac = bytes.fromhex(open("/sys/class/net/sampan0/address").read().strip().replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("sampan0", 0))
target = bytes.fromhex(sys.argv[3].replace(":", ""))
rng = random.Random(1)


def csum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def v4(src, ident, off, more, data):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident, off // 8 | (0x2000 if more else 0),
                       64, 17, 0, src, socket.inet_aton("10.77.0.2"))
    head = head[:10] + struct.pack(">H", csum(head)) + head[12:]
    return target + mac + b"\x08\x00" + head + data


def v6(src, ident, off, more, data):
    body = struct.pack(">BBHI", 17, 0, off | more, ident) + data
    head = struct.pack(">IHBB16s16s", 6 << 28, len(body), 44, 64, src, socket.inet_pton(socket.AF_INET6, "fd77::2"))
    return target + mac + b"\x86\xdd" + head + body


def sources(n):
    x = rng.randrange(1, n + 1)
    return bytes([10, 77, 0, 50 + x % 200]), bytes.fromhex("fd77") + bytes(12) + struct.pack(">H", 0x1000 + x)


def pieces():
    """(offset, more, data) of one packet."""
    if kind == "teardrop":
        return [(0, 1, bytes(40)), (24, 0, bytes(8))]
    if kind == "overlaps":
        return [(0, 1, bytes(800)), (400, 1, bytes(800)), (1600, 0, bytes(100)), (792, 1, bytes(808))]
    if kind == "death":
        return [(0, 1, bytes(1400)), (65528, 0, bytes(1000))]
    if kind == "tiny":
        return [(8 * i, 1, bytes(8)) for i in range(0, 200, 2)]
    return [(0, 1, bytes(1400))]


end, ident, sent = time.monotonic() + seconds, 0, 0
while time.monotonic() < end:
    for _ in range(50):
        ident += 1
        src4, src6 = sources(200 if kind == "many" else 1)
        for off, more, data in pieces():
            try:
                s.send(v4(src4, ident & 0xffff, off, more, data))
                s.send(v6(src6, ident, off, more, data))
                sent += 2
            except OSError:
                pass    # the queue is full: we are fast enough
    time.sleep(0.001)
print(sent, "fragments sent")
PY

stack_mac() { "${inside[@]}" ip neigh show 10.77.0.2 dev sampan0 | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p'; }

pings() {
	"${inside[@]}" ping -4 -c 5 -i 0.2 -W 2 -s 60000 10.77.0.2 &&
		"${inside[@]}" ping -6 -c 5 -i 0.2 -W 2 -s 60000 fd77::2
}

echoes() {
	"${inside[@]}" python3 - <<'PY'
import socket
for family, address in ((socket.AF_INET, "10.77.0.2"), (socket.AF_INET6, "fd77::2")):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect((address, 7))
        s.settimeout(2)
        text = bytes(i * 7 & 255 for i in range(60000))
        for attempt in range(5):
            s.send(text)
            try:
                if s.recv(65535) == text:
                    break
            except (TimeoutError, socket.timeout):
                pass
        else:
            raise SystemExit("no echo of 60000 octets from " + address)
PY
}

# stands KIND COUNTER: what is honest gets through meanwhile, and the attack is counted there.
stands() {
	local before
	before=$(value "$2")
	run_inside attack python3 "$dir/attack.py" "$1" 8 "$mac"
	local attacker=$pid
	pings && echoes || { kill "$attacker"; return 1; }
	kill -0 "$attacker" || { echo "the attack ended before its time"; return 1; }
	kill "$attacker"
	wait "$attacker" 2>/dev/null
	[ "$(value "$2")" -gt "$before" ] || { echo "$2 has not moved"; return 1; }
	[ "$(value 'memory used')" -le $((most + 16 * 1024 * 1024)) ] ||
		{ echo "$(value 'memory used') bytes, $most before"; return 1; }
}

check "ping -s 60000, both families" pings
check "datagrams of 60,000 octets, both families" echoes
mac=$(stack_mac)
most=$(value 'memory used')
check "teardrop" stands teardrop IpOverlap
check "overlaps" stands overlaps IpOverlap
check "the ping of death" stands death IpFragment
check "tiny fragments" stands tiny ReasmFails
check "first fragments of one source" stands one ReasmReqds
check "first fragments of two hundred sources" stands many ReasmReqds
check "the server ends by itself" stop TERM 10
finish_tests
