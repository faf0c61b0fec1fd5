#!/usr/bin/env bash
# flood.sh - floods over a TAP, while clients of the same server are served.
#
# usage: bench/flood.sh [KIND... [SECONDS]]	default: syn ack rst fin fragment echo, 3
#
# For each kind: how long a client takes alone; what the stack drains, from frames as fast as the
# interface takes them; then the client again at 80 % of that rate, and above it.  A run at 80 %
# in which the TAP dropped a frame is repeated, twice; then it has no ratio.  What a client needs above the rate is mostly its
# kernel's wait before it repeats a segment that the TAP dropped.  Prints a table; every client
# must complete.  Sender, client and server share the machine's processors.  Needs root.
. "$(dirname "$0")/../tests/interop/lib.bash"
seconds=3 kinds=()
for word; do
	case $word in [0-9]*) seconds=$word ;; *) kinds+=("$word") ;; esac
done
[ ${#kinds[@]} -gt 0 ] || kinds=(syn ack rst fin fragment echo)
begin flood
compile storm
clients=1000

# Frames that the interface took, and such that found no room.
taken() { "${inside[@]}" cat /sys/class/net/sampan0/statistics/tx_packets; }
dropped() { "${inside[@]}" cat /sys/class/net/sampan0/statistics/tx_dropped; }

# knock: sets median and longest, in microseconds; false: somebody was not served.
knock() {
	local said
	said=$("${inside[@]}" timeout 300 "$dir/storm" knock 10.77.0.2 7 "$1") || { echo "# $said"; return 1; }
	read -r _ median _ longest _ <<<"$said"
}

# flood_while KIND RATE COMMAND...: sets rate, the frames a second that were taken, and lost.
flood_while() {
	local kind=$1 wanted=$2 before before_dropped result
	shift 2
	before=$(taken) before_dropped=$(dropped)
	run_inside storm "$dir/storm" flood sampan0 "$mac" "$kind" "$wanted" "$seconds"
	local storm=$pid
	sleep 0.3
	"$@"
	result=$?
	wait "$storm" || { cat "$dir/storm.log"; return 1; }
	lost=$(($(dropped) - before_dropped))
	rate=$((($(taken) - before) / seconds))
	return $result
}

start "$name" --memory 64M --gateway 10.77.0.1 || bail_out "serve does not start"
knock 10 || bail_out "it does not answer"
# Room for what comes while somebody else has the processor.
"${inside[@]}" ip link set sampan0 txqueuelen 10000
mac=$("${inside[@]}" ip neigh show 10.77.0.2 | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
result=0
printf 'flood\tdrained/s\tclient alone us\tat 80 %% us\tratio\tTAP drops\tabove us\tlongest above us\n'
for kind in "${kinds[@]}"; do
	knock "$clients" || result=1
	alone=$median
	flood_while "$kind" 0 sleep 0.1 || result=1
	drained=$rate
	# Somebody else on this machine can make the server late: three attempts.
	for _ in 1 2 3; do
		flood_while "$kind" $((drained * 8 / 10)) knock "$clients" || result=1
		[ "$lost" = 0 ] && break
	done
	below=$median below_lost=$lost ratio='-'
	[ "$below_lost" = 0 ] && ratio=$(awk "BEGIN { printf \"%.2f\", $below / $alone }")
	flood_while "$kind" 0 knock 5 || result=1
	printf '%s\t%d\t%d\t%d\t%s\t%d\t%d\t%d\n' "$kind" "$drained" "$alone" "$below" "$ratio" \
		"$below_lost" "$median" "$longest"
done
stop INT 10 || result=1
[ "$result" = 0 ] || echo "bench/flood.sh: somebody was not served, or the server did not end" >&2
exit $result
