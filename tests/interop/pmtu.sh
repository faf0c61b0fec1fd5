#!/usr/bin/env bash
# pmtu.sh - a link of 1300 bytes on the way between `sampan serve` and the kernel's
# sockets: three namespaces in a row, of which two are routers.
#
#	sampan --TAP 1500-- near --1300-- far --1500-- client
#
# Text goes both ways through it, over TCP and UDP, both families, with the routers'
# ICMP errors and without them (RFC 4821, on both sides).  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
. "$(dirname "$0")/lib.bash"
begin pmtu
for tool in nft python3 sha256sum; do
	command -v "$tool" >/dev/null || skip_all "no $tool"
done
"${inside[@]}" nft add table inet pmtu || skip_all "no nftables in this kernel"
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"
further far
further client
near=("${inside[@]}")
far=(ip netns exec "$ns-far")
client=(ip netns exec "$ns-client")

# wire NAMESPACE INTERFACE MTU ADDRESS...
wire() {
	local there=(ip netns exec "$1") interface=$2
	"${there[@]}" ip link set "$interface" mtu "$3" up
	shift 3
	for address in "$@"; do
		"${there[@]}" ip addr add "$address" dev "$interface" nodad 2>&1 | grep -v nodad
	done
}

ip -n "$ns" link add narrow type veth peer name narrow netns "$ns-far"
ip -n "$ns-far" link add wide type veth peer name wide netns "$ns-client"
wire "$ns" narrow 1300 10.78.0.1/24 fd78::1/64
wire "$ns-far" narrow 1300 10.78.0.2/24 fd78::2/64
wire "$ns-far" wide 1500 10.79.0.1/24 fd79::1/64
wire "$ns-client" wide 1500 10.79.0.2/24 fd79::2/64
for router in "$ns" "$ns-far"; do
	ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
done
"${client[@]}" ip route add default via 10.79.0.1
"${client[@]}" ip -6 route add default via fd79::1
"${far[@]}" ip route add 10.77.0.0/24 via 10.78.0.1
"${far[@]}" ip -6 route add fd77::/64 via fd78::1
"${near[@]}" ip route add 10.79.0.0/24 via 10.78.0.2
"${near[@]}" ip -6 route add fd79::/64 via fd78::2

serve() {
	run_inside "$name" "$sampan" serve --name "$name" --addr 10.77.0.2/24 --gateway 10.77.0.1 \
		--addr fd77::2/64 --gateway fd77::1 "$@"
	server=$pid
	wait_for 5 "${near[@]}" ip link show sampan0 >/dev/null 2>&1
	"${near[@]}" ip -6 addr add fd77::1/64 dev sampan0 nodad
	wait_for 20 grep -q 'Ctrl-C' "$dir/$name.log"
}

# The routers say nothing any more.
silence() {
	for router in "$ns" "$ns-far"; do
		ip netns exec "$router" nft -f - <<-'RULES' || return 1
			table inet silent {
				chain out {
					type filter hook output priority 0
					icmp type destination-unreachable drop
					icmpv6 type packet-too-big drop
				}
			}
		RULES
	done
	"${client[@]}" sysctl -qw net.ipv4.tcp_mtu_probing=2
	"${client[@]}" ip route flush cache
	"${client[@]}" ip -6 route flush cache
}

# echoes ADDRESS BYTES: both ways at once.
echoes() {
	head -c "$2" /dev/urandom >"$dir/sent"
	"${client[@]}" timeout 100 nc -N "$1" 7 <"$dir/sent" >"$dir/received"
	cmp "$dir/sent" "$dir/received"
}

# chatters ADDRESS: only from the server to the client, which says nothing.
chatters() {
	[ "$("${client[@]}" timeout 100 nc -d "$1" 19 2>/dev/null | head -c 3000000 | wc -c)" = 3000000 ]
}

# datagrams ADDRESS SIZE...: each comes back whole; the first of a size may be lost to
# find the way out.
datagrams() {
	"${client[@]}" timeout 100 python3 - "$@" <<'PY'
import socket, sys

address = sys.argv[1]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
for size in map(int, sys.argv[2:]):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect((address, 7))
        s.settimeout(2)
        text = bytes((7 * i + size) & 255 for i in range(size))
        for turn in range(4):
            try:
                s.send(text)
                if s.recv(65535) == text:
                    break
            except (TimeoutError, socket.timeout, OSError) as e:
                print(size, e)
        else:
            sys.exit(f"{size} bytes did not come back")
PY
}

learned() { [ "$(value PmtuLearned)" -ge "$1" ]; }
probed() { [ "$(value TCPMTUProbes)" -ge 1 ] && [ "$(value TCPMTUPSuccess)" -ge 1 ]; }
vanished() { [ "$(value TCPMTUBlackHoles)" -ge 1 ]; }

check "a server behind two routers" serve
for address in 10.77.0.2 fd77::2; do
	check "$address: 4 MB through echo" echoes "$address" 4000000
	check "$address: 3 MB from the server" chatters "$address"
done
check "both path MTUs were learned" learned 2
for address in 10.77.0.2 fd77::2; do
	check "$address: datagrams of 1 to 65,507 bytes" datagrams "$address" 1 1200 1252 1300 1400 \
		1472 3000 65507
	check "$address: large pings" "${client[@]}" ping -q -c 3 -i 0.2 -W 5 -s 1400 "$address"
done
check "it ends" stop TERM 10

check "the routers fall silent" silence
check "a server that probes" serve --set net.ipv4.tcp_mtu_probing=2
for address in 10.77.0.2 fd77::2; do
	check "$address: 4 MB through echo, without ICMP" echoes "$address" 4000000
	check "$address: 3 MB from the server, without ICMP" chatters "$address"
done
check "probes found the way" probed
check "it ends" stop TERM 10

check "a server that probes where segments vanish" serve --set net.ipv4.tcp_mtu_probing=1
for address in 10.77.0.2 fd77::2; do
	check "$address: 1 MB through echo, without ICMP" echoes "$address" 1000000
done
check "the black hole was seen" vanished
check "it ends" stop TERM 10
finish_tests
