/*
 * pacing.c - text that leaves at a pace: quanta of a millisecond or of a segment, as
 * often as the rate allows.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)
#define NEAR SAMPAN_MS(1)	/* so that the window is never the slower one */
#define RATE 1000000u		/* bytes a second: a segment of 1,000 bytes each millisecond */

static void
set(struct fx *f, enum sampan_option option, int64_t value)
{
	EXPECT_EQ(sampan_setopt(f->s, f->h, option, value), 0);
}

static struct fx
with_rate(int64_t rate)
{
	struct fx f = fx_with_rtt(.rtt = NEAR, .peer_wnd = 1000000, .wscale = true, .peer_scale = 6,
	    .sndbuf = 400000, .arena_bytes = (size_t)4 << 20);

	set(&f, SAMPAN_OPT_MAX_PACING_RATE, rate);
	return f;
}

static int64_t
rate_of(struct fx *f)
{
	int64_t rate = 0;

	EXPECT_EQ(sampan_getopt(f->s, f->h, SAMPAN_OPT_MAX_PACING_RATE, &rate), 0);
	return rate;
}

TEST_TWICE(established_paced_text_leaves_a_quantum_at_a_time)
{
	struct fx f = with_rate(RATE);

	EXPECT_EQ(fx_write(&f, 5000), 5000);
	for (unsigned n = 0; n < 5; n++) {
		expect_seg(&f, n);
		expect_quiet(&f);
		if (n < 4)
			EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(1)));
	}
}

/* Four segments in a millisecond: they leave together. */
TEST_TWICE(established_paced_quantum_is_a_millisecond)
{
	struct fx f = with_rate(4 * RATE);

	EXPECT_EQ(fx_write(&f, 8000), 8000);
	expect_text(&f, fx_our(&f, 0), 4000);
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(1)));
	expect_text(&f, fx_our(&f, 4000), 4000);
	expect_quiet(&f);
}

/* However the application writes: small segments are a part of their quantum. */
TEST_TWICE(established_paced_small_writes_share_a_quantum)
{
	struct fx f = with_rate(RATE);

	set(&f, SAMPAN_OPT_NODELAY, 1);
	for (unsigned n = 0; n < 4; n++) {
		EXPECT_EQ(fx_write(&f, 300), 300);
		expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .seq = fx_our(&f, 300 * n),
		    .len = 300);
	}
	EXPECT_EQ(fx_write(&f, 300), 300);
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_US(1200)));
}

/* Silence saves nothing up. */
TEST_TWICE(established_paced_idle_gives_no_credit)
{
	struct fx f = with_rate(RATE);

	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_seg(&f, 0);
	fx_advance(&f, SAMPAN_MS(50));
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_seg(&f, 1);
	expect_quiet(&f);
}

/* What must be answered is, whatever the pace. */
TEST_TWICE(established_paced_acks_do_not_wait)
{
	struct fx f = with_rate(RATE);

	EXPECT_EQ(fx_write(&f, 2000), 2000);
	expect_seg(&f, 0);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .ack = fx_our(&f, 0));
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 1000));
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(1)));
	expect_seg(&f, 1);
}

/* A FIN behind the last text, and alone, leaves in its turn. */
TEST_TWICE(established_paced_fin_leaves)
{
	struct fx f = with_rate(RATE);

	EXPECT_EQ(fx_write(&f, 1500), 1500);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_seg(&f, 0);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH | TCP_FIN, .seq = fx_our(&f, 1000),
	    .len = 500);
	f = with_rate(RATE);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_seg(&f, 0);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(1)));
	expect_segment(&f, .flags = TCP_ACK | TCP_FIN, .seq = fx_our(&f, 1000));
}

/* Repairs too. */
TEST_TWICE(established_paced_repairs_keep_the_pace)
{
	struct fx f = with_rate(RATE);

	EXPECT_EQ(fx_write(&f, 8000), 8000);
	fx_advance(&f, SAMPAN_MS(8));
	EXPECT_EQ(fx_count_out(&f), 8);
	peer_sacks(&f, 0, { 4000, 8000 });
	expect_seg(&f, 0);
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(1)));
	expect_seg(&f, 1);
}

/* Taken off, nothing is held any more; -1 is what it is to begin with. */
TEST_TWICE(established_pace_is_taken_off)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(rate_of(&f), -1);
	f = with_rate(RATE);
	EXPECT_EQ(rate_of(&f), RATE);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_seg(&f, 0);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).pacing_rate_bytes_per_s, RATE);
	set(&f, SAMPAN_OPT_MAX_PACING_RATE, -1);
	EXPECT_EQ(rate_of(&f), -1);
	expect_text(&f, fx_our(&f, 1000), 4000);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_MAX_PACING_RATE, 0), SAMPAN_ERANGE);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_MAX_PACING_RATE, -2), SAMPAN_ERANGE);
}

/* The least rate of all does not stop the clock, nor the greatest divide by nothing. */
TEST_TWICE(established_pace_takes_any_rate)
{
	struct fx f = with_rate(1);

	EXPECT_EQ(fx_write(&f, 2000), 2000);
	expect_seg(&f, 0);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(2000)), SAMPAN_SEC(1000)));
	expect_seg(&f, 1);
	f = with_rate(INT64_MAX);
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
}

/* An accepted socket has what its listener had. */
TEST_TWICE(listen_pace_is_inherited)
{
	struct fx f = fx_listen(.peer_mss = 1000);

	EXPECT_EQ(sampan_setopt(f.s, f.listener, SAMPAN_OPT_MAX_PACING_RATE, RATE), 0);
	peer_sends(&f, .flags = TCP_SYN, .mss = 1000);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(rate_of(&f), RATE);
}

/* ---- By a setting ---- */

static struct fx
all_paced(int64_t initial)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 1000000, .wscale = true, .peer_scale = 6,
	    .sndbuf = 400000, .arena_bytes = (size_t)4 << 20);

	EXPECT_EQ(sampan_set(f.s, "net.sampan.tcp_pacing", 1), 0);
	EXPECT_EQ(sampan_set(f.s, "net.sampan.tcp_pacing_initial_window", initial), 0);
	EXPECT_EQ(fx_write(&f, 400000), 400000);
	return f;
}

/* In slow start twice the window in a round trip: 20 segments in 100 ms. */
TEST_TWICE(established_pace_of_the_initial_window)
{
	struct fx f = all_paced(1);

	for (unsigned n = 0; n < 10; n++) {
		expect_seg(&f, n);
		expect_quiet(&f);
		if (n < 9)
			EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_MS(5)));
	}
}

/* As in Linux: nothing is known yet.  What follows has a pace. */
TEST_TWICE(established_initial_window_leaves_at_once)
{
	struct fx f = all_paced(0);

	expect_text(&f, fx_our(&f, 0), 10000);
	expect_quiet(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	expect_seg(&f, 10);
	expect_quiet(&f);
	EXPECT(fx_about(fx_wait(&f, SAMPAN_SEC(1)), SAMPAN_US(2500)));
	expect_seg(&f, 11);
}
