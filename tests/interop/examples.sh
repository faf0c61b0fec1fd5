#!/usr/bin/env bash
# examples.sh - the programs of examples/ do what they say.
#
# Prints TAP (testanything.org).
. "$(dirname "$0")/lib.bash"
begin examples
examples=$build/examples
[ -x "$examples/echo" ] || bail_out "no $examples/echo: run make"

same_each_time() {
	"$examples/two_stacks" "$@" >"$dir/first" && "$examples/two_stacks" "$@" >"$dir/second" || return 1
	cat "$dir/first" "$dir/second"
	cmp "$dir/first" "$dir/second" && grep -Eq "^$(($2 * 1000000)) bytes in" "$dir/first"
}

refuses() { ! "$examples/two_stacks" "$1" 2>"$dir/err" && grep -q "$2" "$dir/err" && [ "$(wc -l <"$dir/err")" = 1 ]; }

launch() {
	run_inside "$1" "$examples/$1" "${@:2}"
	program=$pid
}

halt() { kill "$program"; wait "$program" 2>/dev/null; true; }

pings() { "${inside[@]}" ping -q -c 1 -W 1 10.77.0.2; }

echoes() {
	head -c 16M /dev/urandom >"$dir/sent"
	"${inside[@]}" timeout 60 nc -N 10.77.0.2 7 <"$dir/sent" | cmp - "$dir/sent"
}

tells_the_day() { "${inside[@]}" timeout 10 nc -d 10.77.0.2 13 | tee /dev/stderr | grep -q "$(date +%Y)"; }

echo_is_short() { [ "$(wc -l <"$top/examples/echo.c")" -lt 60 ]; }

check "two_stacks prints the same each time" same_each_time 'rate=10mbit,delay=20ms,loss=1%' 4
check "and over a line that does everything" same_each_time \
	'loss=1%,burst=0.1%/20%,delay=10ms,jitter=2ms,rate=50mbit,queue=64k,reorder=1%,dup=1%,corrupt=1%' 2
check "two_stacks says what is wrong with a line" refuses 'los=1%' "'los' is no word"
check "echo.c has less than 60 lines" echo_is_short

launch echo
check "echo answers" wait_for 10 pings
check "echo: 16 MiB come back" echoes
halt
"${inside[@]}" ip tuntap add sampan0 mode tap
"${inside[@]}" ip addr add 10.77.0.1/24 dev sampan0
"${inside[@]}" ip link set sampan0 up
launch raw sampan0
check "raw answers" wait_for 10 pings
check "raw tells the day" tells_the_day
check "raw tells it again" tells_the_day
halt
finish_tests
