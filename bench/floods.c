/*
 * floods.c - what a flood costs, while a client of the same stack is served.
 *
 * The server has two links: the pair's, with the client, and one that the flood
 * comes by.  Both move in turns: a batch of the flood, then what the pair carries.
 * The client connects, sends a message, has it back, closes, and begins anew.  It
 * must need no more turns than when nothing else comes: it is never behind the
 * flood by more than one batch.
 *
 * Timed is what the stack does with the flood: input, and output of its answers.
 */
#include <stdio.h>
#include <string.h>

#include <sampan/socket.h>
#include <sampan/stats.h>

#include "bench.h"
#include "lib/flood.h"
#include "machine.h"
#include "message.h"
#include "row.h"
#include "stacks.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define PORT 80u
#define BACKLOG 1024u
#define FRAMES 2000000u			/* of a run */
#define FRAMES_QUICK 500000u
#define WARM_FRAMES 400000u		/* until half-open records have all they may */
#define BATCH_DUR (SAMPAN_SEC(1) * FLOOD_BATCH / 4000000)
#define CLIENTS_WITHOUT 10u		/* clients that are served before the flood */
#define NEVER_TURNS 1000u

struct floods {
	struct stacks k;
	struct flood flood;
	sampan_handle listener, client;
	uint32_t begun, served, turns, most_turns;
	const char *why;
};

static const struct {
	enum bench_row row;
	int counter, other;		/* every frame is counted by one of them */
	bool answered;
} kinds[FLOOD_KINDS] = {
	[FLOOD_SYN] = { BENCH_FLOOD_SYN, SAMPAN_COUNT_TCP_COOKIES_SENT,
	    SAMPAN_COUNT_TCP_PASSIVE_OPENS, true },
	[FLOOD_ACK] = { BENCH_FLOOD_ACK, SAMPAN_DROP_TCP_NO_SOCKET, -1, false },
	[FLOOD_RST] = { BENCH_FLOOD_RST, SAMPAN_DROP_TCP_RST_OLD, -1, false },
	[FLOOD_FIN] = { BENCH_FLOOD_FIN, SAMPAN_DROP_TCP_NO_FLAGS, -1, false },
	[FLOOD_FRAGMENT] = { BENCH_FLOOD_FRAGMENT, SAMPAN_COUNT_REASM_REQDS, -1, false },
	[FLOOD_ECHO] = { BENCH_FLOOD_ECHO, SAMPAN_COUNT_ICMP_ECHOS_IN, -1, true },
	[FLOOD_UDP] = { BENCH_FLOOD_UDP, SAMPAN_DROP_UDP_NO_SOCKET, -1, false },
};

static void
fail(struct floods *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
}

/* ---- The client, and who serves it ---- */

static void
serve_one(struct floods *c, const struct sampan_event *e)
{
	struct sampan *s = c->k.s[1];
	struct message m;
	sampan_handle h;
	int64_t n;

	if ((e->what & SAMPAN_ACCEPTABLE) != 0)
		while (sampan_accept(s, e->handle, &h, NULL) == 0)
			continue;
	if ((e->what & SAMPAN_ACCEPTABLE) != 0 || (e->what & SAMPAN_READABLE) == 0)
		return;
	n = sampan_recv(s, e->handle, &m, sizeof(m));
	if (n <= 0)
		(void)sampan_close(s, e->handle);
	else if (n != (int64_t)sizeof(m) || !message_whole(&m) ||
	    sampan_send(s, e->handle, &m, sizeof(m)) != n)
		fail(c, "the server got something else");
}

static void
be_client(struct floods *c, const struct sampan_event *e)
{
	const struct message want = message_make(c->begun, 1);
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
	c->client = 0;
	c->served++;
	if (c->turns > c->most_turns)
		c->most_turns = c->turns;
}

/* One turn of the pair. */
static void
turn(struct floods *c)
{
	struct sampan_event e[64];
	int n;

	stacks_advance(&c->k, BATCH_DUR);
	if (c->client == 0) {
		c->begun++;
		c->turns = 0;
		c->client = stacks_connect(&c->k, PORT);
		if (c->client == 0)
			fail(c, "the client cannot connect");
	}
	if (++c->turns > NEVER_TURNS)
		fail(c, "the client waits for ever");
	(void)sampan_pair_move(c->k.pair, 0, c->k.now);
	while ((n = sampan_events(c->k.s[1], e, 64)) > 0)
		for (int i = 0; i < n; i++)
			serve_one(c, &e[i]);
	(void)sampan_pair_move(c->k.pair, 1, c->k.now);
	while ((n = sampan_events(c->k.s[0], e, 64)) > 0)
		for (int i = 0; i < n; i++)
			be_client(c, &e[i]);
}

/* ---- The flood ---- */

static bool
open_all(struct floods *c)
{
	*c = (struct floods){ 0 };
	if (!stacks_open(&c->k, ARENA_BYTES, 0)) {
		fail(c, c->k.why);
		return false;
	}
	c->listener = stacks_listen(&c->k, PORT, BACKLOG);
	if (c->listener == 0 || !flood_open(&c->flood, c->k.s[1], stacks_ip6))
		fail(c, "no listener, or no second link");
	return c->why == NULL;
}

static uint64_t
counted(const struct floods *c, enum flood_kind kind)
{
	uint64_t n = sampan_counter(c->k.s[1], (unsigned)kinds[kind].counter);

	if (kinds[kind].other >= 0)
		n += sampan_counter(c->k.s[1], (unsigned)kinds[kind].other) - c->begun;
	return n;
}

static void
judge(struct floods *c, enum flood_kind kind, uint32_t most_turns_without)
{
	struct sampan *s = c->k.s[1];
	struct sampan_stats st;

	sampan_stats(s, &st);
	if (c->most_turns > most_turns_without)
		fail(c, "the client had to wait");
	if (sampan_counter(c->k.s[0], SAMPAN_COUNT_TCP_RETRANS_SEGS) != 0 ||
	    sampan_counter(c->k.s[0], SAMPAN_COUNT_TCP_TIMEOUTS) != 0)
		fail(c, "the client had to repeat something");
	if (counted(c, kind) + 1 < c->flood.sent || counted(c, kind) > c->flood.sent + 1)
		fail(c, "not every frame was counted");
	if (kinds[kind].answered && c->flood.answers < c->flood.sent)
		fail(c, "not every frame was answered");
	if (sampan_counter(s, SAMPAN_COUNT_REPLIES_DROPPED) != 0)
		fail(c, "answers found no room");
	if (st.used_bytes > st.total_bytes / 2)
		fail(c, "memory is beyond its shares");
}

/* Returns how many a second. */
static double
run(struct floods *c, enum flood_kind kind, uint32_t frames)
{
	const uint32_t warm = WARM_FRAMES;
	uint32_t without;
	uint64_t spent = 0;

	if (!open_all(c))
		return 0;
	while (c->served < CLIENTS_WITHOUT && c->why == NULL)
		turn(c);
	without = c->most_turns;
	for (uint32_t n = 0; n < warm + frames && c->why == NULL; n += FLOOD_BATCH) {
		uint64_t start;

		flood_fill(&c->flood, kind);
		start = machine_cpu_time();
		flood_pour(&c->flood, c->k.now);
		if (n >= warm)
			spent += machine_cpu_time() - start;
		turn(c);
	}
	judge(c, kind, without);
	stacks_close(&c->k);
	return c->why == NULL && spent > 0 ? frames / ((double)spent / 1e9) : 0;
}

static void
measure(const struct bench_options *options, enum flood_kind kind)
{
	const uint32_t frames = options->quick ? FRAMES_QUICK : FRAMES;
	struct row row = { .name = bench_name(kinds[kind].row), .unit = "frames/s" };
	static struct floods c;

	if (!options->wanted[kinds[kind].row])
		return;
	row_progress("in memory: %s", row.name);
	(void)snprintf(row.params, sizeof(row.params), "n=%u batch=%u", frames, FLOOD_BATCH);
	for (unsigned i = 0; i < options->runs; i++) {
		const double rate = run(&c, kind, frames);

		if (c.why != NULL) {
			row_fail(&row, "%s", c.why);
			return;
		}
		samples_add(&row.value, rate);
	}
	row_print(&row);
}

/* ---- A storm of clients ---- */

/* A batch of handshakes; returns how long the server was busy. */
static uint64_t
storm(struct floods *c)
{
	struct sampan *s = c->k.s[1];
	uint64_t start;
	sampan_handle h;
	unsigned made, got = 0;

	flood_fill(&c->flood, FLOOD_SYN);
	start = machine_cpu_time();
	made = flood_shake(&c->flood, c->k.now);
	(void)sampan_input(s, c->flood.link, c->flood.frames, made, c->k.now);
	while (sampan_accept(s, c->listener, &h, NULL) == 0) {
		got++;
		(void)sampan_abort(s, h);
	}
	flood_drain(&c->flood, c->k.now);
	if (made != FLOOD_BATCH || got != made)
		fail(c, "not every handshake was accepted");
	return machine_cpu_time() - start;
}

static double
run_accept(struct floods *c, uint32_t total)
{
	uint64_t spent = 0;

	if (!open_all(c))
		return 0;
	for (uint32_t n = 0; n < total && c->why == NULL; n += FLOOD_BATCH) {
		stacks_advance(&c->k, BATCH_DUR);
		spent += storm(c);
	}
	stacks_close(&c->k);
	return c->why == NULL && spent > 0 ? total / ((double)spent / 1e9) : 0;
}

static void
measure_accept(const struct bench_options *options)
{
	const uint32_t total = options->quick ? FRAMES_QUICK / 4 : FRAMES / 4;
	struct row row = { .name = bench_name(BENCH_ACCEPT), .unit = "accepts/s",
		.note = "the acknowledgements of the clients are made in the same time" };
	static struct floods c;

	if (!options->wanted[BENCH_ACCEPT])
		return;
	row_progress("in memory: a storm of clients");
	(void)snprintf(row.params, sizeof(row.params), "n=%u at once=%u", total, FLOOD_BATCH);
	for (unsigned i = 0; i < options->runs; i++) {
		const double rate = run_accept(&c, total);

		if (c.why != NULL) {
			row_fail(&row, "%s", c.why);
			return;
		}
		samples_add(&row.value, rate);
	}
	row_print(&row);
}

void
bench_flood(const struct bench_options *options)
{
	machine_pin(0);
	for (unsigned kind = 0; kind < FLOOD_KINDS; kind++)
		measure(options, (enum flood_kind)kind);
	measure_accept(options);
}
