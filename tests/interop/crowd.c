/*
 * crowd.c - kernel TCP clients of all kinds, many at once, with epoll.
 *
 *	crowd together ADDR CLIENTS BYTES SEED
 *		all connect to echo and wait until everybody is connected;
 *		then each sends so many bytes in pieces of random lengths,
 *		expects them back, and leaves in a random way: with a FIN, a
 *		reset, or by ending its own side first
 *	crowd mixed ADDR CLIENTS SECONDS SEED
 *		so many at a time, of all kinds below; whoever is done is
 *		replaced until the time is over
 *	crowd silent ADDR CLIENTS FROM BYTES
 *		connect from the address FROM, get BYTES back from echo, print
 *		"holding", keep still until stdin ends, and exit
 *
 * Every byte that comes back is a function of the client's number and its
 * place, and is looked at.  Exit: 0 if all went as it should, 1 and a line on
 * stderr if not, 2 if the command line is wrong.  IPv4 only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES 16384
#define PATIENCE_MS 120000

enum kind {
	ECHO,		/* as in `together` */
	DISCARD,	/* sends only */
	CHARGEN,	/* reads only, and leaves in the middle of it */
	DAYTIME,	/* reads to the end of the stream */
	ABRUPT,		/* resets the connection while bytes are on their way both ways */
	DEAF,		/* sends until nothing goes any more, then closes without reading */
	TOUCH,		/* connects and closes */
	SCAN,		/* knocks where nobody listens */
	KINDS,
};

static const struct {
	const char *name;
	uint16_t port;
	bool sends, reads;
} kinds[KINDS] = {
	[ECHO] = { "echo", 7, true, true },
	[DISCARD] = { "discard", 9, true, true },
	[CHARGEN] = { "chargen", 19, false, true },
	[DAYTIME] = { "daytime", 13, false, true },
	[ABRUPT] = { "abrupt", 7, true, true },
	[DEAF] = { "deaf", 7, true, false },
	[TOUCH] = { "touch", 7, false, false },
	[SCAN] = { "scan", 0, false, false },
};

enum farewell { FIN, RESET, HALF_CLOSE, FAREWELLS };

struct client {
	int fd;			/* -1: none */
	uint32_t number;
	enum kind kind;
	enum farewell farewell;
	bool connected, shut, asleep;
	uint64_t lots;		/* state of its random numbers */
	uint64_t total, sent, received;
	int64_t born_ms, wake_ms;
};

struct crowd {
	struct in_addr addr, from;
	int epoll_fd;
	bool together;		/* nobody begins before all are there */
	bool begun;
	bool replaces;		/* until the time is over */
	uint32_t size, alive, connected;
	uint32_t next_number;
	uint64_t bytes;		/* of each; 0: random */
	uint64_t done[KINDS], moved;
	int64_t now_ms, end_ms;
	struct client *all;
};

static int64_t
clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static _Noreturn void
fail(const struct client *c, const char *what, int error)
{
	(void)fprintf(stderr, "%s client %u: %s: %s after %llu of %llu bytes sent, %llu received\n",
	    kinds[c->kind].name, c->number, what, strerror(error), (unsigned long long)c->sent,
	    (unsigned long long)c->total, (unsigned long long)c->received);
	exit(1);
}

/* SplitMix64 (Steele et al. 2014). */
static uint64_t
lot(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* From 1 to most, each power of two as likely as the next. */
static size_t
random_length(struct client *c, size_t most)
{
	const unsigned bits = (unsigned)(lot(&c->lots) % 15);
	const size_t n = 1 + (size_t)(lot(&c->lots) % (1u << bits));

	return n < most ? n : most;
}

/* ---- What is sent, and what comes ---- */

static uint8_t
byte_of(const struct client *c, uint64_t at)
{
	const uint64_t line = at / 74, column = at % 74;
	const uint64_t x = (at / 8 + 1) * 0x9e3779b97f4a7c15u ^ c->number * 0xd1342543de82ef95u;

	if (c->kind != CHARGEN)
		return (uint8_t)(x >> (at % 8 * 8));
	if (column >= 72)
		return column == 72 ? '\r' : '\n';
	return (uint8_t)(' ' + (line + column) % 95);	/* RFC 864 */
}

static void
watch(const struct crowd *w, struct client *c, int op)
{
	const bool sends = !c->connected || (kinds[c->kind].sends && c->sent < c->total);
	const bool waits = c->asleep || (w->together && !w->begun && c->connected);
	struct epoll_event e = { .data = { .ptr = c } };

	if (!waits)
		e.events = (sends ? EPOLLOUT : 0u) | (kinds[c->kind].reads ? EPOLLIN : 0u);
	if (epoll_ctl(w->epoll_fd, op, c->fd, &e) != 0)
		fail(c, "epoll_ctl", errno);
}

/* ---- The end of a client ---- */

static void
begin(struct crowd *w, struct client *c);

static void
leave(struct crowd *w, struct client *c, bool reset)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	(void)close(c->fd);
	c->fd = -1;
	w->done[c->kind]++;
	w->moved += c->sent + c->received;
	w->alive--;
	if (w->replaces && w->now_ms < w->end_ms)
		begin(w, c);
}

static void
fall_asleep(const struct crowd *w, struct client *c, int64_t ms)
{
	c->asleep = true;
	c->wake_ms = w->now_ms + ms;
	watch(w, c, EPOLL_CTL_MOD);
}

/* Has it done what it came for?  Then it leaves. */
static bool
leave_if_done(struct crowd *w, struct client *c)
{
	const bool sent = c->sent == c->total;

	switch (c->kind) {
	case ECHO:
		if (c->received < c->total || c->farewell == HALF_CLOSE)
			return false;
		break;
	case DISCARD:
		if (!sent || c->farewell == HALF_CLOSE)
			return false;
		break;
	case ABRUPT:
	case DEAF:
		if (!sent)
			return false;
		break;
	case CHARGEN:
		if (c->received < c->total)
			return false;
		break;
	case TOUCH:
		break;
	case DAYTIME:
	case SCAN:
	case KINDS:
		return false;
	}
	leave(w, c, c->farewell == RESET || c->kind == ABRUPT);
	return true;
}

/* ---- The life of a client ---- */

static void
begin(struct crowd *w, struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = w->addr };
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = w->from };
	struct client fresh = { .number = w->next_number++, .born_ms = w->now_ms,
	    .lots = c->lots };

	*c = fresh;
	c->kind = w->replaces ? (enum kind)(lot(&c->lots) % KINDS) : ECHO;
	c->farewell = (enum farewell)(lot(&c->lots) % FAREWELLS);
	c->total = w->bytes != 0 ? w->bytes : 1 + lot(&c->lots) % (1u << lot(&c->lots) % 20);
	to.sin_port = htons(c->kind == SCAN ? (uint16_t)(10000 + lot(&c->lots) % 10000) :
	    kinds[c->kind].port);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		fail(c, "socket", errno);
	if (w->from.s_addr != 0 && bind(c->fd, (const void *)&from, sizeof(from)) != 0)
		fail(c, "bind", errno);
	if (connect(c->fd, (const void *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
		fail(c, "connect", errno);
	w->alive++;
	watch(w, c, EPOLL_CTL_ADD);
}

static void
wake_all(struct crowd *w)
{
	for (uint32_t i = 0; i < w->size; i++)
		watch(w, &w->all[i], EPOLL_CTL_MOD);
}

/* False: it has left. */
static bool
note_connected(struct crowd *w, struct client *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (c->kind == SCAN && error == ECONNREFUSED) {
		leave(w, c, false);
		return false;
	}
	if (error != 0 || c->kind == SCAN)
		fail(c, "connect", error);
	c->connected = true;
	w->connected++;
	if (leave_if_done(w, c))
		return false;
	watch(w, c, EPOLL_CTL_MOD);
	if (w->together && w->connected == w->size) {
		w->begun = true;
		wake_all(w);
	}
	return true;
}

/* Behind the last byte a half-closer ends its side. */
static void
end_sending(const struct crowd *w, struct client *c)
{
	if (c->sent < c->total)
		return;
	if (!c->shut && c->farewell == HALF_CLOSE && c->kind <= DISCARD) {
		c->shut = true;
		if (shutdown(c->fd, SHUT_WR) != 0)
			fail(c, "shutdown", errno);
	}
	watch(w, c, EPOLL_CTL_MOD);
}

/* One piece.  False: it has left. */
static bool
send_more(struct crowd *w, struct client *c)
{
	uint8_t piece[PIECE_BYTES];
	const uint64_t left = c->total - c->sent;
	const size_t len = random_length(c, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		piece[i] = byte_of(c, c->sent + i);
	n = send(c->fd, piece, len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		fail(c, "send", errno);
	c->sent += n > 0 ? (uint64_t)n : 0;
	end_sending(w, c);
	if (c->kind != ECHO && leave_if_done(w, c))
		return false;
	if (w->replaces && lot(&c->lots) % 64 == 0)
		fall_asleep(w, c, (int64_t)(lot(&c->lots) % 50));
	return true;
}

/* The end of the stream. */
static void
note_end(struct crowd *w, struct client *c)
{
	const bool whole = c->kind == ECHO ? c->received == c->total : c->kind != CHARGEN;

	if (!whole || (c->kind != DAYTIME && !c->shut))
		fail(c, "the stream ended early", EPIPE);
	leave(w, c, false);
}

static void
receive_more(struct crowd *w, struct client *c)
{
	uint8_t piece[PIECE_BYTES];
	const ssize_t n = recv(c->fd, piece, random_length(c, sizeof(piece)), 0);

	if (n < 0 && errno != EAGAIN)
		fail(c, "recv", errno);
	if (n == 0) {
		note_end(w, c);
		return;
	}
	for (ssize_t i = 0; i < n && c->kind != DAYTIME; i++)
		if (piece[i] != byte_of(c, c->received + (uint64_t)i))
			fail(c, "a wrong byte", EBADMSG);
	c->received += n > 0 ? (uint64_t)n : 0;
	(void)leave_if_done(w, c);
}

static void
handle(struct crowd *w, struct client *c, uint32_t ready)
{
	if (!c->connected) {
		if (!note_connected(w, c))
			return;
		ready &= ~(uint32_t)EPOLLIN;
	}
	if (c->asleep || (w->together && !w->begun))
		return;
	if (ready & EPOLLOUT && kinds[c->kind].sends && c->sent < c->total && !send_more(w, c))
		return;
	if (ready & (EPOLLIN | EPOLLERR | EPOLLHUP))
		receive_more(w, c);
}

/* A deaf one whose bytes go nowhere has seen enough; sleepers wake up. */
static void
look_after(struct crowd *w, struct client *c)
{
	if (c->fd < 0)
		return;
	if (w->now_ms - c->born_ms > PATIENCE_MS)
		fail(c, "stuck", ETIME);
	if (c->kind == DEAF && c->connected && w->now_ms - c->born_ms > 500) {
		leave(w, c, false);
	} else if (c->asleep && w->now_ms >= c->wake_ms) {
		c->asleep = false;
		watch(w, c, EPOLL_CTL_MOD);
	}
}

static void
run(struct crowd *w)
{
	struct epoll_event ready[256];
	int64_t looked_ms = 0;

	for (uint32_t i = 0; i < w->size; i++)
		begin(w, &w->all[i]);
	while (w->alive > 0) {
		const int n = epoll_wait(w->epoll_fd, ready, 256, 10);

		w->now_ms = clock_ms();
		for (int i = 0; i < n; i++)
			handle(w, ready[i].data.ptr, ready[i].events);
		if (w->now_ms - looked_ms < 10)
			continue;
		looked_ms = w->now_ms;
		for (uint32_t i = 0; i < w->size; i++)
			look_after(w, &w->all[i]);
	}
	for (unsigned k = 0; k < KINDS; k++)
		if (w->done[k] > 0)
			(void)printf("%s %llu ", kinds[k].name, (unsigned long long)w->done[k]);
	(void)printf("clients, %llu bytes: all right\n", (unsigned long long)w->moved);
}

/* ---- Silent ones ---- */

static void
echo_once(struct client *c)
{
	uint8_t byte;

	for (; c->sent < c->total; c->sent++) {
		byte = byte_of(c, c->sent);
		if (send(c->fd, &byte, 1, MSG_NOSIGNAL) != 1)
			fail(c, "send", errno);
	}
	for (; c->received < c->total; c->received++)
		if (recv(c->fd, &byte, 1, MSG_WAITALL) != 1 || byte != byte_of(c, c->received))
			fail(c, "recv", errno);
}

static void
run_silent(struct crowd *w)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = w->addr,
	    .sin_port = htons(kinds[ECHO].port) };
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = w->from };

	for (uint32_t i = 0; i < w->size; i++) {
		struct client *c = &w->all[i];

		*c = (struct client){ .number = i, .kind = ECHO, .total = w->bytes };
		c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (c->fd < 0 || bind(c->fd, (const void *)&from, sizeof(from)) != 0 ||
		    connect(c->fd, (const void *)&to, sizeof(to)) != 0)
			fail(c, "connect", errno);
		echo_once(c);
	}
	(void)puts("holding");
	(void)fflush(stdout);
	while (getchar() != EOF)
		;
}

/* ---- The command line ---- */

static bool
read_arguments(struct crowd *w, int argc, char **argv)
{
	if (argc != 6 || inet_pton(AF_INET, argv[2], &w->addr) != 1)
		return false;
	w->size = (uint32_t)strtoul(argv[3], NULL, 10);
	if (strcmp(argv[1], "silent") == 0) {
		w->bytes = strtoull(argv[5], NULL, 10);
		return w->size > 0 && inet_pton(AF_INET, argv[4], &w->from) == 1;
	}
	w->together = strcmp(argv[1], "together") == 0;
	w->replaces = strcmp(argv[1], "mixed") == 0;
	if (w->together)
		w->bytes = strtoull(argv[4], NULL, 10);
	else
		w->end_ms = clock_ms() + 1000 * strtoll(argv[4], NULL, 10);
	return w->size > 0 && (w->replaces || w->bytes > 0) && w->together != w->replaces;
}

int
main(int argc, char **argv)
{
	struct crowd w = { .now_ms = clock_ms() };
	struct rlimit files;

	if (!read_arguments(&w, argc, argv)) {
		(void)fprintf(stderr, "usage: crowd together ADDR CLIENTS BYTES SEED\n"
		    "       crowd mixed ADDR CLIENTS SECONDS SEED\n"
		    "       crowd silent ADDR CLIENTS FROM BYTES\n");
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	w.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w.all = calloc(w.size, sizeof(*w.all));
	if (w.epoll_fd < 0 || w.all == NULL)
		return 1;
	for (uint32_t i = 0; i < w.size; i++)
		w.all[i].lots = strtoull(argv[5], NULL, 10) << 32 | i;
	if (w.together || w.replaces)
		run(&w);
	else
		run_silent(&w);
	return 0;
}
