/*
 * fast_path.c - header prediction changes nothing but the time it takes.
 *
 * The same simulation runs twice: once as it is, once with every segment going
 * the long way (struct sampan, long_way_only).  After every step both must be
 * the same: what left the stacks, octet for octet, every counter, every
 * connection with all its records, what the applications were told and what
 * they read.  A run is reduced to one digest a step; the first that differs is
 * named by its seed and step.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sampan/option.h>
#include <sampan/stats.h>

#include "base/siphash.h"
#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"
#include "tcp/tcp_int.h"

#define PORT 7
#define PAIRS 6
#define STEPS 1500
#define BUFFER_BYTES 8192

struct person {
	sampan_handle h;
	uint32_t mood;		/* how it writes */
};

struct play {
	struct sim sim;
	struct sp_rng rng;	/* what the applications do */
	sampan_handle listener;
	struct person person[2][PAIRS];
	unsigned accepted;
	uint32_t loss_ppm;	/* when it is not dark */
	unsigned agreed;	/* connections that use ECN, as seen */
	uint64_t digest;
};

static void
mix(struct play *p, const void *data, size_t len)
{
	static const struct sp_key key = { { 1, 2 } };
	const uint64_t both[2] = { p->digest, sp_siphash13(&key, data, len) };

	p->digest = sp_siphash13_words(&key, both, 2);
}

/* ---- What a stack is ---- */

static void
mix_records(struct play *p, const struct sampan *s, const struct tcp_tcb *t)
{
	if (t->tx != 0) {
		const struct tcp_tx *tx = tcp_tx_of(s, t);

		mix(p, tx, sizeof(*tx));
		for (const struct tcp_sent *r = sp_tcp_rtx_first(s, tx); r != NULL;
		     r = tcp_sent_by_seq(s, r->by_seq.next))
			mix(p, r, sizeof(*r));
	}
	if (t->rx != 0)
		mix(p, tcp_rx_of(s, t), sizeof(struct tcp_rx));
	if (t->rare != 0)
		mix(p, tcp_rare_of(s, t), sizeof(struct tcp_rare));
}

static void
mix_stack(struct play *p, const struct sampan *s)
{
	const sampan_time deadline = sampan_deadline(s);
	const struct sp_arena *a = &s->arena;

	for (uint32_t slab = 0; slab < a->slabs_fresh; slab++) {
		uint32_t ref;

		for (uint32_t i = 0; (ref = sp_pool_nth(a, SP_KIND_TCB, slab, i)) != 0; i++) {
			const struct tcp_tcb *t = tcp_tcb_at(s, ref);

			if (t->state == SAMPAN_TCP_STATE_COUNT)
				continue;
			mix(p, t, sizeof(*t));
			p->agreed += t->ecn && t->state == SAMPAN_TCP_ESTABLISHED;
			mix_records(p, s, t);
		}
	}
	mix(p, s->counter, sizeof(s->counter));
	mix(p, s->arena.pool, sizeof(s->arena.pool));
	mix(p, &deadline, sizeof(deadline));
}

/* ---- What the applications do ---- */

static uint32_t
below(struct play *p, uint32_t n)
{
	return sp_rng_below(&p->rng, n);
}

static void
set(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t value)
{
	(void)sampan_setopt(s, h, option, value);
}

/* Most are as they come; some are anything but plain. */
static void
settle_in(struct play *p, struct sampan *s, sampan_handle h)
{
	switch (below(p, 8)) {
	case 0:
		set(s, h, SAMPAN_OPT_NODELAY, 1);
		break;
	case 1:
		set(s, h, SAMPAN_OPT_KEEPALIVE, 1);
		set(s, h, SAMPAN_OPT_KEEPIDLE, 1);
		break;
	case 2:
		set(s, h, SAMPAN_OPT_RCVLOWAT, 1000);
		break;
	case 3:
		set(s, h, SAMPAN_OPT_RCVBUF, 8192);
		break;
	default:
		break;
	}
}

static void
join_in(struct play *p, unsigned i)
{
	const struct sampan_sockaddr to = { sim_addr(&p->sim.config, 1), PORT, 0 };
	struct person *a = &p->person[0][i];

	if (sampan_socket(p->sim.s[0], SAMPAN_STREAM, &a->h) != 0)
		return;
	(void)sampan_connect(p->sim.s[0], a->h, &to);
	settle_in(p, p->sim.s[0], a->h);
	a->mood = below(p, 4);
}

static void
accept_all(struct play *p)
{
	for (unsigned i = 0; i < PAIRS; i++) {
		struct person *b = &p->person[1][i];

		if (b->h != 0 || sampan_accept(p->sim.s[1], p->listener, &b->h, NULL) != 0)
			continue;
		settle_in(p, p->sim.s[1], b->h);
		b->mood = below(p, 4);
		p->accepted++;
	}
}

/* A short one now and then, short ones all the time, long ones, nothing. */
static uint32_t
wants_to_say(struct play *p, uint32_t mood)
{
	switch (mood) {
	case 0:
		return below(p, 3) == 0 ? 1 + below(p, 200) : 0;
	case 1:
		return 1 + below(p, 64);
	case 2:
		return 1 + below(p, BUFFER_BYTES);
	default:
		return 0;
	}
}

static void
act(struct play *p, unsigned side, struct person *who)
{
	static uint8_t text[BUFFER_BYTES], data[BUFFER_BYTES];
	struct sampan *s = p->sim.s[side];
	const uint32_t len = wants_to_say(p, who->mood);
	int64_t n = 0;

	if (who->h == 0)
		return;
	for (uint32_t i = 0, salt = below(p, 1000); i < len; i++)
		text[i] = (uint8_t)((salt + i) * 2654435761u >> 24);
	if (len > 0)
		n = sampan_send(s, who->h, text, len);
	mix(p, &n, sizeof(n));
	if (below(p, 400) == 0)
		(void)sampan_send_urgent(s, who->h, text, 10);
	if (below(p, 4) != 0) {
		n = sampan_recv(s, who->h, data, 1 + below(p, BUFFER_BYTES));
		mix(p, &n, sizeof(n));
		if (n > 0)
			mix(p, data, (size_t)n);
	}
	if (below(p, 100) == 0)
		who->mood = below(p, 4);
	if (below(p, 1500) == 0)
		set(s, who->h, SAMPAN_OPT_CORK, below(p, 2));
	if (n == 0 || (n < 0 && n != SAMPAN_EAGAIN) || below(p, 1000) == 0) {
		if (below(p, 8) == 0)
			(void)sampan_abort(s, who->h);
		else
			(void)sampan_close(s, who->h);
		*who = (struct person){ 0 };
	}
}

/* Now and then nothing gets through for a while. */
static void
black_out(struct play *p)
{
	const bool dark = p->sim.config.path[0].loss_ppm == 1000000;

	if (dark ? below(p, 10) != 0 : below(p, 200) != 0)
		return;
	for (unsigned i = 0; i < 2; i++)
		p->sim.config.path[i].loss_ppm = dark ? p->loss_ppm : 1000000;
}

static void
everybody_acts(struct play *p)
{
	/* Without the padding behind it. */
	const size_t len = offsetof(struct sampan_event, what) + sizeof(uint32_t);
	struct sampan_event e;

	for (unsigned side = 0; side < 2; side++)
		while (sampan_events(p->sim.s[side], &e, 1) > 0)
			mix(p, &e, len);
	accept_all(p);
	black_out(p);
	for (unsigned i = 0; i < PAIRS; i++) {
		if (p->person[0][i].h == 0 && below(p, 10) == 0)
			join_in(p, i);
		act(p, 0, &p->person[0][i]);
		act(p, 1, &p->person[1][i]);
	}
}

/* ---- Both ways ---- */

static void
open_play(struct play *p, const struct sim_config *config, bool long_way)
{
	const struct sampan_sockaddr local = { .port = PORT };

	*p = (struct play){ .loss_ppm = config->path[0].loss_ppm };
	sim_open(&p->sim, config);
	sp_rng_init(&p->rng, (const uint64_t[2]){ config->seed, 1 });
	/* Whoever marks has something to mark. */
	EXPECT_EQ(sampan_set(p->sim.s[0], "net.ipv4.tcp_ecn", config->path[0].ce_ppm > 0), 0);
	p->sim.s[0]->long_way_only = long_way;
	p->sim.s[1]->long_way_only = long_way;
	EXPECT_EQ(sampan_socket(p->sim.s[1], SAMPAN_STREAM, &p->listener), 0);
	EXPECT_EQ(sampan_bind(p->sim.s[1], p->listener, &local), 0);
	EXPECT_EQ(sampan_listen(p->sim.s[1], p->listener, PAIRS), 0);
}

/* Fills in one digest a step. */
static void
perform(const struct sim_config *config, bool long_way, uint64_t *digests)
{
	static struct play p;

	open_play(&p, config, long_way);
	for (unsigned i = 0; i < STEPS; i++) {
		(void)sim_step(&p.sim, p.sim.now + SAMPAN_MS(20));
		everybody_acts(&p);
		sim_send(&p.sim);
		mix(&p, &p.sim.digest, sizeof(p.sim.digest));
		mix_stack(&p, p.sim.s[0]);
		mix_stack(&p, p.sim.s[1]);
		digests[i] = p.digest;
	}
	EXPECT(p.accepted > 0);
	EXPECT((p.agreed > 0) == (config->path[0].ce_ppm > 0));
	sim_close();
}

static void
both_ways(const struct sim_config *config)
{
	static uint64_t fast[STEPS], slow[STEPS];

	perform(config, false, fast);
	perform(config, true, slow);
	for (unsigned i = 0; i < STEPS; i++) {
		if (fast[i] == slow[i])
			continue;
		printf("# seed %" PRIu64 ", step %u\n", config->seed, i);
		test_fail(__FILE__, __LINE__, "the same both ways");
	}
}

static struct sim_config
plan(uint64_t seed)
{
	return (struct sim_config){
		.seed = seed,
		.path = { { .delay_dur = SAMPAN_US(50) }, { .delay_dur = SAMPAN_US(50) } },
		.mtu_bytes = { 1500, 1500 },
		.arena_bytes = (size_t)4 << 20,
		.begin = SAMPAN_SEC(10),
		.check_every = 16,
		.scatter = true,
	};
}

#define SEEDS (test_full() ? 200u : 8u)

TEST(clean_link_is_the_same_both_ways)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_config c = plan(seed);

		c.ip6 = seed % 2 == 0;
		both_ways(&c);
	}
}

TEST(bad_link_is_the_same_both_ways)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_config c = plan(1000 + seed);

		c.ip6 = seed % 4 >= 2;
		for (unsigned i = 0; i < 2; i++)
			c.path[i] = (struct sim_path){
				.delay_dur = SAMPAN_MS(1),
				.jitter_dur = seed % 2 == 0 ? SAMPAN_MS(2) : 0,
				.loss_ppm = 20000, .dup_ppm = 10000, .corrupt_ppm = 20000,
			};
		both_ways(&c);
	}
}

/* Half of the seeds lose as well. */
TEST(marking_link_is_the_same_both_ways)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_config c = plan(5000 + seed);

		for (unsigned i = 0; i < 2; i++)
			c.path[i] = (struct sim_path){
				.delay_dur = SAMPAN_US(200),
				.ce_ppm = seed % 3 == 0 ? 500000 : 20000,
				.loss_ppm = seed % 2 == 0 ? 10000 : 0,
			};
		c.caps[0] = seed % 4 < 2 ? SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 : 0;
		both_ways(&c);
	}
}

/* Segments that nobody would send, and silence. */
TEST(forged_segments_are_the_same_both_ways)
{
	for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
		struct sim_config c = plan(4000 + seed);

		for (unsigned i = 0; i < 2; i++)
			c.path[i] = (struct sim_path){
				.delay_dur = SAMPAN_US(100), .forge_ppm = 50000, .loss_ppm = 2000,
			};
		both_ways(&c);
	}
}

TEST(offloading_link_is_the_same_both_ways)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_config c = plan(2000 + seed);

		c.caps[0] = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4;
		c.caps[1] = seed % 2 == 0 ? SAMPAN_LINK_CSUM_OUT : 0;
		c.path[0].whole = seed % 3 == 0;
		c.path[0].loss_ppm = c.path[1].loss_ppm = seed % 2 == 0 ? 5000 : 0;
		both_ways(&c);
	}
}

TEST(little_memory_is_the_same_both_ways)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_config c = plan(3000 + seed);

		c.arena_bytes = (size_t)96 << 10;
		c.path[0].loss_ppm = c.path[1].loss_ppm = 5000;
		both_ways(&c);
	}
}
