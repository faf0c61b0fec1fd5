#!/usr/bin/env bash
# dhcp.sh - `sampan serve` gets its addresses from a network: IPv4 from a DHCP server,
# IPv6 from a router, both dnsmasq on the kernel's side of a TAP; keeps, renews and gives
# them back.  Prints TAP.
#
#	SAMPAN_BUILD=DIR   where sampan is, default build
#	SAMPAN_FULL=1      also until a lease ends without an answer: two minutes
. "$(dirname "$0")/lib.bash"
begin dhcp
command -v dnsmasq >/dev/null || skip_all "no dnsmasq"
command -v curl >/dev/null || skip_all "no curl"
"${inside[@]}" ip -6 addr show dev lo | grep -q inet6 || skip_all "no IPv6 in namespaces"

# serve_dnsmasq LINK OPTIONS...: two minutes are its shortest lease; T1 and T2 are ours.
serve_dnsmasq() {
	local link=$1
	shift
	wait_for 10 "${inside[@]}" ip link show "$link" >/dev/null 2>&1 || return 1
	run_inside dnsmasq dnsmasq --keep-in-foreground --no-resolv --no-hosts --port=0 \
		--interface="$link" --bind-interfaces --conf-file=/dev/null --no-ping --dhcp-authoritative \
		--enable-ra --dhcp-range="::,constructor:$link,ra-only,64,3600" \
		--dhcp-range=10.77.0.100,10.77.0.120,120 --dhcp-leasefile="$dir/leases" \
		--dhcp-option=option:T1,4 --dhcp-option=option:T2,14 --log-dhcp --log-facility=- \
		--pid-file="$dir/dnsmasq.pid" "$@"
	dnsmasq=$pid
}

stop_dnsmasq() {
	kill -TERM "$dnsmasq"
	wait "$dnsmasq" 2>/dev/null
	true
}

# starts LINK ARGUMENTS...: the server, and dnsmasq once its link is there.
starts() {
	local link=$1
	shift
	run_inside "$name" "$sampan" serve --name "$name" --services echo,http \
		--link "tap:$link,host=10.77.0.1/24,host6=fd77::1/64" "$@"
	server=$pid
	serve_dnsmasq "$link" && wait_for 30 grep -q 'Ctrl-C' "$dir/$name.log" && cat "$dir/$name.log"
}

# address PREFIX: the last that the server told.
address() { grep -o "$1[^, ]*" "$dir/$name.log" | tail -n 1; }
leased() { address 10.77.0.1; }

gets() { "${inside[@]}" curl -sS -m 10 "$@" | grep -qi '<html'; }
serves_both() { gets -4 "http://$(leased)/" && gets -6 "http://[$(address fd77)]/"; }
has_lease_file() { grep -q "$(leased)" "$dir/leases"; }

# renewed MORE: so many leases more than now.
renewed() {
	local want=$(($(value DhcpLeases) + $1))
	grows() { [ "$(value DhcpLeases)" -ge "$want" ]; }
	wait_for "$2" grows
}

keeps_address() {
	local before
	before=$(leased)
	renewed 2 20 && [ "$(leased)" = "$before" ] && ! grep -q 'Now serving' "$dir/$name.log"
}

survives_restart() {
	local before
	before=$(leased)
	stop_dnsmasq
	renewed 1 5 && return 1
	serve_dnsmasq dh0
	renewed 1 40 && [ "$(leased)" = "$before" ] && serves_both
}

# Nobody answers, but the lease lasts: all goes on.
survives_silence() {
	stop_dnsmasq
	sleep 6
	serves_both && serve_dnsmasq dh0 && renewed 1 70 && serves_both
}

gives_back() {
	local before
	before=$(leased)
	stop INT 10 || return 1
	wait_for 5 grep -q "DHCPRELEASE.* $before " "$dir/dnsmasq.log" && ! grep -q "$before" "$dir/leases"
}

check "serve starts with what dnsmasq gives" starts dh0 --addr dhcp --addr slaac
check "the lease is in the server's file" has_lease_file
check "curl -4 and curl -6 get the page" serves_both
check "the lease is renewed, twice, and the address stays" keeps_address
check "it survives the server's restart" survives_restart
check "it serves on through the server's silence" survives_silence
check "at its end it gives the lease back" gives_back
stop_dnsmasq

# Every address of the range is somebody's already (the kernel's, on its loopback
# interface, for which it answers ARP), so whichever the server picks is declined.  Then
# all are free, and it must give one that was not.
declines() {
	local refused
	for i in $(seq 100 120); do
		"${inside[@]}" ip addr add "10.77.0.$i/32" dev lo || return 1
	done
	starts dh1 --addr dhcp
	wait_for 30 grep -q DHCPDECLINE "$dir/dnsmasq.log" || return 1
	for i in $(seq 100 120); do
		"${inside[@]}" ip addr del "10.77.0.$i/32" dev lo
	done
	wait_for 180 grep -q 'Now serving on 10.77' "$dir/$name.log" || return 1
	refused=$(grep -o 'DHCPDECLINE([^)]*) [0-9.]*' "$dir/dnsmasq.log")
	! grep -qw "$(leased)" <<< "$refused"
}
check "an address that somebody has is declined, another one taken" declines
stop INT 10 >/dev/null 2>&1
stop_dnsmasq

ends_at_last() {
	starts dh2 --addr dhcp || return 1
	stop_dnsmasq
	wait_for 140 grep -q 'Now serving on no address' "$dir/$name.log" || return 1
	serve_dnsmasq dh2 && wait_for 90 grep -q 'Now serving on 10.77' "$dir/$name.log"
}
if [ "$full" = 1 ]; then
	rm -f "$dir/leases"
	check "a lease ends when nobody renews it, and another follows" ends_at_last
	stop INT 10 >/dev/null 2>&1
fi
# Nobody answers: an address of its own, and again a leased one when a server comes.
falls_back() {
	run_inside "$name" "$sampan" serve --name "$name" --services echo,http \
		--link tap:dh3,host=10.77.0.1/24 --addr dhcp --addr link-local
	server=$pid
	wait_for 40 grep -q 'erving on 169\.254\.' "$dir/$name.log" || return 1
	"${inside[@]}" ip addr add 169.254.77.1/16 dev dh3 || return 1
	gets "http://$(address 169.254)/"
}

gets_leased() {
	serve_dnsmasq dh3 && wait_for 160 grep -q 'Now serving on 10.77' "$dir/$name.log" &&
		! tail -n 1 "$dir/$name.log" | grep -q 169.254 && gets "http://$(leased)/"
}
check "without a server it takes a link-local address" falls_back
check "and a leased one when the server comes" gets_leased
stop INT 10 >/dev/null 2>&1
stop_dnsmasq
finish_tests
