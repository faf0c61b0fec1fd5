/*
 * crowd.c - many connections and little memory: a server and its clients, both
 * ways at once, with aborts, vanishing peers and windows that come and go.
 *
 * Memory may run out, connections may fail; but what is read is what was
 * written, nothing is stuck for ever, and in the end the stacks are as empty
 * as they began.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sampan/option.h>

#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define PORT 7
#define PEOPLE_MAX 256
#define BUFFER_BYTES 4096

/* One end of a connection. */
struct person {
	sampan_handle h;
	uint32_t total, written, read;
	sampan_time asleep_until;
	bool shut, ended;
	uint8_t salt;		/* of what it writes: known to both by the client's port */
};

struct crowd_plan {
	uint64_t seed;
	size_t arena_bytes;
	unsigned clients;	/* at once */
	unsigned total;		/* altogether */
	uint32_t bytes;		/* each writes, at most */
	uint32_t loss_ppm, abort_ppm, sleep_ppm;
	sampan_dur patience;
};

struct crowd {
	struct sim sim;
	struct crowd_plan plan;
	sampan_handle listener;
	struct person client[PEOPLE_MAX], server[PEOPLE_MAX];
	unsigned begun, completed, failed;
	uint64_t moved;
};

static uint8_t
byte_of(uint32_t at)
{
	const uint32_t x = (at + 1) * 2654435761u;

	return (uint8_t)(x >> 24 ^ x >> 9);
}

static _Noreturn void
give_up(const struct crowd *c, const char *what)
{
	printf("# seed %" PRIu64 " at %" PRIu64 " ms: %u begun, %u completed, %u failed\n",
	    c->plan.seed, (c->sim.now - c->sim.config.begin) / SAMPAN_MS(1), c->begun, c->completed,
	    c->failed);
	test_fail(__FILE__, __LINE__, what);
	abort();
}

static void
begin_client(struct crowd *c, struct person *p)
{
	const struct sampan_sockaddr to = { sampan_addr_v4(10, 0, 0, 2), PORT, 0 };
	struct person fresh = { .total = sim_below(&c->sim, c->plan.bytes) };

	if (sampan_socket(c->sim.s[0], SAMPAN_STREAM, &fresh.h) != 0)
		return;
	if (sampan_connect(c->sim.s[0], fresh.h, &to) != SAMPAN_EINPROGRESS) {
		sampan_close(c->sim.s[0], fresh.h);
		return;
	}
	/* A peer that has vanished is to be noticed. */
	(void)sampan_setopt(c->sim.s[0], fresh.h, SAMPAN_OPT_KEEPALIVE, 1);
	*p = fresh;
	c->begun++;
}

static void
accept_all(struct crowd *c)
{
	for (unsigned i = 0; i < PEOPLE_MAX; i++) {
		struct person *p = &c->server[i];
		struct person fresh = { .total = sim_below(&c->sim, c->plan.bytes) };

		if (p->h != 0)
			continue;
		if (sampan_accept(c->sim.s[1], c->listener, &fresh.h, NULL) != 0)
			return;
		(void)sampan_setopt(c->sim.s[1], fresh.h, SAMPAN_OPT_KEEPALIVE, 1);
		*p = fresh;
	}
}

static void
leave(struct crowd *c, unsigned side, struct person *p, bool loudly)
{
	if (loudly)
		sampan_abort(c->sim.s[side], p->h);
	else
		sampan_close(c->sim.s[side], p->h);
	*p = (struct person){ 0 };
}

/* False: the connection has failed. */
static bool
read_some(struct crowd *c, unsigned side, struct person *p)
{
	uint8_t data[BUFFER_BYTES];
	const int64_t n = sampan_recv(c->sim.s[side], p->h, data, 1 + sim_below(&c->sim,
	    BUFFER_BYTES));

	for (int64_t i = 0; i < n; i++)
		if (data[i] != byte_of(p->read + (uint32_t)i))
			give_up(c, "the bytes that were sent");
	if (n > 0) {
		p->read += (uint32_t)n;
		c->moved += (uint64_t)n;
	}
	p->ended = p->ended || n == 0;
	return n >= 0 || n == SAMPAN_EAGAIN;
}

static bool
write_some(struct crowd *c, unsigned side, struct person *p)
{
	uint8_t data[BUFFER_BYTES];
	const uint32_t left = p->total - p->written;
	const uint32_t len = left < BUFFER_BYTES ? left : BUFFER_BYTES;
	int64_t n;

	if (left == 0)
		return true;
	for (uint32_t i = 0; i < len; i++)
		data[i] = byte_of(p->written + i);
	n = sampan_send(c->sim.s[side], p->h, data, len);
	if (n > 0)
		p->written += (uint32_t)n;
	return n > 0 || n == SAMPAN_EAGAIN;
}

/* One look of one end at its connection. */
static void
act(struct crowd *c, unsigned side, struct person *p)
{
	struct sampan_status st;

	if (p->h == 0 || c->sim.now < p->asleep_until)
		return;
	if (sampan_status(c->sim.s[side], p->h, &st) != 0)
		give_up(c, "a handle to live until it is closed");
	if (st.state == SAMPAN_TCP_SYN_SENT)
		return;
	if (sim_chance(&c->sim, c->plan.abort_ppm)) {
		c->failed++;
		leave(c, side, p, true);
		return;
	}
	if (sim_chance(&c->sim, c->plan.sleep_ppm))
		p->asleep_until = c->sim.now + SAMPAN_MS(sim_below(&c->sim, 5000));
	if ((!p->shut && !write_some(c, side, p)) || (!p->ended && !read_some(c, side, p))) {
		c->failed++;
		leave(c, side, p, false);
		return;
	}
	if (!p->shut && p->written == p->total)
		p->shut = sampan_shutdown(c->sim.s[side], p->h, SAMPAN_SHUT_WR) == 0;
	if (p->shut && p->ended) {
		c->completed++;
		leave(c, side, p, false);
	}
}

static void
forget_events(struct crowd *c)
{
	struct sampan_event e[16];

	for (unsigned side = 0; side < 2; side++)
		while (sampan_events(c->sim.s[side], e, 16) > 0)
			continue;
}

static bool
everybody_acts(struct crowd *c)
{
	bool any = c->begun < c->plan.total;

	forget_events(c);
	accept_all(c);
	for (unsigned i = 0; i < PEOPLE_MAX; i++) {
		if (c->client[i].h == 0 && i < c->plan.clients && c->begun < c->plan.total)
			begin_client(c, &c->client[i]);
		act(c, 0, &c->client[i]);
		act(c, 1, &c->server[i]);
		any = any || c->client[i].h != 0 || c->server[i].h != 0;
	}
	sim_send(&c->sim);
	return any;
}

static void
open_crowd(struct crowd *c, const struct crowd_plan *plan)
{
	const struct sampan_sockaddr here = { .port = PORT };
	struct sim_config config = { .seed = plan->seed, .arena_bytes = plan->arena_bytes,
		.mtu_bytes = { 1500, 1500 }, .begin = SAMPAN_SEC(1), .check_every = 256 };

	for (unsigned i = 0; i < 2; i++)
		config.path[i] = (struct sim_path){ .loss_ppm = plan->loss_ppm,
			.delay_dur = SAMPAN_MS(5), .jitter_dur = SAMPAN_MS(2) };
	memset(c, 0, sizeof(*c));
	c->plan = *plan;
	sim_open(&c->sim, &config);
	for (unsigned i = 0; i < 2; i++) {
		(void)sampan_set(c->sim.s[i], "net.inet.tcp.msl", 1000);
		(void)sampan_set(c->sim.s[i], "net.ipv4.tcp_keepalive_time", 60);
		(void)sampan_set(c->sim.s[i], "net.ipv4.tcp_keepalive_intvl", 10);
	}
	if (sampan_socket(c->sim.s[1], SAMPAN_STREAM, &c->listener) != 0 ||
	    sampan_bind(c->sim.s[1], c->listener, &here) != 0 ||
	    sampan_listen(c->sim.s[1], c->listener, 64) != 0)
		give_up(c, "a listener");
}

/* Until nothing is left but neighbours. */
static void
run_down(struct crowd *c)
{
	const sampan_time end = c->sim.now + SAMPAN_SEC(7200);

	sampan_close(c->sim.s[1], c->listener);
	sim_send(&c->sim);
	while (sim_step(&c->sim, end))
		continue;
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_SOUND(c->sim.s[i]);
		EXPECT_EMPTY(c->sim.s[i]);
	}
	sim_close();
}

static void
run(const struct crowd_plan *plan)
{
	static struct crowd c;
	sampan_time next = 0;

	open_crowd(&c, plan);
	for (;;) {
		(void)sim_step(&c.sim, c.sim.now + SAMPAN_MS(10));
		if (c.sim.now < next)
			continue;
		next = c.sim.now + SAMPAN_MS(10);
		if (!everybody_acts(&c))
			break;
		if (c.sim.now > c.sim.config.begin + plan->patience)
			give_up(&c, "everybody to be done");
	}
	EXPECT(c.completed > 0);
	run_down(&c);
}

/* Both ways, more connections than memory has room for, in the least block as well. */
TEST(small_stacks_survive_more_than_they_can_hold)
{
	static const size_t kib[] = { 72, 96, 128, 192, 256 };

	for (unsigned i = 0; i < sizeof(kib) / sizeof(kib[0]); i++) {
		const struct crowd_plan plan = { .seed = i + 1, .arena_bytes = kib[i] << 10,
			.clients = 40, .total = 120, .bytes = 30000, .loss_ppm = 5000,
			.sleep_ppm = 10000, .patience = SAMPAN_SEC(7200) };

		run(&plan);
	}
}

TEST(server_survives_aborts_and_sleepers)
{
	const struct crowd_plan plan = { .seed = 42, .arena_bytes = (size_t)4 << 20,
		.clients = 200, .total = 500, .bytes = 20000, .loss_ppm = 10000,
		.abort_ppm = 3000, .sleep_ppm = 5000, .patience = SAMPAN_SEC(7200) };

	run(&plan);
}

/* Clients that come and go for three simulated hours. */
TEST(server_runs_for_hours)
{
	const struct crowd_plan plan = { .seed = 77, .arena_bytes = (size_t)1 << 20,
		.clients = 30, .total = 20000, .bytes = 40000, .loss_ppm = 20000,
		.abort_ppm = 1000, .sleep_ppm = 20000, .patience = SAMPAN_SEC(100000) };

	if (!test_full())
		SKIP("long: SAMPAN_FULL=1");
	run(&plan);
}
