#!/usr/bin/env bash
# record.sh - a server writes down everything that goes into its stack: gone through
# again, the same comes of it, however the server ended.
#
#	SAMPAN_FULL=1      10,000 clients instead of 1,000
# Prints TAP (testanything.org).
. "$(dirname "$0")/lib.bash"
begin record
compile crowd
clients=1000
size=512M
[ "$full" = 1 ] && clients=10000 size=4G
patient=(--set net.inet.tcp.msl=500)
tape=$dir/tape

is_private() { [ "$(stat -c %a "$tape")" = 600 ]; }

# The same: says so, with exit code 0, and not of nothing.
same() {
	"$sampan" replay "$tape" >"$dir/said" 2>&1 || { cat "$dir/said"; return 1; }
	tee /dev/stderr <"$dir/said" | grep -Eq '^[0-9]{3,} calls, .*: every byte is the same\.$'
}

# From the first call on, or not.
begins_at_first() { grep -q ' from the 1\. on' "$dir/said"; }
begins_later() { ! begins_at_first; }

everything() {
	"${inside[@]}" ping -q -c 20 -i 0.02 -s 3000 10.77.0.2 && "${inside[@]}" curl -sS -o /dev/null http://10.77.0.2/ &&
		"${inside[@]}" nc -w 2 10.77.0.2 13 </dev/null && printf hi | "${inside[@]}" nc -u -w 1 10.77.0.2 7 &&
		"$sampan" sysctl net.ipv4.tcp_sack=0 && "$sampan" ping -c 3 -i 0.05 10.77.0.1 &&
		printf '/nick a\nhello\n/quit\n' | "${inside[@]}" nc -w 2 10.77.0.2 5000 &&
		"$sampan" ss -a && "${inside[@]}" nc -z 10.77.0.2 4444
	"$sampan" stat | grep -q IcmpOutEchos
}

killed() {
	kill -KILL "$server"
	wait "$server"
	wait_for 5 gone
}

# refused PATTERN FILE: one line, exit code 1.
refused() {
	"$sampan" replay "$2" >"$dir/out" 2>"$dir/err"
	[ $? = 1 ] && cat "$dir/err" && [ "$(wc -l <"$dir/err")" = 1 ] && grep -Eq -- "$1" "$dir/err"
}

refuses() {
	local code=$1 pattern=$2 got
	shift 2
	timeout 20 "$sampan" serve --name "r-$$" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	cat "$dir/err"
	[ "$got" = "$code" ] && [ "$(wc -l <"$dir/err")" = 1 ] && grep -Eq -- "$pattern" "$dir/err"
}

altered() {
	cp --sparse=always "$tape" "$dir/altered"
	printf 'XXXXXXXX' | dd of="$dir/altered" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

check "serve records" start "$name" "${patient[@]}" --record "$tape" --record-size "$size"
check "the file is its owner's alone" is_private
check "something of everything" everything
check "$clients clients at once" crowd together 10.77.0.2 "$clients" 10240 1
check "the server ends" stop TERM 5
check "the same again" same
check "from its first call on" begins_at_first
check "every call can be seen" bash -c "'$sampan' replay -v '$tape' | head -n 2000 | grep -q ' input('"
head -c 100000 "$tape" >"$dir/cut"
check "a recording that was cut short" refused "cut short" "$dir/cut"
altered 4096000
check "a damaged one" refused "damaged|different" "$dir/altered"
altered 0
check "no recording" refused "no recording" "$dir/altered"
check "an empty file" refused "no recording" /dev/null
check "no such file" refused "No such file" "$dir/none"

check "a small ring" start "$name" "${patient[@]}" --record "$tape" --record-size 24M --memory 64M
check "100 clients, several times" bash -c "$(declare -p inside dir); for i in 1 2 3 4 5 6; do \
	\"\${inside[@]}\" timeout 300 \"\$dir/crowd\" together 10.77.0.2 100 20480 \$i || exit 1; done"
check "the server is killed" killed
check "the end of it, the same again" same
check "which is not the beginning" begins_later

check "a file that cannot be written" refuses 1 "--record .*No such file" --record "$dir/none/tape"
check "a malformed size" refuses 2 "give 1M to" --record "$tape" --record-size much
check "a size too small for the stack" refuses 2 "too small" --record "$tape" --record-size 1M --memory 8G
finish_tests
