/*
 * kernel.c - an end that is the running kernel: a namespace, a TAP whose other
 * side this process holds, and a child in the namespace that sends or receives.
 *
 * The namespace has no name and is gone with the child.
 */
#include "path/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE_BYTES (256u << 10)

struct path_shared *
path_shared_new(void)
{
	void *memory = mmap(NULL, sizeof(struct path_shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool
complain(const char *what)
{
	(void)fprintf(stderr, "sampan-path: %s: %s\n", what, strerror(errno));
	return false;
}

/* ---- The child ---- */

static struct sockaddr_in
address_of(const struct path_end *end, enum path_side side)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(PATH_PORT) };

	in.sin_addr.s_addr = htonl(0x0a630000u | end->flow << 8 | (side == PATH_FROM ? 1 : 2));
	return in;
}

/* Reads until the end; what it reads counts, if somebody counts. */
static void
drain(int fd, struct path_shared *counts)
{
	static uint8_t bytes[PIECE_BYTES];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		if (counts != NULL)
			atomic_fetch_add(&counts->read_bytes, (uint64_t)n);
	}
}

static void
receive(const struct path_end *end)
{
	const struct sockaddr_in here = address_of(end, PATH_TO);
	const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) != 0 || listen(fd, 16) != 0)
		return;
	for (;;) {
		const int one = accept(fd, NULL, NULL);

		if (one < 0)
			continue;
		drain(one, end->shared);
		(void)close(one);
	}
}

static bool
send_all(int fd, uint64_t bytes)
{
	static const uint8_t zeros[PIECE_BYTES];

	while (bytes > 0) {
		const size_t len = bytes < sizeof(zeros) ? (size_t)bytes : sizeof(zeros);
		const ssize_t n = write(fd, zeros, len);

		if (n <= 0)
			return false;
		bytes -= (uint64_t)n;
	}
	return true;
}

/* As the socket itself says: a namespace may refuse one and keep another. */
static bool
set_control(int fd, const struct path_end *end)
{
	socklen_t len = PATH_NAME - 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, end->task.cc,
	    (socklen_t)strlen(end->task.cc));
	return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, end->shared->cc_in_force, &len) == 0;
}

static void
transfer(const struct path_end *end)
{
	const struct sockaddr_in peer = address_of(end, PATH_TO);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	const sampan_time begun_at = sampan_clock();
	struct path_shared *shared = end->shared;

	if (fd >= 0 && set_control(fd, end) &&
	    connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) == 0 &&
	    send_all(fd, end->task.bytes == 0 ? UINT64_MAX : end->task.bytes) &&
	    shutdown(fd, SHUT_WR) == 0) {
		drain(fd, NULL);
		if (shared->done < PATH_TRANSFERS)
			shared->took_ns[shared->done] = sampan_clock() - begun_at;
		atomic_fetch_add(&shared->done, 1);
	} else {
		atomic_fetch_add(&shared->failed, 1);
	}
	(void)close(fd);
}

static _Noreturn void
live(const struct path_end *end)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (end->side == PATH_TO)
		receive(end);
	while (!atomic_load(&end->shared->go))
		(void)usleep(1000);
	while (end->side == PATH_FROM && atomic_load(&end->shared->failed) < 10)
		transfer(end);
	_exit(0);
}

/* ---- The namespace ---- */

static void
set(const char *name, const char *value)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, value, strlen(value));
		(void)close(fd);
	}
}

static void
set_up(const struct path_end *end)
{
	char buffer[64];

	set("ipv6/conf/all/disable_ipv6", "1");
	set("ipv6/conf/default/disable_ipv6", "1");
	set("ipv4/tcp_no_metrics_save", "1");
	set("ipv4/tcp_congestion_control", end->task.cc);
	(void)snprintf(buffer, sizeof(buffer), "4096 131072 %llu",
	    (unsigned long long)end->task.buffer_bytes);
	set("ipv4/tcp_rmem", buffer);
	(void)snprintf(buffer, sizeof(buffer), "4096 65536 %llu",
	    (unsigned long long)end->task.buffer_bytes);
	set("ipv4/tcp_wmem", buffer);
}

static bool
open_inside(struct path_end *end)
{
	char spec[64], why[SAMPAN_WHY_BYTES];

	(void)snprintf(spec, sizeof(spec), "tap:path%u,host=10.99.%u.%u/24",
	    end->flow * 2 + end->side, end->flow, end->side == PATH_FROM ? 1u : 2u);
	set_up(end);
	if (sampan_link_open(spec, &end->tap, why, sizeof(why)) != 0) {
		(void)fprintf(stderr, "sampan-path: %s\n", why);
		return false;
	}
	end->child = fork();
	if (end->child == 0)
		live(end);
	return end->child > 0 || complain("fork");
}

bool
path_kernel_open(struct path_end *end)
{
	const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool good;

	if (home < 0 || unshare(CLONE_NEWNET) != 0)
		return complain("a network namespace");
	good = open_inside(end);
	if (setns(home, CLONE_NEWNET) != 0)
		good = complain("back to the first namespace");
	(void)close(home);
	return good;
}

void
path_kernel_close(struct path_end *end)
{
	if (end->child > 0) {
		(void)kill(end->child, SIGKILL);
		(void)waitpid(end->child, NULL, 0);
	}
	if (end->tap != NULL)
		sampan_link_close(end->tap);
}
