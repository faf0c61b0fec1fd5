/*
 * crr.c - connect, request, reply, close: short connections, both ends in one
 * thread, many at a time.
 *
 * The client closes first, so each of its connections stays in TIME-WAIT for
 * the full time, as a compact record: a microsecond of virtual time passes for
 * each connection, so all of a run are there at its end.
 */
#include <stdio.h>
#include <string.h>

#include <sampan/socket.h>
#include <sampan/stats.h>

#include "bench.h"
#include "machine.h"
#include "message.h"
#include "row.h"
#include "stacks.h"

#define TOTAL 400000u		/* of a run */
#define TOTAL_QUICK 100000u
#define AT_ONCE 64u
#define PORT_FIRST 1000u
/* Connections for each port of the server: half of the client's ports. */
#define EACH_PORT 32000u
#define ARENA_BYTES ((size_t)128 << 20)

struct crr {
	struct stacks k;
	uint32_t total, begun, replied, accepted;
	const char *why;
};

static void
fail(struct crr *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
}

static void
serve_one(struct crr *c, sampan_handle h, uint32_t what)
{
	struct sampan *s = c->k.s[1];
	struct message m;
	int64_t n;

	if ((what & SAMPAN_READABLE) == 0)
		return;
	n = sampan_recv(s, h, &m, sizeof(m));
	if (n == 0)
		(void)sampan_close(s, h);
	else if (n != (int64_t)sizeof(m) || !message_whole(&m) ||
	    sampan_send(s, h, &m, sizeof(m)) != n)
		fail(c, "the server got something else");
	else if ((what & SAMPAN_PEER_CLOSED) != 0)
		(void)sampan_close(s, h);
}

static void
accept_all(struct crr *c, sampan_handle listener)
{
	sampan_handle h;

	while (sampan_accept(c->k.s[1], listener, &h, NULL) == 0)
		c->accepted++;
}

static void
serve(struct crr *c)
{
	struct sampan_event e[AT_ONCE];
	int n;

	while ((n = sampan_events(c->k.s[1], e, AT_ONCE)) > 0) {
		for (int i = 0; i < n; i++) {
			if ((e[i].what & SAMPAN_ACCEPTABLE) != 0)
				accept_all(c, e[i].handle);
			else
				serve_one(c, e[i].handle, e[i].what);
		}
	}
}

static void
ask_or_end(struct crr *c, const struct sampan_event *e)
{
	const struct message want = message_make((uint32_t)e->user, 1);
	struct sampan *s = c->k.s[0];
	struct message m;

	if ((e->what & SAMPAN_READABLE) == 0) {
		if (sampan_send(s, e->handle, &want, sizeof(want)) != (int64_t)sizeof(want))
			fail(c, "the client cannot send");
		return;
	}
	if (sampan_recv(s, e->handle, &m, sizeof(m)) != (int64_t)sizeof(m) ||
	    !message_equal(&m, &want))
		fail(c, "the client got something else");
	(void)sampan_close(s, e->handle);
	c->replied++;
}

static void
be_clients(struct crr *c)
{
	struct sampan_event e[AT_ONCE];
	int n;

	while ((n = sampan_events(c->k.s[0], e, AT_ONCE)) > 0)
		for (int i = 0; i < n; i++)
			ask_or_end(c, &e[i]);
}

static void
begin_some(struct crr *c)
{
	const uint32_t end = c->begun + AT_ONCE < c->total ? c->begun + AT_ONCE : c->total;

	stacks_advance(&c->k, SAMPAN_US(1) * (end - c->begun));
	for (; c->begun < end; c->begun++) {
		const sampan_handle h =
		    stacks_connect(&c->k, (uint16_t)(PORT_FIRST + c->begun / EACH_PORT));

		if (h == 0 || sampan_set_user(c->k.s[0], h, c->begun) != 0)
			fail(c, "the client cannot connect");
	}
}

static void
run_all(struct crr *c)
{
	while (c->begun < c->total && c->why == NULL) {
		unsigned moved;

		begin_some(c);
		do {
			moved = sampan_pair_move(c->k.pair, 0, c->k.now);
			serve(c);
			moved += sampan_pair_move(c->k.pair, 1, c->k.now);
			be_clients(c);
		} while (moved > 0);
	}
}

static void
judge(struct crr *c)
{
	struct sampan_stats st;

	sampan_stats(c->k.s[0], &st);
	if (c->replied != c->total || c->accepted != c->total)
		fail(c, "not all connections had their reply");
	if (st.time_wait != c->total || st.connections != 0)
		fail(c, "not all connections are in TIME-WAIT");
	if (stacks_dropped(c->k.s[0], stacks_ip6) >= 0 ||
	    stacks_dropped(c->k.s[1], stacks_ip6) >= 0)
		fail(c, "something was dropped");
}

/* One run; how many a second. */
static double
run(struct crr *c, uint32_t total)
{
	sampan_time start;
	double rate = 0;

	*c = (struct crr){ .total = total };
	if (!stacks_open(&c->k, ARENA_BYTES, 0))
		fail(c, c->k.why);
	for (uint32_t i = 0; i <= total / EACH_PORT && c->why == NULL; i++)
		if (stacks_listen(&c->k, (uint16_t)(PORT_FIRST + i), 4 * AT_ONCE) == 0)
			fail(c, "no listener");
	start = machine_cpu_time();
	if (c->why == NULL) {
		run_all(c);
		rate = total / ((double)(machine_cpu_time() - start) / 1e9);
		judge(c);
	}
	stacks_close(&c->k);
	return rate;
}

void
bench_crr(const struct bench_options *options)
{
	const uint32_t total = options->quick ? TOTAL_QUICK : TOTAL;
	struct row row = { .name = bench_name(BENCH_CRR), .unit = "connections/s" };
	static struct crr c;

	if (!options->wanted[BENCH_CRR])
		return;
	machine_pin(0);
	row_progress("in memory: short connections");
	(void)snprintf(row.params, sizeof(row.params), "n=%u at once=%u bytes=64", total, AT_ONCE);
	for (unsigned i = 0; i < options->runs; i++) {
		const double rate = run(&c, total);

		if (c.why != NULL) {
			row_fail(&row, "%s", c.why);
			return;
		}
		samples_add(&row.value, rate);
	}
	row_print(&row);
}
