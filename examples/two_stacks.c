/*
 * two_stacks.c - a network of two stacks in one thread and no time at all.
 *
 *	build/examples/two_stacks [LINE [MEGABYTES]]
 *
 * A client sends to a server over a line (the words of emulate.h).  The clock
 * is a variable: it jumps to the next thing that happens, so that minutes take
 * milliseconds, and the same arguments print the same numbers on any machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sampan/emulate.h>
#include <sampan/host.h>
#include <sampan/socket.h>
#include <sampan/stats.h>

#define MEMORY_BYTES ((size_t)32 << 20)
#define PORT 5001
#define PATIENCE SAMPAN_SEC(3600)

enum { CLIENT, SERVER };

struct network {
	struct sampan_pair *pair;
	struct sampan_link *link[2];
	struct sampan *stack[2];
	sampan_time now;
};

static void
must(int result, const char *what)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "two_stacks: %s\n", what);
	exit(1);
}

static void
open_stack(struct network *n, unsigned i)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { i, 1 } };
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, (uint8_t)(1 + i));

	n->stack[i] = sampan_memory_alloc(MEMORY_BYTES, false);
	must(n->stack[i] == NULL ? -1 : 0, "no memory");
	must(sampan_init(n->stack[i], MEMORY_BYTES, &config, n->now), "a stack");
	must(sampan_link_attach(n->link[i], n->stack[i]), "a link");
	must(sampan_addr_add(n->stack[i], 1, &addr, 24), "an address");
}

static void
open_network(struct network *n, const char *line)
{
	const struct sampan_pair_config cable = { .size = sizeof(cable), .queue_frames = 256 };
	char why[SAMPAN_WHY_BYTES];

	must(sampan_pair_open(&cable, &n->pair), "a cable");
	must(sampan_link_emulate(sampan_pair_end(n->pair, CLIENT), line, &n->link[CLIENT], why,
	    sizeof(why)), why);
	n->link[SERVER] = sampan_pair_end(n->pair, SERVER);
	n->now = SAMPAN_SEC(1);
	open_stack(n, CLIENT);
	open_stack(n, SERVER);
}

/* All that can happen now, happens. */
static void
exchange(struct network *n)
{
	unsigned moved;

	do {
		moved = 0;
		for (unsigned i = CLIENT; i <= SERVER; i++) {
			moved += sampan_link_output(n->link[i], n->now);
			moved += sampan_link_input(n->link[i], n->now);
		}
	} while (moved > 0);
}

/* The clock jumps. */
static void
wait_for_something(struct network *n)
{
	sampan_time next = SAMPAN_NEVER;

	for (unsigned i = CLIENT; i <= SERVER; i++) {
		const sampan_time stack_at = sampan_deadline(n->stack[i]);
		const sampan_time link_at = sampan_link_deadline(n->link[i]);

		next = stack_at < next ? stack_at : next;
		next = link_at < next ? link_at : next;
	}
	if (next != SAMPAN_NEVER && next > n->now)
		n->now = next;
	must(n->now < PATIENCE ? 0 : -1, "nothing has come for an hour");
	exchange(n);
	sampan_advance(n->stack[CLIENT], n->now);
	sampan_advance(n->stack[SERVER], n->now);
	exchange(n);
}

/* Sends what there is room for. */
static void
send_more(struct network *n, sampan_handle h, uint64_t *left)
{
	static const uint8_t zeros[65536];

	while (*left > 0) {
		const size_t most = *left < sizeof(zeros) ? (size_t)*left : sizeof(zeros);
		const int64_t sent = sampan_send(n->stack[CLIENT], h, zeros, most);

		if (sent <= 0)
			return;
		*left -= (uint64_t)sent;
		if (*left == 0)
			must(sampan_shutdown(n->stack[CLIENT], h, SAMPAN_SHUT_WR), "shutdown");
	}
}

/* Reads what has come; true at the end of the stream. */
static bool
receive_more(struct network *n, sampan_handle h, uint64_t *got)
{
	static uint8_t data[65536];
	int64_t len;

	while ((len = sampan_recv(n->stack[SERVER], h, data, sizeof(data))) > 0)
		*got += (uint64_t)len;
	return len == 0;
}

static void
transfer(struct network *n, uint64_t bytes)
{
	const struct sampan_sockaddr here = { .port = PORT };
	const struct sampan_sockaddr there = { sampan_addr_v4(10, 0, 0, 1 + SERVER), PORT, 0 };
	sampan_handle listener, out, in = 0;
	uint64_t left = bytes, got = 0;
	bool ended = false;

	must(sampan_socket(n->stack[SERVER], SAMPAN_STREAM, &listener), "a socket");
	must(sampan_bind(n->stack[SERVER], listener, &here), "bind");
	must(sampan_listen(n->stack[SERVER], listener, 1), "listen");
	must(sampan_socket(n->stack[CLIENT], SAMPAN_STREAM, &out), "a socket");
	must(sampan_connect(n->stack[CLIENT], out, &there) == SAMPAN_EINPROGRESS ? 0 : -1,
	    "connect");
	while (!ended) {
		exchange(n);
		wait_for_something(n);
		send_more(n, out, &left);
		if (in == 0)
			(void)sampan_accept(n->stack[SERVER], listener, &in, NULL);
		ended = in != 0 && receive_more(n, in, &got);
	}
	must(got == bytes ? 0 : -1, "bytes are missing");
}

static void
report(const struct network *n, uint64_t bytes)
{
	const uint64_t us = (n->now - SAMPAN_SEC(1)) / SAMPAN_US(1);
	struct sampan_emulate_counts line = { 0 };

	(void)sampan_link_emulated(n->link[CLIENT], SAMPAN_OUT, &line);
	(void)printf("%" PRIu64 " bytes in %" PRIu64 ".%06" PRIu64 " s: %" PRIu64 " kbit/s\n",
	    bytes, us / 1000000, us % 1000000, us == 0 ? 0 : bytes * 8000 / us);
	(void)printf("frames %" PRIu64 ", lost %" PRIu64 ", queue full %" PRIu64
	    ", sent again %" PRIu64 "\n", line.frames, line.lost, line.queue_drops,
	    sampan_counter(n->stack[CLIENT], SAMPAN_COUNT_TCP_RETRANS_SEGS));
}

int
main(int argc, char **argv)
{
	const char *line = argc > 1 ? argv[1] : "rate=10mbit,delay=20ms,loss=1%";
	const uint64_t bytes = (argc > 2 ? strtoull(argv[2], NULL, 10) : 4) * 1000000;
	struct network n = { 0 };

	open_network(&n, line);
	transfer(&n, bytes);
	report(&n, bytes);
	sampan_link_close(n.link[CLIENT]);
	sampan_pair_close(n.pair);
	sampan_memory_free(n.stack[CLIENT], MEMORY_BYTES);
	sampan_memory_free(n.stack[SERVER], MEMORY_BYTES);
	return 0;
}
