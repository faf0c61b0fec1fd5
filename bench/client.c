/*
 * client.c - see client.h.
 *
 * What is sent is a pattern that repeats after a prime number of bytes, so
 * that a piece lost, doubled or moved shows.
 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <sampan/host.h>

#include "kernel.h"
#include "message.h"

#define PATIENCE_S 10
#define STREAM_BYTES (256u << 10)
#define PIECE_BYTES (64u << 10)
#define PERIOD_BYTES 65521u		/* the largest prime below 2^16 */

/* One period and as much again: any piece that begins in the first. */
static uint8_t pattern[PERIOD_BYTES + STREAM_BYTES];

__attribute__((format(printf, 2, 3)))
static bool
fail(struct client_run *run, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	(void)vsnprintf(run->why, sizeof(run->why), why, args);
	va_end(args);
	return false;
}

static void
make_pattern(void)
{
	for (uint32_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)((i % PERIOD_BYTES + 1) * 2654435761u >> 24);
}

static int
dial(const char *address, uint16_t port)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	char mapped[64] = "::ffff:";
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0)
		return -1;
	if (strchr(address, ':') == NULL)
		address = strncat(mapped, address, sizeof(mapped) - sizeof("::ffff:"));
	(void)inet_pton(AF_INET6, address, &to.sin6_addr);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool
client_knock(const char *address)
{
	const int fd = dial(address, KERNEL_ECHO_PORT);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static double
seconds_since(sampan_time start)
{
	return (double)(sampan_clock() - start) / 1e9;
}

/* The end: our FIN is out, the server's has come.  Is everything there? */
static bool
finish(struct client_run *run, int fd, uint64_t sent)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return fail(run, "TCP_INFO: %s", strerror(errno));
	run->retransmissions = info.tcpi_total_retrans;
	/* SYN and FIN count for one each, and the FIN may not be through yet. */
	return info.tcpi_bytes_acked >= sent ||
	    fail(run, "%llu bytes sent, %llu acknowledged", (unsigned long long)sent,
		(unsigned long long)info.tcpi_bytes_acked);
}

static bool
stream_on(struct client_run *run, int fd)
{
	const sampan_time start = sampan_clock();
	uint64_t sent = 0;
	uint8_t byte;

	while (seconds_since(start) < run->seconds) {
		const ssize_t n = write(fd, pattern + sent % PERIOD_BYTES, STREAM_BYTES);

		if (n <= 0)
			return fail(run, "write: %s", strerror(errno));
		sent += (uint64_t)n;
	}
	(void)shutdown(fd, SHUT_WR);
	if (read(fd, &byte, 1) != 0)
		return fail(run, "discard did not end: %s", strerror(errno));
	run->rate = (double)sent / 1e6 / seconds_since(start);
	return finish(run, fd, sent);
}

/* What an echo still has to do. */
struct echo {
	int fd;
	uint64_t sent, received;
	bool ended;			/* our FIN is out */
};

/* Sends a piece, if there is room. */
static bool
echo_send(struct client_run *run, struct echo *e)
{
	const ssize_t n = write(e->fd, pattern + e->sent % PERIOD_BYTES, PIECE_BYTES);

	if (n < 0 && errno != EAGAIN)
		return fail(run, "write: %s", strerror(errno));
	e->sent += n > 0 ? (uint64_t)n : 0;
	return true;
}

/* Takes a piece and compares it.  *over: the server has sent all. */
static bool
echo_take(struct client_run *run, struct echo *e, bool *over)
{
	static uint8_t piece[PIECE_BYTES];
	const ssize_t n = read(e->fd, piece, sizeof(piece));

	*over = n == 0;
	if (n < 0)
		return errno == EAGAIN || fail(run, "read: %s", strerror(errno));
	if (memcmp(piece, pattern + e->received % PERIOD_BYTES, (size_t)n) != 0)
		return fail(run, "the echo differs after %llu bytes",
		    (unsigned long long)e->received);
	e->received += (uint64_t)n;
	return true;
}

/* One wait, and what it allows. */
static bool
echo_turn(struct client_run *run, struct echo *e, bool *over)
{
	struct pollfd p = {
		.fd = e->fd,
		.events = (short)(e->ended ? POLLIN : POLLIN | POLLOUT),
	};

	if (poll(&p, 1, PATIENCE_S * 1000) <= 0)
		return fail(run, "nothing moves after %llu bytes there and %llu back",
		    (unsigned long long)e->sent, (unsigned long long)e->received);
	if ((p.revents & POLLOUT) != 0 && !echo_send(run, e))
		return false;
	return (p.revents & ~POLLOUT) == 0 || echo_take(run, e, over);
}

static bool
echo_on(struct client_run *run, int fd)
{
	const sampan_time start = sampan_clock();
	struct echo e = { .fd = fd };
	bool over = false;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while (!over) {
		if (!e.ended && seconds_since(start) >= run->seconds) {
			(void)shutdown(fd, SHUT_WR);
			e.ended = true;
		}
		if (!echo_turn(run, &e, &over))
			return false;
	}
	if (e.received != e.sent || !e.ended)
		return fail(run, "%llu bytes there, %llu back", (unsigned long long)e.sent,
		    (unsigned long long)e.received);
	run->rate = (double)e.received / 1e6 / seconds_since(start);
	return finish(run, fd, e.sent);
}

static bool
ping_on(struct client_run *run, int fd)
{
	const sampan_time start = sampan_clock();
	uint32_t round = 0;

	while (seconds_since(start) < run->seconds) {
		const struct message sent = message_make(0, ++round);
		struct message m;

		if (write(fd, &sent, sizeof(sent)) != (ssize_t)sizeof(sent))
			return fail(run, "write: %s", strerror(errno));
		if (recv(fd, &m, sizeof(m), MSG_WAITALL) != (ssize_t)sizeof(m))
			return fail(run, "read: %s", strerror(errno));
		if (!message_equal(&sent, &m))
			return fail(run, "echo %u differs", round);
	}
	run->rate = round / seconds_since(start);
	return finish(run, fd, (uint64_t)round * sizeof(struct message));
}

static bool
with_connection(struct client_run *run, uint16_t port,
    bool (*fn)(struct client_run *run, int fd))
{
	const int fd = dial(run->address, port);
	bool good;

	if (fd < 0)
		return fail(run, "connect: %s", strerror(errno));
	make_pattern();
	good = fn(run, fd);
	(void)close(fd);
	return good;
}

bool
client_stream(struct client_run *run)
{
	return with_connection(run, KERNEL_DISCARD_PORT, stream_on);
}

bool
client_echo(struct client_run *run)
{
	return with_connection(run, KERNEL_ECHO_PORT, echo_on);
}

bool
client_ping(struct client_run *run)
{
	return with_connection(run, KERNEL_ECHO_PORT, ping_on);
}
