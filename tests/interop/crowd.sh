#!/usr/bin/env bash
# crowd.sh - many kernel clients at once, clients that vanish, and bad lines:
# every byte is right, nothing is stuck, and the memory comes back.
#
#	SAMPAN_FULL=1      10,000 clients instead of 1,000, 20 MiB instead of 2
. "$(dirname "$0")/lib.bash"
begin crowd
compile crowd
clients=1000
mib=2
[ "$full" = 1 ] && clients=10000 mib=20

# stream MIB: that much through echo, compared.
stream() {
	head -c "$1M" /dev/urandom >"$dir/sent"
	"${inside[@]}" timeout 300 nc -N 10.77.0.2 7 <"$dir/sent" | cmp - "$dir/sent"
}

# corrupted in|out: frames that the emulator has damaged, once the server has ended.
corrupted() { sed -n "s/^emulate $1:.* corrupted=\([0-9]*\).*/\1/p" "$dir/$name.log"; }

# So many clients at once overrun the interface's queue: what is lost is sent
# again, and nobody may give up too early.  A reset that was lost is not, but
# the next keepalive probe brings another.
patient=(--set net.inet.tcp.msl=500 --set net.ipv4.tcp_keepalive_time=5
	--set net.ipv4.tcp_keepalive_intvl=2 --set net.ipv4.tcp_keepalive_probes=5)

# What was damaged on its way to the stack was found there, all of it: by a
# checksum, or as a header that cannot be (its length is looked at before).
damage_is_counted() {
	local found
	memory=999999999
	drains 30 || return 1
	found=$(($(value TcpInCsumErrors) + $(value IpCsum) + $(value IcmpInCsumErrors) +
		$(value TcpInErrs)))
	stop INT 5 || return 1
	echo "$found found, $(corrupted in) damaged"
	[ "$found" -gt 0 ] && [ "$found" = "$(corrupted in)" ]
}

# vanishes N BYTES: after their last byte some of them have not acknowledged it,
# and the server repeats it; the others are probed.
vanishes() {
	local result
	appear "$@" && holds "$1" && vanish && drains 20
	result=$?
	forget_silent
	return $result
}

check "serve starts" start "$name" "${patient[@]}"
check "a few clients" note_rest
check "$clients clients connected at once, FIN, reset, half-close" \
	crowd together 10.77.0.2 "$clients" 10240 1
check "nothing is stuck, and after TIME-WAIT the memory is back" drains 60
check "the same again" crowd together 10.77.0.2 "$clients" 10240 2
check "and nothing is left" drains 60
check "the server ends" stop INT 3

check "serve with little patience" start "$name" "${quick[@]}"
check "a few clients" note_rest
check "clients that vanish are missed, by keepalive or retransmission" vanishes 50 100
check "the server ends" stop INT 3

check "1 % loss, 10 ms delay, 1 % reordering" start "$name" "${quick[@]}" \
	--emulate loss=1%,delay=10ms,reorder=1%
check "$mib MiB through echo" stream "$mib"
check "100 clients" crowd together 10.77.0.2 100 10240 3
check "the server ends" stop INT 5

# Of what the kernel says by itself over IPv6 not everything is looked at.
"${inside[@]}" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
check "1 corrupted frame in 100" start "$name" "${quick[@]}" --emulate corrupt=1%
check "$mib MiB through echo" stream "$mib"
check "100 clients" crowd together 10.77.0.2 100 10240 4
check "all damage to the server is found and counted" damage_is_counted

check "a line that does everything" start "$name" "${quick[@]}" --emulate \
	'loss=0.5%,burst=0.1%/30%,delay=5ms,jitter=2ms,rate=50mbit,queue=256k,reorder=1%,dup=1%,corrupt=0.5%'
check "a few clients" note_rest
check "$mib MiB through echo" stream "$mib"
check "all kinds of clients for 2 s" crowd mixed 10.77.0.2 50 2 5
check "nothing is left" drains 60
check "the server ends" stop INT 5
finish_tests
