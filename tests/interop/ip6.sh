#!/usr/bin/env bash
# ip6.sh - `sampan serve` over IPv6 on a TAP against the kernel and its programs:
# static addresses, link-local ones, duplicate address detection against a kernel
# that has the address, and what a router advertises (dnsmasq).
#
# Everything happens in a network namespace that is made here and removed at the end.
# Prints TAP (testanything.org).  SAMPAN_BUILD=DIR: where sampan is, default build.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${SAMPAN_BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
sampan=$build/sampan
client=$build/tests-interop/client

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

[ -x "$sampan" ] || { echo "Bail out! no $sampan: run make"; exit 1; }
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -c /dev/net/tun ] || skip_all "no /dev/net/tun"
[ -e /proc/net/if_inet6 ] || skip_all "no IPv6 in this kernel"
for tool in ip nc ping sha256sum dnsmasq; do
	command -v "$tool" >/dev/null || skip_all "no $tool"
done

ns=sampan-ip6-$$
name=ip6-$$
dir=$(mktemp -d /tmp/sampan-ip6-XXXXXX)
export SAMPAN_RUN_DIR=$dir
started=()

# Ends only what was started here.
finish() {
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	ip netns del "$ns" 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

ip netns add "$ns" || skip_all "cannot make a network namespace"
inside=(ip netns exec "$ns")
"${inside[@]}" ip link set lo up
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"

if [ ! -x "$client" ]; then
	client=$dir/client
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -o "$client" "$top/tests/interop/client.c" ||
		{ echo "Bail out! cannot build client.c"; exit 1; }
fi

count=0
failed=0

# check TEXT COMMAND...: one test, its output shown if it fails.
check() {
	local text=$1
	shift
	count=$((count + 1))
	if "$@" >"$dir/output" 2>&1; then
		echo "ok $count - $text"
	else
		echo "not ok $count - $text"
		failed=$((failed + 1))
		sed 's/^/# /' "$dir/output" "$dir"/*.log | tail -n 30
	fi
}

# wait_for SECONDS COMMAND...
wait_for() {
	local tries=$(($1 * 20))
	shift
	for ((i = 0; i < tries; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

# start ARGUMENTS...: runs sampan serve; its pid is in $server.
start() {
	"${inside[@]}" "$sampan" serve --name "$name" "$@" >"$dir/serve.log" 2>&1 &
	server=$!
	started+=("$server")
	wait_for 30 grep -q 'Ctrl-C' "$dir/serve.log"
}

gone() { ! kill -0 "$server" 2>/dev/null; }

stop() {
	kill -INT "$server"
	wait_for 10 gone && wait "$server"
}

# address PREFIX: the first address of the server that begins so.
address() { grep -o "$1[^, ]*" "$dir/serve.log" | head -n 1; }

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

check "serve starts with an address of each family" start "${static[@]}"
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
check "it ends" stop

# The kernel has the address that we are told to take.
taken() {
	start --link tap:s0,host6=fd77::1/64 --addr fd77::1/64 && return 1
	grep -q "kernel's own" "$dir/serve.log"
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
	start --set net.ipv6.conf.default.dad_transmits=4 --link tap:s1 --addr fd78::2/64
	! grep -q 'fd78::2' "$dir/serve.log"
}
check "an address that the kernel has is not taken" duplicate
stop >/dev/null 2>&1
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
	own_tap s2 fd79::1/64 && advertise s2 && start --link tap:s2 --addr slaac || return 1
	[ -n "$(address fd79)" ]
}
check "an address of the router's prefix" slaac
check "ping -6 to it" pings "$(address fd79)"
check "hello to it" hello "$(address fd79)"
check "it ends" stop

echo "1..$count"
[ "$failed" = 0 ]
