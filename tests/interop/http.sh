#!/usr/bin/env bash
# http.sh - the http service on a TAP, asked by the programs people have.
#
# SAMPAN_FULL=1: 1 GiB instead of 64 MiB, wrk, and a browser.
# Prints TAP (testanything.org).
. "$(dirname "$0")/lib.bash"
begin http
command -v curl >/dev/null || skip_all "no curl"
mib=64
[ "$full" = 1 ] && mib=1024
url=http://10.77.0.2
root=$dir/root
mkdir -p "$root/sub dir" "$root/list"
printf 'hello world\n' >"$root/a.txt"
printf '<h1>index</h1>\n' >"$root/sub dir/index.html"
printf secret >"$dir/secret"
ln -s ../secret "$root/out"
mkfifo "$root/fifo"
touch "$root/list/one" "$root/list/two.png"
head -c "${mib}M" /dev/urandom >"$root/large"
touch -d 2020-01-01 "$root/a.txt"

get() { "${inside[@]}" curl -sS --max-time 600 "$@"; }

# code N ARGUMENTS...: curl's answer has that status.
code() {
	local want=$1 got
	shift
	got=$(get -o /dev/null -w '%{http_code}' "$@")
	[ "$got" = "$want" ] || { echo "$got, not $want: $*"; return 1; }
}

# raw TEXT: what comes back for bytes that curl would not send.
raw() { printf "$1" | "${inside[@]}" timeout 20 nc -N 10.77.0.2 80; }

body_and_type() {
	[ "$(get "$url/a.txt")" = "hello world" ] && [ "$(get "$url/sub%20dir/")" = "<h1>index</h1>" ] &&
		get -I "$url/a.txt" | grep -q 'Content-Type: text/plain; charset=utf-8'
}

head_is_only_the_head() { get -I "$url/large" | grep -q "Content-Length: $((mib << 20))"; }

moved() { [ "$(get -L "$url/sub%20dir")" = "<h1>index</h1>" ] && code 301 "$url/sub%20dir"; }

listed() { get "$url/list/" | grep -q '<a href="./two.png">' && get "$url/" | grep -q '<a href="./sub%20dir/">'; }

stays_inside() {
	code 404 "$url/out" && code 400 --path-as-is "$url/../secret" && code 400 "$url/%2e%2e/secret" &&
		code 404 "$url/..%2fsecret" && code 403 "$url/fifo" && code 404 "$url/none" &&
		code 400 "$url/a.txt%00" && code 200 --path-as-is "$url/list/../a.txt"
}

resumes() {
	head -c 1000000 "$root/large" >"$dir/part"
	get -C - -o "$dir/part" "$url/large" && cmp "$dir/part" "$root/large"
}

ranges() {
	[ "$(get -r 6-8 "$url/a.txt")" = wor ] && [ "$(get -r -6 "$url/a.txt")" = "world" ] &&
		code 416 -r 100- "$url/a.txt" && get -r 0-1,6-8 "$url/a.txt" | grep -a -q 'bytes 6-8/12'
}

conditions() {
	local etag
	etag=$(get -I "$url/a.txt" | tr -d '\r' | sed -n 's/^ETag: //p')
	code 304 -H "If-None-Match: $etag" "$url/a.txt" && code 200 -H 'If-None-Match: "x"' "$url/a.txt" &&
		code 304 -z "$root/a.txt" "$url/a.txt" && code 200 -z 2019-01-01 "$url/a.txt" &&
		code 412 -H 'If-Match: "x"' "$url/a.txt"
}

one_connection() {
	get -v "$url/a.txt" "$url/a.txt" "$url/none" -o /dev/null -o /dev/null -o /dev/null 2>&1 |
		tee /dev/stderr | grep -c 'Re-using existing connection' | grep -qx 2
}

old_versions() {
	code 200 -0 "$url/a.txt" && raw 'GET /a.txt HTTP/1.0\r\n\r\n' | grep -q 'Connection: close' &&
		raw 'GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n' | grep -q 'Connection: keep-alive'
}

refusals() {
	code 405 -X POST -d data "$url/a.txt" && code 405 -T "$root/large" "$url/new" &&
		code 501 -X FROB "$url/" && code 414 "$url/$(printf 'a%.0s' {1..9000})" &&
		code 431 -H "X: $(printf 'a%.0s' {1..17000})" "$url/" && raw 'GET / HTTP/1.1\r\n\r\n' | grep -q ' 400 ' &&
		raw 'GET / HTTP/3.0\r\nHost: h\r\n\r\n' | grep -q ' 505 ' && raw '\x16\x03\x01\n' | grep -q ' 400 ' &&
		code 200 --http2 "$url/a.txt"
}

pipelined() {
	local requests='' i
	for ((i = 0; i < 100; i++)); do
		requests+='GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n'
	done
	[ "$(raw "$requests" | grep -c 'hello world')" = 100 ]
}

whole_file() {
	sha256sum <"$root/large" >"$dir/sent"
	get "$url/large" | sha256sum >"$dir/received"
	cat "$dir/sent" "$dir/received"
	cmp "$dir/sent" "$dir/received"
}

many_at_once() {
	local i pids=()
	for ((i = 0; i < 20; i++)); do
		get -o "$dir/many.$i" -r 0-2999999 "$url/large" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for ((i = 0; i < 20; i++)); do
		cmp "$dir/many.$i" <(head -c 3000000 "$root/large") || return 1
		rm "$dir/many.$i"
	done
}

logged() {
	wait_for 5 grep -q '"POST /a.txt HTTP/1.1" 405' "$dir/access" && grep -q '^10.77.0.1 - - \[' "$dir/access" &&
		grep -q 'curl/' "$dir/access"
}

# A download under way is finished after SIGTERM, within the limit.
ends_politely() {
	get -o "$dir/late" --limit-rate 8M -r 0-9999999 "$url/large" &
	local late=$!
	wait_for 5 test -s "$dir/late"
	stop TERM 5 && wait "$late" && cmp "$dir/late" <(head -c 10000000 "$root/large")
}

# Somebody reads nothing: the second signal does not wait for that.
second_signal_ends_at_once() {
	"${inside[@]}" bash -c 'exec 3<>/dev/tcp/10.77.0.2/80; printf "GET /large HTTP/1.0\r\n\r\n" >&3; sleep 60' &
	started+=("$!")
	sleep 0.5
	kill -TERM "$server"
	sleep 0.3
	kill -0 "$server" || { echo "gone after the first"; return 1; }
	kill -TERM "$server"
	wait_for 1 gone && wait "$server"
}

restarts_at_once() {
	local i
	for i in 1 2 3; do
		start "$name" --root "$root" && code 200 "$url/a.txt" && stop TERM 5 || return 1
	done
	start "$name" --root "$root" --access-log "$dir/access"
}

# refuses PATTERN ARGUMENTS...: one line that fits, and exit code 1.
refuses() {
	local pattern=$1
	shift
	"${inside[@]}" timeout 10 "$sampan" serve --name "$name" "$@" >"$dir/out" 2>"$dir/err"
	[ $? = 1 ] && cat "$dir/err" && [ "$(wc -l <"$dir/err")" = 1 ] && grep -q "$pattern" "$dir/err"
}

welcome() {
	get "$url/" | grep -q 'What to try' && get -I "$url/boat.svg" | grep -q 'image/svg+xml'
}

presses() {
	"${inside[@]}" wrk -t 2 -c 1000 -d 20 "$url/a.txt" | tee "$dir/wrk"
	cat "$dir/wrk"
	grep -q 'Requests/sec' "$dir/wrk" && ! grep -Eq 'Socket errors|Non-2xx' "$dir/wrk"
}

browses() {
	"${inside[@]}" timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--user-data-dir="$dir/browser" --virtual-time-budget=5000 --dump-dom "$url/" >"$dir/dom" 2>"$dir/browser.err"
	grep -q '<code>nc <span class="host">10.77.0.2</span> 5000</code>' "$dir/dom" || return 1
	for picture in boat.svg path.svg handshake.svg; do
		wait_for 5 grep -q "\"GET /$picture HTTP/1.1\" 200" "$dir/access" || { echo "no $picture"; return 1; }
	done
}

check "serve starts with a folder" start "$name" --root "$root" --access-log "$dir/access"
check "files and their types" body_and_type
check "HEAD" head_is_only_the_head
check "a folder without its slash moves" moved
check "a folder is listed" listed
check "nothing outside the folder" stays_inside
check "ranges" ranges
check "a download is resumed" resumes
check "conditional requests" conditions
check "a connection is used again" one_connection
check "HTTP/1.0" old_versions
check "what is wrong is refused with the right status" refusals
check "100 requests in a pipeline" pipelined
check "$mib MiB, equal by SHA-256" whole_file
check "20 downloads at once" many_at_once
check "the access log" logged
if [ "$full" = 1 ] && command -v wrk >/dev/null; then
	check "wrk: 1,000 connections for 20 s without an error" presses
fi
check "SIGTERM lets a download finish" ends_politely
check "it starts again on the same port at once" restarts_at_once
check "a second signal ends it at once" second_signal_ends_at_once
check "without a folder: the welcome page" start "$name" --access-log "$dir/access"
check "and its pictures" welcome
if [ "$full" = 1 ]; then
	if command -v chromium >/dev/null; then
		check "Chromium loads the page and its pictures" browses
	else
		count=$((count + 1))
		echo "ok $count - Chromium # SKIP no chromium"
	fi
fi
check "it ends" stop INT 5
check "no such folder" refuses "No such file" --root "$dir/none"
check "a folder that is a file" refuses "Not a directory" --root "$root/a.txt"
check "a log that cannot be written" refuses "No such file" --access-log "$dir/none/log"
finish_tests
