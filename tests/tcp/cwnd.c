/*
 * cwnd.c - growth of the congestion window, and what takes it away: RFC 5681
 * §3.1, §4.1; RFC 6928.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

/* One round: everything that is out is acknowledged, segment by segment; how
 * many segments leave for it. */
static unsigned
round_trip(struct fx *f)
{
	const tcp_seq end = f->snd_nxt;
	unsigned n = 0;

	fx_advance(f, RTT);
	while (seq_lt(f->snd_una, end)) {
		peer_sends(f, .flags = TCP_ACK, .ack = seq_add(f->snd_una, FX_SEG_BYTES));
		n += fx_count_out(f);
	}
	return n;
}

static struct fx
bulk(void)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 1000000, .wscale = true, .peer_scale = 6,
	    .sndbuf = 400000, .arena_bytes = (size_t)4 << 20);

	EXPECT_EQ(fx_write(&f, 400000), 400000);
	expect_text(&f, fx_our(&f, 0), 10000);
	expect_quiet(&f);
	return f;
}

/* Lost and repaired: congestion is avoided from half of it on. */
static struct fx
avoiding(void)
{
	struct fx f = bulk();

	(void)round_trip(&f);			/* 20 */
	fx_advance(&f, RTT);
	peer_sacks(&f, 10000, { 11000, 30000 });
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	fx_drop(&f);
	return f;
}

TEST_TWICE(established_slow_start_doubles_each_round)
{
	struct fx f = bulk();

	COVERS("R-5681-6", "R-5681-5", "MUST-19", "R-2525-1");
	EXPECT_EQ(round_trip(&f), 20);
	EXPECT_EQ(round_trip(&f), 40);
	EXPECT_EQ(round_trip(&f), 80);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 80);
}

/* §3.1: one segment a round. */
TEST_TWICE(established_congestion_avoidance_adds_one_segment_a_round)
{
	struct fx f = avoiding();
	const uint64_t cwnd = fx_info(&f).snd_cwnd_segs;

	COVERS("R-5681-7", "R-5681-22", "MUST-19", "R-2525-4");
	EXPECT(cwnd >= 9 && cwnd <= 11);
	for (unsigned i = 0; i < 6; i++)
		(void)round_trip(&f);
	EXPECT(fx_info(&f).snd_cwnd_segs >= cwnd + 4);
	EXPECT(fx_info(&f).snd_cwnd_segs <= cwnd + 6);
}

/* R-V-20: a hundred acknowledgements for each segment. */
static void
divide(struct fx *f)
{
	const tcp_seq end = f->snd_nxt;

	fx_advance(f, RTT);
	while (seq_lt(f->snd_una, end)) {
		peer_sends(f, .flags = TCP_ACK, .ack = seq_add(f->snd_una, 10));
		fx_drop(f);
	}
}

TEST_TWICE(established_divided_acks_gain_nothing)
{
	struct fx f = bulk();

	COVERS("R-5681-6", "R-V-20", "R-8985-19");
	divide(&f);
	EXPECT(fx_info(&f).snd_cwnd_segs <= 20);
}

TEST_TWICE(established_divided_acks_gain_nothing_in_avoidance)
{
	struct fx f = avoiding();
	const uint64_t cwnd = fx_info(&f).snd_cwnd_segs;

	COVERS("R-5681-7", "R-V-20");
	divide(&f);
	divide(&f);
	divide(&f);
	EXPECT(fx_info(&f).snd_cwnd_segs <= cwnd + 3);
}

/* A window that was not the limit does not grow: R-V-22. */
TEST_TWICE(established_unused_window_does_not_grow)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-V-22", "R-7661-11");
	for (unsigned i = 0; i < 50; i++) {
		EXPECT_EQ(fx_write(&f, 1000), 1000);
		fx_drop(&f);
		fx_advance(&f, SAMPAN_MS(10));
		peer_sends(&f, .flags = TCP_ACK);
	}
	EXPECT(fx_info(&f).snd_cwnd_segs <= 11);
}

/* In slow start half of it is enough: what it was tried with, it may double
 * (RFC 7661 §4.1). */
static uint64_t
window_after(uint32_t segs_written)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, segs_written * FX_SEG_BYTES), segs_written * FX_SEG_BYTES);
	fx_drop(&f);
	fx_advance(&f, RTT);
	for (uint32_t acked = 1; acked <= segs_written; acked++)
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, acked * FX_SEG_BYTES));
	return fx_info(&f).snd_cwnd_segs;
}

TEST(established_half_used_window_grows_to_twice_what_was_used)
{
	COVERS("R-7661-11");
	EXPECT_EQ(window_after(5), 10);
	EXPECT_EQ(window_after(6), 12);
	EXPECT_EQ(window_after(9), 18);
	EXPECT_EQ(window_after(10), 20);
}

/* R-V-22: what was never sent cannot be acknowledged. */
TEST_TWICE(established_optimistic_ack_is_refused)
{
	struct fx f = bulk();

	COVERS("R-V-22");
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_nxt, 1), .refused = true);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 10);
	EXPECT_EQ(fx_info(&f).bytes_acked, 0);
	expect_count(&f, DROP_TCP_ACK_RANGE, 1);
}

/* §3.1: one segment after a time-out, ssthresh half of what was out; a second
 * one of the same text leaves ssthresh. */
TEST_TWICE(established_timeout_leaves_one_segment)
{
	struct fx f = bulk();

	COVERS("R-5681-8", "R-5681-9", "R-5681-10", "R-6675-11");
	fx_wait(&f, SAMPAN_SEC(1));
	fx_drop(&f);				/* the tail's probe */
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 0);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 1);
	EXPECT(fx_info(&f).snd_ssthresh_segs >= 4 && fx_info(&f).snd_ssthresh_segs <= 5);
	EXPECT_EQ(fx_info(&f).ca_state, 4);
	fx_wait(&f, SAMPAN_SEC(2));
	expect_seg(&f, 0);
	expect_quiet(&f);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 1);
	EXPECT(fx_info(&f).snd_ssthresh_segs >= 4);
}

/* Then slow start up to ssthresh; there is nothing new that could test whether the
 * time-out was right (undo.c). */
TEST_TWICE(established_after_timeout_slow_start_repairs)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sack = false);

	COVERS("R-5681-10", "R-6675-11");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 0);
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_MS(50));
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	expect_seg(&f, 1);
	expect_seg(&f, 2);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 3000));
	for (unsigned i = 3; i < 7; i++)
		expect_seg(&f, i);
	expect_quiet(&f);
}

/* ssthresh by what was out, not by what might have been. */
TEST_TWICE(established_timeout_of_small_flight_counts_the_flight)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sack = false);

	COVERS("R-5681-8");
	EXPECT_EQ(fx_write(&f, 6000), 6000);
	expect_text(&f, fx_our(&f, 0), 6000);
	fx_wait(&f, SAMPAN_SEC(1));
	expect_seg(&f, 0);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 3);
}

/* §4.1: after silence longer than the RTO not more than the initial window. */
TEST_TWICE(established_idle_connection_restarts_with_the_initial_window)
{
	struct fx f = bulk();

	COVERS("R-5681-18", "R-6928-2");
	while (seq_lt(f.snd_nxt, fx_our(&f, f.written)))
		(void)round_trip(&f);
	(void)round_trip(&f);
	EXPECT(fx_info(&f).snd_cwnd_segs > 40);
	fx_advance(&f, SAMPAN_SEC(2));
	EXPECT_EQ(fx_write(&f, 100000), 100000);
	EXPECT_EQ(fx_count_out(&f), 10);
}

TEST_TWICE(established_short_pause_keeps_the_window)
{
	struct fx f = bulk();
	uint64_t cwnd;

	COVERS("R-5681-18");
	while (seq_lt(f.snd_nxt, fx_our(&f, f.written)))
		(void)round_trip(&f);
	(void)round_trip(&f);
	cwnd = fx_info(&f).snd_cwnd_segs;
	EXPECT_EQ(fx_write(&f, 100000), 100000);
	EXPECT(fx_count_out(&f) >= (cwnd < 100 ? cwnd : 100));
}

/* R-6928-3: one SYN-ACK lost: still ten; two: one. */
static unsigned
first_flight(unsigned lost)
{
	struct fx f = fx_syn_received(.peer_mss = 1000, .sack = true);

	while (lost-- > 0) {
		fx_wait(&f, SAMPAN_SEC(10));
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
	}
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.iss, 1));
	fx_accept(&f);
	EXPECT_EQ(fx_write(&f, 20000), 20000);
	return fx_count_out(&f);
}

TEST_TWICE(established_initial_window_after_lost_syn_acks)
{
	COVERS("R-6928-3", "R-5681-4");
	EXPECT_EQ(first_flight(0), 10);
	EXPECT_EQ(first_flight(1), 10);
	EXPECT_EQ(first_flight(2), 1);
}

/* RFC 6928 §2: where the initial window was too much, RFC 3390's after a pause. */
TEST_TWICE(established_loss_in_the_initial_window_makes_restarts_modest)
{
	struct fx f = bulk();

	COVERS("R-6928-4");
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 10000 });
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	fx_drop(&f);
	while (seq_lt(f.snd_una, fx_our(&f, f.written)))
		(void)round_trip(&f);
	EXPECT(fx_info(&f).snd_cwnd_segs > 10);
	fx_advance(&f, SAMPAN_SEC(2));
	EXPECT_EQ(fx_write(&f, 100000), 100000);
	EXPECT_EQ(fx_count_out(&f), 4);		/* min(4 SMSS, max(2 SMSS, 4380)) */
}

/* A control may change at any time: the window stays, what follows is the new one's. */
TEST_TWICE(established_control_changes_in_mid_connection)
{
	struct fx f = bulk();

	COVERS("MAY-18");
	(void)round_trip(&f);			/* 20 */
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, sampan_cc_find("cubic")), 0);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 20);
	EXPECT_EQ(round_trip(&f), 40);
	fx_advance(&f, RTT);
	peer_sacks(&f, 30000, { 31000, 70000 });
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 28);
}
