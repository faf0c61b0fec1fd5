# lib.bash - what the scripts here share: a network namespace that vanishes
# with the script, tests in TAP (testanything.org), and a server.
#
#	. "$(dirname "$0")/lib.bash"
#	begin NAME		namespace, $dir for files, $build, $top; then
#				"${inside[@]}" in front of a command runs it there
#	further NAME		one more namespace, called $ns-NAME
#	check TEXT COMMAND...	one test; its output is shown if it fails
#	finish_tests		the plan, and the exit code
#
#	SAMPAN_BUILD=DIR   where the programs are, default build; build-asan: the
#			   command with sanitizers
#	SAMPAN_FULL=1      the long form

set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${SAMPAN_BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
sampan=$build/sampan
full=${SAMPAN_FULL:-0}
sanitized=0
case $build in *-asan) sanitized=1 ;; esac
# The search for leaks follows its own process, which no sandbox allows.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
count=0
failed=0
started=()
namespaces=()

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

bail_out() {
	echo "Bail out! $1"
	exit 1
}

# Ends only what was started here.
clean_up() {
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	for one in "${namespaces[@]}"; do
		ip netns del "$one" 2>/dev/null
	done
	rm -rf "$dir"
}

begin() {
	[ -x "$sampan" ] || bail_out "no $sampan: run make"
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ -c /dev/net/tun ] || skip_all "no /dev/net/tun"
	for tool in ip nc ping; do
		command -v "$tool" >/dev/null || skip_all "no $tool"
	done
	ns=sampan-$1-$$
	name=$1-$$
	dir=$(mktemp -d "/tmp/sampan-$1-XXXXXX")
	export SAMPAN_RUN_DIR=$dir
	trap clean_up EXIT
	trap 'exit 1' INT TERM HUP
	further ''
	# In front of a command, not a function: the pid in $! must be the command's.
	inside=(ip netns exec "$ns")
}

further() {
	local one=$ns${1:+-$1}
	ip netns add "$one" || skip_all "cannot make a network namespace"
	namespaces+=("$one")
	ip netns exec "$one" ip link set lo up
}

# compile NAME: tests/interop/NAME.c, to $dir/NAME.
compile() {
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -o "$dir/$1" "$top/tests/interop/$1.c" ||
		bail_out "cannot build $1.c"
}

check() {
	local text=$1
	shift
	count=$((count + 1))
	if "$@" >"$dir/output" 2>&1; then
		echo "ok $count - $text"
	else
		echo "not ok $count - $text"
		failed=$((failed + 1))
		sed 's/^/# /' "$dir/output" "$dir"/*.log 2>/dev/null | tail -n 40
	fi
}

finish_tests() {
	echo "1..$count"
	[ "$failed" = 0 ]
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ "$SECONDS" -gt "$end" ] && return 1
		sleep 0.05
	done
}

# run_inside NAME COMMAND...: in the background; its pid is in $pid, what it
# says in $dir/NAME.log.  It reads from the file $input, if that is set.
run_inside() {
	local log=$dir/$1.log
	shift
	rm -f "$log"	# what an earlier one said is not meant
	"${inside[@]}" "$@" <"${input:-/dev/null}" >"$log" 2>&1 &
	pid=$!
	started+=("$pid")
}

# start NAME ARGUMENTS...: runs sampan serve; its pid is in $server.
start() {
	local instance=$1
	run_inside "$instance" "$sampan" serve --name "$@"
	server=$pid
	is_serving() { grep -q 'Ctrl-C' "$dir/$instance.log" 2>/dev/null; }
	settled() { is_serving || gone; }
	wait_for 30 settled && is_serving
}

gone() { ! kill -0 "$server" 2>/dev/null; }

# stop SIGNAL SECONDS: the server ends by itself with code 0.
stop() {
	kill "-$1" "$server"
	wait_for "$2" gone || { echo "still there after $2 s"; return 1; }
	wait "$server"
}

# ask REQUEST: lines of JSON from the instance $name.
ask() { echo "$1" | nc -NU "$dir/$name.sock"; }

# value NAME: of a counter or level of the instance.
value() {
	"$sampan" stat --name "$name" --json | sed -n "s/.*\"name\":\"$1\",\"value\":\([0-9]*\).*/\1/p"
}

# ---- A server that comes to rest ----

# TIME-WAIT for a second; a peer is missed after 2 s of silence and 3 probes,
# or after 4 retransmissions.
quick=(--set net.inet.tcp.msl=500 --set net.ipv4.tcp_keepalive_time=2
	--set net.ipv4.tcp_keepalive_intvl=1 --set net.ipv4.tcp_keepalive_probes=3
	--set net.ipv4.tcp_retries2=4 --set net.ipv4.tcp_fin_timeout=5
	--set net.ipv4.tcp_synack_retries=2)

crowd() { "${inside[@]}" timeout 300 "$dir/crowd" "$@"; }

# All connections are gone, and what they needed has been given back.
is_at_rest() {
	"$sampan" stat --name "$name" --json >"$dir/stat" || return 1
	[ "$(stat_of connections)" = "$listeners" ] && [ "$(stat_of half-open)" = 0 ] &&
		[ "$(stat_of time-wait)" = 0 ] && [ "$(stat_of 'memory used')" -le "$memory" ]
}

stat_of() { sed -n "s/.*\"name\":\"$1\",\"value\":\([0-9]*\).*/\1/p" "$dir/stat"; }

# drains SECONDS
drains() {
	wait_for "$1" is_at_rest && return
	"$sampan" ss --name "$name" -a | sort | uniq -c | sort -rn | head -n 20
	"$sampan" stat --name "$name"
	echo "memory: $(stat_of 'memory used') bytes, $memory before; listeners $listeners"
	return 1
}

# Notes what the stack needs when it has served somebody and is at rest again.
note_rest() {
	crowd together 10.77.0.2 10 1000 1 || return 1
	listeners=$("$sampan" ss --name "$name" -l --json | grep -c LISTEN)
	memory=999999999
	drains 20 || return 1
	memory=$(stat_of 'memory used')
}

holds() { [ "$(value connections)" = $((listeners + $1)) ]; }

# appear N BYTES: clients at an address of their own, silent after so many
# bytes of echo.
appear() {
	"${inside[@]}" ip addr add 10.77.0.50/24 dev sampan0 &&
		rm -f "$dir/hold" && mkfifo "$dir/hold" || return 1
	input=$dir/hold run_inside silent "$dir/crowd" silent 10.77.0.2 "$1" 10.77.0.50 "$2"
	silent=$pid
	exec 9>"$dir/hold"
	wait_for 20 grep -q holding "$dir/silent.log"
}

# Their address is taken away: nobody is there any more.
vanish() { "${inside[@]}" ip addr del 10.77.0.50/24 dev sampan0; }

forget_silent() {
	exec 9>&-
	wait "$silent"
	true
}
