#!/usr/bin/env bash
# gateway.sh - a router dies under a running transfer of `sampan serve`; it goes on over the
# other one: RFC 1122 §3.3.1.4, TCP's advice, RFC 4861 §7.3.  Both families.
#
#	sampan --TAP-- bridge --+-- one --+-- client
#	                        +-- two --+
#
# Both routers have a route to the client; the client answers by the second, so that what
# ends is our way out and nothing says so.  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
. "$(dirname "$0")/lib.bash"
begin gateway
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"
client=(ip netns exec "$ns-client")

# join NAMESPACE INTERFACE BRIDGE'S-NAMESPACE PORT ADDRESS...
join() {
	local there=$1 interface=$2 bridge=$3 port=$4
	ip -n "$there" link add "$interface" type veth peer name "$port" netns "$bridge"
	ip -n "$bridge" link set "$port" master bridge up
	ip -n "$there" link set "$interface" up
	shift 4
	for address in "$@"; do
		ip -n "$there" addr add "$address" dev "$interface" nodad 2>&1 | grep -v nodad
	done
}

further client
for one in "$ns" "$ns-client"; do
	ip -n "$one" link add bridge type bridge 2>/dev/null || skip_all "no bridges in this kernel"
	ip -n "$one" link set bridge up
done
ip -n "$ns-client" addr add 10.79.0.2/24 dev bridge
ip -n "$ns-client" addr add fd79::2/64 dev bridge nodad
for n in 1 2; do
	further "router$n"
	ip netns exec "$ns-router$n" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.send_redirects=0
	join "$ns-router$n" near "$ns" "near$n" "10.77.0.1$n/24" "fd77::1$n/64"
	join "$ns-router$n" far "$ns-client" "far$n" "10.79.0.1$n/24" "fd79::1$n/64"
done
ip -n "$ns-client" route add 10.77.0.0/24 via 10.79.0.12
ip -n "$ns-client" route add fd77::/64 via fd79::12

# The TAP has no address of its own: it is a port of the bridge.
input='' run_inside "$name" "$sampan" serve --name "$name" --link tap:sampan0 \
	--addr 10.77.0.2/24 --addr fd77::2/64 \
	--route "default via 10.77.0.11 metric 1" --route "default via 10.77.0.12 metric 2" \
	--route "::/0 via fd77::11 metric 1" --route "::/0 via fd77::12 metric 2"
server=$pid
wait_for 10 "${inside[@]}" ip link show sampan0 >/dev/null 2>&1
ip -n "$ns" link set sampan0 master bridge up
wait_for 20 grep -q 'Ctrl-C' "$dir/$name.log"

# How much router N has sent towards the client so far.
forwarded() {
	ip netns exec "$ns-router$1" cat /sys/class/net/far/statistics/tx_bytes
}

grows() { # ROUTER SINCE
	[ "$(forwarded "$1")" -gt $(($2 + 200000)) ]
}

reachable() {
	"${client[@]}" ping "-$1" -c 1 -W 2 "$2" >/dev/null 2>&1
}

answers() { wait_for 10 reachable "$@"; }

# A transfer that lasts: chargen, as fast as a reader takes it.
runs() { # ADDRESS
	"${client[@]}" nc -d "$1" 19 </dev/null >/dev/null 2>&1 &
	reader=$!
	started+=("$reader")
	wait_for 10 grows 1 "$(forwarded 1)"
}

dies() { ip -n "$ns-router1" link set near down; }

# Within the time-outs that tell TCP that something is wrong, and the neighbour's three probes.
goes_on() {
	local since
	since=$(forwarded 2)
	wait_for 30 grows 2 "$since" && kill -0 "$reader"
}

ends() {
	kill "$reader" 2>/dev/null
	wait "$reader" 2>/dev/null
	true
}

# New connections too find the other router at once.
finds_the_other() {
	timeout 5 "${client[@]}" nc -d "$1" 13 </dev/null | grep -q :
}

# It is tried again, and used again.
comes_back() { # ADDRESS, IPv6 address of the interface
	ip -n "$ns-router1" link set near up
	ip -n "$ns-router1" addr replace fd77::11/64 dev near nodad
}

for family in 4 6; do
	case $family in
	4) address=10.77.0.2 ;;
	6) address=fd77::2 ;;
	esac
	check "IPv$family: the client reaches us" answers "$family" "$address"
	check "IPv$family: a transfer goes over the first router" runs "$address"
	check "IPv$family: the first router dies" dies
	check "IPv$family: the same transfer goes on over the second" goes_on
	check "IPv$family: a new connection goes over the second" finds_the_other "$address"
	ends
	check "IPv$family: the first router is there again" comes_back
done
check "the server ends by itself" stop TERM 10
finish_tests
