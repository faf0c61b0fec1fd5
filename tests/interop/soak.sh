#!/usr/bin/env bash
# soak.sh - clients of all kinds, and attackers, against one server for a time:
# echoes in random pieces, readers and writers that stop in the middle, resets,
# half-closes, knocks on closed ports, peers that vanish, floods of SYNs, and
# frames of garbage.  Then everything drains: every byte was right, nobody was
# stuck, and the memory is as it was.
#
#	SAMPAN_SOAK=60     seconds; default 5, with SAMPAN_FULL=1 60
. "$(dirname "$0")/lib.bash"
begin soak
compile crowd
compile junk
seconds=${SAMPAN_SOAK:-$([ "$full" = 1 ] && echo 60 || echo 5)}
seed=${SAMPAN_SEED:-$RANDOM}
echo "# $seconds seconds, SAMPAN_SEED=$seed"

# Peers come and vanish as long as the others are there.
vanishing() {
	while kill -0 "$crowd" 2>/dev/null; do
		appear 20 $((RANDOM % 200)) && vanish || return 1
		sleep 1
		forget_silent
	done
}

# Somebody looks all the time.
watching() {
	while kill -0 "$crowd" 2>/dev/null; do
		"$sampan" ss --name "$name" -a -i >"$dir/ss" && "$sampan" stat --name "$name" >"$dir/stat-now" ||
			return 1
		sleep 0.3
	done
}

soak() {
	local result=0
	run_inside mixed timeout $((seconds + 180)) "$dir/crowd" mixed 10.77.0.2 100 "$seconds" "$seed"
	crowd=$pid
	run_inside junk "$dir/junk" sampan0 "$mac" "$seconds" "$seed"
	local junk=$pid
	run_inside ping ping -q -i 0.05 -w "$seconds" 10.77.0.2
	watching &
	local watcher=$!
	vanishing || { echo "peers could not appear or vanish"; result=1; }
	wait "$crowd" || { echo "the crowd failed"; result=1; }
	wait "$watcher" || { echo "ss or stat failed"; result=1; }
	wait "$junk" || { echo "no junk"; result=1; }
	return $result
}

# What must have happened for this to have been a test.
happened() {
	cat "$dir/mixed.log" "$dir/junk.log"
	"$sampan" stat --name "$name" | tee "$dir/after"
	for counter in TcpAccepted TcpEstabResets TCPKeepAlive TcpNoSocket TcpInCsumErrors \
		TcpInErrs InHdrErrors FrameType; do
		grep -q "^$counter " "$dir/after" || { echo "no $counter"; return 1; }
	done
}

last_words() { [ "$(printf hello | "${inside[@]}" timeout 10 nc -N 10.77.0.2 7)" = hello ]; }

check "serve starts" start "$name" "${quick[@]}" --memory 64M --set net.ipv4.tcp_max_syn_backlog=256
check "it answers" last_words
mac=$("${inside[@]}" ip neigh show 10.77.0.2 | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
# Neighbours that the junk makes are remembered: let that be before we look.
check "a second of junk" "${inside[@]}" "$dir/junk" sampan0 "$mac" 1 "$seed"
check "a few clients" note_rest
check "$seconds s of everything at once: every byte is right, nobody is stuck" soak
sed 's/^/# /' "$dir/mixed.log" "$dir/junk.log"
check "everything drains: connections, TIME-WAIT, memory" drains 60
check "all of it happened" happened
check "it still answers" last_words
check "and ends" stop INT 5
check "without a complaint" test "$(grep -c . "$dir/$name.log")" -lt 16
finish_tests
