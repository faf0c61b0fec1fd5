/*
 * clock.c - a clock that jumps: a machine that slept, a program that was stopped.
 * Deadlines that it passes expire once, and what is armed then is still ahead.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"

#define DAY SAMPAN_SEC(86400)

/* Nobody calls for so long; then as usual. */
static void
sleep_for(struct fx *f, sampan_dur dur)
{
	f->now += dur;
	sampan_advance(f->s, f->now);
	EXPECT_SOUND(f->s);
}

/* From hours to months: a tick wraps after 39 hours. */
TEST_TWICE(established_jump_of_the_clock_is_one_timeout)
{
	static const sampan_dur jumps[] = { SAMPAN_SEC(3600), 15 * SAMPAN_SEC(3600),
		20 * SAMPAN_SEC(3600), DAY, 40 * SAMPAN_SEC(3600), 60 * DAY };

	COVERS("R-MISC-16");
	for (unsigned i = 0; i < 6; i++) {
		struct fx f = fx_established();

		EXPECT_EQ(fx_write(&f, 1000), 1000);
		expect_text(&f, f.snd_nxt, 1000);
		sleep_for(&f, jumps[i]);
		expect_text(&f, f.snd_una, 1000);
		expect_quiet(&f);
		expect_count(&f, COUNT_TCP_TIMEOUTS, 1);
		EXPECT(sampan_deadline(f.s) > f.now);
		EXPECT(sampan_deadline(f.s) < f.now + SAMPAN_SEC(10));
		peer_sends(&f, .flags = TCP_ACK);
		expect_state(&f, TCP_ESTABLISHED);
		expect_quiet(&f);
	}
}

/* A segment may come before anybody has advanced. */
TEST_TWICE(listen_jump_of_the_clock_in_an_arrival)
{
	struct fx f = fx_syn_received();

	COVERS("R-MISC-16");
	for (unsigned i = 0; i < 4; i++) {
		f.now += DAY;
		peer_sends(&f, .flags = TCP_SYN, .port = (uint16_t)(1 + i), .refused = true);
		EXPECT_SOUND(f.s);
	}
	expect_count(&f, COUNT_CLOCK_JUMPS, 4);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_SEC(200));
	expect_count(&f, COUNT_TCP_ATTEMPT_FAILS, 5);
	EXPECT_SOUND(f.s);
}

/* Where nothing is due, time is just time. */
TEST(idle_jump_of_the_clock_is_no_jump)
{
	struct fx f = fx_established();

	fx_advance(&f, SAMPAN_SEC(10));
	expect_count(&f, COUNT_CLOCK_JUMPS, 0);
	sleep_for(&f, 3 * DAY);
	expect_count(&f, COUNT_CLOCK_JUMPS, 0);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_text(&f, f.snd_nxt, 1000);
}
