/*
 * threads.c - one thread against two in memory: each has a client's stack and a
 * server's, all clients one address and all servers another, with 64-byte round
 * trips between them.
 *
 * The cable is a ring of copies from each thread to each, for both directions, and
 * spreads frames as a TAP of several queues does: to the thread that last sent
 * something of the flow, else by the flow's hash; and each 1024th to the wrong one,
 * so that handing on is in the figure.  A client's connections end in whatever
 * server the hash gives them, so with two threads half of all frames cross.
 *
 * One thread uses the same cable.  Rates are by the time that the threads had on a
 * processor, divided by their number: looking in vain counts, waiting for a processor
 * that other programs have does not.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sampan/host.h>
#include <sampan/socket.h>
#include <sampan/stats.h>
#include <sampan/threads.h>

#include "bench.h"
#include "link/cut.h"
#include "link/relay.h"
#include "link/ring.h"
#include "machine.h"
#include "message.h"
#include "row.h"
#include "stacks.h"

#define THREADS 2
#define ARENA ((size_t)64 << 20)
#define CONNECTIONS 256		/* of each thread */
#define RING_BYTES ((uint64_t)1 << 20)
#define FLOWS 4096
#define BATCH 64
#define PORT 1000
#define WRONG_EVERY 1024

enum { CLIENT, SERVER };

/* One stack, and the rings that lead to it. */
struct end {
	struct sampan *stack;
	struct sp_relay_end relay;
	struct sp_ring from[THREADS];
	uint64_t sent;
	struct sampan_frame in[BATCH], out[BATCH];
};

struct worker {
	struct crew *crew;
	unsigned number;
	struct end end[2];
	sampan_handle conn[CONNECTIONS];
	uint32_t round[CONNECTIONS];
	sampan_time now;
	uint64_t random;
	atomic_ullong verified;
	atomic_uint begun;		/* connections whose first echo has come */
	atomic_bool broken;
	pthread_t thread;
};

struct crew {
	unsigned threads;
	struct sp_relay *relay[2];
	/* [to which side][flow]: the thread that sent of it last, plus 1; 0: none. */
	_Atomic uint8_t flow[2][FLOWS];
	struct worker worker[THREADS];
	atomic_bool ending;
	char why[96];
};

static void
give_up(struct worker *w, const char *why)
{
	if (!atomic_exchange(&w->broken, true))
		(void)snprintf(w->crew->why, sizeof(w->crew->why), "%s", why);
}

/* ---- The cable ---- */

/* Both directions of a flow alike; the headers lie in the frame's head: Ethernet, IP. */
static unsigned
flow_of(const struct sampan_frame *f)
{
	const uint8_t *p = f->head + 14 + (stacks_ip6 ? 40 : 20);
	const uint32_t a = (uint32_t)p[0] << 8 | p[1], b = (uint32_t)p[2] << 8 | p[3];

	return (uint32_t)((a ^ b) * 2654435761u) >> 20;
}

static unsigned
thread_for(struct worker *w, unsigned side, const struct sampan_frame *f)
{
	const unsigned flow = flow_of(f);
	unsigned to;

	atomic_store_explicit(&w->crew->flow[side][flow], (uint8_t)(w->number + 1),
	    memory_order_relaxed);
	to = atomic_load_explicit(&w->crew->flow[1 - side][flow], memory_order_relaxed);
	to = to != 0 ? to - 1 : flow % w->crew->threads;
	if (++w->end[side].sent % WRONG_EVERY == 0)
		to = (to + 1) % w->crew->threads;
	return to;
}

static void
send_from(struct worker *w, unsigned side)
{
	struct end *e = &w->end[side];
	int n;

	while ((n = sampan_output(e->stack, 1, e->out, BATCH, w->now)) > 0) {
		for (int i = 0; i < n; i++) {
			const struct sampan_frame *f = &e->out[i];
			struct worker *to = &w->crew->worker[thread_for(w, side, f)];
			uint8_t *p = sp_ring_put(&to->end[1 - side].from[w->number], 2 + f->len);

			if (p == NULL || !sp_frame_copy(p + 2, f, 0, f->len))
				give_up(w, "a ring of the cable is full");
		}
		sampan_sent(e->stack, e->out, (unsigned)n);
	}
	for (unsigned i = 0; i < w->crew->threads; i++)
		sp_ring_publish(&w->crew->worker[i].end[1 - side].from[w->number]);
}

/* Returns how many frames came, those that were handed on too. */
static unsigned
receive(struct worker *w, unsigned side)
{
	struct end *e = &w->end[side];
	unsigned all = 0;

	for (unsigned from = 0; from < w->crew->threads; from++) {
		unsigned n = 0;
		uint32_t len;
		const uint8_t *p;

		while (n < BATCH && (p = sp_ring_get(&e->from[from], &len)) != NULL) {
			e->in[n] = (struct sampan_frame){ .len = len - 2, .slices = 1,
				.slice[0] = { p + 2, len - 2 } };
			n++;
		}
		if (n == 0)
			continue;
		(void)sampan_input(e->stack, 1, e->in, n, w->now);
		if (w->crew->threads > 1)
			sp_relay_hand_on(w->crew->relay[side], &e->relay, 1, e->in, n);
		sp_ring_release(&e->from[from]);
		all += n;
	}
	if (w->crew->threads > 1)
		all += sp_relay_input(w->crew->relay[side], &e->relay, w->now);
	return all;
}

/* ---- Both applications ---- */

static void
answer(struct worker *w, const struct sampan_event *event)
{
	struct sampan *s = w->end[SERVER].stack;
	struct message m;
	sampan_handle h;

	while ((event->what & SAMPAN_ACCEPTABLE) != 0 &&
	    sampan_accept(s, event->handle, &h, NULL) == 0)
		;
	while (sampan_recv(s, event->handle, &m, sizeof(m)) == (int64_t)sizeof(m))
		if (!message_whole(&m) ||
		    sampan_send(s, event->handle, &m, sizeof(m)) != (int64_t)sizeof(m))
			give_up(w, "a message came damaged");
}

static void
serve(struct worker *w)
{
	struct sampan_event event[BATCH];
	int n;

	while ((n = sampan_events(w->end[SERVER].stack, event, BATCH)) > 0)
		for (int i = 0; i < n; i++)
			answer(w, &event[i]);
}

static void
ask(struct worker *w, uint32_t conn)
{
	const struct message m = message_make(w->number << 16 | conn, ++w->round[conn]);

	if (sampan_send(w->end[CLIENT].stack, w->conn[conn], &m, sizeof(m)) != (int64_t)sizeof(m))
		give_up(w, "a message could not be sent");
}

static void
hear(struct worker *w)
{
	struct sampan *s = w->end[CLIENT].stack;
	struct sampan_event event[BATCH];
	struct message m;
	uint64_t verified = 0;
	int n;

	while ((n = sampan_events(s, event, BATCH)) > 0)
		for (int i = 0; i < n; i++) {
			const uint32_t conn = (uint32_t)event[i].user;
			const struct message want =
			    message_make(w->number << 16 | conn, w->round[conn]);

			if ((event[i].what & SAMPAN_FAILED) != 0)
				give_up(w, "a connection has failed");
			if (w->round[conn] == 0 && (event[i].what & SAMPAN_WRITABLE) != 0)
				ask(w, conn);
			if (sampan_recv(s, event[i].handle, &m, sizeof(m)) != (int64_t)sizeof(m))
				continue;
			if (!message_equal(&m, &want))
				give_up(w, "an echo is not what was sent");
			verified++;
			if (w->round[conn] == 1)
				(void)atomic_fetch_add(&w->begun, 1);
			ask(w, conn);
		}
	if (verified > 0)
		(void)atomic_fetch_add_explicit(&w->verified, verified, memory_order_relaxed);
}

static void
turn(struct worker *w, unsigned *idle)
{
	unsigned came = 0;

	w->now = sampan_clock();
	for (unsigned side = 0; side < 2; side++) {
		came += receive(w, side);
		sampan_advance(w->end[side].stack, w->now);
	}
	serve(w);
	hear(w);
	send_from(w, CLIENT);
	send_from(w, SERVER);
	*idle = came > 0 ? 0 : *idle + 1;
	if (*idle > 1000)
		(void)sched_yield();
}

static void *
work(void *ctx)
{
	struct worker *w = ctx;
	unsigned idle = 0;

	machine_pin(w->number);
	while (!atomic_load_explicit(&w->crew->ending, memory_order_relaxed) &&
	    !atomic_load_explicit(&w->broken, memory_order_relaxed))
		turn(w, &idle);
	return NULL;
}

/* ---- Making one ---- */

static bool
open_stack(struct worker *w, unsigned side)
{
	const struct sampan_link_config link = { .size = sizeof(link), .mtu_bytes = 1500,
		.mac = { 2, 0, 0, 0, 0, (uint8_t)(1 + side) }, .name = "cable" };
	const struct sampan_team_config team = { .size = sizeof(team), .number = w->number,
		.members = w->crew->threads, .key = { (uint8_t)(1 + side) } };
	const struct sampan_addr addr = stacks_addr(stacks_ip6, side);
	struct end *e = &w->end[side];
	struct sampan_config config;
	sampan_handle h;

	e->stack = sampan_memory_alloc(ARENA, true);
	if (e->stack == NULL || sampan_config_fill(&config) != 0)
		return false;
	e->relay = (struct sp_relay_end){ w->number, e->stack };
	for (unsigned i = 0; i < w->crew->threads; i++)
		if (sp_ring_open(&e->from[i], RING_BYTES) != 0)
			return false;
	if (sampan_init(e->stack, ARENA, &config, sampan_clock()) != 0 ||
	    sampan_team_join(e->stack, &team) != 0 || sampan_link_add(e->stack, &link) != 1)
		return false;
	if (w->number == 0 &&
	    (sampan_set(e->stack, "net.ipv6.conf.default.dad_transmits", 0) != 0 ||
		sampan_addr_add(e->stack, 1, &addr, stacks_prefix_bits(stacks_ip6)) != 0))
		return false;
	if (w->number > 0)
		sp_relay_hear(w->crew->relay[side], &e->relay);
	else if (w->crew->threads > 1)
		sp_relay_tell(w->crew->relay[side], e->stack);
	return side == CLIENT || (sampan_socket(e->stack, SAMPAN_STREAM, &h) == 0 &&
	    sampan_bind(e->stack, h, &(struct sampan_sockaddr){ .port = PORT }) == 0 &&
	    sampan_listen(e->stack, h, CONNECTIONS * THREADS) == 0);
}

static bool
connect_all(struct worker *w)
{
	const struct sampan_sockaddr peer = {
		.addr = stacks_addr(stacks_ip6, SERVER),
		.port = PORT,
	};
	struct sampan *s = w->end[CLIENT].stack;

	for (uint32_t i = 0; i < CONNECTIONS; i++)
		if (sampan_socket(s, SAMPAN_STREAM, &w->conn[i]) != 0 ||
		    sampan_set_user(s, w->conn[i], i) != 0 ||
		    sampan_connect(s, w->conn[i], &peer) != SAMPAN_EINPROGRESS)
			return false;
	return true;
}

static bool
open_crew(struct crew *c, unsigned threads)
{
	memset(c, 0, sizeof(*c));
	c->threads = threads;
	for (unsigned side = 0; side < 2 && threads > 1; side++) {
		c->relay[side] = sp_relay_open(threads);
		if (c->relay[side] == NULL)
			return false;
	}
	for (unsigned i = 0; i < threads; i++) {
		struct worker *w = &c->worker[i];

		w->crew = c;
		w->number = i;
		if (!open_stack(w, CLIENT) || !open_stack(w, SERVER) || !connect_all(w))
			return false;
	}
	return true;
}

static void
close_crew(struct crew *c)
{
	for (unsigned i = 0; i < c->threads; i++)
		for (unsigned side = 0; side < 2; side++) {
			struct end *e = &c->worker[i].end[side];

			for (unsigned k = 0; k < c->threads; k++)
				sp_ring_close(&e->from[k]);
			sampan_memory_free(e->stack, ARENA);
		}
	sp_relay_close(c->relay[CLIENT]);
	sp_relay_close(c->relay[SERVER]);
}

/* ---- Measuring ---- */

static uint64_t
verified(const struct crew *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->threads; i++)
		n += atomic_load(&c->worker[i].verified);
	return n;
}

/* That all threads of the program have had. */
static double
processor_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
rest(double seconds)
{
	const struct timespec ts = { .tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };

	(void)nanosleep(&ts, NULL);
}

/* Until every connection has carried something, for ten seconds at most. */
static void
warm_up(const struct crew *c)
{
	for (unsigned tenths = 0; tenths < 100; tenths++) {
		unsigned begun = 0;

		for (unsigned i = 0; i < c->threads; i++)
			begun += atomic_load(&c->worker[i].begun);
		rest(0.1);
		if (begun == CONNECTIONS * c->threads)
			return;
	}
}

static const char *
flaw_of(const struct crew *c)
{
	uint64_t accepted = 0;

	for (unsigned i = 0; i < c->threads; i++) {
		const struct sampan *s = c->worker[i].end[SERVER].stack;

		if (atomic_load(&c->worker[i].broken))
			return c->why;
		if (sampan_counter(s, SAMPAN_DROP_TEAM_FULL) > 0)
			return "a ring of the team was full";
		if (sampan_counter(s, SAMPAN_DROP_TCP_NO_SOCKET) > 0)
			return "a segment found no connection";
		if (c->threads > 1 && sampan_counter(s, SAMPAN_COUNT_TEAM_IN) == 0)
			return "nothing was handed on";
		accepted += sampan_counter(s, SAMPAN_COUNT_TCP_ACCEPTED);
	}
	return accepted == (uint64_t)CONNECTIONS * c->threads ? NULL : "connections are lacking";
}

/* Round trips a second with so many threads; false: why says what went wrong. */
static bool
measure(unsigned threads, double seconds, struct samples *rates, const char **why)
{
	static struct crew crew;
	uint64_t first;
	double start;

	*why = "not enough memory";
	if (!open_crew(&crew, threads)) {
		close_crew(&crew);
		return false;
	}
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&crew.worker[i].thread, NULL, work, &crew.worker[i]) != 0)
			abort();
	warm_up(&crew);
	first = verified(&crew);
	start = processor_seconds();
	rest(seconds);
	samples_add(rates, (double)(verified(&crew) - first) * threads /
	    (processor_seconds() - start));
	atomic_store(&crew.ending, true);
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(crew.worker[i].thread, NULL);
	*why = flaw_of(&crew);
	close_crew(&crew);
	return *why == NULL;
}

void
bench_threads(const struct bench_options *options)
{
	struct row row = { .name = bench_name(BENCH_THREADS), .unit = "round trips/s",
		.peer = "1 thread" };
	const double seconds = options->quick ? 0.5 : 1.0;
	const char *why = NULL;
	bool good = true;

	(void)snprintf(row.params, sizeof(row.params), "threads=%d n=%d each bytes=64", THREADS,
	    CONNECTIONS);
	row_progress("in memory: two threads against one");
	for (unsigned run = 0; run < options->runs && good; run++)
		good = measure(1, seconds, &row.peer_value, &why) &&
		    measure(THREADS, seconds, &row.value, &why);
	if (good)
		row_print(&row);
	else
		row_fail(&row, "%s", why);
}
