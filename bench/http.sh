#!/usr/bin/env bash
# http.sh - requests a second: `sampan serve` over its TAP against nginx on the kernel over veth.
#
# usage: bench/http.sh [CONNECTIONS [SECONDS [RUNS]]]     default 64 5 3
#
# The same kernel client (wrk, one thread), the same file of 1 KiB, the same fields in the head,
# one worker, no access log; runs of both alternate.  Prints a table: median, least and most.
# A run with an error or another status has no figure.  Needs root, wrk and nginx.
set -u
connections=${1:-64} seconds=${2:-5} runs=${3:-3}
top=$(cd "$(dirname "$0")/.." && pwd)
sampan=${SAMPAN:-$top/build/sampan}
for tool in wrk nginx ip curl; do
	command -v "$tool" >/dev/null || { echo "bench/http.sh: no $tool: apt-get install $tool" >&2; exit 1; }
done
[ -x "$sampan" ] || { echo "bench/http.sh: no $sampan: run make" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "bench/http.sh: needs root" >&2; exit 1; }

here=sampan-http-a-$$ there=sampan-http-b-$$
dir=$(mktemp -d /tmp/sampan-http-XXXXXX)
export SAMPAN_RUN_DIR=$dir
pids=()
clean_up() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	ip netns del "$here" 2>/dev/null
	ip netns del "$there" 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

mkdir "$dir/root" && head -c 1024 /dev/urandom >"$dir/root/file.bin" && touch -d 2020-01-01 "$dir/root/file.bin"
chmod 755 "$dir" "$dir/root"
ip netns add "$here" && ip netns add "$there" || exit 1
ip -n "$here" link add client0 type veth peer name server0 netns "$there"
ip -n "$here" addr add 10.78.0.1/24 dev client0
ip -n "$there" addr add 10.78.0.2/24 dev server0
ip -n "$here" link set client0 up
ip -n "$there" link set server0 up

cat >"$dir/nginx.conf" <<END
daemon off;
master_process off;
pid $dir/nginx.pid;
error_log $dir/error.log;
events { worker_connections 20000; }
http {
	access_log off;
	server_tokens off;
	default_type application/octet-stream;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	open_file_cache max=512 inactive=10s;
	open_file_cache_valid 1s;
	client_body_temp_path $dir;
	proxy_temp_path $dir;
	fastcgi_temp_path $dir;
	uwsgi_temp_path $dir;
	scgi_temp_path $dir;
	server { listen 10.78.0.2:80 backlog=4096; root $dir/root; }
}
END
ulimit -n 65536 2>/dev/null
ip netns exec "$there" nginx -c "$dir/nginx.conf" >"$dir/nginx.log" 2>&1 &
pids+=("$!")
ip netns exec "$here" "$sampan" serve --services http --root "$dir/root" >"$dir/sampan.log" 2>&1 &
pids+=("$!")
serve_pid=$!

url_of() { [ "$1" = nginx ] && echo http://10.78.0.2/file.bin || echo http://10.77.0.2/file.bin; }
for who in nginx sampan; do
	ip netns exec "$here" curl -sS --retry 20 --retry-connrefused --retry-delay 1 -D "$dir/$who.head" \
		-o "$dir/$who.body" "$(url_of "$who")" || { cat "$dir"/*.log >&2; exit 1; }
	cmp "$dir/$who.body" "$dir/root/file.bin" || exit 1
done

# run WHO: requests a second, or nothing if something was wrong.
run() {
	ip netns exec "$here" wrk -t 1 -c "$connections" -d "$seconds" "$(url_of "$1")" >"$dir/wrk" 2>&1
	grep -Eq 'Socket errors|Non-2xx' "$dir/wrk" && { cat "$dir/wrk" >&2; return; }
	sed -n 's/^Requests\/sec: *//p' "$dir/wrk" >>"$dir/$1.rates"
}
for ((i = 0; i < runs; i++)); do
	run nginx
	[ -n "${PROFILE:-}" ] && [ "$i" = 0 ] && { perf record -o "$PROFILE" -g -p "$serve_pid" -- sleep "$seconds" >/dev/null 2>&1 & }
	run sampan
done

summary() { sort -n "$dir/$1.rates" | awk '{ v[NR] = $1 } END { printf "%.0f %.0f %.0f", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
read -r nginx nginx_least nginx_most <<<"$(summary nginx)"
read -r ours ours_least ours_most <<<"$(summary sampan)"
echo "http, $connections connections, $runs runs of $seconds s, file of 1024 bytes," \
	"heads of $(wc -c <"$dir/nginx.head") (nginx) and $(wc -c <"$dir/sampan.head") bytes"
echo "$(uname -sr), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors," \
	"commit $(git -C "$top" rev-parse --short HEAD), load $(cut -d' ' -f1 /proc/loadavg)"
printf '%-24s %10s %10s %10s\n' 'requests/s' median least most
printf '%-24s %10s %10s %10s\n' 'nginx, kernel, veth' "$nginx" "$nginx_least" "$nginx_most"
printf '%-24s %10s %10s %10s\n' 'sampan, TAP' "$ours" "$ours_least" "$ours_most"
awk -v a="$ours" -v b="$nginx" 'BEGIN { printf "%-24s %10.2f\n", "ratio", a / b }'
