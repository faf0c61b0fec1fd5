/*
 * status_timer.c - what a connection waits for, as a tool is told: RFC 9293
 * §3.9.1.6; and the walk that tells it of all.
 */
#include "lib/fx.h"

#include <sampan/option.h>

/* The only record that is not a listener. */
static struct sampan_status
walk_for(const struct fx *f, struct sampan_tcp_info *info)
{
	struct sampan_status found[16];
	struct sampan_tcp_info infos[16];
	uint64_t cursor = 0;
	int n = 0;

	while (cursor != SAMPAN_WALK_END) {
		n = sampan_walk_info(f->s, &cursor, found, infos, 16);
		for (int i = 0; i < n; i++) {
			if (found[i].state != SAMPAN_TCP_LISTEN) {
				*info = infos[i];
				return found[i];
			}
		}
	}
	fx_fail("no connection");
}

static void
expect_timer(const struct fx *f, enum sampan_timer timer, sampan_dur least, sampan_dur most)
{
	struct sampan_tcp_info info;
	const struct sampan_status st = walk_for(f, &info);

	EXPECT_EQ(st.timer, timer);
	EXPECT(st.timer_dur >= least);
	EXPECT(st.timer_dur <= most + SAMPAN_MS(1));	/* whole ticks */
	EXPECT_EQ(info.state, st.state);
}

TEST(established_idle_waits_for_nothing)
{
	struct fx f = fx_established();

	expect_timer(&f, SAMPAN_TIMER_NONE, 0, 0);
}

/* What it remembers for a while after sending is nothing that it waits for. */
TEST(established_after_sending_waits_for_nothing)
{
	struct fx f = fx_established(.sack = true);

	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_timer(&f, SAMPAN_TIMER_NONE, 0, 0);
}

TEST(established_with_keepalive_waits_two_hours)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPALIVE, 1), 0);
	expect_timer(&f, SAMPAN_TIMER_KEEPALIVE, SAMPAN_SEC(7199), SAMPAN_SEC(7201));
}

TEST(established_after_a_time_out_waits_twice_as_long)
{
	struct fx f = fx_established();
	struct sampan_tcp_info info;

	EXPECT_EQ(fx_write(&f, 100), 100);
	fx_drop(&f);
	(void)fx_wait(&f, SAMPAN_SEC(10));	/* the tail probe */
	fx_drop(&f);
	(void)fx_wait(&f, SAMPAN_SEC(10));
	fx_drop(&f);
	expect_timer(&f, SAMPAN_TIMER_RTX, SAMPAN_MS(1), SAMPAN_SEC(10));
	EXPECT(walk_for(&f, &info).retries > 0);
}

TEST(established_with_text_to_acknowledge_waits_for_that)
{
	struct fx f = fx_established();

	for (int i = 0; i < 40; i++) {	/* until it acknowledges at leisure */
		struct sampan_tcp_info info;

		peer_sends(&f, .len = 100);
		if (walk_for(&f, &info).timer == SAMPAN_TIMER_ACK)
			return;
		fx_drop(&f);
	}
	fx_fail("no delayed acknowledgement");
}

TEST(time_wait_waits_for_its_end)
{
	struct fx f = fx_time_wait();

	expect_timer(&f, SAMPAN_TIMER_TIME_WAIT, SAMPAN_SEC(59), SAMPAN_SEC(60));
}

TEST(syn_received_waits_for_its_retransmission)
{
	struct fx f = fx_syn_received();

	expect_timer(&f, SAMPAN_TIMER_RTX, SAMPAN_MS(900), SAMPAN_SEC(1));
}

TEST(orphan_in_fin_wait_2_waits_for_its_end)
{
	struct fx f = fx_fin_wait_2(.orphan = true);

	expect_timer(&f, SAMPAN_TIMER_FIN_WAIT, SAMPAN_SEC(59), SAMPAN_SEC(60));
}

/* An orphan has no handle, and its numbers are told all the same. */
TEST(orphan_has_info)
{
	struct fx f = fx_fin_wait_2(.orphan = true);
	struct sampan_tcp_info info;

	EXPECT_EQ(walk_for(&f, &info).handle, 0);
	EXPECT(info.has >> SAMPAN_INFO_snd_mss_bytes & 1);
}

/* Every kind of object is told once, and together they are what is used. */
TEST(pools_add_up)
{
	struct fx f = fx_established();
	struct sampan_pool pool;
	struct sampan_stats stats;
	uint64_t bytes = 0;
	unsigned i;

	for (i = 0; sampan_pool(f.s, i, &pool) == 0; i++) {
		EXPECT(pool.name[0] != '\0');
		EXPECT(pool.objects <= pool.objects_max);
		EXPECT(pool.bytes >= (uint64_t)pool.objects * pool.object_bytes);
		bytes += pool.bytes;
	}
	sampan_stats(f.s, &stats);
	EXPECT(i > 10);
	EXPECT(bytes >= stats.used_bytes);
	EXPECT(bytes <= stats.total_bytes);
	EXPECT_EQ(sampan_pool(f.s, i, &pool), SAMPAN_ENOENT);
}
