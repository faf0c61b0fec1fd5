/*
 * limits.c - how many connections may be in TIME-WAIT, how many orphans there may be:
 * a hundred connections, and limits of sixty.  R-1337-3, R-V-17.
 */
#include <sampan/stats.h>

#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define CONNECTIONS 100
#define LIMIT 60
#define PORT 7

struct site {
	struct sim sim;
	sampan_handle listener, server[CONNECTIONS], client[CONNECTIONS];
};

static struct sampan_stats
stats_of(const struct site *e)
{
	struct sampan_stats st;

	sampan_stats(e->sim.s[1], &st);
	return st;
}

static uint64_t
counted(const struct site *e, unsigned counter)
{
	return sampan_counter(e->sim.s[1], counter);
}

static void
pass(struct site *e, sampan_dur dur)
{
	const sampan_time end = e->sim.now + dur;

	while (sim_step(&e->sim, end))
		continue;
}

static void
open_site(struct site *e, bool ip6)
{
	const struct sim_config config = { .seed = 1, .mtu_bytes = { 1500, 1500 }, .ip6 = ip6,
		.path = { { .delay_dur = SAMPAN_MS(1) }, { .delay_dur = SAMPAN_MS(1) } },
		.arena_bytes = (size_t)4 << 20, .begin = SAMPAN_SEC(1) };
	const struct sampan_sockaddr here = { .port = PORT };
	const struct sampan_sockaddr there = { sim_addr(&config, 1), PORT, 0 };
	struct sampan *const *s = e->sim.s;

	sim_open(&e->sim, &config);
	EXPECT_EQ(sampan_socket(s[1], SAMPAN_STREAM, &e->listener), 0);
	EXPECT_EQ(sampan_bind(s[1], e->listener, &here), 0);
	EXPECT_EQ(sampan_listen(s[1], e->listener, CONNECTIONS), 0);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		EXPECT_EQ(sampan_socket(s[0], SAMPAN_STREAM, &e->client[i]), 0);
		EXPECT_EQ(sampan_connect(s[0], e->client[i], &there), SAMPAN_EINPROGRESS);
	}
	sim_send(&e->sim);
	pass(e, SAMPAN_SEC(5));
	for (unsigned i = 0; i < CONNECTIONS; i++)
		EXPECT_EQ(sampan_accept(s[1], e->listener, &e->server[i], NULL), 0);
}

static void
close_site(struct site *e)
{
	EXPECT_EQ(sampan_close(e->sim.s[1], e->listener), 0);
	pass(e, SAMPAN_SEC(7200));
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_SOUND(e->sim.s[i]);
		EXPECT_EMPTY(e->sim.s[i]);
	}
	sim_close();
}

static void
run_time_wait(bool ip6)
{
	static struct site e;

	open_site(&e, ip6);
	EXPECT_EQ(sampan_set(e.sim.s[1], "net.ipv4.tcp_max_tw_buckets", LIMIT), 0);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		EXPECT_EQ(sampan_close(e.sim.s[1], e.server[i]), 0);
		sim_send(&e.sim);
		pass(&e, SAMPAN_MS(5));
		EXPECT_EQ(sampan_close(e.sim.s[0], e.client[i]), 0);
		sim_send(&e.sim);
		pass(&e, SAMPAN_MS(5));
		EXPECT_EQ(stats_of(&e).time_wait, i < LIMIT ? i + 1 : LIMIT);
		EXPECT_EQ(counted(&e, SAMPAN_COUNT_TCP_TIME_WAIT_OVERFLOW),
		    i < LIMIT ? 0 : i + 1 - LIMIT);
	}
	/* Their time over, there is room again. */
	pass(&e, SAMPAN_SEC(61));
	EXPECT_EQ(stats_of(&e).time_wait, 0);
	close_site(&e);
}

TEST(time_wait_buckets_at_their_limit)
{
	COVERS("R-1337-3");
	run_time_wait(false);
	run_time_wait(true);
}

/* Nobody answers any more: what is closed then stays, and is bounded. */
static void
run_orphans(bool ip6)
{
	static struct site e;
	static const uint8_t text[1000];

	open_site(&e, ip6);
	EXPECT_EQ(sampan_set(e.sim.s[1], "net.ipv4.tcp_max_orphans", LIMIT), 0);
	e.sim.config.path[1].loss_ppm = 1000000;
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		EXPECT_EQ(sampan_send(e.sim.s[1], e.server[i], text, sizeof(text)), sizeof(text));
		EXPECT_EQ(sampan_close(e.sim.s[1], e.server[i]), 0);
		sim_send(&e.sim);
		EXPECT_EQ(stats_of(&e).orphans, i < LIMIT ? i + 1 : LIMIT);
		EXPECT_EQ(counted(&e, SAMPAN_COUNT_TCP_ABORT_ON_MEMORY),
		    i < LIMIT ? 0 : i + 1 - LIMIT);
	}
	/* tcp_orphan_retries: nor do they stay for ever. */
	pass(&e, SAMPAN_SEC(1000));
	EXPECT_EQ(stats_of(&e).orphans, 0);
	e.sim.config.path[1].loss_ppm = 0;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		EXPECT_EQ(sampan_abort(e.sim.s[0], e.client[i]), 0);
	sim_send(&e.sim);
	close_site(&e);
}

TEST(orphans_at_their_limit)
{
	COVERS("R-V-17");
	run_orphans(false);
	run_orphans(true);
}
