#!/usr/bin/env bash
# sandbox.sh - what `sampan serve` has given up once it runs, and that nothing is left
# behind however it ends.  That every service and tool works in the sandbox is what all
# other scripts show: it is on by default.
#
# Prints TAP (testanything.org).
. "$(dirname "$0")/lib.bash"
begin sandbox
command -v setpriv >/dev/null || skip_all "no setpriv"
chmod 755 "$dir"
root=$dir/root
mkdir "$root"
echo hello >"$root/a.txt"
nobody=$(id -u nobody)

# is FIELD VALUE: of /proc/PID/status, of the server.
is() {
	local got
	got=$(sed -n "s/^$1:[[:space:]]*//p" "/proc/$server/status")
	echo "$1: $got"
	[ "$(echo $got)" = "$2" ]
}

has_nothing() {
	is Uid "$nobody $nobody $nobody $nobody" && is Groups "" && is CapEff 0000000000000000 &&
		is CapPrm 0000000000000000 && is CapBnd 0000000000000000 && is NoNewPrivs 1 && is Seccomp 2
}

# The one that removes the socket in the end: root's, and nothing else.
janitor_has_nothing() {
	local main=$server
	server=$(pgrep -P "$main") || return 1
	is CapEff 0000000000000000 && is NoNewPrivs 1 && is Seccomp 2 && [ "$(ls "/proc/$server/fd" | wc -l)" = 1 ]
	local result=$?
	server=$main
	return $result
}

serves() { [ "$("${inside[@]}" curl -sS http://10.77.0.2/a.txt)" = hello ]; }

# The owner may ask, and root; the user that the server has become may not, though the
# socket itself would let it.
answers_its_owner_only() {
	"$sampan" ss --name "$name" -l | grep -q LISTEN || return 1
	chmod 666 "$dir/$name.sock"
	! setpriv --reuid="$nobody" --clear-groups env SAMPAN_RUN_DIR="$dir" "$sampan" ss --name "$name" -l \
		2>&1 | tee /dev/stderr | grep -q LISTEN
}

socket_gone() { [ ! -e "$dir/$name.sock" ]; }

bad() {
	local code=$1 pattern=$2 got
	shift 2
	timeout 20 "$sampan" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	cat "$dir/out" "$dir/err"
	[ "$got" = "$code" ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" = 1 ] &&
		grep -Eq -- "$pattern" "$dir/err"
}

ends_by() {
	stop "$1" 5 && socket_gone
}

dies() {
	kill -KILL "$server"
	wait "$server"
	wait_for 5 socket_gone
}

private_root() {
	chmod 700 "$root"
	bad 1 "--root .*/root: the user nobody may not read it" serve --name "$name" --root "$root"
	local result=$?
	chmod 755 "$root"
	return $result
}

check "serve starts" start "$name" --root "$root"
check "it says so" grep -q '^Sandbox: user nobody, no capabilities, seccomp' "$dir/$name.log"
check "no user, no capability, no new rights, a filter" has_nothing
check "nor has its janitor" janitor_has_nothing
check "http serves the folder" serves
check "the control socket answers its owner only" answers_its_owner_only
check "SIGTERM: nothing is left" ends_by TERM
check "it starts again" start "$name" --root "$root"
check "SIGKILL: nothing is left" dies
check "--user" start "$name" --user daemon
check "it is that user" is Uid "$(echo $(id -u daemon) $(id -u daemon) $(id -u daemon) $(id -u daemon))"
check "it ends" ends_by INT
check "--no-sandbox" start "$name" --no-sandbox
check "it says so too" grep -q '^Sandbox: none, as asked' "$dir/$name.log"
check "and has none" is Seccomp 0
check "it ends as well" ends_by INT
check "a folder that the user cannot read" private_root
check "an unknown user" bad 2 "--user nosuch: no such user" serve --user nosuch
check "a user without a sandbox" bad 2 "leave one of them out" serve --user nobody --no-sandbox
check "an instance of the name: its socket stays" start "$name"
check "the second one is refused" bad 1 "choose another --name" serve --name "$name"
check "and the first still answers" "$sampan" ss --name "$name" -l
check "it ends at last" ends_by TERM
finish_tests
