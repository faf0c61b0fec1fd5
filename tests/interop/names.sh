#!/usr/bin/env bash
# names.sh - names are looked up over the stack, from name servers that a DHCP server or a
# router told of (dnsmasq): `sampan connect NAME PORT`, `sampan ping NAME`; and the twins
# over IPv6 of what ping, traceroute and dig see of a server.  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
. "$(dirname "$0")/lib.bash"
begin names
command -v dnsmasq >/dev/null || skip_all "no dnsmasq"
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"

# serve_dnsmasq OPTIONS...: names, and who tells of them.
serve_dnsmasq() {
	wait_for 10 "${inside[@]}" ip link show nm0 >/dev/null 2>&1 || return 1
	run_inside dnsmasq dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null \
		--interface=nm0 --bind-interfaces --no-ping --dhcp-authoritative --log-facility=- --log-queries \
		--dhcp-range=10.77.0.100,10.77.0.120,120 --dhcp-leasefile="$dir/leases" \
		--domain=boats.example --local=/boats.example/ --address=/four.boats.example/10.77.0.1 \
		--address=/six.boats.example/fd77::1 --host-record=both.boats.example,10.77.0.1,fd77::1 \
		--cname=alias.boats.example,alias2.boats.example --cname=alias2.boats.example,both.boats.example \
		--host-record=dead.boats.example,10.77.0.99,10.77.0.1 --pid-file="$dir/dnsmasq.pid" "$@"
	dnsmasq=$pid
}

# starts ARGUMENTS...
starts() {
	run_inside "$name" "$sampan" serve --name "$name" --services echo,http \
		--link tap:nm0,host=10.77.0.1/24,host6=fd77::1/64 "$@"
	server=$pid
	serve_dnsmasq "${options[@]}" && wait_for 30 grep -q 'Ctrl-C' "$dir/$name.log"
}

stop_all() {
	stop INT 10 >/dev/null 2>&1
	kill -TERM "$dnsmasq" 2>/dev/null
	wait "$dnsmasq" 2>/dev/null
	true
}

address() { grep -o "$1[^, ]*" "$dir/$name.log" | tail -n 1; }

# A service of the kernel's, on any address of both families.
listen() {
	run_inside kernel python3 -c 'import socket, threading
def serve(family, address):
    with socket.create_server((address, 8007), family=family) as s:
        while True:
            c, peer = s.accept()
            c.sendall(b"hello from " + peer[0].encode() + b"\n")
            c.close()
threading.Thread(target=serve, args=(socket.AF_INET6, "fd77::1")).start()
serve(socket.AF_INET, "10.77.0.1")'
	wait_for 10 "${inside[@]}" nc -z 10.77.0.1 8007
}

connects() { "$sampan" connect --name "$name" "$1" 8007 </dev/null | tee /dev/stderr | grep -q "hello from $2"; }
pings_name() { "$sampan" ping --name "$name" -c 3 -i 0.1 "$1" | tee /dev/stderr | grep -q '3 received'; }
knows_not() { ! "$sampan" connect --name "$name" "$1" 8007 </dev/null 2>"$dir/err"; cat "$dir/err"; grep -q "$2" "$dir/err"; }

options=()
check "serve starts with an address by DHCP" starts --addr dhcp
check "a kernel's service listens" listen
check "connect to a name with an A record" connects four.boats.example 10.77.0.1
check "connect to a name of the search domain" connects four 10.77.0.1
check "connect through a chain of aliases" connects alias.boats.example 10.77.0.1
check "ping a name" pings_name both
check "a name that nobody has" knows_not nobody.boats.example "no such name"
check "what is no name" knows_not 'a..b' "no name"
stop_all

options=(--enable-ra "--dhcp-range=::,constructor:nm0,ra-only,64,3600"
	--dhcp-option=option6:domain-search,boats.example)
check "serve starts with a router's address and name server (RDNSS)" starts --addr slaac
check "connect by a name of the domain that the router told of (DNSSL)" connects six fd77
check "ping its name" pings_name six.boats.example

reaches() { "${inside[@]}" ping "$@" | tee /dev/stderr | grep -q ' 0% packet loss'; }
traces() { "${inside[@]}" traceroute "$@" | tee /dev/stderr | tail -n 1 | grep -q ' ms'; }
six=$(address fd77)
check "ping -6 -s 60000" reaches -6 -c 3 -i 0.2 -s 60000 "$six"
if command -v traceroute >/dev/null; then
	check "traceroute -6 by UDP" traces -6 -n -q 1 -m 5 "$six"
	check "traceroute -6 by ICMP" traces -6 -I -n -q 1 -m 5 "$six"
	check "traceroute -6 by TCP" traces -6 -T -p 80 -n -q 1 -m 5 "$six"
fi
stop_all

# Truncated answers: 40 addresses do not fit a datagram.
many=()
for i in $(seq 2 60); do many+=("--host-record=many.boats.example,10.77.1.$i"); done
options=("${many[@]}" --host-record=many.boats.example,10.77.0.1)
check "serve starts with --name-server" starts --addr 10.77.0.2/24 --name-server 10.77.0.1
asked_by_tcp() { "$sampan" ping --name "$name" -c 1 -W 0.2 many.boats.example >/dev/null; [ "$(value TcpActiveOpens)" -ge 1 ]; }
tcp_asked() { wait_for 20 asked_by_tcp; }
check "a long answer is asked for by TCP" tcp_asked
check "ping -s 60000" reaches -c 3 -i 0.2 -s 60000 10.77.0.2
if command -v traceroute >/dev/null; then
	check "traceroute by UDP" traces -4 -n -q 1 -m 5 10.77.0.2
	check "traceroute by ICMP" traces -4 -I -n -q 1 -m 5 10.77.0.2
fi
silent() {
	kill -STOP "$dnsmasq"
	knows_not slow.boats.example "no name server answers"
	local result=$?
	kill -CONT "$dnsmasq"
	return "$result"
}
check "a name server that is silent is given up" silent
stop_all
finish_tests
