/*
 * transfer.c - whole transfers between two stacks over a bad link: a thousand
 * seeds, everything about them drawn from the seed.
 *
 * What arrives equals what was sent, both sides see the end of the stream, and
 * when TIME-WAIT is over the stacks are as empty as they began.  Applications
 * act on events only, so that one that is not reported is found out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define SEEDS 1000
#define SEEDS_FULL 100000
#define PORT 7
#define PATIENCE SAMPAN_SEC(7200)
#define BUFFER_BYTES 16384
#define SIMULATED_FULL_DUR SAMPAN_SEC(10000)	/* of transfers, without what comes after them */

enum plan {
	SHUT_WHEN_SENT,		/* end our stream behind the last byte, close after both ends */
	SHUT_AFTER_PEER,	/* the same, but only when the peer has ended its stream */
	CLOSE_WHEN_SENT,	/* give the socket up: only if nothing is to come */
	PLANS,
};

struct app {
	sampan_handle h;
	enum plan plan;
	uint32_t total, written;	/* bytes of our stream */
	uint32_t expected, read;	/* of the peer's */
	uint32_t piece;			/* the most in one call */
	uint32_t pause_ppm;
	sampan_time paused_until;
	bool may_read, may_write;	/* an event said so, and no AGAIN since */
	bool connected, shut, ended, closed;
	uint8_t salt;
};

struct run {
	struct sim sim;
	sampan_handle listener;
	struct app app[2];		/* [0] connects, [1] listens */
	uint64_t seed;
};

static _Noreturn void
give_up(const struct run *r, const char *what)
{
	printf("# seed %" PRIu64 " at %" PRIu64 " ms, %" PRIu64 " frames, %" PRIu64 " lost: ",
	    r->seed, (r->sim.now - r->sim.config.begin) / SAMPAN_MS(1), r->sim.sent, r->sim.lost);
	for (unsigned i = 0; i < 2; i++)
		printf("[wrote %u of %u, read %u of %u%s%s%s] ", r->app[i].written, r->app[i].total,
		    r->app[i].read, r->app[i].expected, r->app[i].shut ? " shut" : "",
		    r->app[i].ended ? " ended" : "", r->app[i].closed ? " closed" : "");
	printf("\n");
	test_fail(__FILE__, __LINE__, what);
	abort();
}

static uint8_t
byte_of(uint8_t salt, uint32_t at)
{
	const uint32_t x = (at + 1) * 2654435761u;

	return (uint8_t)(salt ^ x >> 24 ^ x >> 9);
}

/* ---- Drawing lots ---- */

static uint32_t
pick(struct run *r, uint32_t least, uint32_t most)
{
	return least + sim_below(&r->sim, most - least + 1);
}

/* Often nothing or little, sometimes a lot. */
static uint32_t
pick_total(struct run *r)
{
	static const uint32_t most[8] = { 0, 1, 100, 1460, 5000, 20000, 60000, 200000 };

	return pick(r, 0, most[sim_below(&r->sim, 8)]);
}

static struct sim_path
path_of(struct sp_rng *rng)
{
	static const uint32_t loss[8] = { 0, 0, 0, 1000, 10000, 20000, 50000, 80000 };

	return (struct sim_path){
		.loss_ppm = loss[sp_rng_below(rng, 8)],
		.dup_ppm = loss[sp_rng_below(rng, 8)],
		.corrupt_ppm = loss[sp_rng_below(rng, 8)] / 4,
		.delay_dur = SAMPAN_US(sp_rng_below(rng, 50000)),
		.jitter_dur = sp_rng_below(rng, 2) ? 0 : SAMPAN_US(sp_rng_below(rng, 30000)),
		.whole = sp_rng_below(rng, 4) == 0,
	};
}

static struct sim_config
config_of(uint64_t seed)
{
	static const uint16_t mtu[6] = { 1500, 1500, 576, 1280, 9000, 1499 };
	static const uint32_t caps[4] = { 0, SAMPAN_LINK_CSUM_OUT,
		SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4, SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 };
	struct sim_config c = { .seed = seed, .arena_bytes = (size_t)1 << 20, .check_every = 32 };
	struct sp_rng rng;

	sp_rng_init(&rng, (const uint64_t[2]){ seed, 0x636f6e66 });
	for (unsigned i = 0; i < 2; i++) {
		c.path[i] = path_of(&rng);
		c.mtu_bytes[i] = mtu[sp_rng_below(&rng, 6)];
		c.caps[i] = caps[sp_rng_below(&rng, 4)];
	}
	/* All of a clock's range: sequence numbers and ticks wrap somewhere. */
	c.print = getenv("SAMPAN_SEED") != NULL;
	c.begin = SAMPAN_SEC(1) + sp_rng_u64(&rng) % SAMPAN_SEC(400000);
	return c;
}

static void
set(struct run *r, unsigned i, const char *name, int64_t value)
{
	if (sampan_set(r->sim.s[i], name, value) != 0)
		give_up(r, "a setting to be taken");
}

static void
draw_settings(struct run *r, unsigned i)
{
	set(r, i, "net.ipv4.tcp_rmem_default", pick(r, 2304, 65536));
	set(r, i, "net.ipv4.tcp_wmem_default", pick(r, 4608, 131072));
	set(r, i, "net.ipv4.tcp_timestamps", pick(r, 0, 1));
	set(r, i, "net.ipv4.tcp_window_scaling", pick(r, 0, 1));
	set(r, i, "net.inet.tcp.msl", pick(r, 0, 30000));
	r->app[i].total = pick_total(r);
	r->app[i].piece = pick(r, 1, 3) == 1 ? pick(r, 1, 200) : pick(r, 200, BUFFER_BYTES);
	r->app[i].pause_ppm = r->app[i].piece > 200 && pick(r, 0, 1) == 0 ? pick(r, 0, 200000) : 0;
	r->app[i].salt = (uint8_t)sim_below(&r->sim, 256);
	r->app[i].plan = (enum plan)sim_below(&r->sim, PLANS);
}

/* Plans that cannot work out become ones that can: somebody has to begin. */
static void
draw_applications(struct run *r)
{
	struct app *a = r->app;

	draw_settings(r, 0);
	draw_settings(r, 1);
	a[0].expected = a[1].total;
	a[1].expected = a[0].total;
	if (a[0].plan == SHUT_AFTER_PEER && a[1].plan == SHUT_AFTER_PEER)
		a[0].plan = SHUT_WHEN_SENT;
	for (unsigned i = 0; i < 2; i++)
		if (a[i].plan == CLOSE_WHEN_SENT && a[i].expected > 0)
			a[i].plan = SHUT_WHEN_SENT;
}

/* ---- The applications ---- */

static void
open_sockets(struct run *r)
{
	const struct sampan_sockaddr here = { .port = PORT };
	const struct sampan_sockaddr there = { sampan_addr_v4(10, 0, 0, 2), PORT, 0 };

	if (sampan_socket(r->sim.s[1], SAMPAN_STREAM, &r->listener) != 0 ||
	    sampan_bind(r->sim.s[1], r->listener, &here) != 0 ||
	    sampan_listen(r->sim.s[1], r->listener, 4) != 0 ||
	    sampan_socket(r->sim.s[0], SAMPAN_STREAM, &r->app[0].h) != 0 ||
	    sampan_connect(r->sim.s[0], r->app[0].h, &there) != SAMPAN_EINPROGRESS)
		give_up(r, "sockets");
}

static void
read_some(struct run *r, unsigned i)
{
	static uint8_t data[BUFFER_BYTES];
	struct app *a = &r->app[i];
	const uint32_t len = pick(r, 1, a->piece);
	const int64_t n = sampan_recv(r->sim.s[i], a->h, data, len);

	for (int64_t k = 0; k < n; k++)
		if (data[k] != byte_of(r->app[1 - i].salt, a->read + (uint32_t)k))
			give_up(r, "the bytes that were sent");
	if (n > 0)
		a->read += (uint32_t)n;
	else if (n == 0)
		a->ended = true;
	else if (n == SAMPAN_EAGAIN)
		a->may_read = false;
	else
		give_up(r, sampan_strerror((int)n));
	if (a->ended && a->read != a->expected)
		give_up(r, "the end of the stream behind the last byte");
}

static void
write_some(struct run *r, unsigned i)
{
	static uint8_t data[BUFFER_BYTES];
	struct app *a = &r->app[i];
	const uint32_t left = a->total - a->written, most = pick(r, 1, a->piece);
	const uint32_t len = left < most ? left : most;
	int64_t n;

	for (uint32_t k = 0; k < len; k++)
		data[k] = byte_of(a->salt, a->written + k);
	n = sampan_send(r->sim.s[i], a->h, data, len);
	if (n > 0)
		a->written += (uint32_t)n;
	else if (n == SAMPAN_EAGAIN)
		a->may_write = false;
	else
		give_up(r, sampan_strerror((int)n));
}

static void
finish(struct run *r, unsigned i)
{
	struct app *a = &r->app[i];
	const bool sent = a->written == a->total;

	if (a->plan == CLOSE_WHEN_SENT && sent) {
		a->closed = sampan_close(r->sim.s[i], a->h) == 0;
	} else if (!a->shut && sent && (a->plan == SHUT_WHEN_SENT || a->ended)) {
		if (sampan_shutdown(r->sim.s[i], a->h, SAMPAN_SHUT_WR) != 0)
			give_up(r, "a shutdown");
		a->shut = true;
	}
	if (a->shut && a->ended && !a->closed)
		a->closed = sampan_close(r->sim.s[i], a->h) == 0;
}

static void
take_events(struct run *r, unsigned i)
{
	struct app *a = &r->app[i];
	struct sampan_event e[4];
	int n;

	while ((n = sampan_events(r->sim.s[i], e, 4)) > 0) {
		for (int k = 0; k < n; k++) {
			if ((e[k].what & SAMPAN_ACCEPTABLE) != 0 && a->h == 0)
				(void)sampan_accept(r->sim.s[i], r->listener, &a->h, NULL);
			if (e[k].handle != a->h)
				continue;
			if ((e[k].what & SAMPAN_FAILED) != 0 && !a->closed)
				give_up(r, "no failure");
			a->may_read |= (e[k].what & SAMPAN_READABLE) != 0;
			a->may_write |= (e[k].what & SAMPAN_WRITABLE) != 0;
			a->connected |= a->may_write;
		}
	}
}

static bool
falls_asleep(struct run *r, struct app *a)
{
	if (!sim_chance(&r->sim, a->pause_ppm))
		return false;
	a->paused_until = r->sim.now + SAMPAN_MS(pick(r, 1, 3000));
	return true;
}

/* Until it has nothing to do, or falls asleep. */
static void
run_app(struct run *r, unsigned i)
{
	struct app *a = &r->app[i];

	take_events(r, i);
	if (!a->connected || a->closed || r->sim.now < a->paused_until)
		return;
	while (a->may_write && a->written < a->total) {
		if (falls_asleep(r, a))
			return;
		write_some(r, i);
	}
	while (a->may_read && !a->ended) {
		if (falls_asleep(r, a))
			return;
		read_some(r, i);
	}
	finish(r, i);
}

static sampan_time
wake_time(const struct run *r)
{
	sampan_time at = r->sim.now + SAMPAN_MS(100);

	for (unsigned i = 0; i < 2; i++)
		if (r->app[i].paused_until > r->sim.now && r->app[i].paused_until < at)
			at = r->app[i].paused_until;
	return at;
}

static void
run_transfer(struct run *r)
{
	const sampan_time end = r->sim.config.begin + PATIENCE;

	while (!r->app[0].closed || !r->app[1].closed) {
		(void)sim_step(&r->sim, wake_time(r));
		run_app(r, 0);
		run_app(r, 1);
		sim_send(&r->sim);
		if (r->sim.now > end)
			give_up(r, "the transfer to end");
	}
}

/* Until nothing is left but neighbours. */
static void
run_down(struct run *r)
{
	const sampan_time end = r->sim.now + PATIENCE;

	sampan_close(r->sim.s[1], r->listener);
	while (sim_step(&r->sim, end))
		continue;
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_SOUND(r->sim.s[i]);
		EXPECT_EMPTY(r->sim.s[i]);
	}
}

/* How long it took, in simulated time. */
static sampan_dur
transfer(uint64_t seed)
{
	const struct sim_config config = config_of(seed);
	struct run r = { .seed = seed };
	sampan_dur took_dur;

	sim_open(&r.sim, &config);
	draw_applications(&r);
	open_sockets(&r);
	run_transfer(&r);
	took_dur = r.sim.now - config.begin;
	run_down(&r);
	sim_close();
	return took_dur;
}

TEST(transfers_arrive_whole_whatever_the_link_does)
{
	const char *one = getenv("SAMPAN_SEED");
	sampan_dur took_dur = 0;

	if (one != NULL) {
		(void)transfer(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 0; seed < (test_full() ? SEEDS_FULL : SEEDS); seed++)
		took_dur += transfer(seed);
	printf("# %" PRIu64 " simulated seconds\n", took_dur / SAMPAN_SEC(1));
	if (test_full())
		EXPECT(took_dur >= SIMULATED_FULL_DUR);
}
