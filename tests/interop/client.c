/*
 * client.c - many kernel TCP clients at once, in one process with epoll.
 *
 *	client echo ADDR PORT CLIENTS BYTES
 *		each sends so many bytes, a function of its number and the
 *		place in its stream, ends its side, and expects the same back
 *		and then the end of the stream
 *	client hold ADDR PORT CLIENTS
 *		connects them, prints "holding", and closes when stdin ends
 *
 * Exit: 0 if all of that happened, 1 and a line on stderr if not, 2 if the
 * command line is wrong.  IPv4 only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 16384
#define PATIENCE_MS 60000

struct client {
	int fd;
	uint32_t number;
	uint64_t sent, received;
};

struct run {
	struct sockaddr_storage server;	/* of either family */
	socklen_t server_len;
	int epoll_fd;
	uint64_t bytes;		/* each */
	uint32_t clients;
	uint32_t open;		/* not yet done */
	struct client *all;
};

static _Noreturn void
fail(const struct client *c, const char *what)
{
	(void)fprintf(stderr, "client %u: %s: %s after %llu bytes sent, %llu received\n",
	    c->number, what, strerror(errno), (unsigned long long)c->sent,
	    (unsigned long long)c->received);
	exit(1);
}

/* The byte at a place of a client's stream. */
static uint8_t
byte_of(uint32_t number, uint64_t at)
{
	const uint64_t x = (at / 8 + 1) * 0x9e3779b97f4a7c15u ^ number * 0xd1342543de82ef95u;

	return (uint8_t)(x >> (at % 8 * 8));
}

static void
watch(const struct run *r, struct client *c, int op, uint32_t interest)
{
	struct epoll_event e = { .events = interest, .data = { .ptr = c } };

	if (epoll_ctl(r->epoll_fd, op, c->fd, &e) != 0)
		fail(c, "epoll_ctl");
}

static void
start(const struct run *r, struct client *c)
{
	c->fd = socket(r->server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		fail(c, "socket");
	if (connect(c->fd, (const struct sockaddr *)&r->server, r->server_len) != 0 &&
	    errno != EINPROGRESS)
		fail(c, "connect");
	watch(r, c, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

/* Sends what there is room for; behind the last byte ends the stream. */
static void
send_more(const struct run *r, struct client *c)
{
	uint8_t piece[PIECE_BYTES];
	const uint64_t left = r->bytes - c->sent;
	const size_t len = left < sizeof(piece) ? (size_t)left : sizeof(piece);
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		piece[i] = byte_of(c->number, c->sent + i);
	n = send(c->fd, piece, len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		fail(c, "send");
	if (n > 0)
		c->sent += (uint64_t)n;
	if (c->sent < r->bytes)
		return;
	if (shutdown(c->fd, SHUT_WR) != 0)
		fail(c, "shutdown");
	watch(r, c, EPOLL_CTL_MOD, EPOLLIN);
}

static void
check(struct client *c, const uint8_t *piece, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (piece[i] != byte_of(c->number, c->received + i)) {
			errno = EBADMSG;
			fail(c, "a wrong byte came back");
		}
	}
	c->received += len;
}

static void
receive_more(struct run *r, struct client *c)
{
	uint8_t piece[PIECE_BYTES];
	const ssize_t n = recv(c->fd, piece, sizeof(piece), 0);

	if (n < 0 && errno != EAGAIN)
		fail(c, "recv");
	if (n > 0)
		check(c, piece, (size_t)n);
	if (n != 0)
		return;
	if (c->received != r->bytes) {
		errno = EPIPE;
		fail(c, "the stream ended early");
	}
	(void)close(c->fd);
	r->open--;
}

static void
handle(struct run *r, struct client *c, uint32_t ready)
{
	if (ready & EPOLLOUT && c->sent < r->bytes)
		send_more(r, c);
	if (ready & (EPOLLIN | EPOLLERR | EPOLLHUP))
		receive_more(r, c);
}

static void
run_echo(struct run *r)
{
	struct epoll_event ready[256];

	for (uint32_t i = 0; i < r->clients; i++)
		start(r, &r->all[i]);
	while (r->open > 0) {
		const int n = epoll_wait(r->epoll_fd, ready, 256, PATIENCE_MS);

		if (n <= 0) {
			(void)fprintf(stderr, "%u of %u clients are stuck\n", r->open, r->clients);
			exit(1);
		}
		for (int i = 0; i < n; i++)
			handle(r, ready[i].data.ptr, ready[i].events);
	}
	(void)printf("%u clients, %llu bytes each: all came back\n", r->clients,
	    (unsigned long long)r->bytes);
}

static void
run_hold(struct run *r)
{
	for (uint32_t i = 0; i < r->clients; i++) {
		struct client *c = &r->all[i];

		c->fd = socket(r->server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (c->fd < 0 ||
		    connect(c->fd, (const struct sockaddr *)&r->server, r->server_len) != 0)
			fail(c, "connect");
	}
	(void)puts("holding");
	(void)fflush(stdout);
	while (getchar() != EOF)
		;
}

static bool
read_server(struct run *r, const char *addr, const char *port)
{
	const uint16_t number = htons((uint16_t)strtoul(port, NULL, 10));
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = number };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = number };

	if (inet_pton(AF_INET, addr, &v4.sin_addr) == 1) {
		memcpy(&r->server, &v4, sizeof(v4));
		r->server_len = sizeof(v4);
	} else if (inet_pton(AF_INET6, addr, &v6.sin6_addr) == 1) {
		memcpy(&r->server, &v6, sizeof(v6));
		r->server_len = sizeof(v6);
	}
	return r->server_len != 0;
}

int
main(int argc, char **argv)
{
	struct run r = { .server_len = 0 };
	const bool echo = argc == 6 && strcmp(argv[1], "echo") == 0;
	const bool hold = argc == 5 && strcmp(argv[1], "hold") == 0;

	if ((!echo && !hold) || !read_server(&r, argv[2], argv[3])) {
		(void)fprintf(stderr, "usage: client echo ADDR PORT CLIENTS BYTES\n"
		    "       client hold ADDR PORT CLIENTS\n");
		return 2;
	}
	r.clients = (uint32_t)strtoul(argv[4], NULL, 10);
	r.open = r.clients;
	r.bytes = echo ? strtoull(argv[5], NULL, 10) : 0;
	r.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r.all = calloc(r.clients, sizeof(*r.all));
	if (r.epoll_fd < 0 || r.all == NULL)
		return 1;
	for (uint32_t i = 0; i < r.clients; i++)
		r.all[i].number = i;
	if (echo)
		run_echo(&r);
	else
		run_hold(&r);
	return 0;
}
