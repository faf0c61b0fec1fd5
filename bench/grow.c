/*
 * grow.c - the longest single call while a stack grows to many connections:
 * tables split, pools take slabs, wheels fill, and none of it may make one call
 * wait for another's work.
 *
 * The same run is made several times, and does the same each time, call by call.
 * What was in the way of a call (an interrupt, another process) is not there every
 * time: the least time of each call is its own work, the greatest of these the
 * figure.  A call is a connect, an accept, an advance, or one frame's way from one
 * stack into the other, which is output, input and sent together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sampan/socket.h>

#include "bench.h"
#include "machine.h"
#include "row.h"
#include "stacks.h"

#define TOTAL 1000000u
#define TOTAL_QUICK 100000u
#define EACH_PORT 32000u	/* connections for each port of the server */
#define PORT_FIRST 1000u
#define ARENA_BYTES_EACH 400u	/* of a connection, in either arena */
#define ARENA_BYTES_MORE ((size_t)16 << 20)
#define CALLS_EACH 8u		/* of a connection: at most so many */
#define RUNS_LEAST 3u

struct grow {
	struct stacks k;
	uint32_t total;
	uint32_t *least_ns;	/* of each call, over the runs */
	size_t calls, calls_max;
	uint64_t began_at;
	bool first;
	const char *why;
};

static uint64_t
clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
begin_call(struct grow *g)
{
	g->began_at = clock_ns();
}

static void
end_call(struct grow *g)
{
	const uint64_t took = clock_ns() - g->began_at;
	const uint32_t ns = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;

	if (g->calls == g->calls_max) {
		g->why = "more calls than there should be";
		return;
	}
	if (g->first || ns < g->least_ns[g->calls])
		g->least_ns[g->calls] = ns;
	g->calls++;
}

static unsigned
move_one(struct grow *g, unsigned from)
{
	unsigned moved;

	begin_call(g);
	moved = sampan_pair_move(g->k.pair, from, g->k.now);
	end_call(g);
	return moved;
}

static void
connect_one(struct grow *g, sampan_handle listener, uint16_t port)
{
	sampan_handle client, server;

	begin_call(g);
	stacks_advance(&g->k, SAMPAN_US(1));
	end_call(g);
	begin_call(g);
	client = stacks_connect(&g->k, port);
	end_call(g);
	if (client == 0 || move_one(g, 0) == 0 || move_one(g, 1) == 0 || move_one(g, 0) == 0) {
		g->why = "no handshake";
		return;
	}
	begin_call(g);
	if (sampan_accept(g->k.s[1], listener, &server, NULL) != 0)
		g->why = "no connection was accepted";
	end_call(g);
}

static void
forget_events(struct grow *g)
{
	struct sampan_event e[16];

	for (unsigned i = 0; i < 2; i++)
		while (sampan_events(g->k.s[i], e, 16) > 0)
			continue;
}

/* The ends learn each other's address (ARP, neighbour discovery). */
static void
meet(struct grow *g)
{
	if (stacks_listen(&g->k, PORT_FIRST - 1, 1) == 0 ||
	    stacks_connect(&g->k, PORT_FIRST - 1) == 0)
		g->why = "no first connection";
	for (unsigned i = 0; i < 8; i++)
		(void)sampan_pair_move(g->k.pair, i % 2, g->k.now);
	forget_events(g);
}

static void
run(struct grow *g, bool first)
{
	const size_t bytes = ARENA_BYTES_MORE + (size_t)g->total * ARENA_BYTES_EACH;
	sampan_handle listener = 0;

	g->calls = 0;
	g->first = first;
	if (!stacks_open(&g->k, bytes, 0))
		g->why = g->k.why;
	else
		meet(g);
	for (uint32_t i = 0; i < g->total && g->why == NULL; i++) {
		const uint16_t port = (uint16_t)(PORT_FIRST + i / EACH_PORT);

		if (i % EACH_PORT == 0)
			listener = stacks_listen(&g->k, port, 16);
		connect_one(g, listener, port);
		forget_events(g);
	}
	if (g->why == NULL && (stacks_dropped(g->k.s[0], stacks_ip6) >= 0 ||
	    stacks_dropped(g->k.s[1], stacks_ip6) >= 0))
		g->why = "something was dropped";
	stacks_close(&g->k);
}

static double
longest_us(const struct grow *g)
{
	uint32_t most = 0;

	for (size_t i = 0; i < g->calls; i++)
		most = g->least_ns[i] > most ? g->least_ns[i] : most;
	return most / 1000.0;
}

void
bench_grow(const struct bench_options *options)
{
	struct row row = { .name = bench_name(BENCH_GROW), .unit = "us" };
	struct grow g = { .total = options->quick ? TOTAL_QUICK : TOTAL };
	const unsigned runs = options->runs < RUNS_LEAST ? RUNS_LEAST : options->runs;

	if (!options->wanted[BENCH_GROW])
		return;
	machine_pin(0);
	row_progress("in memory: growing");
	(void)snprintf(row.params, sizeof(row.params), "n=%u", g.total);
	g.calls_max = (size_t)g.total * CALLS_EACH;
	g.least_ns = calloc(g.calls_max, sizeof(*g.least_ns));
	if (g.least_ns == NULL) {
		row_skip(&row, "not enough memory");
		return;
	}
	for (unsigned i = 0; i < runs && g.why == NULL; i++)
		run(&g, i == 0);
	if (g.why != NULL) {
		row_fail(&row, "%s", g.why);
	} else {
		samples_add(&row.value, longest_us(&g));
		row.note = "of all calls, each the least of the same run repeated";
		row_print(&row);
	}
	free(g.least_ns);
}
