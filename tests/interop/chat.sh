#!/usr/bin/env bash
# chat.sh - the chat room and the small services on a TAP, with nc.
#
# Prints TAP (testanything.org).
. "$(dirname "$0")/lib.bash"
begin chat

# join NAME: a client whose words are written to descriptor $words.
join() {
	mkfifo "$dir/$1.in"
	"${inside[@]}" nc 10.77.0.2 5000 <"$dir/$1.in" >"$dir/$1.heard" &
	started+=("$!")
	exec {words}>"$dir/$1.in"
	wait_for 5 grep -q Welcome "$dir/$1.heard" && echo "/nick $1" >&"$words" &&
		wait_for 5 grep -q "is now $1" "$dir/$1.heard"
}

hears() { wait_for 5 grep -Fq -- "$2" "$dir/$1.heard"; }

talks() {
	join ann && ann=$words && join bob && bob=$words && join eve && eve=$words || return 1
	echo "hello all" >&"$ann"
	hears ann "<ann> hello all" && hears bob "<ann> hello all" && hears eve "<ann> hello all"
}

says_who_leaves() {
	exec {eve}>&-
	echo /quit >&"$bob"
	hears ann "* bob has left"
}

# One that never reads; the others go on.
slow_reader() {
	local i line
	line=$(printf 'x%.0s' {1..390})
	"${inside[@]}" bash -c 'exec 3<>/dev/tcp/10.77.0.2/5000; printf "/nick sloth\n" >&3; sleep 100' &
	started+=("$!")
	hears ann "is now sloth" || return 1
	for ((i = 0; i < 400; i++)); do
		for _ in {1..25}; do echo "$line"; done >&"$ann"
		grep -q "sloth reads too slowly" "$dir/ann.heard" && break
		sleep 0.2
	done
	hears ann "* sloth reads too slowly and was dropped" && join zoe && echo "still here" >&"$words" &&
		hears zoe "<zoe> still here"
}

daytime() { "${inside[@]}" timeout 5 nc 10.77.0.2 13 </dev/null | tee /dev/stderr | grep -q ' UTC'; }

chargen() {
	"${inside[@]}" timeout 20 nc 10.77.0.2 19 </dev/null | head -c 7400 | tr -d '\r' >"$dir/pattern"
	head -n 2 "$dir/pattern"
	[ "$(sed -n 1p "$dir/pattern")" = ' !"#$%&'"'"'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefg' ] &&
		[ "$(sed -n 96p "$dir/pattern")" = "$(sed -n 1p "$dir/pattern")" ]
}

goodbye() { stop TERM 5 && hears ann "* The server ends"; }

check "serve starts" start "$name"
check "three talk" talks
check "the others hear who leaves" says_who_leaves
[ "$full" = 1 ] && check "a slow reader is dropped and holds nobody up" slow_reader
check "daytime" daytime
check "chargen: the pattern of RFC 864" chargen
check "at the end everybody is told" goodbye
finish_tests
