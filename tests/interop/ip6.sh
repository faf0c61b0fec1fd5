#!/usr/bin/env bash
# ip6.sh - `sampan serve` over IPv6 on a TAP against the kernel and its programs:
# static addresses, link-local ones, duplicate address detection against a kernel
# that has the address, and what a router advertises (dnsmasq).
#
# Everything happens in a network namespace that is made here and removed at the end.
# Prints TAP (testanything.org).  SAMPAN_BUILD=DIR: where sampan is, default build.
. "$(dirname "$0")/lib.bash"
begin ip6
[ -e /proc/net/if_inet6 ] || skip_all "no IPv6 in this kernel"
command -v dnsmasq >/dev/null || skip_all "no dnsmasq"
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"
compile client
client=$dir/client

serve() { start "$name" "$@"; }
ends() { stop INT 10; }

# address PREFIX: the first address of the server that begins so.
address() { grep -o "$1[^, ]*" "$dir/$name.log" | head -n 1; }

pings() { "${inside[@]}" ping -6 -q -c 500 -i 0.002 -W 2 "$1" | tee /dev/stderr | grep -q ' 0% packet loss'; }

hello() { [ "$(printf hello | "${inside[@]}" timeout 10 nc -6 -N "$1" 7)" = hello ]; }

stream() {
	head -c "$1M" /dev/urandom | tee >(sha256sum >"$dir/sent") |
		"${inside[@]}" timeout 120 nc -6 -N "$2" 7 | sha256sum >"$dir/received"
	wait_for 10 test -s "$dir/sent"
	cmp "$dir/sent" "$dir/received"
}

clients() { "${inside[@]}" timeout 120 "$client" echo "$1" 7 1000 4096; }

reachable() { "${inside[@]}" ip -6 neigh show "$1" | tee /dev/stderr | grep -Eq 'REACHABLE|DELAY|STALE'; }

static=(--link "tap:s0,host=10.77.0.1/24,host6=fd77::1/64" --addr 10.77.0.2/24 --addr fd77::2/64)

check "serve starts with an address of each family" serve "${static[@]}"
check "ping -6: 500 packets, none lost" pings fd77::2
check "hello comes back" hello fd77::2
check "the kernel's neighbour entry is good" reachable fd77::2
check "64 MiB through echo" stream 64 fd77::2
check "1,000 clients at once" clients fd77::2
check "ping to the link-local address" pings "$(address fe80)%s0"
check "hello to the link-local address" hello "$(address fe80)%s0"
check "ping to all nodes is answered" "${inside[@]}" ping -6 -c 2 -i 0.2 ff02::1%s0
check "large pings" "${inside[@]}" ping -6 -c 3 -i 0.2 -s 1400 fd77::2
check "IPv4 beside it" "${inside[@]}" ping -c 3 -i 0.2 10.77.0.2
check "it ends" ends

# The kernel has the address that we are told to take.
taken() {
	serve --link tap:s0,host6=fd77::1/64 --addr fd77::1/64 && return 1
	grep -q "kernel's own" "$dir/$name.log"
}
check "the kernel's own address is refused" taken

# own_tap NAME ADDRESS: an interface of the kernel's that has it already.
own_tap() {
	"${inside[@]}" ip tuntap add "$1" mode tap && "${inside[@]}" ip link set "$1" up &&
		"${inside[@]}" ip -6 addr add "$2" dev "$1" nodad
}

# The kernel's side of a TAP works only some time after ours is opened, a second where
# the machine is busy: one probe may come too early for it.
duplicate() {
	own_tap s1 fd78::2/64 || return 1
	serve --set net.ipv6.conf.default.dad_transmits=4 --link tap:s1 --addr fd78::2/64
	! grep -q 'fd78::2' "$dir/$name.log"
}
check "an address that the kernel has is not taken" duplicate
ends >/dev/null 2>&1
"${inside[@]}" ip link del s1 2>/dev/null

# advertise INTERFACE: a router on the kernel's side; returns when it is one.
advertise() {
	"${inside[@]}" dnsmasq --keep-in-foreground --no-resolv --no-hosts --port=0 \
		--interface="$1" --bind-interfaces --enable-ra --conf-file=/dev/null \
		--dhcp-range="::,constructor:$1,ra-only,64,3600" --pid-file="$dir/dnsmasq.pid" \
		--log-facility="$dir/dnsmasq.log" &
	started+=("$!")
	wait_for 20 grep -q "router advertisement on fd79::" "$dir/dnsmasq.log"
}

slaac() {
	own_tap s2 fd79::1/64 && advertise s2 && serve --link tap:s2 --addr slaac || return 1
	[ -n "$(address fd79)" ]
}
check "an address of the router's prefix" slaac
check "ping -6 to it" pings "$(address fd79)"
check "hello to it" hello "$(address fd79)"
check "it ends" ends

finish_tests
